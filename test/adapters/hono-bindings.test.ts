import { createSigner, generateCredentials, type SignatureError } from 'countersign';
import { protect, requireScope, type SignedEnv } from 'countersign/hono';
import { createVerifier, memoryKeys, memoryReplay, type Verifier } from 'countersign/server';
import { Hono } from 'hono';
import { expect, expectTypeOf, it } from 'vitest';

type Bindings = { readonly KEY: string; readonly SECRET: string };
type Environment = SignedEnv & { Bindings: Bindings };

it('makes its verifier of the bindings of a context, and keeps it', async () => {
  const { accessKey, secret } = generateCredentials();
  let made: Verifier | undefined;
  let asked = 0;
  const app = new Hono<Environment>();
  app.use(
    protect<Environment>(
      (c) => {
        asked += 1;
        expectTypeOf(c.env).toEqualTypeOf<Bindings>();
        const record = { accessKey: c.env.KEY, service: 'shop', secrets: [{ secret: c.env.SECRET }] };
        made ??= createVerifier({ keys: memoryKeys([record]), replay: memoryReplay() });
        return made;
      },
      { address: (c) => c.req.header('CF-Connecting-IP') },
    ),
  );
  app.get('/scoped', requireScope('orders:write'), (c) => c.text('allowed'));
  app.get('/*', (c) => c.text(`${c.var.caller.principal.service} ${c.env.KEY === accessKey}`));
  const env: Bindings = { KEY: accessKey, SECRET: secret };
  const signed = await createSigner({ accessKey, secret }).sign(new Request('https://api.example.com/'));
  const replayed = signed.clone();
  expect(await (await app.fetch(signed, env)).text()).toBe('shop true');
  expect((await app.fetch(replayed, env)).status).toBe(401);
  const other = await createSigner({ accessKey, secret }).sign(new Request('https://api.example.com/scoped'));
  expect((await app.fetch(other, env)).status).toBe(403);
  expect(asked).toBe(3);
});

it('has errors of the function handled by Hono', async () => {
  const app = new Hono<SignedEnv>();
  app.use(protect(() => createVerifier({ keys: memoryKeys([]), replay: memoryReplay(), tolerance: -1 })));
  app.onError((error, c) => c.text((error as SignatureError).code, 500));
  expect(await (await app.request('https://api.example.com/')).text()).toBe('invalid_configuration');
});

it.each(['patch', 'Patch'])(
  'refuses the method %s, by which a route without the guard of PATCH would be chosen',
  async (method) => {
    const { accessKey, secret } = generateCredentials();
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay(),
    });
    const app = new Hono<SignedEnv>();
    app.use(protect(verifier));
    app.patch('/doc', requireScope('write'), (c) => c.text('written'));
    app.all('/doc', (c) => c.text('unguarded'));
    const url = 'https://api.example.com/doc';
    const signed = await createSigner({ accessKey, secret }).sign(url, { method: 'PATCH', body: 'b' });
    expect((await app.request(signed.clone())).status).toBe(403);
    const again = await createSigner({ accessKey, secret }).sign(url, { method: 'PATCH', body: 'b' });
    const response = await app.request(new Request(url, { method, headers: again.headers, body: 'b' }));
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('malformed_field')]);
  },
);

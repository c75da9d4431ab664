import { protect } from 'countersign/server';
import { Request as OtherRequest } from 'undici';
import { expect, it } from 'vitest';
import { rig } from './rig.ts';

it.each([
  ['/admin', '/%61dmin', '/admin'],
  ['/admin', '/%61dmin#/admin', '/admin'],
  ['/admin', '/%61dmin#x/admin', '/admin'],
  ['/x', '/x#/x', '/x'],
  ['/x', '/x#', '/x'],
  ['/x?a=b', '/x?%61=b#?a=b', '/x?a=b'],
])('of a request that is signed for %s and received as %s, a handler sees %s', async (target, received, seen) => {
  const { signer, verifier } = rig();
  const origin = 'https://api.example.com';
  const signed = await signer.sign(`${origin}${target}`, { method: 'POST', body: 'b' });
  const handler = protect(verifier, async (request) => new Response(`${request.url} ${await request.text()}`));
  const response = await handler(
    new Request(`${origin}${received}`, { method: 'POST', headers: signed.headers, body: 'b' }),
  );
  expect(await response.text()).toBe(`${origin}${seen} b`);
});

it.each(['patch', 'Link'])(
  'of a request with the method %s, a handler sees it in upper case, as it is signed',
  async (method) => {
    const { signer, verifier } = rig();
    const handler = protect(verifier, async (request) => new Response(`${request.method} ${await request.text()}`));
    const init = { method, body: 'b' };
    const signed = await signer.sign('https://api.example.com/', init);
    // Fetch writes some methods in upper case itself, and these not.
    const received = new Request('https://api.example.com/', { ...init, headers: signed.headers });
    expect(received.method).toBe(method);
    expect(await (await handler(received)).text()).toBe(`${method.toUpperCase()} b`);
  },
);

it.each([
  ['POST', '/x?a=b'],
  ['patch', '/x?a=b'],
  ['POST', '/%61dmin'],
])('of a %s to %s of another class of Request, a handler sees one of the platform', async (method, target) => {
  const { signer, verifier } = rig();
  const url = `https://api.example.com${target}`;
  const init = { method, body: 'b', headers: { 'Content-Type': 'text/plain' } };
  const { headers } = await signer.sign(url, init);
  const received = new OtherRequest(url, { ...init, headers: [...headers] }) as unknown as Request;
  expect(received).not.toBeInstanceOf(Request);
  const seen: Request[] = [];
  const handler = protect(verifier, async (request) => {
    seen.push(request);
    return new Response(
      `${request.method} ${request.url} ${request.headers.get('content-type')} ${await request.text()}`,
    );
  });
  const path = target.replace('%61', 'a');
  expect(await (await handler(received)).text()).toBe(
    `${method.toUpperCase()} https://api.example.com${path} text/plain b`,
  );
  expect(seen).toEqual([expect.any(Request)]);
});

it('gives each request scopes of its own, so that a handler that changes them grants nothing', async () => {
  const { signer, verifier } = rig({ record: { scopes: ['read'] } });
  const verified = async () => {
    const result = await verifier.verify(await signer.sign('https://api.example.com/'));
    if (!result.ok) throw result.error;
    return result.principal;
  };
  const { scopes } = await verified();
  (scopes as string[]).push('admin');
  expect((await verified()).scopes).toEqual(['read']);
});

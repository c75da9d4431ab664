import { createSigner, generateCredentials, signedFetch } from 'countersign';
import { signingHooks } from 'countersign/ky';
import { createVerifier, memoryKeys, memoryReplay, protect } from 'countersign/server';
import ky from 'ky';
import { expect, it } from 'vitest';

function rig() {
  const credentials = generateCredentials();
  const { accessKey, secret } = credentials;
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [credentials] }]),
    replay: memoryReplay(),
  });
  const server = protect(verifier, async (request, { principal }) =>
    Response.json({ hello: principal.service, text: await request.text() }),
  );
  const signer = createSigner({ accessKey, secret });
  return { signer, server, verifier };
}
it('signs with ky hooks', async () => {
  const { signer, server } = rig();
  const api = ky.create({
    prefix: 'https://api.example.com/v1',
    hooks: signingHooks(signer),
    fetch: (input, init) => server(new Request(input, init)),
  });
  expect(await api.post('orders', { json: { sku: 'A-1' } }).json()).toEqual({ hello: 'shop', text: '{"sku":"A-1"}' });
  expect(await api.get('orders?a=%7e&b').json()).toEqual({ hello: 'shop', text: '' });
});
it('signs with fetch', async () => {
  const { signer, server } = rig();
  const fetch = signedFetch(signer, (input, init) => server(new Request(input, init)));
  const form = new FormData();
  form.set('a', 'b');
  for (const body of [
    'x',
    new Uint8Array(9000),
    form,
    new Blob(['z']),
    new URLSearchParams('a=b'),
    new Response('s').body,
  ]) {
    const r = await fetch('https://api.example.com/v1/x?', { method: 'post', body });
    expect([r.status, await r.text()]).toMatchObject([200, expect.stringContaining('shop')]);
  }
});

import { createSigner, formQuery, formQueryFetch, generateCredentials, signedFetch } from 'countersign';
import { explainSignature } from 'countersign/explain';
import { createVerifier, memoryKeys, memoryReplay, protect } from 'countersign/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from './thrown.ts';

const { accessKey, secret } = generateCredentials();
const signer = createSigner({ accessKey, secret });
const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
const verifier = createVerifier({ keys, replay: memoryReplay() });

/** What Next.js does to a request before the code of the server runs. */
const respelled = (request: Request): Request => {
  const url = new URL(request.url);
  url.search = url.searchParams.toString();
  return new Request(url, request);
};

const handle = protect(verifier, async (request) =>
  Response.json({ query: [...new URL(request.url).searchParams], body: await request.text() }),
);
const next: typeof fetch = (input, init) => handle(respelled(new Request(input, init)));

describe('formQuery', () => {
  it.each([
    ['https://a.example/p?q=a%20b', 'https://a.example/p?q=a+b'],
    ["https://a.example/p?q=it's", 'https://a.example/p?q=it%27s'],
    ['https://a.example/p?x', 'https://a.example/p?x='],
    ['https://a.example/p?x&&y', 'https://a.example/p?x=&y='],
    ['https://a.example/p?', 'https://a.example/p'],
    ['https://a.example/p??x', 'https://a.example/p?%3Fx='],
    ['https://a.example/p?b=2&a=1&b=%2B#f?g', 'https://a.example/p?b=2&a=1&b=%2B#f?g'],
    ['https://a.example/a%20b#f', 'https://a.example/a%20b#f'],
    ['/p?q=ä', '/p?q=%C3%A4'],
  ])('%s', (url, spelled) => {
    expect(formQuery(url)).toBe(spelled);
    expect(formQuery(spelled)).toBe(spelled);
  });

  it.each(['?q=%FF', '?q=100%', '?q=%C3&r=%A4'])('refuses %s, which it would change', (query) => {
    expect(codeOf(() => formQuery(`https://a.example/${query}`))).toBe('invalid_request');
  });

  it('keeps names, values and order, and spells as URL does', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (href) => {
        let spelled: string;
        try {
          spelled = formQuery(href);
        } catch {
          return;
        }
        expect([...new URL(spelled).searchParams]).toEqual([...new URL(href).searchParams]);
        expect(respelled(new Request(spelled)).url).toBe(new URL(spelled).href);
      }),
    );
  });
});

describe('a server that spells queries as URLSearchParams does', () => {
  const queries = ['?q=a%20b', '?x', '?a=(1)&b=~', '?q=%C3%A4,b/c'];

  it.each(queries)('refuses %s as it is, and takes it by formQueryFetch', async (query) => {
    const url = `https://api.example.com/v1/orders${query}`;
    const refused = await signedFetch(signer, { fetch: next })(url);
    expect([refused.status, (await refused.json()).code]).toEqual([401, 'invalid_signature']);
    const api = formQueryFetch(signedFetch(signer, { fetch: next }));
    const expected = { query: [...new URL(url).searchParams], body: '' };
    for (const input of [url, new URL(url), new Request(url)]) {
      const response = await api(input);
      expect([response.status, await response.json()]).toEqual([200, expected]);
    }
  });

  it('gets the body and the method of a Request', async () => {
    const api = formQueryFetch(signedFetch(signer, { fetch: next }));
    const request = new Request('https://api.example.com/v1/orders?x', { method: 'PUT', body: '{"sku":"Ä"}' });
    expect(await (await api(request)).json()).toEqual({ query: [['x', '']], body: '{"sku":"Ä"}' });
  });

  it.each(queries)('has formQuery named as the cure for %s', async (query) => {
    const signed = await signer.sign(`https://api.example.com/v1/orders${query}`);
    const { differences } = await explainSignature(respelled(signed), { keys });
    expect(differences).toMatchObject([{ code: 'query-encoding', remedy: expect.stringContaining('formQuery') }]);
  });
});

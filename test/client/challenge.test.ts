import {
  challengeFetch,
  createSigner,
  type Fetch,
  generateCredentials,
  readChallenge,
  type Signer,
  type SignerOptions,
  signedFetch,
} from 'countersign';
import { countersignV1, defineScheme, keyAndChallenge } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, signedChallenges } from 'countersign/server';
import { afterEach, describe, expect, it } from 'vitest';
import { answering } from '../server/answering.ts';
import { type Bridge, startBridge } from '../server-bridge.ts';

const answer = (header?: string) =>
  new Response(null, { status: 401, ...(header !== undefined && { headers: { 'WWW-Authenticate': header } }) });

describe('readChallenge', () => {
  it.each([
    ['Countersign scheme="a", error="b", challenge="c.1-_~+/="', 'c.1-_~+/='],
    ['Countersign challenge="c"', 'c'],
    ['Countersign challenge="c", scheme="a"', 'c'],
    ['Bearer realm="x", Countersign scheme="a", challenge="c"', 'c'],
    ['Countersign scheme="a"', undefined],
    ['Bearer challenge="c"', undefined],
    ['Countersign scheme="a", Bearer challenge="c"', undefined],
    ['Countersign scheme="a, challenge=c"', undefined],
    ['Digest realm="Countersign challenge=c"', undefined],
    ['Countersign challenge=""', undefined],
    ['Countersign challenge="a b"', undefined],
    ['Countersign challenge="a\\"b"', undefined],
    [`Countersign challenge="${'c'.repeat(513)}"`, undefined],
    ['', undefined],
    [undefined, undefined],
  ])('in %j is %j', (header, challenge) => {
    expect(readChallenge(answer(header))).toBe(challenge);
  });
});

/** A client and a real server of the answering scheme. */
async function connected({ drawn = false, ...options }: Partial<SignerOptions> & { drawn?: boolean } = {}) {
  const credentials = generateCredentials();
  const { accessKey, secret } = credentials;
  const challenges = signedChallenges();
  const bridge = await startBridge({
    verifier: createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay(),
      scheme: answering({ nonce: drawn }),
      challenges,
    }),
  });
  opened.push(bridge);
  const api = challengeFetch(
    createSigner({ credentials, scheme: answering({ nonce: drawn }), ...options } as SignerOptions),
  );
  const codes = () => bridge.exchanges.map(({ result }) => (result.ok ? 'ok' : result.error.code));
  return { api, codes, credentials, challenges, url: `${bridge.origin}/orders` };
}
const opened: Bridge[] = [];
afterEach(() => Promise.all(opened.splice(0).map((bridge) => bridge.close())));

const challengeOver = (signer: Signer, fetch: Fetch): Fetch =>
  challengeFetch(signer, { fetch: signedFetch(signer, { fetch }) });

describe('challengeFetch', () => {
  it('answers the challenge of a refusal by itself', async () => {
    const { api, codes, url } = await connected();
    const response = await api(url, { method: 'POST', body: 'hello' });
    expect([response.status, await response.json()]).toMatchObject([200, { text: 'hello' }]);
    expect(codes()).toEqual(['invalid_challenge', 'ok']);
  });

  it('keeps the challenge for servers that take several answers to one', async () => {
    const { api, codes, url } = await connected({ drawn: true });
    for (const path of ['/1', '/2', '/3']) expect((await api(url + path)).status).toBe(200);
    expect(codes()).toEqual(['invalid_challenge', 'ok', 'ok', 'ok']);
  });

  it('sends a POST without an earlier challenge, so that a forged refusal does not make it run twice', async () => {
    const sent: Array<string | undefined> = [];
    const api = challengeFetch(createSigner({ credentials: generateCredentials(), scheme: answering({}) }), {
      fetch: async (_, init) => {
        sent.push((init as { challenge?: string }).challenge);
        const headers = { 'www-authenticate': `Countersign scheme="x", challenge="c${sent.length}"` };
        return new Response(null, { status: sent.length % 2 ? 401 : 200, headers });
      },
    });
    await api('https://api.example.com/');
    await api('https://api.example.com/', { method: 'POST', body: 'x' });
    expect(sent).toEqual([undefined, 'c1', 'none', 'c3']);
  });

  const optional = defineScheme({
    name: 'optional-challenge',
    stringToSign:
      '{accessKey}\n{timestamp}\n{nonce}\n{method}\n{authority}\n{target}\n{body|sha256|hex}[\n{challenge}]',
    headers: {
      'X-Signature': '{accessKey} {timestamp} {nonce} {body|sha256|hex} {signature}',
      'X-Challenge': '[{challenge}]',
    },
  });
  it.each([
    { scheme: countersignV1, sent: 1 },
    { scheme: optional, sent: 1 },
    { scheme: defineScheme(keyAndChallenge), sent: 2 },
  ])('lets no POST by $scheme.name be carried out twice, whoever forges the refusal', async ({ scheme, sent }) => {
    const { accessKey, secret } = generateCredentials();
    const challenges = signedChallenges();
    const accepted: boolean[] = [];
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay(),
      scheme,
      challenges,
      acceptFindings: ['method-unsigned', 'path-unsigned', 'query-unsigned', 'host-unsigned', 'body-unsigned'],
    });
    const signer = createSigner({ accessKey, secret, scheme, challenge: () => challenges.issue() });
    const between: Fetch = async (input, init) => {
      accepted.push((await verifier.verify(new Request(input, init))).ok);
      return answer(`Countersign scheme="x", challenge="${challenges.issue()}"`);
    };
    await challengeOver(signer, between)('https://api.example.com/pay', { method: 'POST', body: '{}' });
    expect(accepted).toHaveLength(sent);
    expect(accepted.filter(Boolean)).toHaveLength(1);
  });

  it('asks for another where the server takes one answer', async () => {
    const { api, codes, url } = await connected();
    for (const path of ['/1', '/2']) expect((await api(url + path)).status).toBe(200);
    expect(codes()).toEqual(['invalid_challenge', 'ok', 'replayed_request', 'ok']);
  });

  it('gives each of many calls at once an answer of its own', async () => {
    const { api, url } = await connected();
    const calls = Array.from({ length: 20 }, (_, i) => api(`${url}/${i}`, { method: 'PUT', body: `${i}` }));
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(calls.map(() => 200));
  });

  it('begins with a challenge that the caller has', async () => {
    let challenge: string | undefined;
    const { api, codes, url, challenges } = await connected({ challenge: () => challenge });
    challenge = challenges.issue();
    expect((await api(url)).status).toBe(200);
    expect(codes()).toEqual(['ok']);
  });

  it('sends once more, and no oftener', async () => {
    const { accessKey } = generateCredentials();
    const { api, codes, url } = await connected({ credentials: { accessKey, secret: 'nobody knows this one' } });
    const response = await api(url);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'invalid_signature' });
    expect(codes()).toEqual(['unknown_key', 'unknown_key']);
  });

  it('does not send again what can be read once', async () => {
    const { api, codes, url } = await connected();
    const body = new Blob(['hello']).stream();
    const response = await api(url, { method: 'POST', body, duplex: 'half' } as RequestInit);
    expect(response.status).toBe(401);
    expect(codes()).toEqual(['invalid_challenge']);
    // The challenge is known now.
    expect((await api(url, { method: 'POST', body: 'hello' })).status).toBe(200);
  });

  it('takes credentials that hide their secret, and a fetch of the caller', async () => {
    const { credentials, url } = await connected();
    const sent: string[] = [];
    const fetch: Fetch = async (input, init) => {
      sent.push(new Request(input, init).headers.get('x-challenge') ?? '');
      return sent.length === 1 ? answer('Countersign challenge="c"') : new Response();
    };
    const api = challengeOver(createSigner(Object.assign(credentials, { scheme: answering() })), fetch);
    expect((await api(url)).status).toBe(200);
    expect(sent).toEqual(['', 'c']);
  });

  it.each([
    [200, 'Countersign challenge="c"'],
    [403, 'Countersign challenge="c"'],
    [401, 'Bearer'],
    [401, undefined],
  ])('leaves an answer with status %s and %j alone', async (status, header) => {
    let sent = 0;
    const fetch: Fetch = async () => {
      sent += 1;
      return new Response('body', { status, headers: answer(header).headers });
    };
    const api = challengeOver(createSigner({ credentials: generateCredentials(), scheme: answering() }), fetch);
    const response = await api('https://example.com/');
    expect([response.status, await response.text(), sent]).toEqual([status, 'body', 1]);
  });
});

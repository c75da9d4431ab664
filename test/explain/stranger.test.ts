import { createHash } from 'node:crypto';
import type { Scheme } from 'countersign';
import { createSigner } from 'countersign';
import { explainRefusals } from 'countersign/explain';
import { defineScheme, githubWebhooks, rfc9421, sigv4 } from 'countersign/schemes';
import {
  createVerifier,
  memoryKeys,
  memoryReplay,
  type ReceivedRequest,
  type RefusalExplainer,
} from 'countersign/server';
import { describe, expect, it, vi } from 'vitest';
import { headerView } from '../../src/node/received.ts';

vi.setConfig({ testTimeout: 60_000 });

const noon = Date.UTC(2026, 10, 22, 12);
const accessKey = 'partner-key-0001';
const secret = 'a secret that the stranger does not know';

type Serving = { readonly scheme?: Scheme; readonly explain?: RefusalExplainer; readonly of?: string };

/** The problem details of a refusal of a key that explains. */
async function problemOf(request: ReceivedRequest | Request, { scheme, explain, of = accessKey }: Serving = {}) {
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey: of, service: 'shop', secrets: [{ secret }], explain: true }]),
    replay: memoryReplay({ clock: () => noon }),
    clock: () => noon,
    ...(scheme && { scheme, acceptFindings: (scheme.findings ?? []).map(({ code }) => code) }),
    ...(explain && { explain }),
  });
  const result = await verifier.verify(request);
  if (result.ok) throw new Error('The request was accepted.');
  return JSON.parse(result.response.body);
}

const patient = (): RefusalExplainer => explainRefusals({ timeout: 30_000, perMinute: 1000 });

describe('a body that a string to sign contains', () => {
  const bare = defineScheme(githubWebhooks);

  /** The scheme, counting the bytes of body of which it makes strings to sign. */
  function counted() {
    const made: number[] = [];
    const scheme: Scheme = {
      ...bare,
      read(message) {
        const presented = bare.read(message);
        const { stringToSign } = presented;
        if (typeof stringToSign !== 'function') throw new Error('The string to sign is not made of the body.');
        return {
          ...presented,
          stringToSign: (body) => {
            made.push(body.length);
            return stringToSign(body);
          },
        };
      },
    };
    return { scheme, made };
  }

  const webhook = (body: Uint8Array): ReceivedRequest => ({
    ...{ method: 'POST', authority: 'shop.example.com', target: '/', scheme: 'https', body },
    headers: headerView(['host', 'shop.example.com', 'x-hub-signature-256', `sha256=${'ab'.repeat(32)}`]),
  });
  const filled = (length: number) => new Uint8Array(length).fill(10);

  it.each([65_537, 2 ** 20, 10 * 2 ** 20])('is not read again if it has %i bytes', async (length) => {
    for (const explain of [undefined, patient()]) {
      const { scheme, made } = counted();
      const problem = await problemOf(webhook(filled(length)), {
        scheme,
        of: scheme.name,
        ...(explain && { explain }),
      });
      expect(problem.code).toBe('signature_mismatch');
      expect(problem.stringToSign).toBe(`(not shown: it is made of a body of ${length} bytes)`);
      expect(made.filter((size) => size > 0)).toEqual([length]);
      if (explain) {
        expect(problem.differences).toEqual([]);
        expect(problem.detail).toContain('the body has more than 65536 bytes');
      }
    }
  });

  it('is shown up to 64 KiB, cut', async () => {
    const { stringToSign } = await problemOf(webhook(filled(65_536)), { scheme: bare, of: bare.name });
    expect(stringToSign).toMatch(/^\n{8192}… \(65536 characters\)$/);
  });

  it('is searched beyond 64 KiB where the server says so', async () => {
    const sent = JSON.stringify(Array.from({ length: 20_000 }, (_, place) => place));
    const { headers } = await createSigner({ accessKey, secret, clock: () => noon }).sign('https://a.example/', {
      method: 'POST',
      body: `${sent}\n`,
    });
    const request = () => new Request('https://a.example/', { method: 'POST', body: sent, headers: [...headers] });
    const within = explainRefusals({ timeout: 30_000, maxBodyBytes: 2 ** 20 });
    expect((await problemOf(request(), { explain: within })).differences).toMatchObject([{ code: 'body-line-breaks' }]);
    const { differences, detail } = await problemOf(request(), { explain: patient() });
    expect(differences).toEqual([]);
    expect(detail).toContain('The body was not searched: the body has more than 65536 bytes');
  });

  it('is given to an explainer only within its limits', async () => {
    const given: Array<number | undefined> = [];
    const explain: RefusalExplainer = async ({ body }) => {
      for (const size of [99, 100]) given.push((await body({ size, timeout: 1000 }))?.length);
      return { differences: [] };
    };
    await problemOf(webhook(filled(100)), { scheme: bare, explain, of: bare.name });
    expect(given).toEqual([undefined, 100]);
  });

  it.each(['\n', 'a', '\r\n', ' ', 'é', '1,', 'a=1&'])('of %j lets others be served meanwhile', async (part) => {
    const body = new TextEncoder().encode(part.repeat(65_536)).subarray(0, 65_536);
    const pauses: number[] = [];
    let last = performance.now();
    const timer = setInterval(() => {
      pauses.push(performance.now() - last);
      last = performance.now();
    }, 1);
    const begun = last;
    await problemOf(webhook(body), { scheme: bare, explain: patient(), of: bare.name });
    clearInterval(timer);
    const end = performance.now();
    pauses.push(end - last);
    // In parts of the whole, so that a busy machine finds the same.
    expect(Math.max(...pauses)).toBeLessThan((end - begun) / 2);
  });
});

describe('a value of a header that a proxy added', () => {
  const hidden = '4711';
  const empty = createHash('sha256').update('').digest('hex');

  it('does not show in a hash', async () => {
    const amz = '20261122T120000Z';
    const signed = 'host;x-amz-content-sha256;x-amz-date';
    const authorization = (names: string) =>
      `AWS4-HMAC-SHA256 Credential=${accessKey}/20261122/eu-west-1/execute-api/aws4_request, SignedHeaders=${names}, Signature=${'a'.repeat(64)}`;
    const scheme = sigv4({ service: 'execute-api', region: 'eu-west-1' });
    const lineOf = async (names: string): Promise<string> => {
      const headers = { authorization: authorization(names), 'x-amz-date': amz, 'x-amz-content-sha256': empty };
      const request = new Request('https://a.example/x', { headers: { ...headers, 'x-proxy': hidden } });
      return (await problemOf(request, { scheme })).stringToSign.split('\n')[3];
    };
    expect(await lineOf(`${signed};x-proxy`)).toBe('(not shown: it depends on other headers)');
    const canonical = `GET\n/x\n\nhost:a.example\nx-amz-content-sha256:${empty}\nx-amz-date:${amz}\n\n${signed}\n${empty}`;
    expect(await lineOf(signed)).toBe(createHash('sha256').update(canonical).digest('hex'));
  });

  it('does not show in any form that a scheme makes of it', async () => {
    const forms = ['lower', 'upper', 'truncate:3', 'base64', 'sha256|base64', 'sha256|hex', 'md5|hex', 'before:1'];
    const scheme = defineScheme({
      name: 'p',
      stringToSign: `p\n{accessKey}\n{timestamp}\n{nonce}\n${forms.map((form) => `{header.x-proxy|${form}}`).join('\n')}\n{body|sha256|hex}`,
      headers: {
        ...{ 'X-Key': '{accessKey}', 'X-Time': '{timestamp}', 'X-Nonce': '{nonce}' },
        ...{ 'X-Digest': '{body|sha256|hex}', 'X-Signature': '{signature}' },
      },
    } as never);
    const { headers } = await createSigner({
      accessKey,
      secret: 'another secret of theirs',
      scheme,
      clock: () => noon,
    }).sign('https://a.example/x', {
      method: 'POST',
      body: '{}',
      headers: { 'x-proxy': 'a guess' },
    });
    const of = async (value: string): Promise<string> => {
      const request = new Request('https://a.example/x', { method: 'POST', body: '{}', headers: [...headers] });
      request.headers.set('x-proxy', value);
      return (await problemOf(request, { scheme })).stringToSign;
    };
    expect(await of(hidden)).toBe(await of('9999'));
    expect(await of(hidden)).toContain('(4 characters)');
  });

  it.each<[string, Scheme | undefined]>([
    ['countersign-v1', undefined],
    ['rfc9421', rfc9421()],
    ['sigv4', sigv4({ service: 'execute-api', region: 'eu-west-1' })],
  ])('is confirmed by no secret that anyone has: %s', async (_, scheme) => {
    const told = async (own: string, guess: string) => {
      const { headers } = await createSigner({
        ...{ accessKey, secret: own, signedHeaders: ['x-proxy'], clock: () => noon },
        ...(scheme && { scheme }),
      }).sign('https://a.example/x', { headers: { 'x-proxy': guess } });
      const request = new Request('https://a.example/x', { headers: [...headers] });
      request.headers.set('x-proxy', hidden);
      const { code, detail, differences } = await problemOf(request, { explain: patient(), ...(scheme && { scheme }) });
      return { code, detail, differences };
    };
    expect(await told(accessKey, hidden)).toEqual(await told(accessKey, '9999'));
    // Who has the secret sees what differs.
    expect((await told(Buffer.from(secret).toString('base64'), hidden)).differences).toMatchObject([
      { code: 'secret-encoding' },
    ]);
  });
});

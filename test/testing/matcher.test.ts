import { createSigner, generateCredentials, issueSession, type Signer } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import type { KeyRecord } from 'countersign/server';
import { type SignatureMatchers, signatureMatchers, testCredentials, testSigner } from 'countersign/testing';
import { beforeAll, describe, expect, it } from 'vitest';

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: as vitest declares it.
  interface Matchers<T = any> extends SignatureMatchers<Promise<void>> {}
}

beforeAll(() => expect.extend(signatureMatchers));

const url = 'https://api.example.com/v1/orders?q=a%20b';
const signed = (signer: Signer = testSigner()) => signer.sign(url, { method: 'POST', body: '{"sku":"A-1"}' });
const failure = (promise: Promise<void>): Promise<Error> =>
  promise.then(
    () => expect.fail('no failure'),
    (error) => error,
  );

describe('toBeSignedBy', () => {
  it('passes for the key that signed, however old the request is, and leaves the body readable', async () => {
    const request = await signed();
    await expect(request).toBeSignedBy(testCredentials);
    await expect(request).toBeSignedBy(testCredentials);
    expect(await request.text()).toBe('{"sku":"A-1"}');
  });

  it('fails for a changed request, and says what differs', async () => {
    const { headers } = await signed();
    const changed = new Request(url.replace('%20', '+'), { method: 'POST', headers, body: '{"sku":"A-1"}' });
    const { message } = await failure(expect(changed).toBeSignedBy(testCredentials));
    expect(message).toBe(
      [
        `POST https://api.example.com/v1/orders?q=a+b is not signed by ${testCredentials.accessKey}: signature_mismatch`,
        'No active secret of the key produces this signature for this request.',
        '1. The caller signed the query q=a%20b; the query q=a+b was received. [query-encoding]',
        "   Two libraries encode the query differently. In the caller's code, take the query from the requested URL, and do not encode it again. If the server runs on Next.js, which rewrites queries, call formQuery(url).",
      ].join('\n'),
    );
  });

  it('fails for a changed body, an unsigned request and another key', async () => {
    const { headers } = await signed();
    const changed = new Request(url, { method: 'POST', headers, body: '{"sku":"A-2"}' });
    expect((await failure(expect(changed).toBeSignedBy(testCredentials))).message).toContain('body_digest_mismatch');
    const unsigned = new Request(url);
    expect((await failure(expect(unsigned).toBeSignedBy(testCredentials))).message).toContain('not signed');
    const other = generateCredentials();
    const { message } = await failure(expect(await signed()).toBeSignedBy(other));
    expect(message).toContain(`No key has the access key ${testCredentials.accessKey}.`);
  });

  it('shows the string to sign if only the secret can differ, and never the secret', async () => {
    const key = { accessKey: testCredentials.accessKey, secret: 'another secret of the app' };
    const { message } = await failure(expect(await signed()).toBeSignedBy(key));
    expect(message).toContain('its secret is another:\n   | countersign-v1-request\n');
    for (const secret of [key.secret, testCredentials.secret]) expect(message).not.toContain(secret);
  });

  it('passes negated for another key only', async () => {
    await expect(await signed()).not.toBeSignedBy(generateCredentials());
    const { message } = await failure(expect(await signed()).not.toBeSignedBy(testCredentials));
    expect(message).toBe(`POST ${url} is signed by ${testCredentials.accessKey}.`);
  });

  it('takes no other value for an unsigned request', async () => {
    for (const value of [undefined, null, 'GET /', [url, {}], {}]) {
      const { message } = await failure(expect(value).not.toBeSignedBy(testCredentials));
      expect(message).toContain('takes a Request');
    }
    const read = await signed();
    await read.text();
    expect((await failure(expect(read).not.toBeSignedBy(testCredentials))).message).toContain(
      'give toBeSignedBy() a clone',
    );
  });

  it('judges the time if there is a clock', async () => {
    await expect(await signed()).toBeSignedBy(testCredentials, { clock: () => Date.UTC(2026, 0, 1, 0, 4) });
    const late = expect(await signed()).toBeSignedBy(testCredentials, { clock: () => Date.UTC(2026, 0, 1, 0, 6) });
    expect((await failure(late)).message).toContain('stale_timestamp');
  });

  it('takes the record of a key, a public key, and the parent of a session', async () => {
    const { publicKey, privateKey } = (await crypto.subtle.generateKey('Ed25519', false, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
    const scheme = rfc9421();
    const record: KeyRecord = { accessKey: 'page-1', service: 'shop', secrets: [{ publicKey }] };
    const request = await signed(createSigner({ accessKey: 'page-1', secret: privateKey, scheme }));
    await expect(request).toBeSignedBy(record, { scheme });
    const session = issueSession(testCredentials, { expiresIn: 60 });
    await expect(await signed(createSigner(session))).toBeSignedBy(testCredentials);
  });
});

import {
  type Credentials,
  countersignedFetch,
  createSigner,
  generateCredentials,
  prepareRequest,
  redirectFetch,
  type SendOptions,
  type SignerOptions,
  type SigningScheme,
  signedFetch,
} from 'countersign';
import { describe, expect, it } from 'vitest';
import { signCountersignV1 } from '../../src/schemes/countersign-v1/sign.ts';
import { codeOf } from './thrown.ts';

const url = 'https://api.example.com/orders?b=2&a=1';
const fixed = { clock: () => 1_700_000_000_999, nonce: () => 'nonce-0123456789' };
const { accessKey, secret } = generateCredentials();
const signer = createSigner({ accessKey, secret, ...fixed });

describe('credentials', () => {
  /** The scheme, counting the keys that it prepares. */
  const counting = () => {
    const prepared: unknown[] = [];
    const scheme: SigningScheme = {
      ...signCountersignV1,
      createKey: (key) => {
        prepared.push(key);
        return signCountersignV1.createKey(key);
      },
    };
    return { scheme, prepared };
  };

  it('may come from a provider, which is asked for each signature', async () => {
    const [first, second] = [generateCredentials(), generateCredentials()];
    let current: Credentials = first;
    let asked = 0;
    const { scheme, prepared } = counting();
    const one = createSigner({
      scheme,
      credentials: () => {
        asked++;
        return current;
      },
    });
    expect(asked).toBe(0);
    expect(prepareRequest(one, { url }).headers).toMatchObject({ 'X-API-Key': first.accessKey });
    expect(prepareRequest(one, { url }).headers).toMatchObject({ 'X-API-Key': first.accessKey });
    expect(prepared).toHaveLength(1);
    current = second;
    expect(prepareRequest(one, { url }).headers).toMatchObject({ 'X-API-Key': second.accessKey });
    current = { accessKey: second.accessKey, secret: first.secret };
    await one.sign(new Request(url));
    expect(asked).toBe(4);
    expect(prepared).toHaveLength(3);
  });

  it('may come from an asynchronous provider', async () => {
    const one = createSigner({ credentials: async () => ({ accessKey, secret }), ...fixed });
    expect((await one.sign(new Request(url))).headers.get('x-api-signature')).toBe(
      prepareRequest(signer, { url }).headers['X-API-Signature'],
    );
  });

  it('may be a value, whose secret is prepared once', async () => {
    const { scheme, prepared } = counting();
    const one = createSigner({ credentials: generateCredentials(), scheme });
    for (let i = 0; i < 3; i++) await one.sign(new Request(url));
    expect(prepared).toHaveLength(1);
  });

  it('may be bytes in one buffer that a provider fills anew', async () => {
    const bytes = new Uint8Array(32).fill(1);
    const changing = createSigner({ credentials: () => ({ accessKey: 'shop-1', secret: bytes }), ...fixed });
    const before = prepareRequest(changing, { url }).headers['X-API-Signature'];
    bytes.fill(2);
    const fresh = createSigner({ accessKey: 'shop-1', secret: new Uint8Array(32).fill(2), ...fixed });
    const after = prepareRequest(changing, { url }).headers['X-API-Signature'];
    expect(after).toBe(prepareRequest(fresh, { url }).headers['X-API-Signature']);
    expect(after).not.toBe(before);
  });

  it('keep two calls apart whose provider changes between them', async () => {
    const both = [generateCredentials(), generateCredentials()] as const;
    let turn = 0;
    const provider = async () => {
      const mine = both[turn++ % 2] ?? both[0];
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      return mine;
    };
    const changing = createSigner({ credentials: provider, ...fixed });
    const expected = both.map(
      (credentials) => prepareRequest(createSigner({ credentials, ...fixed }), { url }).headers,
    );
    const all = await Promise.all(Array.from({ length: 20 }, () => changing.sign(new Request(url))));
    for (const { headers } of all) {
      const own = expected.find((one) => one['X-API-Key'] === headers.get('x-api-key'));
      expect(headers.get('x-api-signature')).toBe(own?.['X-API-Signature']);
    }
  });

  it("that a provider fails to give are the provider's own error", async () => {
    const cause = new Error('the vault is sealed');
    const one = createSigner({ credentials: () => Promise.reject(cause) });
    await expect(one.sign(new Request(url))).rejects.toBe(cause);
  });

  it.each([
    ['an access key alone', { accessKey }],
    ['a secret alone', { secret }],
    ['nothing', {}],
    ['an empty secret', { accessKey, secret: '' }],
    ['an undefined secret', { accessKey, secret: undefined }],
    ['a null secret', { accessKey, secret: null }],
    ['a short secret', { accessKey, secret: 'fifteen-bytes-x' }],
    ['short bytes', { accessKey, secret: new Uint8Array(15) }],
    ['a number', { accessKey, secret: 1234567890123456 }],
    ['an object', { accessKey, secret: { length: 32 } }],
    ['an array', { accessKey, secret: Array(32).fill(1) }],
    ['an empty access key', { accessKey: '', secret }],
    ['an access key with a line break', { accessKey: 'a\nb', secret }],
    ['an access key with a space at its end', { accessKey: 'a ', secret }],
    ['an access key that is too long', { accessKey: 'a'.repeat(513), secret }],
    ['a secret for an access key', { accessKey: secret, secret }],
    ['an access key for a secret', { accessKey, secret: accessKey }],
  ])('are refused that are %s, when the signer is made', (_, bad) => {
    expect(codeOf(() => createSigner(bad as unknown as SignerOptions))).toBe('invalid_credentials');
    expect(codeOf(() => createSigner({ credentials: bad as unknown as Credentials }))).toBe('invalid_credentials');
    const provided = createSigner({ credentials: () => bad as unknown as Credentials });
    expect(codeOf(() => prepareRequest(provided, { url }).headers)).toBe('invalid_credentials');
  });
});

describe('the first run', () => {
  const messageOf = (act: () => unknown): string => {
    try {
      act();
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };

  it.each<[object, RegExp]>([
    [{ accessKey: undefined, secret }, /^accessKey is missing: is the environment variable set/],
    [{ accessKey, secret: undefined }, /^secret is missing: is the environment variable set/],
    [{ accessKey, secret: null }, /^secret is missing/],
    [{ accessKey: '', secret }, /^accessKey is missing: is the environment variable set/],
    [{ accessKey, secret: '' }, /^secret is missing: is the environment variable set/],
    [{ accessKey, secret: 'fifteen bytes!!' }, /^secret has 15 bytes: at least 16/],
    [{ accessKey, secret: `${secret}\n` }, /^secret has white space or quotes around it/],
    [{ accessKey, secret: `'${secret}'` }, /^secret has white space or quotes around it/],
    [{ accessKey, secret: ` ${secret}` }, /^secret has white space or quotes around it/],
    [{ accessKey, secret: 1234567890123456 }, /^secret is not a string, Uint8Array or CryptoKey/],
    [{ accessKey, secret, signedHeader: ['x-a'] }, /^createSigner takes no signedHeader\./],
    [{ accessKey, secret, tolerance: 30 }, /^createSigner takes no tolerance\./],
    [{ accessKey, secret, signedHeaders: 'x-a' }, /^signedHeaders takes no string\./],
    [{}, /^accessKey is missing/],
  ])('with %j says what is wrong', (options, expected) => {
    expect(messageOf(() => createSigner(options as SignerOptions))).toMatch(expected);
    expect(codeOf(() => createSigner(options as SignerOptions))).toMatch(/^invalid_(credentials|configuration)$/);
  });

  it.each([{ error: 'login' }, {}, undefined, null])('names the function that returned %j', (returned) => {
    const one = createSigner({ credentials: () => returned as unknown as Credentials });
    expect(messageOf(() => prepareRequest(one, { url }))).toBe('The credentials function returned no accessKey.');
  });

  it.each<[expected: RegExp, make: () => unknown]>([
    [/^createSigner takes no undefined\./, () => createSigner(undefined as unknown as SignerOptions)],
    [/^signedFetch takes no function\./, () => signedFetch(signer, fetch as unknown as SendOptions)],
    [/^signedFetch takes no fetcher\./, () => signedFetch(signer, { fetcher: fetch } as SendOptions)],
    [/^countersignedFetch takes no function\./, () => countersignedFetch(signer, fetch as unknown as SendOptions)],
    [/^redirectFetch takes no function\./, () => redirectFetch(signer, fetch as never)],
  ])('refuses options of a wrong type or name at once: %s', (expected, make) => {
    expect(messageOf(make)).toMatch(expected);
  });

  it.each([
    [{ clock: () => Number.NaN }, 'The clock returns an invalid value.'],
    [{ nonce: () => 'short' }, 'The nonce returns an invalid value.'],
  ])('names the function that returned an invalid value', (given, expected) => {
    const one = createSigner({ accessKey, secret, ...given });
    expect(messageOf(() => prepareRequest(one, { url }))).toBe(expected);
  });
});

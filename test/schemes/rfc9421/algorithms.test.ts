import { constants, createHmac, KeyObject, type SignKeyObjectInput, sign, verify } from 'node:crypto';
import { SignatureError } from 'countersign';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SigningKey } from '../../../src/core/signing-key.ts';
import { createRfc9421Key } from '../../../src/schemes/rfc9421/algorithms.ts';

type Platform = typeof CryptoKey.prototype;
type Pair = { readonly publicKey: Platform; readonly privateKey: Platform };
type Made = Parameters<typeof crypto.subtle.generateKey>[0] & { readonly namedCurve?: string; readonly hash?: string };

const rsa = (name: string, hash: string, modulusLength = 2048): Made =>
  ({ name, hash, modulusLength, publicExponent: new Uint8Array([1, 0, 1]) }) as Made;
const pairOf = (made: Made, extractable = true): Promise<Pair> =>
  crypto.subtle.generateKey(made, extractable, ['sign', 'verify']) as Promise<Pair>;

/** RFC 9421 section 3.3 once more, in the words of node:crypto. */
const asymmetric: ReadonlyArray<{
  readonly algorithm: string;
  readonly made: Made;
  readonly digest: string | null;
  readonly form: Omit<SignKeyObjectInput, 'key'>;
}> = [
  { algorithm: 'ed25519', made: { name: 'Ed25519' }, digest: null, form: {} },
  {
    algorithm: 'ecdsa-p256-sha256',
    made: { name: 'ECDSA', namedCurve: 'P-256' },
    digest: 'sha256',
    form: { dsaEncoding: 'ieee-p1363' },
  },
  {
    algorithm: 'ecdsa-p384-sha384',
    made: { name: 'ECDSA', namedCurve: 'P-384' },
    digest: 'sha384',
    form: { dsaEncoding: 'ieee-p1363' },
  },
  {
    algorithm: 'rsa-pss-sha512',
    made: rsa('RSA-PSS', 'SHA-512'),
    digest: 'sha512',
    form: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 },
  },
  {
    algorithm: 'rsa-v1_5-sha256',
    made: rsa('RSASSA-PKCS1-v1_5', 'SHA-256'),
    digest: 'sha256',
    form: { padding: constants.RSA_PKCS1_PADDING },
  },
];

const bytes = fc.uint8Array({ maxLength: 300 });
const from = (key: Platform) => KeyObject.from(key as Parameters<typeof KeyObject.from>[0]);

function refusalOf(run: () => unknown): SignatureError {
  try {
    run();
  } catch (error) {
    if (error instanceof SignatureError) return error;
    throw error;
  }
  throw new Error('Nothing was refused.');
}

describe.each(asymmetric)('$algorithm', ({ algorithm, made, digest, form }) => {
  let pair: Pair;
  let signing: SigningKey;
  let verifying: SigningKey;
  beforeAll(async () => {
    pair = await pairOf(made);
    signing = createRfc9421Key(pair.privateKey);
    verifying = createRfc9421Key(pair.publicKey);
  });

  it('is found by either key of a pair, and needs none that can be exported', async () => {
    const held = await pairOf(made, false);
    expect([signing, verifying, createRfc9421Key(held.privateKey)].map((key) => key.algorithm)).toEqual(
      Array(3).fill(algorithm),
    );
    const data = new Uint8Array([1, 2, 3]);
    const signature = await createRfc9421Key(held.privateKey).sign(data);
    expect(await createRfc9421Key(held.publicKey).verify(data, signature)).toBe(true);
    expect(await verifying.verify(data, signature)).toBe(false);
  });

  it('makes signatures that node:crypto verifies, and verifies those that it makes', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (data) => {
        const ours = await signing.sign(data);
        expect(ours).toBeInstanceOf(Uint8Array);
        expect(verify(digest, data, { key: from(pair.publicKey), ...form }, ours)).toBe(true);
        const theirs = sign(digest, data, { key: from(pair.privateKey), ...form });
        expect(await verifying.verify(data, new Uint8Array(theirs))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses signatures that are tampered with, cut off, too long, empty, or over other data, and throws for none', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), async (data, place, change) => {
        const signature = await signing.sign(data);
        const at = place % signature.length;
        const others = [
          signature.map((byte, i) => (i === at ? byte ^ change : byte)),
          signature.subarray(0, at),
          signature.subarray(1),
          new Uint8Array([...signature, 0]),
          new Uint8Array([0, ...signature]),
          new Uint8Array([...signature, ...signature]),
          new Uint8Array(signature.length),
          new Uint8Array(signature.length).fill(255),
        ];
        for (const other of others) expect(await verifying.verify(data, other)).toBe(false);
        expect(await verifying.verify(new Uint8Array([...data, change]), signature)).toBe(false);
      }),
      { numRuns: 10 },
    );
  });

  const itOfRsa = algorithm.startsWith('rsa') ? it : () => {};
  itOfRsa('refuses a signature without its leading zeros', { timeout: 60_000 }, async () => {
    // One in 256 begins with a zero, and the number is the same without it.
    for (let count = 0; count < 65_536; count++) {
      const data = new Uint8Array(new Uint32Array([count]).buffer);
      const signature = await signing.sign(data);
      if (signature[0] !== 0) continue;
      expect(await verifying.verify(data, signature)).toBe(true);
      expect(await verifying.verify(data, signature.subarray(1))).toBe(false);
      return;
    }
    expect.fail('No signature began with a zero.');
  });

  it('signs with no public key and verifies with no private one, and says what to import and where it belongs', () => {
    const data = new Uint8Array(8);
    const unsigned = refusalOf(() => verifying.sign(data));
    expect(unsigned).toMatchObject({ code: 'invalid_credentials' });
    expect(unsigned.message).toBe(
      'The public CryptoKey cannot sign: import the private key with the usage sign. For a verifier to sign responses, set its responseKey.',
    );
    const unverified = refusalOf(() => signing.verify(data, data));
    expect(unverified).toMatchObject({ code: 'invalid_credentials' });
    expect(unverified.message).toContain('cannot verify: import the public key with the usage verify.');
  });

  it('refuses a public key that was imported for nothing', async () => {
    const spki = await crypto.subtle.exportKey('spki', pair.publicKey);
    const idle = await crypto.subtle.importKey('spki', spki, made, false, []);
    const { code, message } = refusalOf(() => createRfc9421Key(idle));
    expect([code, message]).toEqual([
      'invalid_credentials',
      'The public CryptoKey must be imported with the usage sign or verify.',
    ]);
  });

  it('refuses a key of which a runtime knows nothing, as another library may have made', async () => {
    const { type, algorithm: of, extractable } = pair.publicKey;
    const foreign = createRfc9421Key({ type, algorithm: of, extractable, usages: ['sign', 'verify'] } as Platform);
    for (const use of [foreign.verify(new Uint8Array(), new Uint8Array()), foreign.sign(new Uint8Array())]) {
      await expect(use).rejects.toMatchObject({
        code: 'invalid_credentials',
        message: expect.stringContaining(`This runtime does not support ${algorithm}`),
      });
    }
  });
});

describe('hmac-sha256', () => {
  it('is the algorithm of texts, bytes and CryptoKeys, and agrees with node:crypto', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 16, maxLength: 100 }), bytes, async (secret, data) => {
        const mac = new Uint8Array(createHmac('sha256', secret).update(data).digest());
        const held = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, [
          'sign',
          'verify',
        ]);
        const [ofBytes, ofKey] = [createRfc9421Key(secret), createRfc9421Key(held)];
        expect([ofBytes.algorithm, ofKey.algorithm]).toEqual(['hmac-sha256', 'hmac-sha256']);
        expect(ofBytes.sign(data)).toEqual(mac);
        expect(await ofKey.sign(data)).toEqual(mac);
        expect(ofBytes.verify(data, mac)).toBe(true);
        expect(await ofKey.verify(data, mac)).toBe(true);
        for (const other of [mac.subarray(1), new Uint8Array([...mac, 0]), new Uint8Array(), mac.map((one) => ~one)]) {
          expect(ofBytes.verify(data, other)).toBe(false);
          expect(await ofKey.verify(data, other)).toBe(false);
        }
      }),
      { numRuns: 20 },
    );
    const text = createRfc9421Key('sixteen bytes and more');
    expect(text.sign(new Uint8Array([7]))).toEqual(
      new Uint8Array(
        createHmac('sha256', 'sixteen bytes and more')
          .update(new Uint8Array([7]))
          .digest(),
      ),
    );
  });

  it('makes the signature of RFC 9421 appendix B.2.5', () => {
    const shared = 'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==';
    const base = [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@authority": example.com',
      '"content-type": application/json',
      '"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    ].join('\n');
    const signature = createRfc9421Key(new Uint8Array(Buffer.from(shared, 'base64'))).sign(Buffer.from(base));
    expect(Buffer.from(signature as Uint8Array).toString('base64')).toBe(
      'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
    );
  });

  it('signs with a CryptoKey that was imported to verify as little as with a public one', async () => {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const held = await crypto.subtle.importKey('raw', new Uint8Array(32), algorithm, false, ['verify']);
    expect(refusalOf(() => createRfc9421Key(held).sign(new Uint8Array())).message).toContain('cannot sign');
  });

  it('never takes a text for a key of another kind, whatever the text is', async () => {
    const { publicKey } = await pairOf({ name: 'Ed25519' });
    const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(await crypto.subtle.exportKey('spki', publicKey)).toString('base64')}\n-----END PUBLIC KEY-----\n`;
    expect(createRfc9421Key(pem).algorithm).toBe('hmac-sha256');
  });
});

describe('a CryptoKey without an algorithm in RFC 9421', () => {
  const signs: readonly KeyUsage[] = ['sign', 'verify'];
  it.each<readonly [made: object, usages: readonly KeyUsage[], found: string]>([
    [{ name: 'ECDSA', namedCurve: 'P-521' }, signs, 'for ECDSA P-521.'],
    [{ name: 'ECDH', namedCurve: 'P-256' }, ['deriveBits'], 'for ECDH P-256.'],
    [{ name: 'X25519' }, ['deriveBits'], 'for X25519.'],
    [rsa('RSA-PSS', 'SHA-256'), signs, 'for RSA-PSS SHA-256.'],
    [rsa('RSA-PSS', 'SHA-1'), signs, 'for RSA-PSS SHA-1.'],
    [rsa('RSASSA-PKCS1-v1_5', 'SHA-1'), signs, 'for RSASSA-PKCS1-v1_5 SHA-1.'],
    [rsa('RSASSA-PKCS1-v1_5', 'SHA-512'), signs, 'for RSASSA-PKCS1-v1_5 SHA-512.'],
    [rsa('RSA-OAEP', 'SHA-256'), ['encrypt', 'decrypt'], 'for RSA-OAEP SHA-256.'],
    [{ name: 'HMAC', hash: 'SHA-512' }, signs, 'for HMAC SHA-512.'],
    [{ name: 'HMAC', hash: 'SHA-1' }, signs, 'for HMAC SHA-1.'],
    [{ name: 'AES-GCM', length: 256 }, ['encrypt', 'decrypt'], 'for AES-GCM.'],
    [rsa('RSA-PSS', 'SHA-512', 1024), signs, 'RSA-PSS SHA-512 key has 1024 bits; at least 2048'],
    [rsa('RSASSA-PKCS1-v1_5', 'SHA-256', 1024), signs, 'RSASSA-PKCS1-v1_5 SHA-256 key has 1024 bits; at least 2048'],
    [{ name: 'HMAC', hash: 'SHA-256', length: 120 }, signs, 'HMAC SHA-256 key has 120 bits; at least 128'],
  ])('is refused: %o', async (made, usages, found) => {
    const generated = await crypto.subtle.generateKey(made as Made, true, usages);
    for (const key of 'publicKey' in generated ? [generated.publicKey, generated.privateKey] : [generated]) {
      const { code, message } = refusalOf(() => createRfc9421Key(key as Platform));
      expect([code, message]).toEqual(['invalid_credentials', expect.stringContaining(found)]);
    }
  });
});

describe('where there is no WebCrypto', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('texts and bytes sign, and a CryptoKey is refused with what to use instead', async () => {
    const { publicKey } = await pairOf({ name: 'Ed25519' });
    vi.stubGlobal('crypto', {});
    expect(createRfc9421Key(new Uint8Array(32)).sign(new Uint8Array())).toHaveLength(32);
    const { code, message } = refusalOf(() => createRfc9421Key(publicKey));
    expect([code, message]).toEqual([
      'invalid_configuration',
      'WebCrypto is not available for ed25519: use https, or a shared secret.',
    ]);
  });
});

it('takes the other half of an ECDSA signature for as good, so no replay may be told by signatures', async () => {
  const { publicKey, privateKey } = await pairOf({ name: 'ECDSA', namedCurve: 'P-256' });
  const data = new Uint8Array([1]);
  const signature = await createRfc9421Key(privateKey).sign(data);
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
  const other = (order - s).toString(16).padStart(64, '0');
  const malleated = new Uint8Array([...signature.subarray(0, 32), ...Buffer.from(other, 'hex')]);
  expect(await createRfc9421Key(publicKey).verify(data, malleated)).toBe(true);
});

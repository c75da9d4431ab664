import { countersignedFetch, createSigner, type Signer, signedFetch } from 'countersign';
import {
  type AuditEvent,
  countersignV1,
  createVerifier,
  type KeyRecord,
  type KeySecret,
  type KeyStore,
  memoryKeys,
  memoryReplay,
  type PlatformKey,
  type Verifier,
  type VerifierOptions,
} from 'countersign/server';
import { beforeAll, describe, expect, it } from 'vitest';
import { toMessage } from '../../src/core/message.ts';
import { hmacSha256 } from '../../src/core/signing-key.ts';
import { createRfc9421Key } from '../../src/schemes/rfc9421/algorithms.ts';
import { startBridge } from '../server-bridge.ts';
import { publicHeader, publicScheme, publicString, type Said } from './public-scheme.ts';
import { noon, outcomeOf, url } from './rig.ts';

type Pair = { readonly publicKey: PlatformKey; readonly privateKey: PlatformKey };
const accessKey = 'partner';
const shared = 'a shared secret of the same partner';
const clock = () => noon;

let first: Pair;
let second: Pair;
let elliptic: Pair;
/** Every spelling of the first public key that a stranger can have. */
let spellings: readonly (string | Uint8Array)[];

const pairOf = (made: object): Promise<Pair> =>
  crypto.subtle.generateKey(made as { name: string }, true, ['sign', 'verify']) as Promise<Pair>;

beforeAll(async () => {
  [first, second] = [await pairOf({ name: 'Ed25519' }), await pairOf({ name: 'Ed25519' })];
  elliptic = await pairOf({ name: 'ECDSA', namedCurve: 'P-256' });
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', first.publicKey));
  const encoded = Buffer.from(spki).toString('base64');
  const pem = `-----BEGIN PUBLIC KEY-----\n${encoded}\n-----END PUBLIC KEY-----`;
  const jwk = await crypto.subtle.exportKey('jwk', first.publicKey);
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', first.publicKey));
  spellings = [
    pem,
    new TextEncoder().encode(`${pem}\n`),
    encoded,
    spki,
    raw,
    JSON.stringify(jwk),
    jwk.x ?? '',
    new Uint8Array(32),
  ];
});

type World = { readonly verifier: Verifier; readonly events: AuditEvent[] };

function worldOf(keys: KeyStore, options: Partial<VerifierOptions> = {}): World {
  const events: AuditEvent[] = [];
  const verifier = createVerifier({
    keys,
    replay: memoryReplay({ clock }),
    scheme: publicScheme,
    clock,
    audit: (event) => void events.push(event),
    ...options,
  });
  return { verifier, events };
}

const withSecrets = (secrets: readonly KeySecret[], rest: Partial<KeyRecord> = {}): KeyStore =>
  memoryKeys([{ accessKey, service: 'shop', secrets, ...rest }]);

const signerWith = (secret: PlatformKey | string | Uint8Array, scheme = publicScheme): Signer =>
  createSigner({ accessKey, secret, scheme, clock });

const outcome = async (verifier: Verifier, signer: Signer): Promise<string> =>
  outcomeOf(await verifier.verify(await signer.sign(new Request(url, { method: 'POST', body: '{}' }))));

let drawn = 0;
/** A request that says what its maker likes, over whatever that maker can compute. */
async function forged(said: Partial<Said>, sign: (data: Uint8Array) => Uint8Array | Promise<Uint8Array>) {
  drawn += 1;
  const all: Said = { accessKey, seconds: noon / 1000, nonce: `forged-nonce-${drawn}-0000000`, digest: '', ...said };
  const data = new TextEncoder().encode(publicString(toMessage({ method: 'GET', url }, new Headers()), all));
  return new Request(url, { headers: { 'Test-Signature': publicHeader(all, await sign(data)) } });
}

describe('a public key in a record', () => {
  it('verifies what its private half signs, and nothing of another', async () => {
    const { verifier, events } = worldOf(withSecrets([{ publicKey: first.publicKey }]));
    expect(await outcome(verifier, signerWith(first.privateKey))).toBe('ok');
    expect(await outcome(verifier, signerWith(second.privateKey))).toBe('signature_mismatch');
    expect(await outcome(verifier, signerWith(elliptic.privateKey))).toBe('signature_mismatch');
    expect(events.map(({ code, service }) => [code, service])).toEqual([
      [undefined, 'shop'],
      ['signature_mismatch', 'shop'],
      ['signature_mismatch', 'shop'],
    ]);
  });

  it('is no shared secret: a MAC made with any spelling of it proves nothing, whatever algorithm the message names', async () => {
    const { verifier } = worldOf(withSecrets([{ publicKey: first.publicKey }]));
    for (const spelling of spellings) {
      for (const algorithm of [undefined, 'hmac-sha256', 'ed25519', 'none']) {
        const request = await forged(algorithm ? { algorithm } : {}, hmacSha256(spelling).sign);
        expect(outcomeOf(await verifier.verify(request))).toBe('signature_mismatch');
      }
    }
  });

  it('has one algorithm: a message that names another is refused, also where the signature is right', async () => {
    const { verifier } = worldOf(withSecrets([{ publicKey: first.publicKey }]));
    const { sign } = createRfc9421Key(first.privateKey);
    for (const algorithm of ['ecdsa-p256-sha256', 'rsa-pss-sha512', 'hmac-sha256', 'none', 'constructor']) {
      const request = await forged({ algorithm }, sign);
      expect(outcomeOf(await verifier.verify(request))).toBe('signature_mismatch');
    }
    expect(outcomeOf(await verifier.verify(await forged({ algorithm: 'ed25519' }, sign)))).toBe('ok');
    expect(outcomeOf(await verifier.verify(await forged({}, sign)))).toBe('ok');
  });

  it('is refused once expired, before its time, and with a revoked record', async () => {
    const pairs: ReadonlyArray<readonly [KeySecret, Partial<KeyRecord>, string]> = [
      [{ publicKey: first.publicKey, expiresAt: noon }, {}, 'retired_secret'],
      [{ publicKey: first.publicKey, notBefore: noon + 1 }, {}, 'signature_mismatch'],
      [{ publicKey: first.publicKey }, { revoked: true }, 'revoked_key'],
      [{ publicKey: first.publicKey }, { expiresAt: noon }, 'expired_key'],
    ];
    for (const [secret, rest, code] of pairs) {
      const { verifier } = worldOf(withSecrets([secret], rest));
      expect(await outcome(verifier, signerWith(first.privateKey))).toBe(code);
    }
  });

  it('can be changed: both verify until the old one ends, also where the new one is of another algorithm', async () => {
    const time = { now: noon };
    const secrets = [{ publicKey: first.publicKey, expiresAt: noon + 1000 }, { publicKey: elliptic.publicKey }];
    const { verifier } = worldOf(withSecrets(secrets), { clock: () => time.now });
    expect(await outcome(verifier, signerWith(first.privateKey))).toBe('ok');
    expect(await outcome(verifier, signerWith(elliptic.privateKey))).toBe('ok');
    time.now += 1000;
    expect(await outcome(verifier, signerWith(first.privateKey))).toBe('retired_secret');
    expect(await outcome(verifier, signerWith(elliptic.privateKey))).toBe('ok');
  });

  it('verifies a request once, also where anyone can make another signature of it that is as good', async () => {
    const { verifier } = worldOf(withSecrets([{ publicKey: elliptic.publicKey }]));
    const { sign } = createRfc9421Key(elliptic.privateKey);
    const said = { nonce: 'the-same-nonce-twice' };
    let signature = new Uint8Array();
    const original = await forged(said, async (data) => {
      signature = new Uint8Array(await sign(data));
      return signature;
    });
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const s = order - BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
    const other = Buffer.from(s.toString(16).padStart(64, '0'), 'hex');
    const malleated = await forged(said, () => new Uint8Array([...signature.subarray(0, 32), ...other]));
    expect(malleated.headers.get('test-signature')).not.toBe(original.headers.get('test-signature'));
    expect(outcomeOf(await verifier.verify(malleated))).toBe('ok');
    expect(outcomeOf(await verifier.verify(original))).toBe('replayed_request');
  });
});

describe('what cannot be a public key or a secret', () => {
  const refused = (secrets: readonly unknown[]) => {
    const record = { accessKey, service: 'shop', secrets: secrets as KeySecret[] };
    expect(() => memoryKeys([record])).toThrow(expect.objectContaining({ code: 'invalid_credentials' }));
    return worldOf({ find: () => record });
  };

  it('is refused by memoryKeys; from another store it lets nobody in, and the audit tells', async () => {
    const hmac = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign', 'verify']);
    const jwk = await crypto.subtle.exportKey('jwk', first.publicKey);
    const { publicKey, privateKey } = first;
    const faults: readonly unknown[] = [
      ...spellings.map((spelling) => ({ publicKey: spelling })),
      { publicKey: jwk },
      { publicKey: hmac },
      { publicKey: privateKey },
      { publicKey: { type: 'public' } },
      { publicKey: true },
      { secret: publicKey },
      { secret: privateKey },
      { secret: shared, publicKey },
      { publicKey: '' },
      {},
    ];
    for (const fault of faults) {
      const { verifier, events } = refused([fault]);
      for (const key of [privateKey, shared, hmac as PlatformKey]) {
        expect(await outcome(verifier, signerWith(key))).toBe('key_store_unavailable');
      }
      expect(events.map(({ code, outcome: was }) => `${was} ${code}`)).toEqual(
        Array(3).fill('refused key_store_unavailable'),
      );
    }
  });

  it('is a key without an algorithm too, once it is used', async () => {
    const short = await pairOf({
      name: 'RSA-PSS',
      hash: 'SHA-512',
      modulusLength: 1024,
      publicExponent: new Uint8Array([1, 0, 1]),
    });
    const { verifier } = worldOf(withSecrets([{ publicKey: short.publicKey }]));
    expect(await outcome(verifier, signerWith(first.privateKey))).toBe('key_store_unavailable');
  });

  it.each([
    ['a signer', (key: PlatformKey) => signerWith(key)],
    ['a signer of shared secrets', (key: PlatformKey) => signerWith(key, countersignV1)],
  ])('%s takes no public key for a secret', (_, sign) => {
    expect(() => sign(first.publicKey)).toThrow(expect.objectContaining({ code: 'invalid_credentials' }));
  });
});

describe('a record with a secret for one scheme and a public key for another', () => {
  const scheme = [countersignV1, publicScheme] as const;
  const secrets = (): readonly KeySecret[] => [
    { secret: shared, scheme: 'countersign-v1' },
    { publicKey: first.publicKey, scheme: 'test-public' },
  ];

  it('verifies by each scheme what is signed with its own key, and names the scheme', async () => {
    const { verifier, events } = worldOf(withSecrets(secrets()), { scheme });
    expect(await outcome(verifier, signerWith(shared, countersignV1))).toBe('ok');
    expect(await outcome(verifier, signerWith(first.privateKey))).toBe('ok');
    expect(events.map((event) => event.scheme)).toEqual(['countersign-v1', 'test-public']);
  });

  it('never takes the key of one for the other', async () => {
    const { verifier } = worldOf(withSecrets(secrets()), { scheme });
    expect(await outcome(verifier, signerWith(shared))).toBe('signature_mismatch');
    for (const spelling of spellings) {
      expect(await outcome(verifier, signerWith(spelling, countersignV1))).toBe('signature_mismatch');
      expect(await outcome(verifier, signerWith(spelling))).toBe('signature_mismatch');
    }
  });

  it('needs no name of a scheme for a public key, which schemes of shared secrets pass over', async () => {
    const { verifier } = worldOf(withSecrets([{ publicKey: first.publicKey }, { secret: shared }]), { scheme });
    expect(await outcome(verifier, signerWith(shared, countersignV1))).toBe('ok');
    expect(await outcome(verifier, signerWith(first.privateKey))).toBe('ok');
    const publicOnly = worldOf(withSecrets([{ publicKey: first.publicKey }]), { scheme }).verifier;
    for (const spelling of spellings) {
      expect(await outcome(publicOnly, signerWith(spelling, countersignV1))).toBe('signature_mismatch');
    }
  });

  it('may hold a secret that only its own scheme can use', async () => {
    const sha512 = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-512' }, false, ['sign', 'verify']);
    const foreign = { secret: sha512 as PlatformKey, scheme: 'another' };
    const { verifier } = worldOf(withSecrets([foreign, { publicKey: first.publicKey }]), { scheme });
    expect(await outcome(verifier, signerWith(first.privateKey))).toBe('ok');
    const unnamed = worldOf(withSecrets([{ secret: foreign.secret }, { publicKey: first.publicKey }]), { scheme });
    expect(await outcome(unnamed.verifier, signerWith(first.privateKey))).toBe('key_store_unavailable');
  });
});

describe('answers to callers with a public key', () => {
  const answers = async (options: Partial<VerifierOptions>) => {
    const { verifier } = worldOf(withSecrets([{ publicKey: first.publicKey }, { secret: shared }]), options);
    return startBridge({
      verifier,
      answer: ({ result }) => (result.ok ? result.countersign(new Response('done')).catch(toText) : undefined),
    });
  };
  const toText = (error: unknown) => new Response(String(error), { status: 500 });

  it("are signed with the server's own key, and checked with its public half", async () => {
    const bridge = await answers({ responseKey: { accessKey: 'server', secret: second.privateKey } });
    const api = countersignedFetch(signerWith(first.privateKey), { responseKey: second.publicKey });
    expect(await (await api(bridge.origin)).text()).toBe('done');
    const other = countersignedFetch(signerWith(first.privateKey), { responseKey: elliptic.publicKey });
    await expect(other(bridge.origin)).rejects.toMatchObject({ code: 'response_mismatch' });
    await bridge.close();
  });

  it('are signed also where they refuse a proved caller, and then say why', async () => {
    const bridge = await answers({ responseKey: { accessKey: 'server', secret: second.privateKey } });
    const late = createSigner({ accessKey, secret: first.privateKey, scheme: publicScheme, clock: () => noon - 1e6 });
    const response = await countersignedFetch(late, { responseKey: second.publicKey })(bridge.origin);
    expect([response.status, await response.json()]).toEqual([
      401,
      expect.objectContaining({ code: 'stale_timestamp' }),
    ]);
    await bridge.close();
  });

  it('are still signed with the shared secret in a scheme that has no public keys', async () => {
    const bridge = await answers({
      scheme: [countersignV1, publicScheme],
      responseKey: { accessKey: 'server', secret: second.privateKey },
    });
    const api = countersignedFetch(signerWith(shared, countersignV1));
    expect(await (await api(bridge.origin)).text()).toBe('done');
    await bridge.close();
  });

  it('cannot be signed by either without responseKey, and both are told so', async () => {
    const bridge = await answers({});
    const response = await signedFetch(signerWith(first.privateKey))(bridge.origin);
    expect(await response.text()).toMatch(/The public CryptoKey cannot sign: .* set its responseKey/);
    await bridge.close();
    const signing = await answers({ responseKey: { accessKey: 'server', secret: second.privateKey } });
    await expect(countersignedFetch(signerWith(first.privateKey))(signing.origin)).rejects.toThrow(
      /The private CryptoKey cannot verify: .* set its responseKey/,
    );
    await signing.close();
  });

  it('are never believed for a MAC made with the public key: a client takes a CryptoKey of type public alone', async () => {
    for (const key of [...spellings, second.privateKey]) {
      expect(() => countersignedFetch(signerWith(first.privateKey), { responseKey: key as PlatformKey })).toThrow(
        expect.objectContaining({ code: 'invalid_credentials' }),
      );
    }
  });

  it.each<readonly [name: string, secret: () => unknown, options: Partial<VerifierOptions>, code: string]>([
    ['a shared secret', () => shared, {}, 'invalid_credentials'],
    ['a public key', () => second.publicKey, {}, 'invalid_credentials'],
    ['nothing', () => undefined, {}, 'invalid_credentials'],
    ['a key, where no scheme can use it', () => second.privateKey, { scheme: countersignV1 }, 'invalid_configuration'],
  ])('are not promised by a verifier with %s as responseKey', (_, secret, options, code) => {
    const responseKey = { accessKey: 'server', secret: secret() as PlatformKey };
    const keys = withSecrets([{ secret: shared }]);
    expect(() => worldOf(keys, { responseKey, ...options })).toThrow(expect.objectContaining({ code }));
  });
});

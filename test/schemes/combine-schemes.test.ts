import { createSigner, prepareRequest, signedFetch } from 'countersign';
import {
  acquiaHmac,
  combineSchemes,
  countersignV1,
  defineScheme,
  presign,
  rfc9421,
  type Scheme,
  sigv4,
  standardWebhooks,
} from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, type Verifier } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { noon, outcomeOf } from '../server/rig.ts';
import { startBridge } from '../server-bridge.ts';
import { partner } from './define/rig.ts';

const accessKey = 'partner';
const secret = 'a secret of more than sixteen bytes';
const clock = () => noon;
const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
const request = () => new Request('https://api.example.com/v1/orders?x=1', { method: 'POST', body: '{"a":1}' });

/** An old, a new and a both-ways server, in the given order, on one replay store. */
function fleet(old: Scheme, later: Scheme, order: readonly ('old' | 'new' | 'both')[]): readonly Verifier[] {
  const replay = memoryReplay({ clock });
  const keys = memoryKeys([
    {
      accessKey,
      service: 'shop',
      secrets: [{ secret }, { publicKey: pair.publicKey, scheme: 'rfc9421' }],
    },
  ]);
  const schemes = { old, new: later, both: [old, later] };
  return order.map((name) => createVerifier({ scheme: schemes[name], keys, replay, clock }));
}

const orders = [
  ['old', 'new', 'both'],
  ['new', 'old', 'both'],
  ['both', 'old', 'new'],
  ['both', 'new', 'old'],
  ['old', 'both', 'new'],
] as const;

async function outcomes(signed: Request, servers: readonly Verifier[]): Promise<readonly string[]> {
  const all: string[] = [];
  for (const server of servers) all.push(outcomeOf(await server.verify(signed.clone())));
  return all;
}

describe('a request that is signed by two schemes', () => {
  it('one after the other is accepted twice by servers that take one each: why they are combined', async () => {
    const byOld = createSigner({ accessKey, secret, clock });
    const byNew = createSigner({ accessKey, secret, clock, scheme: rfc9421() });
    const signed = await byNew.sign(await byOld.sign(request()));
    expect(await outcomes(signed, fleet(countersignV1, rfc9421(), ['old', 'new']))).toEqual(['ok', 'ok']);
  });

  describe.each([
    ['with one secret', { scheme: rfc9421() }],
    ['with a secret for each', { scheme: rfc9421(), secret: pair.privateKey }],
    ['of which one is defined', { scheme: defineScheme(partner) }],
  ])('%s', (_, later) => {
    it.each(orders)('is accepted once by a fleet that meets it as %s, %s, %s', async (...order) => {
      const scheme = combineSchemes([{ scheme: countersignV1 }, later]);
      const signed = await createSigner({ accessKey, secret, clock, scheme }).sign(request());
      const servers = fleet(countersignV1, later.scheme, order);
      expect(await outcomes(signed, servers)).toEqual(['ok', 'replayed_request', 'replayed_request']);
    });

    it.each(['old', 'new', 'both'] as const)('is refused where it was changed, by the %s server', async (name) => {
      const scheme = combineSchemes([{ scheme: countersignV1 }, later]);
      const signed = await createSigner({ accessKey, secret, clock, scheme }).sign(request());
      const [server] = fleet(countersignV1, later.scheme, [name]);
      const forged = new Request('https://api.example.com/v1/orders?x=2', {
        method: 'POST',
        headers: signed.headers,
        body: '{"a":1}',
      });
      expect(await outcomes(forged, server ? [server] : [])).toEqual(['signature_mismatch']);
    });
  });

  it('is refused if its signatures are by two keys: else anyone with a key could use up the nonce of another', async () => {
    const other = { accessKey: 'other', secret: 'another secret of more than sixteen bytes' };
    const keys = memoryKeys([
      { accessKey, service: 'shop', secrets: [{ secret }] },
      { accessKey: other.accessKey, service: 'other', secrets: [{ secret: other.secret }] },
    ]);
    const verifier = createVerifier({
      scheme: [countersignV1, rfc9421()],
      keys,
      replay: memoryReplay({ clock }),
      clock,
    });
    const captured = await createSigner({ accessKey, secret, clock }).sign('https://api.example.com/v1/orders');
    const twice = new Request(captured.url, { headers: captured.headers });
    const signed = await createSigner({ ...other, clock, scheme: rfc9421() }).sign(twice);
    expect(await outcomes(signed, [verifier])).toEqual(['signature_mismatch']);
    expect(await outcomes(captured, [verifier])).toEqual(['ok']);
  });

  it('goes over HTTP by signedFetch, and without a body', async () => {
    const scheme = combineSchemes([{ scheme: countersignV1 }, { scheme: rfc9421() }]);
    for (const server of fleet(countersignV1, rfc9421(), ['old', 'new', 'both'])) {
      const bridge = await startBridge({ verifier: server });
      try {
        const api = signedFetch(createSigner({ accessKey, secret, clock, scheme }));
        expect((await api(`${bridge.origin}/a`)).status).toBe(200);
        expect((await api(`${bridge.origin}/a`, { method: 'PUT', body: 'é' })).status).toBe(200);
      } finally {
        await bridge.close();
      }
    }
  });

  it('has at once the headers that it has later', () => {
    const scheme = combineSchemes([{ scheme: countersignV1 }, { scheme: rfc9421() }]);
    const signer = createSigner({ accessKey, secret, clock, scheme });
    const names = Object.keys(prepareRequest(signer, { url: 'https://api.example.com/' }).headers).map((name) =>
      name.toLowerCase(),
    );
    expect(names).toEqual(expect.arrayContaining(['x-api-signature', 'x-api-nonce', 'signature', 'signature-input']));
  });
});

describe('schemes that cannot be combined', () => {
  // The server knows the caller of such a scheme by the route, and claims the nonce under that name.
  const nameless = defineScheme({
    name: 'nameless',
    stringToSign: 'nameless\n{timestamp}\n{nonce}\n{method}\n{authority}\n{target}\n{body|sha256|hex}',
    headers: { 'X-N-Time': '{timestamp}', 'X-N-Nonce': '{nonce}', 'X-N-Signature': '{signature}' },
  });
  const v1 = { scheme: countersignV1 };
  const scope = { region: 'eu-west-1', service: 'execute-api' };
  const signing = (later: Scheme) =>
    createSigner({
      accessKey,
      secret: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      scheme: combineSchemes([v1, { scheme: later }]),
    });

  it.each([
    ['one that carries no nonce', sigv4(scope), /do not carry the same nonce/],
    ['one that makes another nonce of it', standardWebhooks(), /do not carry the same nonce/],
    ['one that writes it in another form', defineScheme(acquiaHmac({ realm: 'shop' })), /do not carry the same nonce/],
    ['one that carries no access key', nameless, /do not carry the same access key/],
    [
      'one that reads another access key',
      { ...nameless, read: (message) => ({ ...nameless.read(message), accessKey: `${accessKey}-2` }) },
      /do not carry the same access key/,
    ],
    [
      'one that needs the same header',
      {
        ...countersignV1,
        name: 'twin',
        createKey: defineScheme(partner).createKey,
        prepare: (input) => countersignV1.prepare({ ...input, accessKey: 'other' }),
      },
      /set .* to different values/,
    ],
  ] satisfies ReadonlyArray<readonly [string, Scheme, RegExp]>)(
    'are told when a request is signed: %s',
    async (_, later, message) => {
      await expect(signing(later).sign(request())).rejects.toThrow(message);
    },
  );

  it('are told when a request is signed: two without an access key', async () => {
    const other = defineScheme({
      name: 'other',
      stringToSign: 'other\n{timestamp}\n{nonce}\n{method}\n{authority}\n{target}\n{body|sha256|hex}',
      headers: { 'X-O-Time': '{timestamp}', 'X-N-Nonce': '{nonce}', 'X-O-Signature': '{signature}' },
    });
    const scheme = combineSchemes([{ scheme: nameless }, { scheme: other }]);
    const signer = createSigner({ accessKey, secret, scheme });
    await expect(signer.sign(request())).rejects.toThrow(/do not carry the same access key/);
  });

  it('are told when they are combined: one alone, and one that signs in the query', () => {
    expect(() => combineSchemes([v1])).toThrow(/two/);
    expect(() => combineSchemes([v1, { scheme: presign(scope) }])).toThrow(/query/);
  });
});

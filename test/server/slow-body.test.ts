import { countersignV1, createSigner, generateCredentials } from 'countersign';
import { rfc9421, sigv4 } from 'countersign/schemes';
import {
  aesSealer,
  createVerifier,
  type KeyStore,
  managedKeys,
  memoryKeys,
  memoryKeyTable,
  memoryReplay,
  type ReceivedRequest,
  type ReplayStore,
} from 'countersign/server';
import { expect, it } from 'vitest';

const tolerance = 300;
const url = 'https://api.example.com/pay';
const body = new TextEncoder().encode('pay');

/** A request for /pay as a server receives it, whose body comes as it is made. */
const received = (
  { method, headers }: Pick<Request, 'method' | 'headers'>,
  arriving: AsyncIterable<Uint8Array>,
): ReceivedRequest => ({
  method,
  headers,
  authority: 'api.example.com',
  scheme: 'https',
  target: '/pay',
  body: arriving,
});

/** A verifier by a clock that stands still but for bodies, which take as long as they are told to. */
function world(options: { keys?: KeyStore; replay?: (clock: () => number) => ReplayStore } = {}) {
  const pair = generateCredentials();
  const time = { now: Date.UTC(2026, 10, 22, 12) };
  const clock = () => time.now;
  const verifier = createVerifier({
    keys: options.keys ?? memoryKeys([{ accessKey: pair.accessKey, service: 'shop', secrets: [pair] }]),
    replay: (options.replay ?? ((now) => memoryReplay({ clock: now })))(clock),
    tolerance,
    clock,
  });
  const sign = (credentials = pair) =>
    createSigner({ credentials, clock }).sign(url, { method: 'POST', body, headers: { 'content-type': 'text/plain' } });
  async function receive(signed: Request, whileReading: () => unknown = () => {}) {
    async function* slow() {
      await whileReading();
      yield body;
    }
    const result = await verifier.verify(received(signed, slow()));
    return result.ok ? 'ok' : result.error.code;
  }
  return { pair, time, sign, receive };
}

it('refuses a copy that began in time and whose body ends after the nonce of the first copy is forgotten', async () => {
  const { time, sign, receive } = world();
  const signed = await sign();
  expect(await receive(signed)).toBe('ok');
  time.now += (tolerance - 1) * 1000;
  const begun = time.now;
  const ended = receive(signed, () => {
    time.now = begun + (tolerance + 60) * 1000;
  });
  expect(await ended).toBe('stale_timestamp');
});

it('refuses a request whose time runs out while its body is read', async () => {
  const { time, sign, receive } = world();
  const signed = await sign();
  time.now += (tolerance - 1) * 1000;
  expect(
    await receive(signed, () => {
      time.now += 2000;
    }),
  ).toBe('stale_timestamp');
});

it.each<[string, 'revoke' | 'delete' | 'rotate', string]>([
  ['revoked', 'revoke', 'revoked_key'],
  ['deleted', 'delete', 'unknown_key'],
  ['rotated without overlap', 'rotate', 'retired_secret'],
])('refuses a request whose key is %s while its body is read', async (_, change, code) => {
  const table = memoryKeyTable();
  const time = { now: Date.now() };
  const secrets = aesSealer({ current: 'a', keys: { a: new Uint8Array(32).fill(7) } });
  const keys = managedKeys({ table, secrets });
  const issued = await keys.create({ service: 'shop' });
  const verifier = createVerifier({ keys, replay: memoryReplay(), clock: () => time.now });
  const signed = await createSigner({ credentials: issued }).sign(url, { method: 'POST', body });
  async function* slow() {
    if (change === 'rotate') await keys.rotate(issued.accessKey, { overlap: 0 });
    else if (change === 'revoke') await keys.revoke(issued.accessKey);
    else await keys.delete(issued.accessKey);
    time.now += 1500;
    yield body;
  }
  const result = await verifier.verify(received(signed, slow()));
  expect(result.ok ? 'ok' : result.error.code).toBe(code);
});

const pairs = [
  ['countersign-v1', 'sigv4'],
  ['sigv4', 'countersign-v1'],
  ['rfc9421', 'sigv4'],
] as const;

it.each(pairs)('a body that is checked by a %s signature is never accepted as signed by %s', async (mine, theirs) => {
  const schemes = { 'countersign-v1': countersignV1, rfc9421: rfc9421(), sigv4: sigv4({ region: 'r', service: 's' }) };
  const [victim, attacker] = [generateCredentials(), generateCredentials()];
  const time = { now: Date.UTC(2026, 10, 22, 12) };
  const clock = () => time.now;
  const end = time.now + 5000;
  for (const ended of [{ expiresAt: end }, { notBefore: 0, expiresAt: end }]) {
    const verifier = createVerifier({
      ...{ clock, replay: memoryReplay({ clock }), scheme: [schemes[mine], schemes[theirs]] },
      keys: memoryKeys([
        { accessKey: victim.accessKey, service: 'victim', secrets: [{ secret: victim.secret }] },
        { accessKey: attacker.accessKey, service: 'attacker', secrets: [{ secret: attacker.secret, ...ended }] },
      ]),
    });
    const signedBy = (credentials: typeof victim, scheme: keyof typeof schemes, text: string) =>
      createSigner({ credentials, clock, scheme: schemes[scheme] }).sign(url, { method: 'POST', body: text });
    const honest = await signedBy(victim, theirs, '{"pay":1}');
    const forged = await signedBy(attacker, mine, '{"pay":9}');
    const headers = new Headers(forged.headers);
    for (const [name, value] of honest.headers) headers.set(name, value);
    async function* slow() {
      yield new TextEncoder().encode('{"pay":');
      time.now = end + 1000;
      yield new TextEncoder().encode('9}');
    }
    const received = {
      method: 'POST',
      headers,
      authority: 'api.example.com',
      scheme: 'https',
      target: '/pay',
    } as const;
    const result = await verifier.verify({ ...received, body: slow() });
    expect(result.ok ? result.principal.service : result.error.code).toMatch(
      /^(?:signature_mismatch|retired_secret|malformed_field)$/,
    );
    time.now = end - 5000;
  }
});

it('refuses a request whose nonce was claimed so late that the store may have forgotten an earlier claim', async () => {
  const wait: { until?: () => void } = {};
  const { time, sign, receive } = world({
    replay: () => ({
      claim: async () => {
        wait.until?.();
        return 'fresh' as const;
      },
    }),
  });
  expect(await receive(await sign())).toBe('ok');
  wait.until = () => {
    time.now += 6000;
  };
  expect(await receive(await sign())).toBe('replay_store_unavailable');
});

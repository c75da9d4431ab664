import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createSigner } from 'countersign';
import { durableObjectReplay } from 'countersign/durable-object';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectsAt, replayAt, tell, worker } from './durable-object-access.ts';
import { replayContract } from './replay-contract.ts';
import { startWorkerd, type Workerd, workerdPresent } from './workerd.ts';

const minute = 60_000;
const soon = () => Date.now() + minute;
const unavailable = (about: string) => ({
  code: 'replay_store_unavailable',
  status: 503,
  message: expect.stringContaining(about),
});

describe.runIf(workerdPresent())('durableObjectReplay', () => {
  let server: Workerd;
  let url: string;
  beforeAll(async () => {
    server = await startWorkerd(worker);
    url = server.url;
  }, 60_000);
  afterAll(() => server?.close());

  replayContract(() => ({
    store: (clock) => replayAt(url, { options: { timeout: 10_000 }, ...(clock && { clock }) }),
  }));

  it('gives one of a thousand claims of four processes', async () => {
    const run = promisify(execFile);
    const command = ['--import', 'tsx', new URL('durable-object-claimer.ts', import.meta.url).pathname];
    const outputs = await Promise.all(
      [1, 2, 3, 4].map(() => run(process.execPath, [...command, url, 'the-one-nonce-of-all', '250'])),
    );
    const counts = outputs.map(({ stdout }) => stdout.trim().split(' ').map(Number));
    expect(counts.map(([, asked]) => asked)).toEqual([250, 250, 250, 250]);
    expect(counts.reduce((sum, [fresh = 0]) => sum + fresh, 0)).toBe(1);
  }, 60_000);

  it('gives one of two hundred claims that an object has before it at once', async () => {
    const of = { name: 'crowd-0' };
    const { claim } = replayAt(url, { options: { shards: 1, prefix: 'crowd-', timeout: 10_000 } });
    await tell(url, 'hold', of);
    const claims = Promise.all(Array.from({ length: 200 }, () => claim('key', 'a-nonce', soon())));
    await expect.poll(() => tell(url, 'waiting', of)).toBe('200');
    await tell(url, 'release', of);
    expect((await claims).filter((answer) => answer === 'fresh')).toHaveLength(1);
  });

  it('spreads nonces among as many objects as it is told, and finds them again', async () => {
    const before = server.objects('Nonces');
    const { claim } = replayAt(url, { options: { shards: 5, prefix: 'spread-', timeout: 10_000 } });
    const nonces = Array.from({ length: 60 }, (_, i) => `nonce-${i}`);
    const claims = () => Promise.all(nonces.map((nonce) => claim('key', nonce, soon())));
    expect(new Set(await claims())).toEqual(new Set(['fresh']));
    expect(new Set(await claims())).toEqual(new Set(['seen']));
    expect(server.objects('Nonces') - before).toBe(5);
  });

  it('lets a signed request into a Worker once', async () => {
    const signer = createSigner({ accessKey: 'caller', secret: 'a secret of more than sixteen bytes' });
    const request = await signer.sign(new Request(`${url}/v1/orders`, { method: 'POST', body: '{}' }));
    const statuses = [await fetch(request.clone()), await fetch(request)].map(({ status }) => status);
    expect(statuses).toEqual([200, 401]);
  });

  it('remembers when an object has been thrown away, and refuses what it was about to answer', async () => {
    const of = { name: 'thrown-0' };
    const { claim } = replayAt(url, { options: { shards: 1, prefix: 'thrown-', timeout: 10_000 } });
    expect(await claim('key', 'before', soon())).toBe('fresh');
    await tell(url, 'hold', of);
    const held = claim('key', 'during', soon());
    const refused = expect(held).rejects.toMatchObject(unavailable('Durable Object '));
    await expect.poll(() => tell(url, 'waiting', of)).toBe('1');
    await tell(url, 'abort', of);
    await refused;
    expect(await claim('key', 'before', soon())).toBe('seen');
    expect(await claim('key', 'after', soon())).toBe('fresh');
  });

  it('is not waited for longer than the time-out, and is asked again', async () => {
    const of = { name: 'held-0' };
    const held = { shards: 1, prefix: 'held-' };
    const [hurried, patient] = [200, 10_000].map((timeout) => replayAt(url, { options: { ...held, timeout } }));
    await tell(url, 'hold', of);
    await expect(hurried?.claim('key', 'a-nonce', soon())).rejects.toMatchObject({
      ...unavailable('Durable Object '),
      cause: 'TimeoutError: No response within 200 ms.',
    });
    await tell(url, 'release', of);
    expect(await patient?.claim('key', 'another-nonce', soon())).toBe('fresh');
  });

  it('refuses when an object is full, still knows what it has seen, and has room again after the alarm', async () => {
    const of = { binding: 'FEW', name: 'few-0' };
    const { claim } = replayAt(url, { ...of, options: { shards: 1, prefix: 'few-', timeout: 10_000 } });
    const until = Date.now() + 3000;
    for (const nonce of ['one', 'two', 'three']) expect(await claim('key', nonce, until)).toBe('fresh');
    await expect(claim('key', 'four', soon())).rejects.toMatchObject({ code: 'replay_store_full', status: 503 });
    expect(await claim('key', 'three', until)).toBe('seen');
    await tell(url, `ahead/${2 * minute}`, of);
    await expect.poll(() => claim('key', 'four', soon()).catch(({ code }) => code), { timeout: 10_000 }).toBe('fresh');
    expect(Date.now()).toBeGreaterThan(until);
  });

  it('lets no replay in when the clock of an object was ahead, but refuses until what it forgot is over', async () => {
    const of = { name: 'ahead-0' };
    const { claim } = replayAt(url, { options: { shards: 1, prefix: 'ahead-', timeout: 10_000 } });
    const until = Date.now() + 10_000;
    expect(await claim('key', 'a-nonce', until)).toBe('fresh');
    await tell(url, `ahead/${60 * minute}`, of);
    const answered = () => claim('key', 'a-nonce', soon()).catch((error) => error);
    await expect.poll(answered, { timeout: 9000 }).toMatchObject(unavailable('forgotten nonces early'));
    await tell(url, 'ahead/0', of);
    await expect(claim('key', 'another-nonce', soon())).rejects.toMatchObject(unavailable('forgotten nonces early'));
    await tell(url, 'abort', of);
    await expect(claim('key', 'a-nonce', soon())).rejects.toMatchObject(unavailable('forgotten nonces early'));
    await expect.poll(answered, { timeout: 20_000 }).toBe('fresh');
    expect(Date.now()).toBeGreaterThanOrEqual(until);
  }, 40_000);

  it('refuses where the class does not pass on, has no SQLite, or a capacity that is none', async () => {
    const answered = (binding: string) =>
      replayAt(url, { binding })
        .claim('key', 'a-nonce', soon())
        .catch((error) => error);
    expect(await answered('SILENT')).toMatchObject(unavailable('does its class delegate fetch'));
    expect(await answered('OLD')).toMatchObject({
      ...unavailable('Durable Object '),
      cause: expect.stringMatching(/SQL/),
    });
    expect(await answered('ODD')).toMatchObject({
      ...unavailable('Durable Object '),
      cause: expect.stringMatching(/capacity is NaN/),
    });
  });

  describe('long-lived nonces', () => {
    const week = 7 * 86_400_000;
    const codes = async (claims: readonly Promise<string>[]) => {
      const counts: Record<string, number> = {};
      for (const code of await Promise.all(claims.map((claim) => claim.catch((error) => String(error.code))))) {
        counts[code] = (counts[code] ?? 0) + 1;
      }
      return counts;
    };
    const objectOf = (name: string) => ({
      of: { binding: 'FORTY', name: `${name}-0` },
      open: (clock?: () => number) =>
        replayAt(url, {
          binding: 'FORTY',
          options: { shards: 1, prefix: `${name}-`, timeout: 10_000 },
          ...(clock && { clock }),
        }),
    });
    const many = Array.from({ length: 60 }, (_, i) => `nonce-${i}`);

    it('of one access key cannot fill an object, also one that starts again', async () => {
      const { of, open } = objectOf('greedy');
      const { claim } = open();
      const until = Date.now() + week;
      const claims = many.map((nonce) => claim('greedy', nonce, until));
      expect(await codes(claims)).toEqual({ fresh: 4, replay_store_full: 56 });
      await expect(claim('greedy', 'one-more', until)).rejects.toMatchObject({
        code: 'replay_store_full',
        status: 503,
        message: expect.stringContaining('longLivedPerKey'),
      });
      await tell(url, 'abort', of);
      await expect(claim('greedy', 'one-more', until)).rejects.toMatchObject({ code: 'replay_store_full' });
      const seen = await codes(many.map((nonce) => claim('greedy', nonce, until)));
      expect(seen).toEqual({ seen: 4, replay_store_full: 56 });
      expect(await claim('greedy', 'short', soon())).toBe('fresh');
      expect(await claim('another', 'long', until)).toBe('fresh');
    });

    it('of all access keys take half of an object at most', async () => {
      const { of, open } = objectOf('crowd');
      const { claim } = open();
      const until = Date.now() + week;
      const claims = many.map((nonce, i) => claim(`key-${i % 15}`, nonce, until));
      expect(await codes(claims)).toEqual({ fresh: 20, replay_store_full: 40 });
      await tell(url, 'abort', of);
      expect(await codes([claim('newcomer', 'long', until)])).toEqual({ replay_store_full: 1 });
      expect(await codes(many.slice(0, 20).map((nonce) => claim('newcomer', nonce, soon())))).toEqual({ fresh: 20 });
    });

    it('that have ended leave room for others, before and after the alarm', async () => {
      const { of, open } = objectOf('ended');
      const until = Date.now() + week;
      const now = open();
      expect(await codes(many.slice(0, 8).map((nonce) => now.claim('one', nonce, until)))).toMatchObject({ fresh: 4 });
      const ended = until + 6 * 60 * minute;
      const then = open(() => ended);
      const later = ended + week;
      expect(await codes(many.slice(8, 16).map((nonce) => then.claim('one', nonce, later)))).toMatchObject({
        fresh: 4,
      });
      for (const key of ['two', 'three', 'four']) {
        expect(await codes(many.slice(0, 4).map((nonce) => then.claim(key, nonce, later)))).toEqual({ fresh: 4 });
      }
      expect(await codes([then.claim('five', 'long', later)])).toEqual({ replay_store_full: 1 });
      await tell(url, `ahead/${ended + 2 * minute - Date.now()}`, of);
      const code = () => codes([then.claim('five', 'long', later)]);
      await expect.poll(code, { timeout: 10_000 }).toEqual({ fresh: 1 });
    }, 20_000);
  });

  it.each<string | Readonly<Record<string, unknown>>>([
    '',
    '{',
    'null',
    '[]',
    '{}',
    { id: 'x' },
    { now: 'x' },
    { now: null },
    { expiresAt: 1.5 },
    { owner: undefined },
    { owner: 'key' },
  ])('takes nothing for a claim that is none, such as %j', async (wrong) => {
    const body = typeof wrong === 'string' ? wrong : claimOf(wrong);
    const send = (message: string) => fetch(`${url}/object/NONCES/strange/claim`, { method: 'POST', body: message });
    expect((await send(body)).status).toBeGreaterThanOrEqual(400);
    const good = claimOf({ id: (drawn++).toString(16).padStart(64, '0') });
    expect(await (await send(good)).text()).toBe('fresh');
    expect((await send(body)).status).toBeGreaterThanOrEqual(400);
    expect(await (await send(good)).text()).toBe('seen');
  });
});

let drawn = 0;

/** A claim as it goes to an object, with something changed. */
function claimOf(changed: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ id: 'a'.repeat(64), owner: 'b'.repeat(64), now: Date.now(), expiresAt: soon(), ...changed });
}

it.each([
  [{ shards: 0 }, 'shards is 0'],
  [{ shards: 1.5 }, 'shards is 1.5'],
  [{ shards: Number.NaN }, 'shards is NaN'],
  [{ timeout: 0 }, 'timeout'],
])('asks for options that can be, unlike %j', (options, about) => {
  expect(() => durableObjectReplay(objectsAt('http://127.0.0.1:1'), options)).toThrow(
    expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining(about) }),
  );
});

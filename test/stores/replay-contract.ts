import { createHmac } from 'node:crypto';
import { githubWebhooks } from 'countersign/schemes';
import type { ReplayStore } from 'countersign/server';
import { verifyWebhook } from 'countersign/webhooks';
import { expect, it } from 'vitest';

/** A store under test: everything that several of its kind, made at the same time, share is one memory. */
export type ReplayHarness = {
  /** One more access to the same memory, as from another server. */
  store(clock?: () => number): ReplayStore;
  /** For a memory that drops nonces by the lot: one that is empty. @default store */
  empty?(): ReplayStore;
};

let drawn = 0;
const fresh = (): string => `nonce-${process.pid}-${drawn++}-abcdefgh`;
const minute = 60_000;

/** What every replay store must do, and not do. */
export function replayContract(harness: () => ReplayHarness): void {
  const claim = (store: ReplayStore, nonce: string, keep = minute) => store.claim('key', nonce, Date.now() + keep);

  it('is fresh once, and seen from then on', async () => {
    const store = harness().store();
    const nonce = fresh();
    expect(await claim(store, nonce)).toBe('fresh');
    expect(await claim(store, nonce)).toBe('seen');
    expect(await claim(harness().store(), nonce)).toBe('seen');
  });

  it('keeps the nonces of two access keys apart', async () => {
    const store = harness().store();
    const nonce = fresh();
    const until = Date.now() + minute;
    expect(await store.claim('one', nonce, until)).toBe('fresh');
    expect(await store.claim('two', nonce, until)).toBe('fresh');
    expect(await store.claim('one.', nonce, until)).toBe('fresh');
    expect(await store.claim('one', `.${nonce}`, until)).toBe('fresh');
    expect(await store.claim('ONE', nonce, until)).toBe('fresh');
    expect(await store.claim('one', nonce.toUpperCase(), until)).toBe('fresh');
  });

  it.each([
    'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W.1674087231',
    'a b',
    "'; DROP TABLE nonces; --",
    '%_',
    '{x}',
    'ü€😀',
    'n'.repeat(512),
  ])('takes %s for a nonce', async (text) => {
    const store = harness().store();
    const nonce = `${fresh()}${text}`.slice(0, 512);
    expect(await claim(store, nonce)).toBe('fresh');
    expect(await claim(store, nonce)).toBe('seen');
    expect(await claim(store, `${nonce.slice(0, -1)}~`)).toBe('fresh');
  });

  it('gives one of a thousand concurrent claims', async () => {
    const stores = [harness().store(), harness().store()];
    const nonce = fresh();
    const claims = Array.from({ length: 1000 }, (_, i) => claim(stores[i % 2] ?? harness().store(), nonce));
    const answers = await Promise.all(claims);
    expect(answers.filter((answer) => answer === 'fresh')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'seen')).toHaveLength(999);
  });

  it('forgets nothing before its time, and everything after', async () => {
    const { empty, store: open } = harness();
    const store = (empty ?? open)();
    const nonce = fresh();
    const until = Date.now() + 400;
    expect(await store.claim('key', nonce, until)).toBe('fresh');
    let answer: unknown = 'seen';
    let asked = Date.now();
    while (answer === 'seen') {
      asked = Date.now();
      answer = await store.claim('key', nonce, asked + 300);
      expect(asked - until).toBeLessThan(20_000);
    }
    expect(answer).toBe('fresh');
    // The servers' clocks tell whole milliseconds.
    expect(Date.now()).toBeGreaterThanOrEqual(until - 2);
  });

  it('claims a request however old it may be, as long as it has lost nothing', async () => {
    const store = harness().store();
    for (const notBefore of [undefined, 0, Date.now() - 366 * 86_400_000, Date.now(), Date.now() + minute]) {
      const nonce = fresh();
      expect(await store.claim('key', nonce, Date.now() + minute, notBefore)).toBe('fresh');
      expect(await store.claim('key', nonce, Date.now() + minute, notBefore)).toBe('seen');
    }
  });

  it('remembers through a clock that steps back', async () => {
    let now = Date.now();
    const store = harness().store(() => now);
    const nonce = fresh();
    expect(await store.claim('key', nonce, now + minute)).toBe('fresh');
    now -= minute / 2;
    expect(await store.claim('key', nonce, now + minute)).toBe('seen');
    now += minute;
    expect(await store.claim('key', nonce, now + minute)).toBe('seen');
  });

  it('tells one of several servers that a webhook without a time is new, and all others that it is a duplicate', async () => {
    const secret = `a secret of tests ${fresh()}`;
    const text = '{"id":1}';
    const headers = { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(text).digest('hex')}` };
    const endpoint = fresh();
    const receive = async () => {
      const options = { scheme: githubWebhooks, secret, endpoint, replay: harness().store() };
      const event = await verifyWebhook({ method: 'POST', url: 'https://example.com/', headers, body: text }, options);
      return event.ok ? event.duplicate : event.error.code;
    };
    const found = await Promise.all(Array.from({ length: 20 }, receive));
    expect(found.filter((duplicate) => duplicate === false)).toHaveLength(1);
    expect(found.filter((duplicate) => duplicate === true)).toHaveLength(19);
    expect(await receive()).toBe(true);
  });

  it('refuses to remember what is over already', async () => {
    const store = harness().store();
    for (const until of [0, Date.now() - 1, Number.NaN]) {
      await expect(async () => store.claim('key', fresh(), until)).rejects.toMatchObject({
        code: 'replay_store_unavailable',
        status: 503,
      });
    }
  });
}

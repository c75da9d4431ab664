import { createHmac } from 'node:crypto';
import { defineScheme, githubWebhooks } from 'countersign/schemes';
import {
  createVerifier,
  memoryKeys,
  memoryReplay,
  protect,
  type ReplayStore,
  type VerifierOptions,
} from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { judge, noon, outcomeOf, received, rig, signedParts } from './rig.ts';

const secret = 'a secret of GitHub, for tests.';
const record = { accessKey: 'github-webhooks', service: 'github', secrets: [{ secret }] };
const scheme = defineScheme(githubWebhooks);
const body = '{"zen":"Keep it logically awesome."}';
const delivery = () =>
  new Request('https://example.com/hooks', {
    method: 'POST',
    headers: { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` },
    body,
  });

const webhooks = (options: Partial<VerifierOptions> = {}) =>
  rig({ scheme, record, acceptFindings: ['no-timestamp'], ...options });
const day = 86_400_000;

describe('a request whose signature covers no time', () => {
  it.each([
    { given: 'by default', options: {}, memory: day },
    { given: 'as long as the option says', options: { timelessMemory: 3 * 86_400 }, memory: 3 * day },
    { given: 'never shorter than one with a time', options: { timelessMemory: 1 }, memory: 600_000 },
  ])('is remembered for a day or as configured: $given', async ({ options, memory }) => {
    const { verifier, time } = webhooks(options);
    expect(outcomeOf(await verifier.verify(delivery()))).toBe('ok');
    time.now = noon + memory;
    expect(outcomeOf(await verifier.verify(delivery()))).toBe('replayed_request');
    // The store in memory forgets up to a quarter later.
    time.now = noon + memory * 1.25 + 10_000;
    expect(outcomeOf(await verifier.verify(delivery()))).toBe('ok');
  });

  it('does not make those with a time be remembered for longer', async () => {
    const claims: number[] = [];
    const keep: ReplayStore = {
      claim(_accessKey, _nonce, until) {
        claims.push(until - noon);
        return 'fresh';
      },
    };
    const { verifier, signer } = rig({ timelessMemory: 86_400, replay: keep });
    expect(await judge(verifier, signedParts(signer))).toBe('ok');
    expect(claims).toEqual([605_000]);
  });
});

describe('a duplicate', () => {
  it('is refused by default', async () => {
    const { verifier } = webhooks();
    expect(await verifier.verify(delivery())).toMatchObject({ ok: true, duplicate: false });
    expect(outcomeOf(await verifier.verify(delivery()))).toBe('replayed_request');
  });

  it('is reported on request, each time', async () => {
    const { verifier, events } = webhooks({ duplicates: 'report' });
    const found: unknown[] = [];
    for (let i = 0; i < 3; i += 1) found.push(await verifier.verify(delivery()));
    expect(found).toMatchObject([{ duplicate: false }, { duplicate: true }, { duplicate: true }]);
    expect(events.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted']);
  });

  it('is reported of requests with a time, too, which stay stale in the end', async () => {
    const { verifier, signer, time } = rig({ duplicates: 'report' });
    const parts = signedParts(signer);
    expect(await verifier.verify(received(parts))).toMatchObject({ duplicate: false, signedAt: noon });
    expect(await verifier.verify(received(parts))).toMatchObject({ duplicate: true });
    time.now += 301_000;
    expect(await judge(verifier, parts)).toBe('stale_timestamp');
  });

  it('is one even if the signature is another spelling of the same content', async () => {
    const { verifier } = webhooks({ duplicates: 'report' });
    await verifier.verify(delivery());
    const other = new Request(delivery(), { headers: { ...Object.fromEntries(delivery().headers), 'x-other': '1' } });
    expect(await verifier.verify(other)).toMatchObject({ duplicate: true });
  });

  it('is not one if it is forged', async () => {
    const { verifier } = webhooks({ duplicates: 'report' });
    await verifier.verify(delivery());
    const forged = new Request(delivery(), { body: `${body} ` });
    expect(outcomeOf(await verifier.verify(forged))).toBe('signature_mismatch');
  });

  it('reaches the handler as such', async () => {
    const handled: boolean[] = [];
    const handler = protect(webhooks({ duplicates: 'report' }).verifier, (_, { duplicate }) => {
      handled.push(duplicate);
      return new Response(null, { status: 204 });
    });
    expect((await handler(delivery())).status).toBe(204);
    expect((await handler(delivery())).status).toBe(204);
    expect(handled).toEqual([false, true]);
  });

  it('is refused with 503 where the store says neither fresh nor seen', async () => {
    const { verifier } = webhooks({ duplicates: 'report', replay: { claim: () => undefined as never } });
    expect(outcomeOf(await verifier.verify(delivery()))).toBe('replay_store_unavailable');
  });
});

it.each([{ duplicates: 'ignore' }, { timelessMemory: 0 }, { timelessMemory: Number.NaN }, { timelessMemory: 4e7 }])(
  'refuses %o',
  (options) => {
    const rest = { keys: memoryKeys([]), replay: memoryReplay() };
    expect(() => createVerifier({ ...rest, ...(options as object) })).toThrow(/duplicates|timelessMemory/);
  },
);

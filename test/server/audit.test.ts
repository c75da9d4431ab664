import { inspect } from 'node:util';
import type { AuditEvent, AuditSink, ReceivedRequest } from 'countersign/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drop, set } from './honest.ts';
import { host, judge, noon, outcomeOf, received, refusal, rig, signedParts } from './rig.ts';

const secretQuery = '/v1/orders?token=s3cr3t-in-query&password=hunter2';

describe('the audit event', () => {
  it('of an accepted request says who, what and when', async () => {
    const { signer, verifier, events, accessKey } = rig();
    const parts = signedParts(signer, { method: 'POST', target: secretQuery, body: 'x' });
    const result = await verifier.verify(received(parts), { address: '192.0.2.1' });
    expect(result.ok).toBe(true);
    expect(events).toEqual([
      {
        outcome: 'accepted',
        time: noon,
        duration: expect.any(Number),
        code: undefined,
        message: undefined,
        method: 'POST',
        path: '/v1/orders',
        accessKey,
        service: 'shop',
        scheme: 'countersign-v1',
        nonce: parts.headers['x-api-nonce'],
        address: '192.0.2.1',
      },
    ]);
  });

  it('of a refused one holds the precise code that the caller is not told', async () => {
    const { signer, verifier, events } = rig({ record: { revoked: true } });
    const parts = set(signedParts(signer), { 'x-api-signature': `v1=${'0'.repeat(64)}` });
    const { error, response } = refusal(await verifier.verify(received(parts)));
    expect(events).toMatchObject([{ outcome: 'refused', code: 'revoked_key', message: error.message }]);
    expect(JSON.parse(response.body)).toMatchObject({ code: 'invalid_signature' });
  });

  it('holds no secret, no signature, no digest, no query and no body, whatever happens', async () => {
    const { signer, verifier, events, secret } = rig({ maxBodyBytes: 100 });
    const parts = signedParts(signer, { method: 'POST', target: secretQuery, body: 'b0dy-t3xt' });
    const signature = parts.headers['x-api-signature'] ?? '';
    const attempts: ReceivedRequest[] = [
      received(parts),
      received(parts),
      received({ ...parts, target: `${secretQuery}&more` }),
      received({ ...parts, body: new Uint8Array(101) }),
      received({ ...parts, body: new TextEncoder().encode('another b0dy-t3xt') }),
      received(drop(parts, 'x-api-key')),
      received(drop(parts, 'x-api-signature')),
      received(set(parts, { 'x-api-signature': signature.toUpperCase() })),
      received(set(parts, { 'x-api-nonce': signature })),
      received(set(parts, { 'x-api-signed-headers': 'authorization', authorization: 's3cr3t-tok3n\u00e9' })),
      { ...received(parts), body: 'b0dy-t3xt' as unknown as Uint8Array },
    ];
    for (const attempt of attempts) await verifier.verify(attempt);
    await verifier.verify(new Request(`https://${host}${secretQuery}`, { headers: parts.headers }));
    expect(events).toHaveLength(attempts.length + 1);
    const text = JSON.stringify(events);
    for (const hidden of [secret, signature.slice(3), 's3cr3t', 'hunter2', 'token=', 'b0dy', 'sha-256=']) {
      expect(text.toLowerCase()).not.toContain(hidden.toLowerCase());
    }
    expect(new Set(events.map(({ path }) => path))).toEqual(new Set(['/v1/orders']));
  });

  it.each([
    ['/a?b#c', '/a'],
    ['/a#c?b', '/a'],
    ['?b', ''],
    [`/${'x'.repeat(4999)}?b`, `/${'x'.repeat(255)}... (5000 characters)`],
    ['/a%3Fb', '/a%3Fb'],
    ['/a\n?b', '/a?'],
  ])('of target %j has the path %j', async (target, path) => {
    const { signer, verifier, events } = rig();
    await judge(verifier, { ...signedParts(signer), target });
    expect(events.map((event) => event.path)).toEqual([path]);
  });

  it('has the first 64 characters of a method', async () => {
    const { signer, verifier, events } = rig();
    await judge(verifier, { ...signedParts(signer), method: 'x'.repeat(10_000) });
    expect(events[0]?.method).toBe(`${'x'.repeat(64)}... (10000 characters)`);
  });
});

describe('an audit sink', () => {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown) => rejections.push(reason);
  beforeAll(() => {
    process.on('unhandledRejection', onRejection);
  });
  afterAll(() => {
    process.off('unhandledRejection', onRejection);
  });

  const hanging = new Promise<void>(() => undefined);
  it.each<[string, AuditSink]>([
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
    ['rejects later', () => new Promise((_, reject) => setTimeout(reject, 1))],
    ['never ends', () => hanging],
    ['answers nonsense', () => 5 as unknown as undefined],
    [
      'changes the event',
      (event) => {
        (event as { outcome: string }).outcome = 'refused';
      },
    ],
  ])('that %s decides nothing and leaves no rejection behind', async (_, audit) => {
    const { signer, verifier } = rig({ audit });
    const parts = signedParts(signer);
    expect(await judge(verifier, parts)).toBe('ok');
    expect(await judge(verifier, parts)).toBe('replayed_request');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(rejections).toEqual([]);
  });

  it('is told once of each attempt, also of many at once', async () => {
    const events: AuditEvent[] = [];
    const { signer, verifier } = rig({ audit: (event) => void events.push(event) });
    const all = Array.from({ length: 50 }, () => received(signedParts(signer)));
    const results = await Promise.all([...all, ...all].map((request) => verifier.verify(request)));
    expect(events).toHaveLength(100);
    expect(events.map(({ code }) => code ?? 'ok').sort()).toEqual(results.map(outcomeOf).sort());
  });

  it('need not be there', async () => {
    const { signer, verifier } = rig({ audit: undefined as unknown as AuditSink });
    expect(await judge(verifier, signedParts(signer))).toBe('ok');
  });
});

describe('nothing that is printed of a refusal', () => {
  it('holds a secret or a signature', async () => {
    const { signer, verifier, secret } = rig();
    const parts = signedParts(signer, { target: secretQuery });
    const result = refusal(await verifier.verify(received({ ...parts, target: '/other' })));
    for (const text of [
      inspect(result, { depth: 9 }),
      JSON.stringify(result),
      String(result.error),
      result.error.stack ?? '',
    ]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain((parts.headers['x-api-signature'] ?? '').slice(3));
    }
    expect(inspect(verifier, { depth: 9, showHidden: true })).not.toContain(secret);
  });
});

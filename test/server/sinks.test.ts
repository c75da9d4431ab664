import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import {
  type AuditEvent,
  type AuditLoss,
  type AuditSink,
  boundedSink,
  combineSinks,
  jsonLinesSink,
  loggerSink,
} from 'countersign/server';
import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { judge, noon, rig, signedParts } from './rig.ts';

const accepted: AuditEvent = {
  outcome: 'accepted',
  time: noon,
  duration: 1.5,
  code: undefined,
  message: undefined,
  method: 'GET',
  path: '/v1/orders',
  accessKey: 'shop-key',
  service: 'shop',
  scheme: 'countersign-v1',
  secretId: undefined,
  nonce: 'n'.repeat(22),
  address: undefined,
};
const refused: AuditEvent = { ...accepted, outcome: 'refused', code: 'unknown_key', message: 'There is no such key.' };
const numbered = (path: number): AuditEvent => ({ ...accepted, path: String(path) });

/** Ends when all that was promised so far has been told. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('jsonLines', () => {
  const linesOf = (...events: readonly AuditEvent[]): string => {
    let text = '';
    const sink = jsonLinesSink({
      write(line) {
        text += line;
      },
    });
    for (const event of events) void sink(event);
    return text;
  };

  it('writes one line of JSON for each event', () => {
    const lines = linesOf(accepted, refused).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines.slice(0, 2).map((line) => JSON.parse(line))).toEqual([accepted, refused].map(withoutAbsent));
  });

  it('keeps everything and stays one printable line, whatever a caller sent', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '"', '\n', '\r', '\u2028', '\u009b', '\u007f', '\ud800', 'é', '😀'),
    });
    fc.assert(
      fc.property(text, text, (path, method) => {
        const line = linesOf({ ...accepted, path, method });
        expect(line).toMatch(/^[ -~]+\n$/);
        expect(JSON.parse(line)).toEqual(withoutAbsent({ ...accepted, path, method }));
      }),
    );
  });

  it('waits for a stream that is full', async () => {
    const stream = new PassThrough({ highWaterMark: 10 });
    const sink = boundedSink(jsonLinesSink(stream));
    sink(accepted);
    sink(refused);
    await settled();
    expect(sink.counts()).toMatchObject({ delivered: 0, pending: 2 });
    stream.setEncoding('utf8');
    let text = '';
    stream.on('data', (chunk) => {
      text += chunk;
    });
    await sink.idle();
    expect(sink.counts()).toMatchObject({ delivered: 2, pending: 0 });
    expect(text.trim().split('\n')).toHaveLength(2);
  });

  it('waits for a promise', async () => {
    const ends: (() => void)[] = [];
    const sink = boundedSink(
      jsonLinesSink({ write: () => new Promise<number>((resolve) => ends.push(() => resolve(1))) }),
    );
    sink(accepted);
    await settled();
    expect(sink.counts()).toMatchObject({ delivered: 0, pending: 1 });
    for (const end of ends) end();
    await sink.idle();
    expect(sink.counts()).toMatchObject({ delivered: 1 });
  });
});

describe('loggerSink', () => {
  it('gives pino what was accepted as info and the rest as warn, in JSON without a name twice', async () => {
    const stream = new PassThrough({ encoding: 'utf8' });
    const sink = loggerSink(pino(stream));
    await sink(accepted);
    await sink(refused);
    await sink({ ...refused, outcome: 'reported' });
    const lines = String(stream.read()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 30, msg: 'request accepted', audit: withoutAbsent(accepted) },
      { level: 40, msg: 'request refused: unknown_key', audit: { code: 'unknown_key', path: '/v1/orders' } },
      { level: 40, msg: 'request reported: unknown_key', audit: { outcome: 'reported' } },
    ]);
    expect(lines[0]?.match(/"time":/g)).toHaveLength(2);
    expect(lines[0]?.replace(/"audit":\{.*\}/, '').match(/"time":/g)).toHaveLength(1);
  });
});

describe('combineSinks', () => {
  const broken: AuditSink = () => {
    throw new Error('disk full');
  };
  const failing: AuditSink = async () => {
    throw new Error('no connection');
  };

  it('tells every sink, also behind one that throws, rejects or hangs', async () => {
    const [before, after]: AuditEvent[][] = [[], []];
    const sinks: AuditSink[] = [
      (event) => void before?.push(event),
      broken,
      failing,
      () => new Promise(() => undefined),
      (event) => void after?.push(event),
    ];
    const { signer, verifier } = rig({ audit: combineSinks(sinks) });
    const parts = signedParts(signer);
    expect([await judge(verifier, parts), await judge(verifier, parts)]).toEqual(['ok', 'replayed_request']);
    for (const seen of [before, after]) expect(seen?.map(({ code }) => code)).toEqual([undefined, 'replayed_request']);
  });

  it('fails when all have been told, with what each of them threw', async () => {
    const told = Promise.resolve().then(() => combineSinks([broken, () => undefined, failing])(accepted));
    await expect(told).rejects.toMatchObject({ errors: [{ message: 'disk full' }, { message: 'no connection' }] });
    expect(() => combineSinks([broken])(accepted)).toThrow(AggregateError);
    expect(combineSinks([() => undefined])(accepted)).toBeUndefined();
    expect(combineSinks([])(accepted)).toBeUndefined();
  });

  it('gives no sink an event that another can change', async () => {
    const seen: AuditEvent[] = [];
    const forging: AuditSink = (event) => {
      (event as { outcome: string }).outcome = 'accepted';
    };
    const { signer, verifier } = rig({ audit: combineSinks([forging, (event) => void seen.push(event)]) });
    await judge(verifier, { ...signedParts(signer), target: '/other' });
    expect(seen).toMatchObject([{ outcome: 'refused' }]);
  });
});

describe('boundedSink', () => {
  it('does not hold up a request before a sink that hangs, and counts it as late', async () => {
    const sink = boundedSink(() => new Promise(() => undefined), { timeout: 10 });
    const { signer, verifier } = rig({ audit: sink });
    expect(await judge(verifier, signedParts(signer))).toBe('ok');
    expect(sink.counts()).toMatchObject({ pending: 1 });
    await sink.idle();
    expect(sink.counts()).toEqual({ delivered: 0, pending: 0, dropped: 0, failed: 0, late: 1 });
    expect(sink.dropped()).toBe(1);
  });

  it.each<[string, AuditSink]>([
    ['throws', () => fail()],
    ['rejects', async () => fail()],
  ])('counts what a sink that %s fails to take, and goes on', async (_, audit) => {
    const sink = boundedSink(audit);
    const { signer, verifier } = rig({ audit: sink });
    expect(await judge(verifier, signedParts(signer))).toBe('ok');
    expect(await judge(verifier, signedParts(signer))).toBe('ok');
    await sink.idle();
    expect(sink.counts()).toEqual({ delivered: 0, pending: 0, dropped: 0, failed: 2, late: 0 });
  });

  const fail = (): never => {
    throw new Error('disk full');
  };

  it('drops what has no room, tells of each, and accounts for every event', async () => {
    const losses: [string, AuditLoss][] = [];
    const taken: string[] = [];
    const ends: (() => void)[] = [];
    const sink = boundedSink(
      ({ path }) => {
        taken.push(path);
        return new Promise((resolve) => ends.push(resolve));
      },
      { capacity: 10, onLoss: ({ path }, loss) => losses.push([path, loss]) },
    );
    for (let i = 0; i < 1000; i++) sink(numbered(i));
    expect(sink.counts()).toEqual({ delivered: 0, pending: 11, dropped: 989, failed: 0, late: 0 });
    expect(losses).toEqual(Array.from({ length: 989 }, (_, i) => [String(i + 11), 'dropped']));
    while (sink.counts().pending) {
      for (const end of ends.splice(0)) end();
      await settled();
    }
    expect(sink.counts()).toEqual({ delivered: 11, pending: 0, dropped: 989, failed: 0, late: 0 });
    expect(taken).toEqual(Array.from({ length: 11 }, (_, i) => String(i)));
  });

  it('has every event in one of its counts, whatever sink and load are like', async () => {
    const kinds = fc.array(
      fc.constantFrom<'fine' | 'throws' | 'rejects' | 'slow' | 'hangs'>('fine', 'throws', 'rejects', 'slow', 'hangs'),
      {
        maxLength: 40,
      },
    );
    const limits = fc.record({
      capacity: fc.integer({ min: 1, max: 20 }),
      concurrency: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(kinds, limits, async (all, given) => {
        const told: AuditLoss[] = [];
        const sink = boundedSink(({ path }) => behaviour[path as keyof typeof behaviour](), {
          ...given,
          timeout: 3,
          onLoss(_, loss) {
            told.push(loss);
            throw new Error('who is told of losses fails too');
          },
        });
        for (const path of all) sink({ ...accepted, path });
        await sink.idle();
        const { delivered, pending, dropped, failed, late } = sink.counts();
        expect([delivered + dropped + failed + late, pending]).toEqual([all.length, 0]);
        expect(told).toHaveLength(sink.dropped());
        expect(delivered).toBeLessThanOrEqual(all.filter((kind) => kind === 'fine' || kind === 'slow').length);
      }),
      { numRuns: 30 },
    );
  });

  const behaviour = {
    fine: () => undefined,
    throws: fail,
    rejects: async () => fail(),
    slow: () => new Promise<void>((resolve) => setTimeout(resolve, 1)),
    hangs: () => new Promise<void>(() => undefined),
  };

  it('gives the sink as many at a time as it may', async () => {
    let [now, most] = [0, 0];
    const sink = boundedSink(
      async () => {
        now++;
        most = Math.max(most, now);
        await settled();
        now--;
      },
      { concurrency: 3 },
    );
    for (let i = 0; i < 10; i++) sink(numbered(i));
    await sink.idle();
    expect([most, sink.counts().delivered]).toEqual([3, 10]);
  });

  it('delivers in order, also one event given twice', async () => {
    const paths: string[] = [];
    const sink = boundedSink(async ({ path }) => void paths.push(path));
    for (const event of [accepted, accepted, numbered(1), numbered(2)]) sink(event);
    await sink.idle();
    expect(paths).toEqual(['/v1/orders', '/v1/orders', '1', '2']);
  });

  it('is idle where there is nothing to do', async () => {
    await expect(boundedSink(() => undefined).idle()).resolves.toBeUndefined();
  });

  it('outlives a stream that breaks', async () => {
    const stream = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => done(new Error('disk full')) });
    const broken = once(stream, 'error');
    const sink = boundedSink(jsonLinesSink(stream), { timeout: 10 });
    const { signer, verifier } = rig({ audit: sink });
    expect(await judge(verifier, signedParts(signer))).toBe('ok');
    expect(await broken).toMatchObject([{ message: 'disk full' }]);
    await sink.idle();
    expect(sink.dropped()).toBe(1);
  });

  it.each([{ capacity: 0 }, { capacity: Number.NaN }, { timeout: 0 }, { timeout: Infinity }, { concurrency: 0 }])(
    'refuses %j',
    (options) => {
      expect(() => boundedSink(() => undefined, options)).toThrow(
        expect.objectContaining({ code: 'invalid_configuration' }),
      );
    },
  );
});

const withoutAbsent = (event: AuditEvent): unknown => JSON.parse(JSON.stringify(event));

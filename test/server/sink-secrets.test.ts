import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import type { Span } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { openTelemetry } from 'countersign/opentelemetry';
import {
  type AuditEvent,
  boundedSink,
  combineSinks,
  countingSink,
  createVerifier,
  jsonLinesSink,
  loggerSink,
  memoryKeys,
  memoryReplay,
} from 'countersign/server';
import { sqlAudit } from 'countersign/sql';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, expect, it } from 'vitest';
import { migrate, worldOf } from '../stores/sql-world.ts';
import { drop, set } from './honest.ts';
import { digestOf, noon, received, rig, signedParts } from './rig.ts';

const world = worldOf(undefined);
afterAll(() => world.close());

/** Every sink there is, and all that they have written. */
async function everySink() {
  const spans = new InMemorySpanExporter();
  const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).getTracer('test');
  const started: Span[] = [];
  const getActiveSpan = () => {
    const span = tracer.startSpan('request');
    started.push(span);
    return span;
  };
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const metrics = new MeterProvider({ readers: [reader] });
  const [lines, log] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })];
  const counts = countingSink();
  const lost: AuditEvent[] = [];
  const losing = boundedSink(() => Promise.reject(new Error('down')), { onLoss: (event) => lost.push(event) });
  const database = world.open(await world.empty());
  await migrate(database);
  const rows = boundedSink(sqlAudit({ database }), { timeout: 60_000 });
  const measured = openTelemetry({ metrics, trace: { getActiveSpan }, sinks: { losing, rows } });
  const audit = combineSinks([jsonLinesSink(lines), loggerSink(pino(log)), counts, losing, rows, measured]);
  return {
    audit,
    async written(): Promise<Record<string, string>> {
      for (const span of started) span.end();
      await losing.idle();
      await rows.idle();
      await reader.forceFlush();
      return {
        lines: String(lines.read()),
        log: String(log.read()),
        counts: JSON.stringify(counts.rows()),
        rows: JSON.stringify((await sql`select * from countersign_audit`.execute(database)).rows),
        lost: JSON.stringify(lost),
        metrics: JSON.stringify(exporter.getMetrics().map(({ scopeMetrics }) => scopeMetrics)),
        spans: JSON.stringify(spans.getFinishedSpans().map(({ name, attributes }) => ({ name, attributes }))),
      };
    },
  };
}

it('no sink writes a secret, a signature, a digest, a query or a body, whatever is sent', async () => {
  const { audit, written } = await everySink();
  const { signer, verifier, secret, accessKey } = rig({ audit, maxBodyBytes: 100 });
  const body = 'b0dy-t3xt';
  const parts = signedParts(signer, { method: 'POST', target: '/v1/orders?token=s3cr3t-in-query', body });
  const signature = (parts.headers['x-api-signature'] ?? '').slice(3);
  const attempts = [
    parts,
    parts,
    { ...parts, target: `${parts.target}&more#s3cr3t` },
    { ...parts, body: new Uint8Array(101) },
    { ...parts, body: new TextEncoder().encode(`another ${body}`) },
    drop(parts, 'x-api-key'),
    drop(parts, 'x-api-signature'),
    set(parts, { 'x-api-key': 'guessed' }),
    set(parts, { 'x-api-key': `${secret} ${signature}` }),
    set(parts, { 'x-api-signature': signature.toUpperCase() }),
    set(parts, { 'x-api-timestamp': signature }),
    set(parts, { 'x-api-nonce': `${signature} ` }),
    set(parts, { 'content-digest': digestOf(secret) }),
    set(parts, { 'x-api-signed-headers': 'authorization', authorization: 's3cr3t-tok3n\u00e9' }),
  ];
  for (const attempt of attempts) await verifier.verify(received(attempt));
  const stored = Buffer.from(secret);
  const said = [
    `cannot use ${secret}`,
    `in ${stored.toString('base64')} and ${stored.toString('hex')} of ${stored.toString('base64url')}`,
    `postgres://user:s3cr3t@10.0.0.7/keys, password=s3cr3t, { "token": "s3cr3t" }`,
    `${'x'.repeat(190)} ${secret}`,
    `row ${signature}`,
  ];
  const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
  for (const message of said) {
    const failing = [
      { keys, replay: { claim: () => Promise.reject(new Error(message)) } },
      { keys: { find: () => Promise.reject(new Error(message)) }, replay: memoryReplay() },
    ];
    for (const options of failing)
      await createVerifier({ ...options, audit, clock: () => noon }).verify(received(parts));
  }
  const mac = Buffer.from(signature, 'hex');
  const hidden = [
    secret,
    signature,
    mac.toString('base64'),
    mac.toString('base64url'),
    's3cr3t',
    'token=',
    'b0dy',
    'sha-256=',
  ]
    .concat(['hex', 'base64'].map((form) => Buffer.from(secret).toString(form as BufferEncoding)))
    .concat(createHash('sha256').update(body).digest('base64'));
  for (const [sink, text] of Object.entries(await written())) {
    expect(text, sink).toContain('accepted');
    if (/lines|log|rows|lost/.test(sink)) expect(text, sink).toContain('(hidden)');
    for (const one of hidden) expect(text.toLowerCase(), sink).not.toContain(one.toLowerCase());
  }
});

import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, type ContextManager, context, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { type OpenTelemetryOptions, openTelemetry } from 'countersign/opentelemetry';
import { boundedSink, combineSinks, reportOnly } from 'countersign/server';
import { afterEach, expect, it } from 'vitest';
import { judge, rig, signedParts, url } from './rig.ts';

/** A real SDK that keeps what it is told. */
function recorder() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  return {
    provider,
    async metrics() {
      await reader.forceFlush();
      return (
        exporter
          .getMetrics()
          .at(-1)
          ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
      );
    },
  };
}

const spans = new InMemorySpanExporter();
const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });

/** What the SDK for Node has in a package of its own. */
function contextsOfNode(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, run, that, ...given) => storage.run(active, () => run.apply(that, given)),
    bind: (_active, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

afterEach(() => {
  context.disable();
  metrics.disable();
  trace.disable();
  spans.reset();
});

it('counts by outcome, code and scheme, and by nothing that callers choose', async () => {
  const recorded = recorder();
  const { signer, verifier } = rig({ audit: openTelemetry({ metrics: recorded.provider }) });
  const parts = signedParts(signer);
  await judge(verifier, parts);
  await judge(verifier, signedParts(signer));
  await judge(verifier, parts);
  for (let i = 0; i < 50; i++) {
    const headers = { ...parts.headers, 'x-api-key': `guessed-${i}` };
    await judge(verifier, { ...parts, target: `/${i}`, method: `M${i}`, headers });
  }
  await judge(verifier, { ...parts, headers: {} });
  await reportOnly(verifier, () => new Response())(new Request(url));

  const [requests, duration] = await recorded.metrics();
  expect(requests?.descriptor).toMatchObject({ name: 'countersign.requests', unit: '{request}' });
  const scheme = { 'countersign.scheme': 'countersign-v1' };
  const rows = requests?.dataPoints.map(({ value, attributes }) => ({ value, attributes }));
  expect(rows).toEqual([
    { value: 2, attributes: { 'countersign.outcome': 'accepted', ...scheme } },
    { value: 1, attributes: { 'countersign.outcome': 'refused', 'error.type': 'replayed_request', ...scheme } },
    { value: 50, attributes: { 'countersign.outcome': 'refused', 'error.type': 'unknown_key', ...scheme } },
    { value: 1, attributes: { 'countersign.outcome': 'refused', 'error.type': 'missing_signature' } },
    { value: 1, attributes: { 'countersign.outcome': 'reported', 'error.type': 'missing_signature' } },
  ]);
  expect(duration?.descriptor).toMatchObject({ name: 'countersign.verification.duration', unit: 's' });
  expect(duration?.dataPoints.map(({ value, attributes }) => [(value as { count: number }).count, attributes])).toEqual(
    rows?.map(({ value, attributes }) => [value, attributes]),
  );
});

it('measures how long judging took, in seconds', async () => {
  const recorded = recorder();
  const { signer, verifier, events } = rig();
  await judge(verifier, signedParts(signer));
  const [event] = events;
  if (!event) throw new Error('There is no event.');
  expect(event.duration).toBeGreaterThan(0);
  openTelemetry({ metrics: recorded.provider })({ ...event, duration: 250 });
  const [, duration] = await recorded.metrics();
  expect(duration?.dataPoints).toMatchObject([{ value: { sum: 0.25, count: 1 } }]);
});

it('adds the attributes that it is asked for, and lets them replace none of its own', async () => {
  const recorded = recorder();
  const metricAttributes: OpenTelemetryOptions['metricAttributes'] = ({ service = 'none' }) => ({
    service,
    'countersign.outcome': 'forged',
  });
  const { signer, verifier } = rig({ audit: openTelemetry({ metrics: recorded.provider, metricAttributes }) });
  await judge(verifier, signedParts(signer));
  const [requests] = await recorded.metrics();
  expect(requests?.dataPoints).toMatchObject([{ attributes: { service: 'shop', 'countersign.outcome': 'accepted' } }]);
});

it('measures from the first request on, also where the SDK is registered after the sink is made', async () => {
  const recorded = recorder();
  const { signer, verifier } = rig({ audit: openTelemetry({ metrics, trace }) });
  metrics.setGlobalMeterProvider(recorded.provider);
  await judge(verifier, signedParts(signer));
  expect(await recorded.metrics()).toHaveLength(2);
});

it('marks the active span of each of many requests at once', async () => {
  context.setGlobalContextManager(contextsOfNode());
  trace.setGlobalTracerProvider(tracers);
  const { signer, verifier } = rig({ audit: openTelemetry({ trace }) });
  const call = (name: string, parts: Parameters<typeof judge>[1]) =>
    trace.getTracer('test').startActiveSpan(name, async (span) => {
      await judge(verifier, parts);
      span.end();
    });
  const forged = { ...signedParts(signer), target: '/other' };
  await Promise.all([
    call('good', signedParts(signer)),
    call('forged', forged),
    call('bare', { ...forged, headers: {} }),
  ]);
  const marks = Object.fromEntries(spans.getFinishedSpans().map(({ name, attributes }) => [name, attributes]));
  const scheme = { 'countersign.scheme': 'countersign-v1' };
  expect(marks).toEqual({
    good: { 'countersign.outcome': 'accepted', 'countersign.service': 'shop', ...scheme },
    forged: { 'countersign.outcome': 'refused', 'countersign.code': 'signature_mismatch', ...scheme },
    bare: { 'countersign.outcome': 'refused', 'countersign.code': 'missing_signature' },
  });
});

it('tells where the events went that bounded sinks were given, from zero on', async () => {
  const recorded = recorder();
  let write = (): void => undefined;
  const held = boundedSink(() => new Promise<void>((resolve) => (write = resolve)), { capacity: 2, timeout: 60_000 });
  const slow = boundedSink(() => new Promise<void>(() => undefined), { timeout: 1 });
  const broken = boundedSink(() => Promise.reject(new Error('down')));
  const sinks = { held, slow, broken };
  const measured = openTelemetry({ metrics: recorded.provider, sinks });
  const { signer, verifier } = rig({ audit: combineSinks([measured, held, slow, broken]) });
  const told = async (): Promise<Record<string, unknown>> => {
    const found = (await recorded.metrics()).filter(({ descriptor }) => /^countersign\.audit\./.test(descriptor.name));
    expect(found.map(({ descriptor }) => descriptor)).toMatchObject([
      { name: 'countersign.audit.events', unit: '{event}' },
      { name: 'countersign.audit.pending', unit: '{event}' },
    ]);
    const rows = found.flatMap(({ dataPoints }) =>
      dataPoints.map(({ value, attributes }) => [
        `${attributes['countersign.sink']} ${attributes['countersign.delivery'] ?? 'pending'}`,
        value,
      ]),
    );
    return Object.fromEntries(rows);
  };
  const none = { delivered: 0, dropped: 0, failed: 0, late: 0, pending: 0 };
  const row = (name: string, counts: Partial<typeof none>) =>
    Object.fromEntries(Object.entries({ ...none, ...counts }).map(([end, count]) => [`${name} ${end}`, count]));

  for (let i = 0; i < 5; i++) await judge(verifier, signedParts(signer));
  await slow.idle();
  await broken.idle();
  expect(await told()).toEqual({
    ...row('held', { pending: 3, dropped: 2 }),
    ...row('slow', { late: 5 }),
    ...row('broken', { failed: 5 }),
  });
  for (let i = 0; i < 3; i++) {
    write();
    await new Promise(setImmediate);
  }
  expect(await told()).toMatchObject(row('held', { delivered: 3, dropped: 2 }));
});

it('does nothing where no SDK is registered', async () => {
  const { signer, verifier } = rig({ audit: openTelemetry({ metrics, trace }) });
  expect(await judge(verifier, signedParts(signer))).toBe('ok');
});

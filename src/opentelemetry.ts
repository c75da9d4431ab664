import type { Attributes, Counter, Histogram, Meter, MetricsAPI, TraceAPI } from '@opentelemetry/api';
import type { BoundedSink } from './server/audit/bounded-sink.ts';
import type { AuditEvent, AuditSink } from './server/contracts.ts';

/** The OpenTelemetry APIs to report to, and what to report in addition to the defaults. */
export type OpenTelemetryOptions = {
  /** `metrics` of `@opentelemetry/api`. @default no metrics */
  readonly metrics?: Pick<MetricsAPI, 'getMeter'>;
  /** `trace` of `@opentelemetry/api`. The active span gets the attributes. @default no attributes on spans */
  readonly trace?: Pick<TraceAPI, 'getActiveSpan'>;
  /**
   * Returns further attributes for the metrics. Each combination of values is a separate time series: do not use values that
   * callers can choose. @default none
   */
  readonly metricAttributes?: (event: AuditEvent) => Attributes;
  /** Bounded sinks by name, whose delivered, lost and pending events are reported. @default none */
  readonly sinks?: Readonly<Record<string, Pick<BoundedSink, 'counts'>>>;
};

type Instruments = { readonly requests: Counter; readonly duration: Histogram };

/**
 * An audit sink that records metrics and sets attributes on the active span. Pass it to the verifier directly or with
 * `combineSinks`, not behind `boundedSink`: the span of the request would no longer be active. It is synchronous and fast.
 *
 * Metrics: the counter `countersign.requests` and the histogram `countersign.verification.duration`, in seconds, with the
 * attributes `countersign.outcome`, `countersign.scheme` and `error.type` (the code of a refusal). Each attribute has few
 * values, none of which a caller can choose. The span also gets `countersign.service` for an accepted request.
 *
 * For each of `sinks`, with the attribute `countersign.sink`: the counter `countersign.audit.events` with the attribute
 * `countersign.delivery`, whose values other than `delivered` are losses; and `countersign.audit.pending`, the number of pending
 * events.
 *
 * @example
 * import { metrics, trace } from '@opentelemetry/api';
 * import { openTelemetry } from 'countersign/opentelemetry';
 * import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
 *
 * const audit = openTelemetry({ metrics, trace });
 * export const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay(), audit });
 */
export function openTelemetry({ metrics, trace, metricAttributes, sinks }: OpenTelemetryOptions): AuditSink {
  let instruments: Instruments | undefined;
  return (event) => {
    if (metrics) {
      // Created with the first request: a meter from before the SDK is registered never records anything.
      instruments ??= instrumentsOf(metrics.getMeter('countersign'), sinks);
      const attributes = { ...metricAttributes?.(event), ...attributesOf(event) };
      instruments.requests.add(1, attributes);
      instruments.duration.record(event.duration / 1000, attributes);
    }
    trace?.getActiveSpan()?.setAttributes(spanAttributesOf(event));
  };
}

const attributesOf = ({ outcome, scheme, code }: AuditEvent): Attributes => ({
  'countersign.outcome': outcome,
  ...(scheme !== undefined && { 'countersign.scheme': scheme }),
  ...(code !== undefined && { 'error.type': code }),
});

// The span belongs to the HTTP server, which sets error.type for the whole request.
const spanAttributesOf = ({ outcome, scheme, code, service }: AuditEvent): Attributes => ({
  'countersign.outcome': outcome,
  ...(scheme !== undefined && { 'countersign.scheme': scheme }),
  ...(code !== undefined && { 'countersign.code': code }),
  ...(outcome === 'accepted' && service !== undefined && { 'countersign.service': service }),
});

function instrumentsOf(meter: Meter, sinks: OpenTelemetryOptions['sinks']): Instruments {
  if (sinks) observe(meter, sinks);
  return {
    requests: meter.createCounter('countersign.requests', {
      description: 'Verified requests.',
      unit: '{request}',
    }),
    duration: meter.createHistogram('countersign.verification.duration', {
      description: 'Duration of a verification.',
      unit: 's',
      // With the default boundaries, nearly all values would be in the first bucket.
      advice: {
        explicitBucketBoundaries: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      },
    }),
  };
}

/** Registers a callback that reads the sinks whenever metrics are collected. Zeros are reported too, so that the first loss shows as a change. */
function observe(meter: Meter, sinks: NonNullable<OpenTelemetryOptions['sinks']>): void {
  const events = meter.createObservableCounter('countersign.audit.events', {
    description: 'Audit events that have left a bounded sink.',
    unit: '{event}',
  });
  const waiting = meter.createObservableUpDownCounter('countersign.audit.pending', {
    description: 'Audit events that are pending in a bounded sink.',
    unit: '{event}',
  });
  meter.addBatchObservableCallback(
    (result) => {
      for (const [sink, bounded] of Object.entries(sinks)) {
        const { pending, ...ends } = bounded.counts();
        result.observe(waiting, pending, { 'countersign.sink': sink });
        for (const [delivery, count] of Object.entries(ends)) {
          result.observe(events, count, { 'countersign.sink': sink, 'countersign.delivery': delivery });
        }
      }
    },
    [events, waiting],
  );
}

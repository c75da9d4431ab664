import type { Attributes, Counter, Histogram, Meter, MetricsAPI, TraceAPI } from '@opentelemetry/api';
import type { BoundedSink } from './server/audit/bounded-sink.ts';
import type { AuditEvent, AuditSink } from './server/contracts.ts';

/** `metrics` and `trace` of `@opentelemetry/api`, and what is told beside the defaults. */
export type OpenTelemetryOptions = {
  /** Takes what is counted and measured. @default no metrics */
  readonly metrics?: Pick<MetricsAPI, 'getMeter'>;
  /** Knows the active span, which takes the attributes. @default no attributes on spans */
  readonly trace?: Pick<TraceAPI, 'getActiveSpan'>;
  /**
   * More attributes for the metrics. Each combination of values is a time series of its own: give nothing that callers can
   * choose. @default none
   */
  readonly metricAttributes?: (event: AuditEvent) => Attributes;
  /** What `boundedSink` has made, by names of yours: where their events went, and how many are lost, is told. @default none */
  readonly sinks?: Readonly<Record<string, Pick<BoundedSink, 'counts'>>>;
};

type Instruments = { readonly requests: Counter; readonly duration: Histogram };

/**
 * An audit that measures, and marks the active span. Give it to the verifier itself or by `combineSinks`, not behind `boundedSink`,
 * where the request's span is active no more. It takes no time that is worth a bound.
 *
 * Metrics: the counter `countersign.requests` and the histogram `countersign.verification.duration`, in seconds, with the
 * attributes `countersign.outcome`, `countersign.scheme` and `error.type`: the code of what was refused. All of them have few
 * values, and none that a caller can choose. The span also has `countersign.service` of an accepted request.
 *
 * Of `sinks`, by `countersign.sink`: the counter `countersign.audit.events`, with the attribute `countersign.delivery`, of
 * which every value but `delivered` is a loss; and `countersign.audit.pending`, how many events wait.
 */
export function openTelemetry({ metrics, trace, metricAttributes, sinks }: OpenTelemetryOptions): AuditSink {
  let instruments: Instruments | undefined;
  return (event) => {
    if (metrics) {
      // Not before the first request: a meter from before the SDK is registered would measure nothing for ever.
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

// The span is that of the HTTP server, whose error.type says how the whole request ended.
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
      description: 'Requests that were judged.',
      unit: '{request}',
    }),
    duration: meter.createHistogram('countersign.verification.duration', {
      description: 'How long judging a request took.',
      unit: 's',
      // Without these, nearly all would be in the first bucket.
      advice: {
        explicitBucketBoundaries: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      },
    }),
  };
}

/** Has the SDK ask the sinks whenever it reads the metrics: also for zeros, so that the first loss is a change. */
function observe(meter: Meter, sinks: NonNullable<OpenTelemetryOptions['sinks']>): void {
  const events = meter.createObservableCounter('countersign.audit.events', {
    description: 'Audit events that a bounded sink is done with.',
    unit: '{event}',
  });
  const waiting = meter.createObservableUpDownCounter('countersign.audit.pending', {
    description: 'Audit events that wait in a bounded sink.',
    unit: '{event}',
  });
  meter.addBatchObservableCallback(
    (told) => {
      for (const [sink, bounded] of Object.entries(sinks)) {
        const { pending, ...ends } = bounded.counts();
        told.observe(waiting, pending, { 'countersign.sink': sink });
        for (const [delivery, count] of Object.entries(ends)) {
          told.observe(events, count, { 'countersign.sink': sink, 'countersign.delivery': delivery });
        }
      }
    },
    [events, waiting],
  );
}

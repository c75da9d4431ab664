import type { SignatureError } from '../core/errors.ts';
import type { AuditEvent, AuditSink, KeyRecord } from './contracts.ts';
import type { ReceivedRequest } from './received.ts';

/** What an audit event is made of. */
export type Audited = {
  readonly time: number;
  readonly request: Request | ReceivedRequest;
  readonly address: string | undefined;
  readonly accessKey: string | undefined;
  readonly scheme: string | undefined;
  readonly secretId: string | undefined;
  readonly nonce: string | undefined;
  readonly record: KeyRecord | undefined;
  /** Undefined where the request was accepted. */
  readonly error: SignatureError | undefined;
  /** Whether nothing is refused. */
  readonly reportOnly: boolean;
};

/** Tells the sink of an attempt. Whatever the sink does, the request goes on. */
export function report(sink: AuditSink, { request, record, error, reportOnly, ...rest }: Audited): void {
  const event: AuditEvent = {
    outcome: error ? (reportOnly ? 'reported' : 'refused') : 'accepted',
    code: error?.code,
    message: error?.message,
    method: request.method.slice(0, 64),
    path: pathOf(request),
    service: record?.service,
    ...rest,
  };
  try {
    Promise.resolve(sink(event)).catch(ignore);
  } catch {
    // An audit that fails must not decide about the request.
  }
}

const ignore = (): undefined => undefined;

function pathOf(request: Request | ReceivedRequest): string {
  const whole = 'url' in request ? request.url.replace(/^[^:]*:\/\/[^/]*/, '') : request.target;
  return whole.slice(0, 2048).replace(/[?#].*/s, '');
}

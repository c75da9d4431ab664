import type { SignatureError } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import type { AuditEvent, AuditSink, KeyRecord } from '../contracts.ts';
import type { ReceivedRequest } from '../verify/message.ts';

/** What an audit event is made of. */
export type Audited = {
  readonly time: number;
  readonly duration: number;
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
export function reportToAudit(sink: AuditSink, audited: Audited): void {
  // Frozen, so that no sink can change what the next one sees.
  const event = Object.freeze(eventOf(audited));
  try {
    Promise.resolve(sink(event)).catch(ignore);
  } catch {
    // An audit that fails must not decide about the request.
  }
}

/** Of a path, in characters: of an accepted request as of one that anybody may have sent. */
const shown = { accepted: 2048, refused: 256 } as const;

function eventOf({ request, record, error, reportOnly, accessKey, nonce, ...rest }: Audited): AuditEvent {
  const common = { ...rest, method: excerpt(request.method), service: record?.service };
  const path = excerpt(pathOf(request), error ? shown.refused : shown.accepted);
  if (!error) return { outcome: 'accepted', code: undefined, message: undefined, ...common, path, accessKey, nonce };
  const refusal = {
    ...{ code: error.code, message: error.message, ...common, path },
    // Of a key that exists, whole: it is the provider's, who counts by it.
    accessKey: record ? accessKey : accessKey && excerpt(accessKey),
    nonce: nonce && excerpt(nonce),
  };
  return reportOnly ? { outcome: 'reported', ...refusal } : { outcome: 'refused', ...refusal };
}

const ignore = (): undefined => undefined;

function pathOf(request: Request | ReceivedRequest): string {
  const whole = 'url' in request ? request.url.replace(/^[^:]*:\/\/[^/]*/, '') : request.target;
  return whole.replace(/[?#].*/s, '');
}

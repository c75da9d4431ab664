import type { SignatureError } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import { ignoreFailure } from '../../core/ignore-failure.ts';
import type { SessionKey } from '../../core/session/access-key.ts';
import type { AuditEvent, AuditSink, KeyRecord } from '../contracts.ts';
import type { ReceivedRequest } from '../verify/message.ts';
import { causeText } from './cause-text.ts';

/** The data that an audit event is built from. */
export type Audited = {
  readonly time: number;
  readonly duration: number;
  readonly request: Request | ReceivedRequest;
  readonly address: string | undefined;
  readonly accessKey: string | undefined;
  /** What the access key states of a session, if it is one. */
  readonly session: SessionKey | undefined;
  readonly scheme: string | undefined;
  readonly secretId: string | undefined;
  readonly nonce: string | undefined;
  readonly record: KeyRecord | undefined;
  /** Undefined for an accepted request. */
  readonly error: SignatureError | undefined;
  /** True if the verifier reports refusals without refusing. */
  readonly reportOnly: boolean;
};

/** Sends an event to the sink. A failure of the sink never affects the request. */
export function reportToAudit(sink: AuditSink, audited: Audited): void {
  // Frozen, so that a sink cannot change the event for other sinks.
  const event = Object.freeze(toEvent(audited));
  ignoreFailure(() => sink(event));
}

/** Maximum length of the path, in characters. A refused request may come from anyone, so its path is cut shorter. */
const pathLength = { accepted: 2048, refused: 256 } as const;

function toEvent({ request, record, error, reportOnly, accessKey, session, nonce, ...rest }: Audited): AuditEvent {
  const common = { ...rest, method: excerpt(`${request.method}`), service: record?.service, ...sessionOf(session) };
  const path = excerpt(pathOf(request), error ? pathLength.refused : pathLength.accepted);
  if (!error) return { outcome: 'accepted', code: undefined, message: undefined, ...common, path, accessKey, nonce };
  const refusal = {
    ...{ code: error.code, message: messageOf(error, record), ...common, path },
    // The access key of an existing key is not cut: the provider counts by it.
    accessKey: record ? accessKey : accessKey && excerpt(accessKey),
    nonce: nonce && excerpt(nonce),
  };
  return reportOnly ? { outcome: 'reported', ...refusal } : { outcome: 'refused', ...refusal };
}

const sessionOf = (session: SessionKey | undefined): Pick<AuditEvent, 'sessionId' | 'subject'> => {
  if (!session) return {};
  const { i, u } = session.first;
  return u === undefined ? { sessionId: i } : { sessionId: i, subject: u };
};

/** Of a failure of the server also the cause: without an entry in the audit it would be visible nowhere. */
function messageOf({ message, status, cause }: SignatureError, record: KeyRecord | undefined): string {
  const text = status >= 500 ? causeText(cause, record?.secrets) : '';
  return text ? `${message} Cause: ${text}` : message;
}

function pathOf(request: Request | ReceivedRequest): string {
  // As text: a request that a server built by hand, and that was refused, may lack it.
  const whole = 'url' in request ? request.url.replace(/^[^:]*:\/\/[^/]*/, '') : `${request.target}`;
  return whole.replace(/[?#].*/s, '');
}

import type { Bytes, Pairs, VectorKey, VerifyCase, WireRequest } from './format.ts';
import { macOf, newYear, partner, type SignDraft, signCase } from './oracle.ts';

/** What is done to an honest request on its way. */
export type Change = (request: WireRequest) => Partial<WireRequest>;

/** A verify case as written down: an honest request, what happens to it, and what the verifier must say. */
export type VerifyDraft = {
  readonly name: string;
  readonly rule: string;
  readonly from?: Partial<SignDraft>;
  readonly change?: Change;
  /** Seconds between signing and judging. */
  readonly later?: number;
  readonly after?: string;
  readonly verifier?: Partial<VerifyCase['verifier']>;
  /** Absent where the request must be accepted. */
  readonly code?: string;
  /** The caller has proved its key, and may be told of it. */
  readonly proved?: true;
};

const second = { utf8: 'the second secret of partner-2, just as public' };

export const keys: readonly VectorKey[] = [
  { accessKey: partner.accessKey, secrets: [{ secret: partner.secret }] },
  { accessKey: 'partner-2', secrets: [{ secret: partner.secret }, { secret: second }] },
  { accessKey: 'revoked', secrets: [{ secret: partner.secret }], revoked: true },
  { accessKey: 'expired', secrets: [{ secret: partner.secret }], expiresAt: newYear },
  { accessKey: 'revoked-and-expired', secrets: [{ secret: partner.secret }], revoked: true, expiresAt: newYear },
  { accessKey: 'inactive', secrets: [{ secret: partner.secret }], notBefore: newYear + 1 },
  { accessKey: 'expired-secret', secrets: [{ secret: partner.secret, expiresAt: newYear }, { secret: second }] },
  { accessKey: 'inactive-secret', secrets: [{ secret: second }, { secret: partner.secret, notBefore: newYear + 1 }] },
  { accessKey: 'starts-now', secrets: [{ secret: partner.secret, notBefore: newYear }], notBefore: newYear },
];

export const secondSecret: Bytes = second;

const statuses: Readonly<Record<string, number>> = {
  malformed_field: 400,
  missing_header: 400,
  invalid_request: 400,
  body_too_large: 413,
};
const secretive = ['unknown_key', 'revoked_key', 'expired_key', 'inactive_key', 'signature_mismatch'];

/** A header is set, or taken away where the value is undefined. */
export const set =
  (name: string, value: string | undefined): Change =>
  ({ headers }) => ({
    headers: [
      ...headers.filter(([field]) => field.toLowerCase() !== name.toLowerCase()),
      ...(value === undefined ? [] : [[name, value] as const]),
    ],
  });

export const add =
  (name: string, value: string): Change =>
  ({ headers }) => ({ headers: [...headers, [name, value]] });

export const headerOf = ({ headers }: WireRequest, name: string): string =>
  headers.find(([field]) => field.toLowerCase() === name.toLowerCase())?.[1] ?? '';

export function all(...changes: readonly Change[]): Change {
  return (request) => {
    let changed = request;
    for (const change of changes) changed = { ...changed, ...change(changed) };
    return changed;
  };
}

/** Signs a text of the case's own making, with the secret of partner-1. */
export const signText =
  (make: (stringToSign: string) => string, from: Partial<SignDraft> = {}): Change =>
  (request) => {
    const honest = signCase({ ...from, name: '', rule: '', nonce: headerOf(request, 'X-API-Nonce') });
    return set('X-API-Signature', `v1=${macOf(partner.secret, make(honest.stages.stringToSign))}`)(request);
  };

/** The honest request of a draft as it goes on the wire. */
export function sentBy(draft: SignDraft): WireRequest {
  const { request, stages } = signCase(draft);
  const { method, scheme, host, target, headers, body } = request;
  const pairs: Pairs = [...headers, ...stages.headers];
  return { method, scheme, host, target, headers: pairs, ...(body && { body }) };
}

export function verifyCase(draft: VerifyDraft): VerifyCase {
  const { name, rule, from, change, later = 0, after, verifier, code, proved } = draft;
  const sent = sentBy({ ...from, name: after ?? name, rule });
  const { body, ...rest } = { ...sent, ...change?.(sent) };
  return {
    name,
    rule,
    ...(after !== undefined && { after }),
    now: (from?.time ?? newYear) + later,
    verifier: { tolerance: 300, maxBodyBytes: 1024, allowUnsignedPayload: false, ...verifier },
    received: { ...rest, ...(body && { body }) },
    outcome:
      code === undefined
        ? { accepted: true }
        : {
            accepted: false,
            code,
            publicCode: secretive.includes(code) && !proved ? 'invalid_signature' : code,
            status: statuses[code] ?? 401,
          },
  };
}

export const json: Partial<SignDraft> = {
  method: 'POST',
  headers: [['Content-Type', 'application/json']],
  body: { utf8: '{"sku":"A-1"}' },
};
export const named: Partial<SignDraft> = {
  signedHeaders: ['x-a', 'x-b'],
  headers: [
    ['X-A', '1'],
    ['X-B', '2'],
  ],
  expect: { lines: ['x-a:1', 'x-b:2'], names: 'x-a;x-b' },
};
export const as = (accessKey: string): Partial<SignDraft> => ({ credentials: { ...partner, accessKey } });
export const signature =
  (edit: (value: string) => string): Change =>
  (request) =>
    set('X-API-Signature', edit(headerOf(request, 'X-API-Signature')))(request);
export const other = `v1=${'0123456789abcdef'.repeat(4)}`;

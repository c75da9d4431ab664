import { fail } from '../../core/errors.ts';
import { fieldNamePattern } from '../../core/field-names.ts';
import { requestModifiers } from '../../core/modifying-headers.ts';
import type { Finding, FindingCode } from '../../core/scheme-finding.ts';

/** Settings of signatures of the Cavage draft, for signers and verifiers. */
export type Cavage12Options = {
  /**
   * What is signed, in order; for a verifier, what must be signed at least: header names, `(request-target)` and `(created)`. One of
   * `(created)`, `date` and `x-date` is the time of the signature, and a verifier accepts any of them; likewise `digest` and
   * `x-content-sha256` for the body. `content-type`, `content-encoding`, `content-range`, `idempotency-key`, `range` and the
   * conditions `if-…` are omitted if the request lacks them; digests and `content-length` if it has no body and is neither POST nor
   * PUT.
   *
   * @default ['(request-target)', 'host', 'date', 'digest', 'content-type', 'content-encoding', 'content-range', 'idempotency-key', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'range']
   */
  readonly headers?: readonly string[];
  /** The header that carries the signature. Mastodon and other servers of ActivityPub use `signature`. @default 'authorization' */
  readonly carrier?: 'authorization' | 'signature';
  /** `hs2019` is sent instead of the name of the algorithm, as the draft says. @default the name, except with (created) */
  readonly algorithm?: 'hs2019';
};

/** The options, checked. */
export type Settings = {
  readonly headers: readonly string[];
  readonly carrier: 'authorization' | 'signature';
  readonly hides: boolean;
  /** Whether the headers include a digest. */
  readonly coversBody: boolean;
};

/** The names of the headers and of `(created)` that state the time of a signature, in the order in which a verifier trusts them. */
export const timeNames: readonly string[] = ['(created)', 'x-date', 'date'];
/** The headers that state the digest of the body. */
export const digestNames: readonly string[] = ['digest', 'x-content-sha256'];

const defaultHeaders = ['(request-target)', 'host', 'date', 'digest', 'content-type', ...requestModifiers];

/** Whether a header is signed only if the request has it. */
export const isSignedIfPresent = (name: string): boolean => name === 'content-type' || requestModifiers.includes(name);

/** Whether a header describes the body. */
export const isOfBody = (name: string): boolean => name === 'content-length' || digestNames.includes(name);

/**
 * @throws SignatureError `invalid_configuration`
 */
export function createSettings({
  headers = defaultHeaders,
  carrier = 'authorization',
  algorithm,
}: Cavage12Options): Settings {
  const names = headers.map((name) => name.toLowerCase());
  const unknown = names.find((name) => !isName(name) || name === carrier);
  if (unknown !== undefined) fail('invalid_configuration', `headers must not contain ${unknown}.`);
  if (new Set(names).size !== names.length) fail('invalid_configuration', 'headers must not repeat a name.');
  if (!names.some((name) => timeNames.includes(name))) {
    fail('invalid_configuration', 'headers must contain (created), date or x-date: otherwise signatures have no time.');
  }
  if (carrier !== 'authorization' && carrier !== 'signature') {
    fail('invalid_configuration', 'carrier must be authorization or signature.');
  }
  if (algorithm !== undefined && algorithm !== 'hs2019')
    fail('invalid_configuration', 'algorithm must be hs2019, or be omitted.');
  const coversBody = names.some((name) => digestNames.includes(name));
  // Section 2.3 of the draft: (created) is not for algorithms whose name begins with rsa, hmac or ecdsa.
  return { headers: names, carrier, hides: algorithm === 'hs2019' || names.includes('(created)'), coversBody };
}

const isName = (name: string): boolean => /^\((?:request-target|created)\)$/.test(name) || fieldNamePattern.test(name);

type Weakness = Pick<Finding, 'severity' | 'attack'> & {
  readonly code: FindingCode;
  /** Any of these closes the gap. */
  readonly names: readonly string[];
};

const weaknesses: readonly Weakness[] = [
  {
    code: 'method-unsigned',
    severity: 'high',
    names: ['(request-target)'],
    attack: 'A captured GET is sent as DELETE.',
  },
  {
    code: 'path-unsigned',
    severity: 'high',
    names: ['(request-target)'],
    attack: 'A request to /v1/orders is sent to /v1/admin.',
  },
  {
    code: 'query-unsigned',
    severity: 'high',
    names: ['(request-target)'],
    attack: '?amount=1 becomes ?amount=1000.',
  },
  {
    code: 'host-unsigned',
    severity: 'high',
    names: ['host'],
    attack: 'A request to one host is sent to another with the same keys.',
  },
  { code: 'body-unsigned', severity: 'high', names: digestNames, attack: 'The body is replaced.' },
  {
    code: 'content-type-unsigned',
    severity: 'medium',
    names: ['content-type'],
    attack: 'A body that is valid both as JSON and as a form is forwarded with the other Content-Type.',
  },
];

const always: readonly Finding[] = [
  {
    code: 'no-nonce',
    severity: 'medium',
    message:
      'A signature has no nonce. The verifier remembers the signed string instead, and accepts each request once.',
    attack: 'None. But an honest caller that sends the same request twice within a second is refused the second time.',
  },
  {
    code: 'access-key-unbound',
    severity: 'low',
    message: 'The keyId is not signed: the key alone identifies the caller.',
    attack: 'Two access keys share a key, and one has more rights: a request of the other is forwarded in its name.',
  },
];

/** Returns the weaknesses that result from what is not signed. */
export function listFindings({ headers }: Settings): readonly Finding[] {
  const open = weaknesses
    .filter(({ names }) => !names.some((name) => headers.includes(name)))
    .map(
      ({ names, ...finding }): Finding => ({ ...finding, message: `${names.join(' or ')} is not among the headers.` }),
    );
  const ofPages: Finding = {
    code: 'forbidden-browser-header',
    severity: 'low',
    message: 'Browsers do not let pages set date: pages sign with x-date or (created).',
    attack: 'No attack: a browser drops date silently, and every request of a page is refused.',
  };
  return [...open, ...always, ...(headers.includes('date') ? [ofPages] : [])];
}

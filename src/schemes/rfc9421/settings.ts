import { fail } from '../../core/errors.ts';
import { requestModifiers } from '../../core/modifying-headers.ts';
import type { Finding, FindingCode } from '../../core/scheme-finding.ts';
import { recodeField } from '../structured-fields.ts';
import { type Component, parseComponent, requireDistinct } from './components.ts';

/** Settings of HTTP Message Signatures, for signers and verifiers. Both sides must use the same. */
export type Rfc9421Options = {
  /**
   * The label of the signature. A signer replaces a signature with this label and keeps others; a verifier reads this label only.
   *
   * @default 'sig1' for signing; for verifying, the only signature with sufficient coverage, and several of them are refused
   */
  readonly label?: string;
  /**
   * The covered components, in order; for a verifier, the components that must be covered at least: `'@method'`,
   * `'@query-param;name="a"'`, `'content-type'`, `'example-dict;key="a"'`. `content-type`, `content-digest`, `content-encoding`,
   * `content-range`, `range` and the conditions `if-…` are omitted if the request lacks them. Leaving out method, host, path, query
   * or body is a finding of high severity, which a verifier must name in `acceptFindings`; leaving out `content-type` is one of
   * medium severity.
   *
   * @default ['@method', '@authority', '@path', '@query', 'content-type', 'content-digest', 'content-encoding', 'content-range', 'idempotency-key', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'range']
   */
  readonly components?: readonly string[];
  /** `false` omits the parameter `alg`. A verifier uses the algorithm of the key and refuses any other `alg`. @default sent */
  readonly alg?: false;
  /**
   * `false` omits the parameter `nonce`, and a verifier does not demand it. Then no two requests within one second may be
   * identical. @default sent, and demanded
   */
  readonly nonce?: false;
  /** Adds the parameter `expires`: how long the signature is valid, in seconds. @default as long as the verifier tolerates */
  readonly expires?: number;
  /** The application that a signature is for. A verifier reads only signatures with this tag. @default none sent, any accepted */
  readonly tag?: string;
};

/** The options, checked and parsed once. */
export type Settings = {
  readonly label: string | undefined;
  readonly expires: number | undefined;
  readonly tag: string | undefined;
  readonly components: readonly Component[];
  readonly algorithm: boolean;
  readonly nonce: boolean;
  /** Whether the components include `content-digest`. */
  readonly coversBody: boolean;
};

/** The label of new signatures. */
export const defaultLabel = 'sig1';

const defaultComponents = [
  ...['@method', '@authority', '@path', '@query', 'content-type', 'content-digest'],
  ...requestModifiers,
];

/**
 * @throws SignatureError `invalid_configuration`
 */
export function createSettings({
  label,
  components = defaultComponents,
  alg,
  nonce,
  expires,
  tag,
}: Rfc9421Options): Settings {
  if (label !== undefined && !/^[a-z*][a-z\d_.*-]{0,63}$/.test(label)) {
    fail('invalid_configuration', 'label must be 1 to 64 of a-z 0-9 _ - . * and begin with a letter or *.');
  }
  if (expires !== undefined && !(Number.isInteger(expires) && expires > 0 && expires <= 31536000)) {
    fail('invalid_configuration', 'expires must be whole seconds, at most 31536000 (a year).');
  }
  if (tag !== undefined && !/^[ -~]{1,256}$/.test(tag)) {
    fail('invalid_configuration', 'tag must be 1 to 256 printable ASCII characters.');
  }
  const parsed = recodeField('invalid_configuration', () => requireDistinct(components.map(parseComponent)));
  const responseOnly = parsed.find(({ name, ofRequest }) => ofRequest || name === '@status');
  if (responseOnly)
    fail('invalid_configuration', `${responseOnly.identifier} is a component of response signatures only.`);
  if (parsed.every(({ name }) => isCoveredIfPresent(name))) {
    fail(
      'invalid_configuration',
      'components must name at least one that every request has; otherwise most signatures would cover nothing.',
    );
  }
  const coversBody = parsed.some(({ identity }) => identity === 'content-digest');
  return { label, components: parsed, algorithm: alg !== false, nonce: nonce !== false, expires, tag, coversBody };
}

/** Whether a component is covered only if the request has it. */
export const isCoveredIfPresent = (name: string): boolean =>
  name === 'content-type' || name === 'content-digest' || requestModifiers.includes(name);

/** The wider components that contain a derived component. */
const widerComponents: Readonly<Record<string, readonly string[]>> = {
  '@authority': ['@target-uri'],
  '@scheme': ['@target-uri'],
  '@request-target': ['@target-uri'],
  '@path': ['@request-target', '@target-uri'],
  '@query': ['@request-target', '@target-uri'],
};

/** Whether a component is covered, by itself or by a wider one. */
export const covers = (covered: ReadonlySet<string>, identity: string): boolean =>
  covered.has(identity) || (widerComponents[identity] ?? []).some((wider) => covered.has(wider));

export const readIdentities = (components: readonly Component[]): ReadonlySet<string> =>
  new Set(components.map(({ identity }) => identity));

type Weakness = {
  readonly component: string;
  readonly code: FindingCode;
  /** @default 'high' */
  readonly severity?: Finding['severity'];
  readonly attack: string;
};

const weaknesses: readonly Weakness[] = [
  { component: '@method', code: 'method-unsigned', attack: 'A captured GET is sent as DELETE.' },
  {
    component: '@authority',
    code: 'host-unsigned',
    attack: 'A request to one host is sent to another with the same keys.',
  },
  { component: '@path', code: 'path-unsigned', attack: 'A request to /v1/orders is sent to /v1/admin.' },
  { component: '@query', code: 'query-unsigned', attack: '?amount=1 becomes ?amount=1000.' },
  { component: 'content-digest', code: 'body-unsigned', attack: 'The body is replaced.' },
  {
    component: 'content-type',
    code: 'content-type-unsigned',
    severity: 'medium',
    attack: 'A body that is valid both as JSON and as a form is forwarded with the other Content-Type.',
  },
];

/** Returns the weaknesses that result from components that are not covered. */
export function listFindings({ components, nonce }: Settings): readonly Finding[] {
  const covered = readIdentities(components);
  const open = weaknesses
    .filter(({ component }) => !covers(covered, component))
    .map(({ component, code, severity = 'high', attack }): Finding => {
      return { code, severity, message: `${component} is not among the components.`, attack };
    });
  const noNonce: Finding = {
    code: 'no-nonce',
    severity: 'low',
    message: 'Signatures have no nonce, so the verifier remembers the whole signature base instead.',
    attack: 'None. But two identical honest requests within one second count as a replay.',
  };
  return nonce ? open : [...open, noNonce];
}

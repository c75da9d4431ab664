import { fail } from '../../core/errors.ts';
import type { Finding, FindingCode } from '../../core/finding.ts';
import { requestModifiers } from '../../core/modifiers.ts';
import { recodeField } from '../structured-fields.ts';
import { type Component, parseComponent, requireDistinct } from './components.ts';

/** How HTTP Message Signatures are made, and what a verifier demands of them. Both sides are given the same. */
export type Rfc9421Options = {
  /**
   * Which of several signatures it is. A signer replaces one of this label and keeps others; a verifier looks at this label alone.
   *
   * @default 'sig1' to sign; to verify, the one label whose signature covers what it must; several such are refused
   */
  readonly label?: string;
  /**
   * What is covered, in order, and what a verifier demands to be covered at least: `'@method'`, `'@query-param;name="a"'`,
   * `'content-type'`, `'example-dict;key="a"'`. `content-type`, `content-digest`, `content-encoding`, `content-range`, `range`
   * and the conditions `if-…` are left out where the request does not have them. A hole in method, host, path, query or body is
   * a finding of high severity, which a verifier must name in `acceptFindings`; one in `content-type` is of medium severity.
   *
   * @default ['@method', '@authority', '@path', '@query', 'content-type', 'content-digest', 'content-encoding', 'content-range', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'range']
   */
  readonly components?: readonly string[];
  /** `false` leaves the parameter `alg` out. A verifier takes the algorithm of the key, and refuses any other `alg`. @default sent */
  readonly alg?: false;
  /**
   * `false` leaves the parameter `nonce` out, and a verifier demands none: then no two requests within one second may be the
   * same. @default sent, and demanded
   */
  readonly nonce?: false;
  /** How long a signature is valid by its own word, in seconds after it was made. @default as long as the verifier tolerates */
  readonly expires?: number;
  /** For which application a signature is. A verifier looks at signatures with this tag alone. @default none sent, any accepted */
  readonly tag?: string;
};

/** Options, checked and parsed once. */
export type Settings = {
  readonly label: string | undefined;
  readonly expires: number | undefined;
  readonly tag: string | undefined;
  readonly components: readonly Component[];
  readonly algorithm: boolean;
  readonly nonce: boolean;
  /** Whether `content-digest` is among the components. */
  readonly coversBody: boolean;
};

/** Of signatures that are made. */
export const defaultLabel = 'sig1';

const everything = [
  ...['@method', '@authority', '@path', '@query', 'content-type', 'content-digest'],
  ...requestModifiers,
];

/**
 * @throws SignatureError `invalid_configuration`
 */
export function createSettings({ label, components = everything, alg, nonce, expires, tag }: Rfc9421Options): Settings {
  if (label !== undefined && !/^[a-z*][a-z\d_.*-]{0,63}$/.test(label)) {
    fail('invalid_configuration', 'A label is 1 to 64 of a-z 0-9 _ - . * and begins with a letter or *.');
  }
  if (expires !== undefined && !(Number.isInteger(expires) && expires > 0 && expires <= 31536000)) {
    fail('invalid_configuration', 'expires must be whole seconds, a year at most.');
  }
  if (tag !== undefined && !/^[ -~]{1,256}$/.test(tag)) {
    fail('invalid_configuration', 'A tag is 1 to 256 printable ASCII characters.');
  }
  const parsed = recodeField('invalid_configuration', () => requireDistinct(components.map(parseComponent)));
  const answering = parsed.find(({ name, ofRequest }) => ofRequest || name === '@status');
  if (answering) fail('invalid_configuration', `${answering.identifier} belongs to the signature of an answer.`);
  if (parsed.every(({ name }) => isWherePresent(name))) {
    fail(
      'invalid_configuration',
      'components must name something that every request has, or most would be covered in nothing.',
    );
  }
  const coversBody = parsed.some(({ identity }) => identity === 'content-digest');
  return { label, components: parsed, algorithm: alg !== false, nonce: nonce !== false, expires, tag, coversBody };
}

/** What is covered only where the request has it. */
export const isWherePresent = (name: string): boolean =>
  name === 'content-type' || name === 'content-digest' || requestModifiers.includes(name);

/** What covers a derived component, beside itself. */
const within: Readonly<Record<string, readonly string[]>> = {
  '@authority': ['@target-uri'],
  '@scheme': ['@target-uri'],
  '@request-target': ['@target-uri'],
  '@path': ['@request-target', '@target-uri'],
  '@query': ['@request-target', '@target-uri'],
};

/** Whether a component is covered, itself or in another. */
export const covers = (covered: ReadonlySet<string>, identity: string): boolean =>
  covered.has(identity) || (within[identity] ?? []).some((wider) => covered.has(wider));

export const readIdentities = (components: readonly Component[]): ReadonlySet<string> =>
  new Set(components.map(({ identity }) => identity));

type Hole = {
  readonly component: string;
  readonly code: FindingCode;
  /** @default 'high' */
  readonly severity?: Finding['severity'];
  readonly attack: string;
};

const holes: readonly Hole[] = [
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
    attack: 'A body that is JSON and a form as well is sent on with the other Content-Type.',
  },
];

/** What the components leave open. */
export function listFindings({ components, nonce }: Settings): readonly Finding[] {
  const covered = readIdentities(components);
  const open = holes
    .filter(({ component }) => !covers(covered, component))
    .map(({ component, code, severity = 'high', attack }): Finding => {
      return { code, severity, message: `${component} is not among the components.`, attack };
    });
  const unnumbered: Finding = {
    code: 'no-nonce',
    severity: 'low',
    message: 'Signatures have no nonce, so the whole of what is signed is remembered.',
    attack: 'None; but two honest requests that are the same within one second count as a replay.',
  };
  return nonce ? open : [...open, unnumbered];
}

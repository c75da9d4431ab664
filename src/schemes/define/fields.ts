import { fail } from '../../core/errors.ts';
import { fieldValue, type Message } from '../../core/message.ts';
import type { Kind } from './filters.ts';

/** All that a template can be rendered from. */
export type Environment = {
  readonly message: Message;
  /** Path and query, without the parameters of ours that come after the signing. */
  readonly target: string;
  readonly accessKey: string;
  readonly timestamp: string;
  readonly nonce: string;
  readonly sessionToken: string | undefined;
  readonly challenge: string | undefined;
  /** Empty until it is made. */
  readonly signature: string;
  /** Names of further headers that are signed. */
  readonly signedHeaders: readonly string[];
  readonly hasBody: boolean;
  /** Empty where there is none, or where it is not at hand. */
  readonly body: Uint8Array;
  /** What digests are without their making: those of a body that is not at hand. */
  readonly known: ReadonlyMap<string, Uint8Array>;
};

/** What can be named in a template. */
export type Field = {
  readonly kind: Kind;
  /** Undefined where it is absent. */
  value(environment: Environment): string | Uint8Array | undefined;
  /** Whether a request may lack it. @default false */
  readonly absentable?: boolean;
  /** Whether only headers and query can have it. @default false */
  readonly carrierOnly?: boolean;
};

const pathOf = ({ target }: Environment): string => /^[^?]*/.exec(target)?.[0] ?? '';
const queryOf = ({ target }: Environment): string | undefined => /\?(.+)$/s.exec(target)?.[1];
const hostOf = ({ message }: Environment): string => message.authority.replace(/:\d*$/, '');
const portOf = ({ message }: Environment): string =>
  /:(\d+)$/.exec(message.authority)?.[1] ?? (message.scheme === 'https' ? '443' : '80');

const text = (value: Field['value']): Field => ({ kind: 'text', value });
const absentable = (value: Field['value']): Field => ({ kind: 'text', value, absentable: true });

/** Every field that has a name of its own. */
export const fields: ReadonlyMap<string, Field> = new Map([
  ['method', text(({ message }) => message.method)],
  ['scheme', text(({ message }) => message.scheme)],
  ['authority', text(({ message }) => message.authority)],
  ['host', text(hostOf)],
  ['port', text(portOf)],
  ['path', { kind: 'path', value: pathOf }],
  ['query', { kind: 'query', value: queryOf, absentable: true }],
  ['target', text(({ target }) => target)],
  ['url', text(({ message, target }) => `${message.scheme}://${message.authority}${target}`)],
  ['timestamp', text(({ timestamp }) => timestamp)],
  ['nonce', text(({ nonce }) => nonce)],
  ['accessKey', text(({ accessKey }) => accessKey)],
  ['sessionToken', absentable(({ sessionToken }) => sessionToken)],
  ['challenge', absentable(({ challenge }) => challenge)],
  ['body', { kind: 'bytes', value: ({ body, hasBody }) => (hasBody ? body : undefined), absentable: true }],
  ['signedHeaders', absentable(() => undefined)],
  ['signedHeaderLines', absentable(() => undefined)],
  ['signature', { ...text(({ signature }) => signature), carrierOnly: true }],
  ['ignored', { ...absentable(() => undefined), carrierOnly: true }],
]);

/** The field of a request header. */
export const headerField = (name: string): Field => absentable(({ message }) => fieldValue(message.headers, name));

/** The names of further headers in one text, and the lines that they add to a string to sign. */
export function signedHeaderFields(
  separator: string,
  lineOf: (name: string, value: string) => string,
): ReadonlyMap<string, Field> {
  const line =
    ({ message }: Environment) =>
    (name: string) =>
      lineOf(name, fieldValue(message.headers, name) ?? missingHeader(name));
  const unlessNone = ({ signedHeaders }: Environment, value: string) => (signedHeaders.length ? value : undefined);
  return new Map([
    ['signedHeaders', absentable((environment) => unlessNone(environment, environment.signedHeaders.join(separator)))],
    [
      'signedHeaderLines',
      absentable((environment) => unlessNone(environment, environment.signedHeaders.map(line(environment)).join(''))),
    ],
  ]);
}

/**
 * @throws SignatureError `missing_header`
 */
export const missingHeader = (name: string): never =>
  fail('missing_header', `The request lacks ${name}, which is signed. Browsers drop some headers.`);

/** What a field is in a template outside of brackets, where a request lacks it. */
export function absence(name: string): string | Uint8Array {
  if (name.startsWith('header.')) return missingHeader(name.slice('header.'.length));
  if (name === 'body') return new Uint8Array();
  if (name !== 'challenge' && name !== 'sessionToken') return '';
  return fail('invalid_request', `The scheme signs the ${name}, and there is none: give it to the signer.`);
}

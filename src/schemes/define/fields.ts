import { fail } from '../../core/errors.ts';
import { fieldValue, type Message } from '../../core/message.ts';
import type { Kind } from './filters.ts';
import { secretPlaceholder } from './keyed-hash.ts';

/** The values from which templates are rendered. */
export type Environment = {
  readonly message: Message;
  /** Path and query, without the parameters that the scheme adds after signing. */
  readonly target: string;
  readonly accessKey: string;
  readonly timestamp: string;
  /** The date of the timestamp, such as `2026-11-22`; empty if there is no timestamp. */
  readonly date: string;
  readonly nonce: string;
  readonly sessionToken: string | undefined;
  readonly challenge: string | undefined;
  /** Empty until it is computed. */
  readonly signature: string;
  /** Names of additional headers that are signed. */
  readonly signedHeaders: readonly string[];
  readonly hasBody: boolean;
  /** Empty if there is no body, or if it is not available. */
  readonly body: Uint8Array;
  /** Digests that are known without the body, by key. Used if the body is not available. */
  readonly known: ReadonlyMap<string, Uint8Array>;
};

/** A field that templates can name. */
export type Field = {
  readonly kind: Kind;
  /** Returns undefined if the field is absent. */
  value(environment: Environment): string | Uint8Array | undefined;
  /** Whether a request may lack it. @default false */
  readonly absentable?: boolean;
  /** Whether the field may be used only in headers and query. @default false */
  readonly carrierOnly?: boolean;
};

const readPath = ({ target }: Environment): string => /^[^?]*/.exec(target)?.[0] ?? '';
const readQuery = ({ target }: Environment): string | undefined => /\?(.+)$/s.exec(target)?.[1];
const readHost = ({ message }: Environment): string => message.authority.replace(/:\d*$/, '');
const readPort = ({ message }: Environment): string =>
  /:(\d+)$/.exec(message.authority)?.[1] ?? (message.scheme === 'https' ? '443' : '80');

/** Removes the hyphens of a date. */
export const toBasic = (date: string): string => date.replaceAll('-', '');

const text = (value: Field['value']): Field => ({ kind: 'text', value });
const absentable = (value: Field['value']): Field => ({ kind: 'text', value, absentable: true });

/** The fields with fixed names. */
export const fields: ReadonlyMap<string, Field> = new Map([
  ['method', text(({ message }) => message.method)],
  ['scheme', text(({ message }) => message.scheme)],
  ['authority', text(({ message }) => message.authority)],
  ['host', text(readHost)],
  ['port', text(readPort)],
  ['path', { kind: 'path', value: readPath }],
  ['query', { kind: 'query', value: readQuery, absentable: true }],
  ['target', text(({ target }) => target)],
  ['url', text(({ message, target }) => `${message.scheme}://${message.authority}${target}`)],
  ['timestamp', text(({ timestamp }) => timestamp)],
  ['date', text(({ date }) => date)],
  ['dateBasic', text(({ date }) => toBasic(date))],
  ['nonce', text(({ nonce }) => nonce)],
  ['accessKey', text(({ accessKey }) => accessKey)],
  ['sessionToken', absentable(({ sessionToken }) => sessionToken)],
  ['challenge', absentable(({ challenge }) => challenge)],
  ['body', { kind: 'bytes', value: ({ body, hasBody }) => (hasBody ? body : undefined), absentable: true }],
  ['secret', text(() => secretPlaceholder)],
  ['signedHeaders', absentable(() => undefined)],
  ['signedHeaderLines', absentable(() => undefined)],
  ['signature', { ...text(({ signature }) => signature), carrierOnly: true }],
  ['ignored', { ...absentable(() => undefined), carrierOnly: true }],
]);

/** Returns the name of the header that a field stands for, in lower case; undefined for other fields. */
export const headerName = (field: string): string | undefined => /^header\.(.+)$/.exec(field)?.[1]?.toLowerCase();

/** Returns the field of a request header. */
export const headerField = (name: string): Field => absentable(({ message }) => fieldValue(message.headers, name));

/** Returns the fields for additional headers: their names as one text, and their lines of the string to sign. */
export function signedHeaderFields(
  separator: string,
  formatLine: (name: string, value: string) => string,
): ReadonlyMap<string, Field> {
  const line =
    ({ message }: Environment) =>
    (name: string) =>
      formatLine(name, fieldValue(message.headers, name) ?? missingHeader(name));
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

/** Returns the value of an absent field outside brackets. */
export function valueIfAbsent(name: string): string | Uint8Array {
  if (name.startsWith('header.')) return missingHeader(name.slice('header.'.length));
  if (name === 'body') return new Uint8Array();
  if (name !== 'challenge' && name !== 'sessionToken') return '';
  return fail('invalid_request', `The scheme signs the ${name}, but the signer has none: give it to the signer.`);
}

import { serializeItem } from 'structured-headers';
import { fail } from '../../core/errors.ts';
import type { Parameters } from '../structured-fields.ts';
import type { Component } from './components.ts';
import type { Settings } from './settings.ts';

/**
 * Reads a time parameter of a signature, in whole seconds since the epoch; undefined if absent.
 *
 * @throws SignatureError `malformed_field`
 */
export function readInteger(parameters: Parameters, name: string): number | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  if (!(typeof value === 'number' && Number.isInteger(value) && value >= 0)) {
    return fail('malformed_field', `The parameter ${name} must be whole seconds since 1970.`);
  }
  return value;
}

/**
 * Reads a string parameter of a signature; undefined if absent.
 *
 * @throws SignatureError `malformed_field`
 */
export function readString(parameters: Parameters, name: string, pattern: RegExp): string | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  if (!(typeof value === 'string' && pattern.test(value))) {
    return fail('malformed_field', `The parameter ${name} must be a quoted string that matches ${pattern.source}.`);
  }
  return value;
}

/** The parameters of a signature that is being made. */
export type Made = {
  /** In milliseconds since the epoch. */
  readonly time: number;
  readonly accessKey: string;
  readonly algorithm?: string | undefined;
  readonly nonce?: string | undefined;
};

/**
 * Serialises components and parameters as an inner list, RFC 9421 section 2.3.
 *
 * @throws SignatureError `invalid_configuration` for a time that is out of range.
 */
export function innerList(components: readonly Component[], { expires, tag, algorithm }: Settings, made: Made): string {
  const created = Math.floor(made.time / 1000);
  if (!(created >= 0 && created < 1e12)) fail('invalid_configuration', 'clock must return milliseconds since 1970.');
  const string = (name: string, value: string | undefined): string =>
    value === undefined ? '' : `;${name}=${serializeItem(value)}`;
  return [
    `(${components.map(({ identifier }) => identifier).join(' ')});created=${created}`,
    expires === undefined ? '' : `;expires=${created + expires}`,
    string('keyid', made.accessKey),
    string('alg', algorithm ? made.algorithm : undefined),
    string('nonce', made.nonce),
    string('tag', tag),
  ].join('');
}

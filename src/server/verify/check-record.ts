import { fail } from '../../core/errors.ts';
import type { KeyRecord, KeySecret } from '../contracts.ts';
import { isSessionsOfKey } from '../keys/sessions-of-key.ts';

const isText = (value: unknown): boolean => typeof value === 'string';
const isTime = (value: unknown): boolean => typeof value === 'number';
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

type Shapes<Of> = ReadonlyArray<readonly [keyof Of & string, (value: unknown) => boolean, string]>;

const recordShapes: Shapes<KeyRecord> = [
  ['scopes', isTextList, 'a list of strings'],
  ['schemes', isTextList, 'a list of strings'],
  ['algorithms', isTextList, 'a list of strings'],
  ['addresses', isTextList, 'a list of strings'],
  ['notBefore', isTime, 'a number of milliseconds'],
  ['expiresAt', isTime, 'a number of milliseconds'],
  ['sessions', isSessionsOfKey, 'false or { maxLifetime }'],
];

const secretShapes: Shapes<KeySecret> = [
  ['scheme', isText, 'a string'],
  ['notBefore', isTime, 'a number of milliseconds'],
  ['expiresAt', isTime, 'a number of milliseconds'],
];

/**
 * Checks the members of a key record that restrict the key. Stores of other authors may return them as their database has
 * them: a text of scopes would match by its parts, and a `notBefore` of null would count as 0.
 *
 * @throws SignatureError `key_store_unavailable`
 */
export function checkRecordShape(record: KeyRecord): void {
  if (!Array.isArray(record.secrets)) invalid('secrets', 'a list');
  checkShapes(record, recordShapes);
  for (const secret of record.secrets) if (secret) checkShapes(secret, secretShapes);
}

function checkShapes<Of>(given: Of, shapes: Shapes<Of>): void {
  for (const [name, isSound, expected] of shapes) {
    const value = given[name];
    if (value !== undefined && !isSound(value)) invalid(name, expected);
  }
}

const invalid = (name: string, expected: string): never =>
  fail('key_store_unavailable', `The key store returned a record of which ${name} is not ${expected}.`, 503);

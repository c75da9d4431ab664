import { checkEnvironment, type PlatformKey } from '../../core/credentials.ts';
import { fail } from '../../core/errors.ts';
import { hasSessionMark } from '../../core/session/access-key.ts';
import type { KeyRecord } from '../contracts.ts';
import { type OptionNames, readOptions } from '../known-options.ts';
import { parseRanges } from '../ranges.ts';
import { checkFuture, checkMoment } from './moments.ts';
import { checkSessions } from './sessions-of-key.ts';

/** A key to create. */
export type NewKey = Pick<
  KeyRecord,
  'service' | 'scopes' | 'schemes' | 'algorithms' | 'addresses' | 'notBefore' | 'expiresAt' | 'explain' | 'sessions'
> & {
  /** 1 to 64 of A-Z a-z 0-9 . _ ~ - @default a new random one */
  readonly accessKey?: string;
  /** 1 to 16 lower-case letters and digits. @default 'live' */
  readonly environment?: string;
  /** The caller's public key, instead of a generated secret. @default none: a secret is generated */
  readonly publicKey?: PlatformKey;
  /** The only scheme, by name, that the secret or public key is for. @default every scheme of the verifier */
  readonly scheme?: string;
};

const names: OptionNames<NewKey> = {
  service: true,
  scopes: true,
  schemes: true,
  algorithms: true,
  addresses: true,
  notBefore: true,
  expiresAt: true,
  explain: true,
  sessions: true,
  accessKey: true,
  environment: true,
  publicKey: true,
  scheme: true,
};

/**
 * Checks the options of `create`, and returns them as a plain object.
 *
 * @param now in milliseconds since the epoch.
 * @throws SignatureError `invalid_configuration` for an unknown option or an invalid value.
 */
export function readNewKey(given: NewKey, now: number): NewKey {
  const key = readOptions(given, names, 'create()');
  const { accessKey, environment, service, addresses = [], notBefore, expiresAt } = key;
  // Shorter than the verifier allows, so that every database can index it.
  if (accessKey !== undefined && !/^[\w.~-]{1,64}$/.test(accessKey)) {
    fail('invalid_configuration', 'An access key has 1 to 64 of A-Z a-z 0-9 . _ ~ -');
  }
  if (accessKey !== undefined && hasSessionMark(accessKey)) {
    fail(
      'invalid_configuration',
      'An access key must not contain ~s1. or ~p1., which mark the access keys of sessions.',
    );
  }
  if (environment !== undefined) checkEnvironment(environment);
  if (!service || service.length > 255) fail('invalid_configuration', 'A key needs a service of 1 to 255 characters.');
  // A string also has `includes`, which would match a scope within it.
  for (const list of ['scopes', 'schemes', 'algorithms', 'addresses'] as const) checkTexts(list, key[list]);
  parseRanges(addresses);
  checkMoment('notBefore', notBefore);
  checkSessions(key.sessions);
  checkFuture('expiresAt', expiresAt, now);
  if (notBefore !== undefined && expiresAt !== undefined && !(notBefore < expiresAt)) {
    fail('invalid_configuration', 'notBefore is not before expiresAt: the key would never be valid.');
  }
  return key;
}

function checkTexts(name: string, list: unknown): void {
  if (list === undefined || (Array.isArray(list) && list.every((entry) => typeof entry === 'string'))) return;
  fail('invalid_configuration', `${name} must be a list of strings.`);
}

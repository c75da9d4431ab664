import { sha256 } from '@noble/hashes/sha2.js';
import { checkAccessKey, checkSecret, formatAccessKey, formatSecret } from '../core/credentials.ts';
import { base64, hex, urlSafe, utf8 } from '../core/encoding.ts';
import type { SchemeDefinition } from '../schemes/define/definition.ts';

const secretForms: Readonly<Record<NonNullable<SchemeDefinition['secret']>, (bytes: Uint8Array) => string>> = {
  utf8: (bytes) => formatSecret('test', bytes),
  hex,
  base64,
  base64url: (bytes) => urlSafe(base64(bytes)),
};

/** The pair of a kit, as text. */
export type KitCredentials = { readonly accessKey: string; readonly secret: string };

/**
 * Returns the throw-away pair of a kit. Anyone who knows the origin and the name of the scheme can compute it, so it is worth nothing
 * outside `kit serve` and tests.
 */
export function throwAwayCredentials(origin: string, definition: SchemeDefinition | undefined): KitCredentials {
  const { name, secret: form = 'utf8' } = definition ?? { name: 'countersign-v1' };
  const bytes = sha256(utf8(`countersign kit\n${name}\n${origin}`));
  return { accessKey: formatAccessKey('test', bytes.subarray(0, 16)), secret: secretForms[form](sha256(bytes)) };
}

/**
 * @throws SignatureError `invalid_credentials`
 */
export function checkKitCredentials({ accessKey, secret }: KitCredentials): KitCredentials {
  checkAccessKey(accessKey);
  checkSecret(secret);
  return { accessKey, secret };
}

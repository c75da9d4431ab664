import type { Credentials } from '../credentials.ts';
import { base64url } from '../encoding.ts';
import { fail } from '../errors.ts';
import { appendBoundClaims } from './access-key.ts';
import { boundTag } from './bound.ts';
import { encodeClaims } from './claims.ts';
import { derivableSecret, parseParent } from './issue.ts';
import { readPublicKey } from './public-key.ts';
import { claimsOf, invalid, requireShort, type SessionOptions } from './session-options.ts';

/** What a bound session may do, for how long, and with which key. */
export type BoundSessionOptions = SessionOptions & {
  /**
   * The public key of the holder, raw, in base64url without padding: 32 bytes of Ed25519, or 65 bytes of an uncompressed P-256 point.
   */
  readonly publicKey: string;
};

/** A session that is bound to a key pair. It has no secret: its holder signs with the private key. */
export type BoundSession = {
  readonly accessKey: string;
  /** In milliseconds since the epoch. */
  readonly expiresAt: number;
};

/**
 * Issues a session that is bound to a key pair of its holder: requests are signed by `rfc9421` with the private key, so no secret is
 * sent. Needs no call and no store. It cannot be narrowed.
 *
 * @param credentials of the parent, whose secret is a string or bytes.
 * @throws SignatureError `invalid_credentials` for credentials that are malformed or those of a session, or whose secret is a
 * `CryptoKey`; `invalid_configuration` for an unknown option or an invalid value, and for an access key of more than 1,024 characters.
 * @example
 * import { generateCredentials, issueBoundSession } from 'countersign';
 *
 * const { publicKey } = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']); // in the browser
 * const raw = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
 * const text = btoa(String.fromCharCode(...raw)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
 *
 * const parent = generateCredentials(); // on the server
 * const session = issueBoundSession(parent, { expiresIn: 900, subject: 'user-7', publicKey: text });
 * console.log(session.accessKey.startsWith(`${parent.accessKey}~p1.`)); // → true
 */
export function issueBoundSession(credentials: Credentials, options: BoundSessionOptions): BoundSession {
  const { accessKey, secret } = credentials;
  if (parseParent(accessKey)) {
    fail('invalid_credentials', 'A session cannot issue bound sessions: pass the credentials of its parent.');
  }
  const bytes = derivableSecret(secret);
  const { publicKey: k } = options;
  if (!readPublicKey(k)) {
    invalid(
      'publicKey must be base64url of 32 bytes of Ed25519, of no small order, or of 65 bytes of uncompressed P-256',
    );
  }
  const claims = { ...claimsOf(options, { earliest: 0, where: 'issueBoundSession()', other: 'publicKey' }), k };
  const tagged = appendBoundClaims(accessKey, encodeClaims(claims));
  const own = `${tagged}.${base64url(boundTag(bytes, tagged))}`;
  requireShort(own);
  return { accessKey: own, expiresAt: claims.e * 1000 };
}

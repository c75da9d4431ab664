import { fail } from '../../core/errors.ts';
import type { Scheme } from '../../core/scheme.ts';
import type { Finding } from '../../core/scheme-finding.ts';
import { withTarget } from '../../core/with-target.ts';
import { nativeHmacSha256 } from '../native-hmac.ts';
import { readLink } from './read.ts';
import { checkLifetime, signLinks } from './sign.ts';

/** Options of `signedLinks`: how long links live, and what they may be used for. */
export type SignedLinksOptions = {
  /**
   * How long before its end a link may be used at the earliest, in whole seconds, at most 31536000 (a year): no link is good for
   * longer. A signer with this scheme makes links of this life.
   */
  readonly maxLifetime: number;
  /** Accepts only links that were signed with `once`, and makes such links. Then the scheme has no finding `no-nonce`. @default false */
  readonly once?: boolean;
  /** Accepts a body by other methods than GET and HEAD, which no link covers: the finding `body-unsigned`. @default false */
  readonly unsignedPayload?: boolean;
};

const optionNames = /^(?:maxLifetime|once|unsignedPayload)$/;

const noNonce: Finding = {
  code: 'no-nonce',
  severity: 'high',
  message: 'A link without once is accepted any number of times until it ends.',
  attack: 'Anyone who finds the link in a log, a history or a Referer can use it before it ends.',
};

const unsignedBody: readonly Finding[] = [
  {
    code: 'body-unsigned',
    severity: 'high',
    message: 'A link covers no body.',
    attack: 'Anyone who has the link sends a body of their own.',
  },
  {
    code: 'content-type-unsigned',
    severity: 'medium',
    message: 'A link covers no content type.',
    attack: 'A body that is valid both as JSON and as a form is sent with the other Content-Type.',
  },
];

/**
 * Links that are signed for a limited time, for places where no headers can be set: downloads, images, `EventSource`, and handshakes
 * of WebSockets. `signUrl` makes them. For the list of a verifier, beside `countersignV1`. docs/protocol.md is its specification.
 *
 * @throws SignatureError `invalid_configuration`
 * @example
 * import { generateCredentials, signUrl } from 'countersign';
 * import { countersignV1, signedLinks } from 'countersign/schemes';
 * import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
 *
 * const { accessKey, secret } = generateCredentials();
 * const verifier = createVerifier({
 *   keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
 *   replay: memoryReplay(),
 *   scheme: [countersignV1, signedLinks({ maxLifetime: 3600 })],
 *   acceptFindings: ['no-nonce'],
 * });
 * const link = await signUrl({ accessKey, secret }, 'https://api.example.com/v1/report.pdf', { expiresIn: 600 });
 * console.log((await verifier.verify(new Request(link))).ok); // → true
 */
export function signedLinks(options: SignedLinksOptions): Scheme {
  const unknown = Object.keys(options ?? {}).find((name) => !optionNames.test(name));
  if (unknown !== undefined) fail('invalid_configuration', `signedLinks has no option ${unknown}.`);
  const { maxLifetime, once = false, unsignedPayload = false } = options ?? {};
  checkLifetime('maxLifetime', maxLifetime);
  if (typeof once !== 'boolean' || typeof unsignedPayload !== 'boolean')
    fail('invalid_configuration', 'once and unsignedPayload must be true or false.');
  const rules = { maxLifetime, once, unsignedPayload };
  return {
    ...signLinks({ expiresIn: maxLifetime, once }),
    createKey: nativeHmacSha256,
    withTarget,
    read: (message) => readLink(message, rules),
    findings: [...(once ? [] : [noNonce]), ...(unsignedPayload ? unsignedBody : [])],
  };
}

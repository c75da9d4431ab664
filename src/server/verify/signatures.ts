import { fail, SignatureError } from '../../core/errors.ts';
import { type Message, refuseRepeated } from '../../core/message.ts';
import type { PresentedSignature, Scheme } from '../../core/scheme.ts';
import type { FindingCode } from '../../core/scheme-finding.ts';
import { parseSessionKey, type SessionKey } from '../../core/session/access-key.ts';

/**
 * Checks the schemes of a verifier, which are tried in this order.
 *
 * @param acceptFindings the accepted findings.
 * @throws SignatureError `invalid_configuration` for no scheme, for two schemes with the same name, and for a scheme with a finding of
 * high severity that is not accepted.
 */
export function acceptedSchemes(
  given: Scheme | readonly Scheme[],
  acceptFindings: readonly FindingCode[],
): readonly [Scheme, ...Scheme[]] {
  const [first, ...others] = Array.isArray(given) ? given : [given];
  if (!first) return fail('invalid_configuration', 'A verifier needs a scheme.');
  for (const one of [first, ...others]) {
    if (typeof one.read === 'function') continue;
    const found = typeof one === 'function' ? 'a function that was not called' : 'something else';
    fail('invalid_configuration', `scheme must be a scheme, such as rfc9421(), not ${found}.`);
  }
  const schemes: [Scheme, ...Scheme[]] = [first, ...others];
  const names = schemes.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) fail('invalid_configuration', `Two schemes are named ${twice}.`);
  for (const { name, findings = [] } of schemes) {
    const open = findings.filter(({ code, severity }) => severity === 'high' && !acceptFindings.includes(code));
    if (open.length) {
      const weaknesses = open.map(({ code, message }) => `${code} (${message})`).join(', ');
      fail('invalid_configuration', `The scheme ${name} has findings that acceptFindings must name: ${weaknesses}`);
    }
  }
  return schemes;
}

// Node gives handlers the first line of these alone, by HTTP/1.1 or by HTTP/2, where a signature covers all lines joined.
const singleValued =
  /^(?:age|authorization|content-(?:encoding|language|length|location|md5|range|type)|date|dnt|etag|expires|from|host|if-.*|last-modified|location|max-forwards|proxy-authorization|range|referer|retry-after|server|tk|upgrade-insecure-requests|user-agent|x-content-type-options|access-control-.*)$/;

/** A signature by one of the schemes, and the access key that it claims. */
export type Candidate = {
  readonly scheme: Scheme;
  readonly presented: PresentedSignature;
  readonly accessKey: string;
  /** What the access key states; undefined for an ordinary one. */
  readonly session: SessionKey | undefined;
};

/**
 * Reads the signatures of a request, one per scheme. All schemes are tried, because two may use the same headers.
 *
 * @param accessKey for schemes that carry none. @default the scheme's name
 * @throws SignatureError the first error of a malformed signature, otherwise `missing_signature`.
 */
export function findSignatures(
  message: Message,
  schemes: readonly Scheme[],
  accessKey: string | undefined,
): readonly Candidate[] {
  const candidates: Candidate[] = [];
  let missing: unknown;
  let malformed: unknown;
  for (const scheme of schemes) {
    try {
      candidates.push(readSignature(message, scheme, accessKey));
    } catch (error) {
      if (error instanceof SignatureError && error.code === 'missing_signature') missing ??= error;
      else malformed ??= error;
    }
  }
  if (!candidates.length) throw malformed ?? missing;
  return candidates;
}

function readSignature(message: Message, scheme: Scheme, accessKey: string | undefined): Candidate {
  const presented = scheme.read(message);
  for (const name of presented.signedHeaders ?? []) if (singleValued.test(name)) refuseRepeated(message.headers, name);
  const claimed = presented.accessKey ?? accessKey ?? scheme.name;
  const session = parseSessionKey(claimed);
  if (!session && claimed.length > 512) fail('malformed_field', 'The access key has more than 512 characters.');
  return { scheme, presented, accessKey: claimed, session };
}

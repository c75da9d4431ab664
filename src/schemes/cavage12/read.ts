import { decodeBase64 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import { fieldNamePattern } from '../../core/field-names.ts';
import type { Message } from '../../core/message.ts';
import { mayBeUnsigned } from '../../core/modifying-headers.ts';
import type { PresentedBody, PresentedSignature } from '../../core/scheme.ts';
import { readAlgorithm } from './algorithms.ts';
import { readDigests } from './digest.ts';
import { accessKeyOf } from './key-id.ts';
import { readParameters, requireParameter, type SignatureParameters } from './parameters.ts';
import { digestNames, isOfBody, isSignedIfPresent, type Settings, timeNames } from './settings.ts';
import { signedString } from './signed-string.ts';

const integer = /^\d{1,12}$/;

/**
 * Reads a signature of the draft.
 *
 * @throws SignatureError `missing_signature`; `malformed_field`; `insufficient_coverage`; `missing_header`; `invalid_request`
 */
export function readCavage(settings: Settings, message: Message): PresentedSignature {
  const parameters = readParameters(message, settings);
  const accessKey =
    accessKeyOf(requireParameter(parameters, 'keyId', /./)) ??
    fail('malformed_field', 'The parameter keyId has another form.');
  const signature = requireParameter(
    parameters,
    'signature',
    /^(?:[A-Za-z\d+/]{4})+(?:[A-Za-z\d+/]{2}(?:==|[A-Za-z\d+/]=))?$/,
  );
  const names = listNames(parameters);
  requireCoverage(settings, message, names);
  const created = names.includes('(created)') ? requireParameter(parameters, 'created', integer) : undefined;
  // Also where it is not signed: it can only shorten.
  const expires =
    parameters.has('expires') || names.includes('(expires)')
      ? requireParameter(parameters, 'expires', integer)
      : undefined;
  const own = new Map([
    ...(created ? [['(created)', created] as const] : []),
    ...(expires ? [['(expires)', expires] as const] : []),
  ]);
  return {
    accessKey,
    algorithm: readAlgorithm(parameters.get('algorithm')),
    time: readTime(message, names, created),
    expiresAt: expires === undefined ? undefined : Number(expires) * 1000,
    nonce: undefined,
    signatures: [decodeBase64(signature)],
    stringToSign: signedString(message, names, own),
    signedHeaders: names.filter((name) => !name.startsWith('(')),
    body: readBody(settings, message, names),
  };
}

/**
 * Section 2.1.6 of the draft: without `headers`, only `(created)` is signed. Names are in lower case, but Oracle's own package writes
 * some in upper case and signs all in lower case.
 */
function listNames(parameters: SignatureParameters): readonly string[] {
  const names = (parameters.get('headers') ?? '(created)').toLowerCase().split(' ');
  const isList = names.length <= 128 && new Set(names).size === names.length && names.every(isName);
  return isList
    ? names
    : fail('malformed_field', 'headers must be at most 128 names, each once, with one space between.');
}

const isName = (name: string): boolean =>
  /^\((?:request-target|created|expires)\)$/.test(name) || fieldNamePattern.test(name);

function requireCoverage({ headers: wanted }: Settings, message: Message, names: readonly string[]): void {
  const missing = wanted.filter((name) => {
    // The time and the digest may be in other headers than the configured ones.
    if (names.includes(name) || timeNames.includes(name) || isOfBody(name)) return false;
    return !isSignedIfPresent(name) || (message.headers.get(name) !== null && !mayBeUnsigned(message, name));
  });
  if (!names.some((name) => timeNames.includes(name))) missing.push('a time: (created), date or x-date');
  if (missing.length) {
    fail(
      'insufficient_coverage',
      `The signature does not cover ${missing.join(', ')}, which this verifier demands.`,
      401,
    );
  }
}

function readTime({ headers }: Message, names: readonly string[], created: string | undefined): number {
  if (created !== undefined) return Number(created) * 1000;
  const name = timeNames.find((one) => names.includes(one)) ?? 'date';
  const text = headers.get(name) ?? fail('missing_header', `The message lacks ${name}, which is signed.`);
  const time = Date.parse(text);
  // IMF-fixdate, RFC 9110 section 5.6.7. Writing the time again detects other forms.
  return time >= 0 && new Date(time).toUTCString() === text
    ? time
    : fail('malformed_field', `${name} must be a date such as Sun, 06 Nov 1994 08:49:37 GMT, not ${excerpt(text)}.`);
}

function readBody({ coversBody }: Settings, { headers }: Message, names: readonly string[]): PresentedBody {
  const sha256 = readDigests(
    headers,
    digestNames.filter((name) => names.includes(name)),
  );
  if (sha256) return { kind: 'digest', sha256 };
  return { kind: coversBody ? 'none' : 'uncovered' };
}

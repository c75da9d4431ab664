import { sha256OfBodySync } from '../../core/digest.ts';
import { bytesToSign, hex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import { canonicalPath, canonicalQuery, canonicalValue, type Parameter, splitTarget } from './canonical.ts';
import type { Scope } from './key.ts';

export const algorithm = 'AWS4-HMAC-SHA256';
export const unsignedPayload = 'UNSIGNED-PAYLOAD';
/** The SHA-256 of no bytes, in hex. */
export const emptyHash: string = hex(sha256OfBodySync(new Uint8Array()));

/** Names of signed headers in lower case, sorted, and the values that replace those of the message. */
export type SignedFields = {
  readonly names: readonly string[];
  readonly values?: Readonly<Record<string, string>>;
};

/** The signed parts of a request. */
export type Signed = {
  readonly message: Message;
  /** The signed query parameters. */
  readonly parameters: readonly Parameter[];
  readonly fields: SignedFields;
  /** `HashedPayload`: the SHA-256 of the body in hex, or a keyword. */
  readonly payload: string;
};

/**
 * Builds the `CanonicalRequest` of the AWS documentation.
 *
 * @throws SignatureError `missing_header`, `invalid_request`
 */
export function canonicalRequest({ message, parameters, fields, payload }: Signed, { service }: Scope): string {
  const { method, rawTarget, authority, headers } = message;
  const path = canonicalPath(splitTarget(rawTarget).path, { onceEncoded: isLikeS3(service) });
  let text = `${method}\n${path}\n${canonicalQuery(parameters)}\n`;
  for (const name of fields.names) {
    const value = name === 'host' ? authority : (fields.values?.[name] ?? canonicalValue(headers, name));
    text += `${name}:${value}\n`;
  }
  return `${text}\n${fields.names.join(';')}\n${payload}`;
}

/**
 * Builds the `StringToSign` of the AWS documentation.
 *
 * @param date for example `20150830T123600Z`.
 * @throws SignatureError with the codes of {@link canonicalRequest}.
 */
export function stringToSign(
  signed: Signed,
  { date, scope }: { readonly date: string; readonly scope: Scope },
): string {
  const hash = hex(sha256OfBodySync(bytesToSign(canonicalRequest(signed, scope))));
  return `${algorithm}\n${date}\n${formatScope(date, scope)}\n${hash}`;
}

/** `CredentialScope`: the day, region and service for which a key is derived. */
export const formatScope = (date: string, { region, service }: Scope): string =>
  `${date.slice(0, 8)}/${region}/${service}/aws4_request`;

/** Whether a service has the rules of S3 for paths and bodies. */
export const isLikeS3 = (service: string): boolean => /^s3(?:express|-outposts|-object-lambda)?$/.test(service);

/**
 * @param time in milliseconds since the epoch.
 * @throws SignatureError `invalid_configuration` for a year of more than four digits.
 */
export function amzDate(time: number): string {
  if (!(time >= 0 && time < 253402300800000)) fail('invalid_configuration', 'clock must return milliseconds.');
  return new Date(time).toISOString().replace(/[:-]|\.\d+/g, '');
}

/**
 * @throws SignatureError `invalid_configuration` for a region or service with characters that a scope cannot contain.
 */
export function checkScope({ region, service }: Scope): void {
  if (!/^[\w-]{1,64}$/.test(region) || !/^[\w-]{1,64}$/.test(service)) {
    fail(
      'invalid_configuration',
      'region and service must be 1 to 64 of A-Z a-z 0-9 _ - each, for example us-east-1 and s3.',
    );
  }
}

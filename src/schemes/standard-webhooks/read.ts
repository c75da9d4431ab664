import { decodeBase64 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { HeaderView, Message } from '../../core/message.ts';
import type { PresentedSignature } from '../../core/scheme.ts';
import { idPattern, timestampPattern, toSignedContent } from './sign.ts';

// Each signature has one spelling: the trailing bits of the base64 must be zero.
const hmacSignature = /^v1,[A-Za-z\d+/]{42}[AEIMQUYcgkosw048]=$/;
const ed25519Signature = /^v1a,[A-Za-z\d+/]{85}[AQgw]==$/;
const laterSignature = /^v(?!1a?,)[a-z\d]{1,8},[A-Za-z\d+/=_-]{1,512}$/;

/**
 * Reads a signature of Standard Webhooks. Id and timestamp together are the nonce: an honest retry has a later timestamp, and a
 * change to the list of signatures does not make a new message.
 *
 * @param prefixes of header names. The first one with a signature header is used.
 * @throws SignatureError `missing_signature`, `malformed_field`
 */
export function readStandardWebhook({ headers }: Message, prefixes: readonly string[]): PresentedSignature {
  const prefix = prefixes.find((one) => headers.get(`${one}-signature`) !== null);
  if (prefix === undefined) {
    return fail('missing_signature', `The request is not signed: it has no ${prefixes.join(' or ')}-signature.`, 401);
  }
  const signatures = parseSignatures(headers.get(`${prefix}-signature`) ?? '', `${prefix}-signature`);
  const id = required(headers, `${prefix}-id`, idPattern, '1 to 255 visible characters other than dot and comma');
  const timestamp = required(headers, `${prefix}-timestamp`, timestampPattern, 'whole seconds since 1970');
  requireSameFamilies(headers, prefix, prefixes);
  return {
    accessKey: undefined,
    time: Number(timestamp) * 1000,
    nonce: `${id}.${timestamp}`,
    signatures,
    stringToSign: (body) => toSignedContent({ id, timestamp }, body),
    body: { kind: 'signed' },
  };
}

// A handler may read the headers of any listed prefix, so an unsigned value in one of them must not pass.
function requireSameFamilies(headers: HeaderView, prefix: string, prefixes: readonly string[]): void {
  for (const other of prefixes) {
    for (const part of ['id', 'timestamp', 'signature']) {
      const value = headers.get(`${other}-${part}`);
      if (value !== null && value !== headers.get(`${prefix}-${part}`)) {
        malformed(`${other}-${part} differs from ${prefix}-${part}, which is signed`);
      }
    }
  }
}

function parseSignatures(list: string, name: string): readonly Uint8Array[] {
  // Each signature is verified against the whole body, so the sender determines the cost: limit their number.
  const entries = list.length <= 4096 ? list.split(' ') : [];
  const known = entries.filter((entry) => hmacSignature.test(entry) || ed25519Signature.test(entry));
  // The specification demands that signatures of later versions are ignored.
  const valid = entries.every((entry) => known.includes(entry) || laterSignature.test(entry));
  if (!valid || entries.length > 8 || known.length > 4 || !known.length) {
    malformed(
      `${name} must be v1,<base64> or v1a,<base64>: 1 to 4 of them, and 8 entries in all, with a space between`,
    );
  }
  return known.map((entry) => decodeBase64(entry.slice(entry.indexOf(',') + 1)));
}

function required(headers: HeaderView, name: string, pattern: RegExp, expected: string): string {
  const value = headers.get(name);
  if (value === null) return malformed(`${name} is missing, expected ${expected}`);
  if (pattern.test(value)) return value;
  return malformed(`${name} is malformed or repeated: found ${value.length} characters, expected ${expected}`);
}

const malformed = (message: string): never => fail('malformed_field', `${message}.`);

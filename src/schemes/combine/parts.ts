import { sha256OfBodySync } from '../../core/digest.ts';
import { fail } from '../../core/errors.ts';
import type { HeaderView, Message } from '../../core/message.ts';
import type { PreparedSignature, Scheme, SignedBody, ToSign } from '../../core/scheme.ts';

/** Converts the body, which has the form of the most demanding scheme, to the form that one scheme needs. */
export function bodyFor(scheme: Scheme, body: SignedBody): SignedBody {
  if (scheme.body === 'none') return { kind: 'none' };
  if (body.kind !== 'bytes' || scheme.body === 'bytes') return body;
  return { kind: 'digest', sha256: sha256OfBodySync(body.bytes) };
}

/** A string to sign in readable form. */
export const partText = (toSign: ToSign): string =>
  typeof toSign === 'string' ? toSign : new TextDecoder().decode(toSign);

/** Joins signatures, each preceded by its length in two bytes (big-endian). */
export function joinParts(signatures: readonly Uint8Array[]): Uint8Array {
  const bytes = signatures.flatMap((signature) => [signature.length >> 8, signature.length & 255, ...signature]);
  return new Uint8Array(bytes);
}

/** Splits the result of {@link joinParts}. */
export function splitParts(bytes: Uint8Array): readonly Uint8Array[] {
  const signatures: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
    signatures.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return signatures;
}

type Signed = {
  readonly all: readonly PreparedSignature[];
  readonly signatures: readonly Uint8Array[];
  readonly message: Message;
};

/**
 * Merges the headers of all schemes.
 *
 * @throws SignatureError `invalid_configuration` if two schemes set one header to different values, or do not carry the same nonce and
 * access key.
 */
export function combinedHeaders(
  schemes: readonly Scheme[],
  { all, signatures, message }: Signed,
): Record<string, string> {
  const headers = new Map<string, { readonly name: string; readonly value: string }>();
  for (const [i, prepared] of all.entries()) {
    for (const [name, value] of Object.entries(prepared.headers(signatures[i] ?? new Uint8Array()))) {
      const before = headers.get(name.toLowerCase());
      if (before && before.value !== value) {
        fail('invalid_configuration', `Two of the combined schemes set ${name} to different values.`);
      }
      headers.set(name.toLowerCase(), { name, value });
    }
  }
  requireOneClaim(schemes, { ...message, headers: withFields(message.headers, headers) });
  return Object.fromEntries([...headers.values()].map(({ name, value }) => [name, value]));
}

// A server claims a nonce under an access key. With two claims, servers that accept one scheme each would each accept the request once.
function requireOneClaim(schemes: readonly Scheme[], message: Message): void {
  const presented = schemes.map((scheme) => scheme.read(message));
  const isOne = (values: readonly (string | undefined)[]) => !values.includes(undefined) && new Set(values).size === 1;
  for (const [what, values] of [
    ['nonce', presented.map(({ nonce }) => nonce)],
    ['access key', presented.map(({ accessKey }) => accessKey)],
  ] as const) {
    if (isOne(values)) continue;
    const names = schemes.map(({ name }) => name).join(' and ');
    fail('invalid_configuration', `${names} do not carry the same ${what}, so each could accept a request once.`);
  }
}

const withFields = (given: HeaderView, fields: ReadonlyMap<string, { readonly value: string }>): HeaderView => ({
  get: (name) => fields.get(name.toLowerCase())?.value ?? given.get(name),
  keys: () => new Set([...(given.keys?.() ?? []), ...fields.keys()]),
});

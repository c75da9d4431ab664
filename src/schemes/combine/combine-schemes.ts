import { chain, isPromise } from '../../core/awaitable.ts';
import type { Secret } from '../../core/credentials.ts';
import { bytesToSign } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { PreparedSignature, Scheme, SigningScheme } from '../../core/scheme.ts';
import type { SigningKey } from '../../core/signing-key.ts';
import { isSameKey, signsForeignStrings } from '../same-key.ts';
import { bodyFor, combinedHeaders, joinParts, partText, splitParts } from './parts.ts';

/** One of the schemes by which a request is signed. */
export type CombinedScheme = {
  readonly scheme: Scheme;
  /** What this scheme signs with. @default the signer's own secret */
  readonly secret?: Secret;
};

/**
 * Signs a request by several schemes at once, with one nonce: for callers that do not know which of them a server takes.
 * Servers that share a replay store all claim that nonce, so they accept the request once. Responses are not countersigned.
 *
 * @throws SignatureError `invalid_configuration` for fewer than two schemes, and for one that signs in the query; when a
 * request is signed, also for schemes that do not carry the same nonce and access key, and for two that need one header to differ.
 * `invalid_credentials`, when a signer is made, for one secret in two schemes of which one has the finding `no-domain-separation`.
 */
export function combineSchemes(combined: readonly CombinedScheme[]): SigningScheme {
  const schemes = combined.map(({ scheme }) => scheme);
  if (schemes.length < 2) fail('invalid_configuration', 'At least two schemes are combined.');
  const inQuery = schemes.find(({ withTarget: readdress }) => readdress);
  if (inQuery) fail('invalid_configuration', `The scheme ${inQuery.name} signs in the query and cannot be combined.`);
  const keys = new WeakMap<SigningKey, readonly SigningKey[]>();
  const bodies = schemes.map(({ body }) => body);

  return {
    name: schemes.map(({ name }) => name).join('+'),
    fields: [...new Set(schemes.flatMap(({ fields }) => fields))],
    body: bodies.includes('bytes') ? 'bytes' : bodies.includes('digest') ? 'digest' : 'none',
    createKey(secret) {
      const made = combined.map(({ scheme, secret: own }) => scheme.createKey(own ?? secret));
      requireOwnSecrets(schemes, made);
      const key = keyOfAll(made);
      keys.set(key, made);
      return key;
    },
    signableHeaders: (names) => schemes.map((scheme) => scheme.signableHeaders(names))[0] ?? names,
    declaresBody: (headers) => schemes.every((scheme) => scheme.declaresBody(headers)),
    prepare(input) {
      const algorithms = input.algorithm?.split(' ');
      const all = schemes.map((scheme, i) =>
        scheme.prepare({
          ...input,
          algorithm: algorithms?.[i],
          body: bodyFor(scheme, input.body),
          signedHeaders: scheme.signableHeaders(input.signedHeaders),
        }),
      );
      return {
        stringToSign: all.map(({ stringToSign }) => partText(stringToSign)).join('\n\n'),
        deriveKey: (key) => ({ ...key, sign: () => signaturesBy(keys.get(key) ?? [], all) }),
        headers: (signature) =>
          combinedHeaders(schemes, { all, signatures: splitParts(signature), message: input.message }),
      };
    },
  };
}

function requireOwnSecrets(schemes: readonly Scheme[], keys: readonly SigningKey[]): void {
  for (const [i, scheme] of schemes.entries()) {
    const key = keys[i];
    if (!key || !signsForeignStrings(scheme)) continue;
    if (keys.some((other, k) => k !== i && isSameKey(key, other))) {
      fail(
        'invalid_credentials',
        `${scheme.name} can be made to sign what another scheme signs: give it its own secret.`,
      );
    }
  }
}

/** Stands for all keys: `prepare` gives each scheme its own. */
const keyOfAll = (keys: readonly SigningKey[]): SigningKey => {
  const algorithm = keys.map((key) => key.algorithm).join(' ');
  const useless = () =>
    fail('invalid_configuration', 'A key of combined schemes neither signs nor verifies by itself.');
  return { algorithm, sign: useless, verify: useless };
};

/** One signature by each scheme, joined: at once when no key needs a promise. */
function signaturesBy(keys: readonly SigningKey[], all: readonly PreparedSignature[]): ReturnType<SigningKey['sign']> {
  const signatures = keys.flatMap((key, i) => {
    const prepared = all[i];
    if (!prepared) return [];
    const { deriveKey, stringToSign } = prepared;
    return [chain(deriveKey ? deriveKey(key) : key, (own) => own.sign(bytesToSign(stringToSign)))];
  });
  const known = signatures.filter((signature): signature is Uint8Array => !isPromise(signature));
  return known.length === signatures.length ? joinParts(known) : Promise.all(signatures).then(joinParts);
}

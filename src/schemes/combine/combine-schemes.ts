import { chain, isPromise } from '../../core/awaitable.ts';
import type { Secret } from '../../core/credentials.ts';
import { bytesToSign } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { PreparedSignature, Scheme, SigningScheme } from '../../core/scheme.ts';
import type { SigningKey } from '../../core/signing-key.ts';
import { isSameKey, signsForeignStrings } from '../same-key.ts';
import { bodyFor, combinedHeaders, joinParts, partText, splitParts } from './parts.ts';

/** One of the schemes with which a request is signed. */
export type CombinedScheme = {
  readonly scheme: Scheme;
  /** The secret for this scheme. @default the secret of the signer */
  readonly secret?: Secret;
};

/**
 * Signs a request by several schemes at once, with one nonce. For clients that do not know which of the schemes a server accepts.
 * Servers that share a replay store all claim that nonce, so together they accept the request once. Responses are not countersigned.
 *
 * @throws SignatureError `invalid_configuration` for fewer than two schemes and for a scheme that signs in the query; when a request
 * is signed, also for schemes without the same nonce and access key, and for two schemes that set one header to different values.
 * `invalid_credentials`, when a signer is created, if two schemes share a secret and one of them has the finding
 * `no-domain-separation`.
 * @example
 * import { createSigner, generateCredentials } from 'countersign';
 * import { combineSchemes, countersignV1, rfc9421 } from 'countersign/schemes';
 *
 * const scheme = combineSchemes([{ scheme: countersignV1 }, { scheme: rfc9421() }]);
 * const signer = createSigner({ ...generateCredentials(), secret: 'k'.repeat(32), scheme });
 * const { headers } = await signer.sign('https://api.example.com/v1/orders');
 * console.log(headers.has('x-api-signature'), headers.has('signature-input')); // → true true
 */
export function combineSchemes(combined: readonly CombinedScheme[]): SigningScheme {
  const schemes = combined.map(({ scheme }) => scheme);
  if (schemes.length < 2) fail('invalid_configuration', 'combineSchemes needs at least two schemes.');
  const inQuery = schemes.find(({ withTarget }) => withTarget);
  if (inQuery) fail('invalid_configuration', `The scheme ${inQuery.name} signs in the query and cannot be combined.`);
  const keys = new WeakMap<SigningKey, readonly SigningKey[]>();
  const bodies = schemes.map(({ body }) => body);

  return {
    name: schemes.map(({ name }) => name).join('+'),
    fields: [...new Set(schemes.flatMap(({ fields }) => fields))],
    body: bodies.includes('bytes') ? 'bytes' : bodies.includes('digest') ? 'digest' : 'none',
    createKey(secret) {
      const keysOfSchemes = combined.map(({ scheme, secret: own }) => scheme.createKey(own ?? secret));
      requireOwnSecrets(schemes, keysOfSchemes);
      const key = createCombinedKey(keysOfSchemes);
      keys.set(key, keysOfSchemes);
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
        deriveKey: (key) => ({ ...key, sign: () => signAll(keys.get(key) ?? [], all) }),
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
        `An attacker can make ${scheme.name} sign the string of another scheme: give it its own secret.`,
      );
    }
  }
}

/** A placeholder for all keys: `prepare` uses the key of each scheme. */
const createCombinedKey = (keys: readonly SigningKey[]): SigningKey => {
  const algorithm = keys.map((key) => key.algorithm).join(' ');
  const refuse = () =>
    fail('invalid_configuration', 'A key of combined schemes neither signs nor verifies on its own.');
  return { algorithm, sign: refuse, verify: refuse };
};

/** Signs with every scheme and joins the signatures; synchronous unless a key returns a promise. */
function signAll(keys: readonly SigningKey[], all: readonly PreparedSignature[]): ReturnType<SigningKey['sign']> {
  const signatures = keys.flatMap((key, i) => {
    const prepared = all[i];
    if (!prepared) return [];
    const { deriveKey, stringToSign } = prepared;
    return [chain(deriveKey ? deriveKey(key) : key, (own) => own.sign(bytesToSign(stringToSign)))];
  });
  const known = signatures.filter((signature): signature is Uint8Array => !isPromise(signature));
  return known.length === signatures.length ? joinParts(known) : Promise.all(signatures).then(joinParts);
}

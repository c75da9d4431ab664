import { fail } from '../../core/errors.ts';
import type { Scheme } from '../../core/scheme.ts';
import type { Finding } from '../../core/scheme-finding.ts';
import { withTarget } from '../../core/with-target.ts';
import { checkConsistency } from './check-consistency.ts';
import { compileDefinition } from './compile-definition.ts';
import type { SchemeDefinition } from './definition.ts';
import { createKeyForm } from './keys.ts';
import { lintPlan } from './lint.ts';
import { parseDefinition } from './parse.ts';
import { planDefinition } from './plan/plan.ts';
import { createReader } from './read.ts';
import { createPreparer, requiresChallenge } from './sign.ts';
import { signableHeaders } from './signed-headers.ts';

/**
 * Compiles a definition into a scheme for signer and verifier. docs/define-a-scheme.md explains definitions.
 *
 * @throws SignatureError `invalid_configuration`. The message names the key of the definition and points at the character.
 * @example
 * import { createSigner } from 'countersign';
 * import { defineScheme } from 'countersign/schemes';
 *
 * const scheme = defineScheme({
 *   name: 'partner',
 *   stringToSign: '{method}\n{target}\n{timestamp}\n{nonce}\n{body|sha256|hex}',
 *   headers: { Authorization: 'Partner {accessKey}:{timestamp}:{nonce}:{body|sha256|hex}:{signature}' },
 * });
 * const signer = createSigner({ accessKey: 'shop', secret: 'k'.repeat(32), scheme });
 * const { headers } = await signer.sign('https://api.example.com/v1/orders');
 * console.log(headers.get('authorization')?.slice(0, 12)); // → Partner shop
 */
export function defineScheme(definition: SchemeDefinition): Scheme {
  const plan = planDefinition(parseDefinition(definition));
  const compiled = compileDefinition(plan);
  checkConsistency(plan, compiled);
  const { headers, query, stringToSign, name } = compiled;
  const fields = [...headers]
    .sort((a, b) => Number(b.signature) - Number(a.signature))
    .map((header) => header.name.toLowerCase());
  const uses = [stringToSign, ...[...headers, ...query].map((carrier) => carrier.compiled)].flatMap(
    (one) => one.bodyUses,
  );
  const keyForm = {
    algorithm: plan.algorithm,
    secret: plan.secret,
    prefix: plan.key.prefix,
  } as const;
  let findings: readonly Finding[] | undefined;
  return {
    name,
    fields,
    body: !uses.length ? 'none' : uses.every((use) => use.digests.at(-1) === 'body|sha256') ? 'digest' : 'bytes',
    createKey: (secret, hmac) => createKeyForm(secret, { ...keyForm, hmac }),
    signableHeaders(names) {
      if (names.length && plan.separator === undefined) {
        fail('invalid_configuration', `The scheme ${name} has no signedHeaders, so it cannot sign additional headers.`);
      }
      return signableHeaders(names, fields);
    },
    declaresBody: () => false,
    requiresChallenge: requiresChallenge(compiled),
    prepare: createPreparer(compiled),
    read: createReader(compiled),
    // Computed on demand: the analysis takes milliseconds, and signers don't need it.
    get findings() {
      findings ??= lintPlan(plan);
      return findings;
    },
    ...(query.length && { withTarget }),
  };
}

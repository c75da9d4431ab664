import { fail } from '../../core/errors.ts';
import type { Carrier } from './carrier.ts';
import type { Compiled, ParsedTemplate } from './compile.ts';
import type { CompiledDefinition } from './compile-definition.ts';
import { describeCoverage } from './coverage.ts';
import { carriedFields } from './grammar.ts';
import { invalidDefinition } from './invalid-definition.ts';
import type { ParsedDefinition } from './parse.ts';

const wrong = (problem: string): never => fail('invalid_configuration', `${problem}.`);

// What the connection sets.
const notOurs =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|keep-alive|cookie|set-cookie)$/i;

/**
 * Checks that the parts of a definition fit together: what is signed must be known to the verifier, and what is carried must
 * be of use.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function checkConsistency(
  { definition, stringToSign: template, keySteps: stepTemplates }: ParsedDefinition,
  compiled: CompiledDefinition,
): void {
  const { stringToSign, keySteps, headers, query } = compiled;
  const carriers = [...headers, ...query];
  if (!carriers.some(({ signature }) => signature)) {
    wrong('No header and no parameter holds the {signature}');
  }
  const foreign = headers.find(({ name }) => notOurs.test(name));
  if (foreign) wrong(`headers.${foreign.name}: a scheme cannot set this header`);
  const carried = new Set(carriers.flatMap(({ leaves }) => leaves.map(({ id }) => id)));
  for (const { mentions } of [stringToSign, ...keySteps]) {
    const unknown = carriedFields.find((field) => mentions.has(field) && !carried.has(field));
    if (unknown) wrong(`The ${unknown} is signed, but no header and no parameter carries it to the verifier`);
  }
  // A recorded request with another challenge would be fresh again.
  if (carried.has('challenge') && !describeCoverage(compiled).fields.has('challenge')) {
    wrong('A challenge is carried, but not signed whole: sign {challenge}, without filters that lose some of it');
  }
  if (stringToSign.mentions.has('signedHeaderLines') !== carried.has('signedHeaders') && definition.signedHeaders) {
    wrong('signedHeaders needs {signedHeaderLines} in stringToSign, and {signedHeaders} in a header or parameter');
  }
  for (const [i, step] of keySteps.entries()) {
    const place = stepTemplates[i];
    if (step.bodyUses.length && place) invalidDefinition({ ...place, at: 0 }, 'a key cannot depend on the body');
  }
  checkBrackets(template, stringToSign, carriers);
}

// A verifier takes a body to be there where its digest is, and in brackets that would always be so.
function checkBrackets({ where, template }: ParsedTemplate, compiled: Compiled, carriers: readonly Carrier[]): void {
  const always = carriers.flatMap(({ compiled: { parts } }) =>
    parts.flatMap((part) => (part.kind === 'value' ? part.expression.bodyUses.map(({ digests }) => digests[0]) : [])),
  );
  for (const part of compiled.parts) {
    if (part.kind !== 'optional') continue;
    const uses = part.parts.flatMap((one) => (one.kind === 'value' ? one.expression.bodyUses : []));
    if (uses.some((use) => use.digests.some((digest) => always.includes(digest)))) {
      invalidDefinition(
        { where, template, at: part.at },
        'the digest in these brackets is carried always: put it in brackets there too',
      );
    }
  }
}

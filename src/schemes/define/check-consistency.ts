import { fail } from '../../core/errors.ts';
import type { Carrier } from './carrier.ts';
import type { Compiled } from './compile.ts';
import type { CompiledDefinition } from './compile-definition.ts';
import { describeCoverage } from './coverage.ts';
import { carriedFields } from './grammar.ts';
import { invalidDefinition } from './invalid-definition.ts';
import type { Plan } from './plan/plan.ts';
import type { PlannedTemplate } from './plan/template.ts';

const refuse = (problem: string): never => fail('invalid_configuration', `${problem}.`);

// Headers that the connection sets.
const reservedNames =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|keep-alive|cookie|set-cookie)$/i;

/**
 * Checks that the parts of a definition fit together: the verifier must know every signed value, and every carried value must have
 * a use.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function checkConsistency({ separator, stringToSign: template, key }: Plan, compiled: CompiledDefinition): void {
  const { stringToSign, keySteps, headers, query } = compiled;
  const carriers = [...headers, ...query];
  if (!carriers.some(({ signature }) => signature)) {
    refuse('No header or parameter contains the {signature}');
  }
  const reserved = headers.find(({ name }) => reservedNames.test(name));
  if (reserved) refuse(`headers.${reserved.name}: a scheme cannot set this header`);
  const carried = new Set(carriers.flatMap(({ leaves }) => leaves.map(({ id }) => id)));
  for (const { mentions } of [stringToSign, ...keySteps]) {
    const unknown = carriedFields.find((field) => mentions.has(field) && !carried.has(field));
    if (unknown) refuse(`The ${unknown} is signed, but no header or parameter carries it to the verifier`);
  }
  const dated = [stringToSign, ...keySteps, ...carriers.map(({ compiled: one }) => one)];
  if (!carried.has('timestamp') && dated.some(({ mentions }) => mentions.has('date') || mentions.has('dateBasic'))) {
    refuse('The date is that of the timestamp, but no header or parameter carries the {timestamp}');
  }
  // Otherwise a recorded request with a new challenge would be fresh again.
  if (carried.has('challenge') && !describeCoverage(compiled).fields.has('challenge')) {
    refuse('A challenge is carried, but not fully signed: sign {challenge} without filters that lose part of it');
  }
  if (separator !== undefined) checkAdditionalHeaders(stringToSign, carried);
  for (const [i, step] of keySteps.entries()) {
    const place = key.steps[i];
    if (step.bodyUses.length && place) invalidDefinition({ ...place, at: 0 }, 'a key cannot depend on the body');
  }
  checkBrackets(template, stringToSign, carriers);
}

function checkAdditionalHeaders({ mentions, ifPresent }: Compiled, carried: ReadonlySet<string>): void {
  if (mentions.has('signedHeaderLines') !== carried.has('signedHeaders')) {
    refuse('signedHeaders needs {signedHeaderLines} in stringToSign, and {signedHeaders} in a header or parameter');
  }
  if (carried.has('signedHeaders') && !ifPresent.has('signedHeaderLines')) {
    refuse(
      'Additional headers are chosen, but not fully signed: sign {signedHeaderLines} without filters that lose part of them, and not in brackets with another value that may be absent',
    );
  }
}

// A verifier assumes a body if its digest is present. A digest that is always carried would make the brackets always present.
function checkBrackets({ where, template }: PlannedTemplate, compiled: Compiled, carriers: readonly Carrier[]): void {
  const unconditional = carriers.flatMap(({ compiled: { parts } }) =>
    parts.flatMap((part) => (part.kind === 'value' ? part.expression.bodyUses.map(({ digests }) => digests[0]) : [])),
  );
  for (const part of compiled.parts) {
    if (part.kind !== 'optional') continue;
    const uses = part.parts.flatMap((one) => (one.kind === 'value' ? one.expression.bodyUses : []));
    if (uses.some((use) => use.digests.some((digest) => unconditional.includes(digest)))) {
      invalidDefinition(
        { where, template, at: part.at },
        'the digest in these brackets is always carried: put it in brackets there too',
      );
    }
  }
}

import type { KeyedHash } from '../../schemes/define/definition.ts';
import { isKeyedHash } from '../../schemes/define/keyed-hash.ts';
import type { Plan, PlannedCarrier } from '../../schemes/define/plan/plan.ts';
import type { TimestampPart } from '../../schemes/define/timestamp.ts';
import { describeTemplate } from './describe-template.ts';

const encodings: Readonly<Record<Plan['signature'], string>> = {
  hex: 'hex in lower case',
  'hex-upper': 'hex in upper case',
  base64: 'base64 with padding',
  base64url: 'base64url without padding',
  'base64-of-hex': 'base64 of its lower-case hex',
};

/** Writes the page that defines a scheme, from its plan. */
export function describePlan(plan: Plan): string {
  const { name, named, stringToSign, headers, query } = plan;
  return `${[
    `# The scheme ${name}`,
    'All texts are encoded as UTF-8. Values are those that are sent: sign the request that your HTTP library sends.',
    '## Time and nonce',
    [`- The time is ${describeTimestamp(plan.timestamp)}, in UTC.`, `- ${describeNonce(plan.nonce)}`].join('\n'),
    ...(Object.keys(named).length ? ['## Values', Object.entries(named).map(describeNamed).join('\n')] : []),
    '## The string to sign',
    numbered(describeTemplate(stringToSign)),
    'Lines are joined by a line feed (`%x0A`), without one at the end. An absent query or body is empty.',
    '## The signature',
    describeSignature(plan),
    ...(headers.length ? ['## Headers to add', headers.map(describeCarrier).join('\n')] : []),
    ...(query.length
      ? [
          '## Parameters to append to the query',
          'In this order. Earlier parameters of these names are removed. Those without the signature are appended before the string to sign is made.',
          query.map(describeCarrier).join('\n'),
        ]
      : []),
    ...(plan.separator === undefined ? [] : ['## Chosen headers', describeChosen(plan)]),
  ].join('\n\n')}\n`;
}

const numbered = (lines: readonly string[]): string =>
  lines.map((line, i) => `${i + 1}. ${capitalise(line)}.`).join('\n');

const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const describeNamed = ([field, template]: readonly [string, Plan['stringToSign']]): string =>
  `- *${field.replace(/^(?:value|header)\./, '')}*: ${describeTemplate(template).join('; a line feed; ')}.`;

const describeCarrier = (carrier: PlannedCarrier): string =>
  `- \`${carrier.name}\`: ${describeTemplate(carrier).join('; ')}.`;

function describeSignature({ algorithm, signature, secret, key }: Plan): string {
  if (isKeyedHash(algorithm)) return describeHash({ algorithm, signature, secret });
  const decoded =
    secret === 'utf8'
      ? 'The key is the bytes of the secret, not decoded.'
      : `The key is the secret, decoded from ${secret}.`;
  const prefixed = key.prefix ? [`\`${key.prefix}\` is put before it.`] : [];
  const steps = key.steps.map(
    (step) =>
      `The next key is the MAC of ${describeTemplate(step).join('; a line feed; ')}${key.encoding ? `, in ${encodings[key.encoding]}` : ''}.`,
  );
  return [
    `The signature is the ${algorithm.replace('hmac-sha', 'HMAC-SHA-')} of the string to sign, in ${encodings[signature]}.`,
    decoded,
    ...prefixed,
    ...steps,
  ].join('\n');
}

function describeHash({
  algorithm,
  signature,
  secret,
}: Pick<Plan, 'signature' | 'secret'> & { readonly algorithm: KeyedHash }): string {
  return [
    `The signature is the ${algorithm.toUpperCase().replace('SHA', 'SHA-')} of the string to sign, in ${encodings[signature]}. It is no HMAC.`,
    secret === 'utf8'
      ? 'Instead of `{secret}`, hash the bytes of the secret, not decoded.'
      : `Instead of \`{secret}\`, hash the secret, decoded from ${secret}.`,
    'Show the string, in logs and in errors, with `{secret}` only.',
  ].join('\n');
}

function describeTimestamp(parts: readonly TimestampPart[]): string {
  const [first] = parts;
  if (first?.kind === 'unix') return `the number of ${first.unit} since 1970`;
  return `\`${parts.map((part) => (part.kind === 'calendar' ? `{${part.field}}` : part.kind === 'text' ? part.text : '')).join('')}\``;
}

const alphabets = { base64url: '`A-Z a-z 0-9 - _`', hex: '`0-9 a-f`', digits: '`0-9`' } as const;

const describeNonce = ({ form, min, max }: Plan['nonce']): string =>
  form === 'uuid'
    ? 'The nonce is a random UUID, a new one for each attempt.'
    : `The nonce has ${min === max ? min : `${min} to ${max}`} of ${alphabets[form]}, random and new for each attempt.`;

function describeChosen({ separator, line }: Plan): string {
  const shown = line.map((part) => (part.kind === 'text' ? part.text : `{${part.kind}}`)).join('');
  return [
    'A signer may choose further headers to sign.',
    `Their names are in lower case, sorted, each once, joined by ${JSON.stringify(separator)}.`,
    `The line of each is ${JSON.stringify(shown)}.`,
  ].join('\n');
}

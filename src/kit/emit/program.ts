import type { Plan, PlannedCarrier } from '../../schemes/define/plan/plan.ts';
import type { TimestampPart } from '../../schemes/define/timestamp.ts';
import { partsAroundSecret } from './around-secret.ts';
import type { Dialect, WrittenFunction } from './dialect.ts';
import { hashOf } from './hash-of.ts';
import { cannotSay } from './refuse.ts';
import { createValuePrinter, type ValuePrinter } from './values.ts';

const encoders: Readonly<Record<Plan['signature'], string>> = {
  hex: 'hex_of',
  'hex-upper': 'hex_upper',
  base64: 'base64_of',
  base64url: 'base64url_of',
  'base64-of-hex': 'base64_of_hex',
};

const alphabets: Readonly<Record<Plan['nonce']['form'], string>> = {
  base64url: '[A-Za-z0-9_-]',
  hex: '[0-9a-f]',
  digits: '[0-9]',
  uuid: '[0-9a-f-]',
};

/** Lists the functions of a client that depend on its scheme. The functions of its runtime call them, and are called by them. */
export function listFunctions(plan: Plan, dialect: Dialect): readonly WrittenFunction[] {
  const printer = createValuePrinter(plan, dialect);
  const made = (name: string, result: string, parameters: readonly string[] = ['r']): WrittenFunction => ({
    name,
    parameters,
    returns: 'text',
    result,
  });
  const carriers = (name: string, some: readonly PlannedCarrier[]): WrittenFunction => ({
    name,
    parameters: ['r'],
    returns: 'pairs',
    result: dialect.pairs(some.map((one) => ({ name: one.name, value: printer.template(one) }))),
  });
  const { query, headers, separator } = plan;
  return [
    ...(separator === undefined
      ? []
      : [made('line_of', joinAll(lineParts(plan, dialect), dialect), ['name', 'value'])]),
    ...printer.namedFunctions,
    made('timestamp_of', joinAll(timestampParts(plan.timestamp, dialect), dialect), ['time']),
    made('nonce_of', nonce(plan.nonce, dialect), ['nonce']),
    made('string_to_sign', printer.template(plan.stringToSign)),
    signature(plan, { dialect, printer }),
    carriers('added_headers', headers),
    ...(query.length
      ? [
          carriers(
            'signed_parameters',
            query.filter((one) => !one.signature),
          ),
          carriers(
            'signature_parameters',
            query.filter((one) => one.signature),
          ),
        ]
      : []),
  ];
}

const joinAll = (parts: readonly string[], { join, literal }: Dialect): string =>
  parts.length > 1 ? join(parts) : (parts[0] ?? literal(''));

function lineParts({ line }: Plan, { literal, variable }: Dialect): readonly string[] {
  return line.map((part) => (part.kind === 'text' ? literal(part.text) : variable(part.kind)));
}

function timestampParts(parts: readonly TimestampPart[], dialect: Dialect): readonly string[] {
  const { call, literal, variable, word, language } = dialect;
  return parts.map((part) => {
    if (part.kind === 'unix')
      return call(part.unit === 'seconds' ? 'seconds_of' : 'milliseconds_of', [variable('time')]);
    if (part.kind === 'text') return literal(part.text);
    if (part.kind === 'calendar') return call('calendar', [variable('time'), word(part.field)]);
    return cannotSay(language, `the part ${JSON.stringify(part)} of a time`);
  });
}

function nonce({ form, min, max }: Plan['nonce'], { call, variable, word }: Dialect): string {
  const given = variable('nonce');
  const written =
    form === 'uuid'
      ? call('uuid_of', [given])
      : call('truncate_bytes', [form === 'digits' ? call('digits_of', [given]) : given, `${max}`]);
  const length = form === 'uuid' ? '{36}' : `{${min},${max}}`;
  return call('fitting', [written, word(alphabets[form] + length)]);
}

type Writing = { readonly dialect: Dialect; readonly printer: ValuePrinter };

function signature(
  { algorithm, secret, key, signature: encoding, stringToSign }: Plan,
  { dialect, printer }: Writing,
): WrittenFunction {
  const { call, literal, variable, word, join, language } = dialect;
  const around = partsAroundSecret(stringToSign);
  const mac = (data: string) => call('mac', [word(hashOf(algorithm, language)), variable('key'), data]);
  const decoded = secret === 'utf8' ? variable('secret') : call(`from_${secret}`, [variable('secret')]);
  const written = { name: 'signature_of', parameters: ['r', 'secret', 'text'], returns: 'text' } as const;
  if (around) {
    // The parts are made again, because a value in the text may look like the place of the secret.
    const [before, after] = [around.before, around.after].map((parts) => printer.template({ parts }));
    const hashed = call(`${algorithm}_of`, [join([before ?? '', decoded, after ?? ''])]);
    return { ...written, result: call(encoders[encoding], [hashed]) };
  }
  return {
    ...written,
    steps: [
      { name: 'key', made: key.prefix ? join([literal(key.prefix), decoded]) : decoded },
      ...key.steps.map((step) => {
        const made = mac(printer.template(step));
        return { name: 'key', made: key.encoding ? call(encoders[key.encoding], [made]) : made };
      }),
    ],
    result: call(encoders[encoding], [mac(variable('text'))]),
  };
}

import type { Plan } from '../../schemes/define/plan/plan.ts';
import type { TimestampPart } from '../../schemes/define/timestamp.ts';
import files from '../client-files.json' with { type: 'json' };
import { partsAroundSecret } from './around-secret.ts';
import { createBashPrinter, word } from './bash-values.ts';
import { needsChallenge } from './client.ts';
import { hashOf } from './hash-of.ts';
import { pickRuntime } from './pick-runtime.ts';
import { cannotSay } from './refuse.ts';

const encoders: Readonly<Record<Plan['signature'], string>> = {
  hex: 'hex',
  'hex-upper': 'hex_upper',
  base64: 'base64_of',
  base64url: 'base64url_of',
  'base64-of-hex': 'base64_of_hex',
};

const calendar: Readonly<Record<string, string>> = {
  YYYY: '%Y',
  MM: '%m',
  MMM: '%b',
  mmm: '%b',
  DD: '%d',
  ddd: '%a',
  HH: '%H',
  mm: '%M',
  ss: '%S',
  SSS: '%3N',
  fraction: '%3N',
};

const secrets: Readonly<Record<Plan['secret'], string>> = {
  utf8: 'hex <"$COUNTERSIGN_SECRET_FILE"',
  hex: 'lower <"$COUNTERSIGN_SECRET_FILE"',
  base64: 'from_base64 <"$COUNTERSIGN_SECRET_FILE"',
  base64url: 'from_base64 <"$COUNTERSIGN_SECRET_FILE"',
};

/**
 * Writes a client in Bash from a plan.
 *
 * @throws SignatureError `invalid_configuration` for what it cannot say.
 */
export function emitBash(plan: Plan): Readonly<Record<string, string>> {
  const printer = createBashPrinter(plan);
  const program = [
    ...(plan.separator === undefined ? [] : [chosenLines(plan)]),
    ...printer.namedFunctions(),
    timestampFunction(plan.timestamp),
    `string_to_sign() {\n  ${printer.lines(plan.stringToSign)}\n}`,
    signFunction(plan),
  ];
  const runtime = pickRuntime(files['runtimes/bash/runtime.sh'], `${program.join('\n')} countersign_curl`);
  const header = [
    '#!/usr/bin/env bash',
    `# Signs requests with the scheme ${plan.name}: see protocol.md. Needs bash 4, openssl and GNU date. Source this file.`,
    '# The secret is in the file $COUNTERSIGN_SECRET_FILE, the access key in $COUNTERSIGN_ACCESS_KEY.',
    'export LC_ALL=C',
    'countersign_text_file=$(mktemp)\ntrap \'rm -f "$countersign_text_file"\' EXIT',
  ].join('\n');
  const code = [header, ...runtime.map(({ text }) => text), ...program].join('\n\n');
  return { 'countersign.sh': `${code}\n`, 'kit.sh': files['runtimes/bash/kit.sh'] };
}

function timestampFunction(parts: readonly TimestampPart[]): string {
  const [first] = parts;
  if (first?.kind === 'unix') {
    const form = first.unit === 'seconds' ? '%s' : '%s%3N';
    return `timestamp_of() { put "$(calendar "$1" ${form})"; }`;
  }
  const written = parts.map((part) => {
    if (part.kind === 'text') return `put ${word(part.text)}`;
    const field = part.kind === 'calendar' ? part.field : '';
    const form = calendar[field] ?? cannotSay('bash', `the part ${JSON.stringify(part)} of a time`);
    return `put "$(calendar "$1" ${form}${field === 'mmm' ? ' | lower' : ''})"`;
  });
  return `timestamp_of() { ${written.join(' && ')}; }`;
}

function nonceLines({ form, min, max }: Plan['nonce']): readonly string[] {
  if (form === 'digits') return cannotSay('bash', 'nonces of digits');
  const patterns = { base64url: '[A-Za-z0-9_-]', hex: '[0-9a-f]', uuid: '[0-9a-f-]' };
  return [
    form === 'uuid' ? 'r_nonce=$(uuid_of "$r_nonce")' : `r_nonce=\${r_nonce:0:${max}}`,
    `[[ \${#r_nonce} -ge ${form === 'uuid' ? 36 : min} && ! $r_nonce =~ [^${patterns[form].slice(1)} ]] || refuse 'The nonce cannot be written in the form of the scheme.' || return`,
  ];
}

/** Writes the command that makes the bytes of the signature of `$countersign_text_file`, with the key in hex. */
function signatureCommand(plan: Plan): string {
  const around = partsAroundSecret(plan.stringToSign);
  if (!around) return `mac ${hashOf(plan.algorithm, 'bash')} "$key" <"$countersign_text_file"`;
  const { template } = createBashPrinter(plan);
  const [before, after] = [around.before, around.after].map((parts) => template({ parts }));
  return `set -o pipefail; { ${before} && unhex "$key" && ${after}; } | ${plan.algorithm}`;
}

function chosenLines({ line }: Plan): string {
  const parts = line.map((part) =>
    part.kind === 'text' ? `put ${word(part.text)}` : part.kind === 'name' ? 'put "$name"' : 'header "$name"',
  );
  return `chosen_lines() {\n  local name\n  for name in $r_names; do ${parts.join(' && ')} || return; done\n}`;
}

function signFunction(plan: Plan): string {
  const { headers, query, key } = plan;
  const { template } = createBashPrinter(plan);
  const names = query.map(({ name }) => name);
  const add = (one: (typeof query)[number]) =>
    `value=$(set -o pipefail; ${template(one)}) || return\n  with_parameter ${word(one.name)} "$value"`;
  const lines = [
    'local key value',
    'begin "$@" || return',
    ...(needsChallenge(plan) ? ['[[ -n $r_challenge ]] || r_challenge=none'] : []),
    ...nonceLines(plan.nonce),
    'r_timestamp=$(timestamp_of "$r_time")',
    ...(names.length ? [`without_parameters ${word(` ${names.join(' ')} `)}`] : []),
    ...query.filter((one) => !one.signature).map(add),
    '(set -o pipefail; string_to_sign) >"$countersign_text_file" || return',
    `key=$(${secrets[plan.secret]})`,
    ...(key.prefix ? [`key=$(put ${word(key.prefix)} | hex)$key`] : []),
    ...key.steps.map(
      (step) =>
        `key=$({ ${template(step)}; } | mac ${hashOf(plan.algorithm, 'bash')} "$key"${key.encoding ? ` | ${encoders[key.encoding]}` : ''} | hex)`,
    ),
    `r_signature=$(${signatureCommand(plan)} | ${encoders[plan.signature]}) || return`,
    'countersign_headers=()',
    ...headers.map(
      (one) =>
        `value=$(set -o pipefail; ${template(one)}) || return\n  [[ -z $value ]] || countersign_headers+=(${word(`${one.name}: `)}"$value")`,
    ),
    ...query.filter((one) => one.signature).map(add),
    names.length ? 'countersign_url=$r_origin$r_target' : 'countersign_url=$2',
  ];
  return [
    '# countersign_sign METHOD URL BODY_FILE HEADER_LINE... sets countersign_headers and countersign_url.',
    '# Set countersign_time, countersign_nonce, countersign_signed_headers and countersign_challenge to choose them.',
    `countersign_sign() {\n  ${lines.join('\n  ')}\n}`,
  ].join('\n');
}

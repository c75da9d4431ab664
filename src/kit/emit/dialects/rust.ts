import type { Plan } from '../../../schemes/define/plan/plan.ts';
import files from '../../client-files.json' with { type: 'json' };
import { listDefinitions } from '../client.ts';
import type { Dialect, Returned } from '../dialect.ts';
import { joinFitting } from '../join-fitting.ts';
import { cannotSay } from '../refuse.ts';
import { toByteText } from '../to-byte-text.ts';

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };

const escapeText = (text: string): string =>
  text.replace(/[^ !#-[\]-~]/g, (one) => escapes[one] ?? `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);

const literal = (text: string): string => `b"${escapeText(toByteText(text))}"`;
// Names of headers and methods, which are ASCII.
const word = (text: string): string => `"${escapeText(text)}"`;
const words = (texts: readonly string[]): string => `&[${texts.map(word).join(', ')}]`;

const types: Readonly<Record<Returned, string>> = { text: 'Vec<u8>', condition: 'bool', pairs: 'Vec<Added>' };

/** The functions of the runtime that can refuse, beside those that are written for a scheme. */
const refusing = ['header_value', 'needed', 'percent_decode', 'each_piece', 'fitting', 'chosen_lines'];
const decoders = ['from_hex', 'from_base64', 'from_base64url'];
/** The others of the runtime. */
const certain = new Set([
  ...['sha256_of', 'sha384_of', 'sha512_of', 'hex_of', 'hex_upper', 'base64_of', 'base64url_of', 'base64_of_hex'],
  ...['lower_ascii', 'upper_ascii', 'trim_ascii', 'collapse_ascii', 'up_to', 'from_after', 'truncate_text'],
  ...['truncate_bytes', 'split_path', 'split_query', 'join_path', 'join_query', 'join_pairs', 'merge_values'],
  ...['sort_by_value', 'sort_by_name', 'sort_by_text', 'rfc3986', 'form_encode', 'host_of', 'port_of', 'path_of'],
  ...['query_of', 'url_of', 'nothing', 'default_to', 'only_for', 'chosen_names', 'seconds_of', 'milliseconds_of'],
  ...['calendar', 'date_of', 'uuid_of', 'digits_of', 'mac_sha256', 'mac_sha384', 'mac_sha512'],
]);
const own = /^(?:value|header|has)_|^(?:string_to_sign|line_of)$/;

/** What the crates of the client do not compute. */
const lacking: Readonly<Record<string, string>> = {
  sha1_of: 'the hash sha1',
  md5_of: 'the hash md5',
  mac_sha1: 'the algorithm hmac-sha1',
};

function call(name: string, args: readonly string[]): string {
  const [first = '', ...others] = args;
  if (name === 'fitting') return `fitting(${first}, ${fittingArguments(others[0] ?? '')})?`;
  if (name === 'mac') return call(`mac_${first.replaceAll('"', '')}`, others);
  const written = `${name}(${args.join(', ')})`;
  if (certain.has(name)) return written;
  if (refusing.includes(name) || decoders.includes(name) || own.test(name)) return `${written}?`;
  return cannotSay('rust', lacking[name] ?? `the function ${name}`);
}

/** Writes the form of a nonce, such as `"[0-9a-f]{8,40}"`, as its characters and a range of lengths. */
function fittingArguments(form: string): string {
  const [, marks = '', min = '', max = min] = /^"\[(.*)\]\{(\d+)(?:,(\d+))?\}"$/.exec(form) ?? [];
  const characters = marks.replace(/(.)-(.)/g, (_, first: string, last: string) => {
    const from = first.charCodeAt(0);
    return String.fromCharCode(...Array.from({ length: last.charCodeAt(0) - from + 1 }, (_, i) => from + i));
  });
  return `${word(characters)}, ${min}..=${max}`;
}

/** Whether an expression borrows its bytes: a literal, a variable or a field. */
const isBorrowed = (made: string): boolean => /^(?:&|b"|\w+$)/.test(made);
const toOwned = (made: string): string => (isBorrowed(made) ? `owned(${made})` : made);
const toReference = (made: string): string => {
  if (made.startsWith('if ')) return `&(${made})`;
  return isBorrowed(made) ? made : `&${made}`;
};
// The first of a list makes slices of the others.
const toSlice = (made: string): string => `${toReference(made).replace(/^(?!&)/, '&')}[..]`;

const optionalFields = ['body', 'challenge', 'session_token'];

const rust: Dialect = {
  language: 'rust',
  literal,
  word,
  words,
  variable: (name) => name,
  call,
  reference: (name) => {
    const one = call(name, ['one']);
    return `|one| ${one.endsWith('?') ? one.slice(0, -1) : `Ok(${one})`}`;
  },
  field: (name) => {
    if (optionalFields.includes(name)) return `r.${name}.as_deref()`;
    return name === 'time' ? 'r.time' : `&r.${name}`;
  },
  join: (parts) => {
    const sliced = parts.map((part, i) => (i ? toReference(part) : toSlice(part)));
    const joined = joinFitting(sliced, {
      operator: ', ',
      broken: ',\n        ',
      wrap: (lines) => `\n        ${lines},\n    `,
    });
    return `[${joined}].concat()`;
  },
  when: (condition, made) => `if ${condition} { ${toOwned(made)} } else { Vec::new() }`,
  isPresent: (value) => `${value}.is_some()`,
  all: (conditions) => conditions.join(' && '),
  pairs: (pairs) => `vec![${pairs.map(({ name, value }) => `added(${word(name)}, ${value})`).join(', ')}]`,
  define: ({ name, parameters, returns, steps = [], result }) => {
    const typed = parameters.map((one) => `${isUsed(one, steps, result) ? '' : '_'}${one}: ${typeOf(one)}`);
    return [
      `fn ${name}(${typed.join(', ')}) -> Result<${types[returns]}, String> {`,
      ...steps.map((step) => `    let ${step.name} = ${step.made};`),
      `    Ok(${returns === 'text' ? toOwned(result) : result})`,
      '}',
    ].join('\n');
  },
};

const typeOf = (parameter: string): string =>
  ({ r: '&Prepared', time: 'Duration' })[parameter as 'r' | 'time'] ?? '&[u8]';

const isUsed = (parameter: string, steps: ReadonlyArray<{ readonly made: string }>, result: string): boolean =>
  new RegExp(`\\b${parameter}\\b`).test([...steps.map(({ made }) => made), result].join('\n'));

/**
 * Writes a client in Rust from a plan.
 *
 * @throws SignatureError `invalid_configuration` for what it cannot say.
 */
export function emitRust(plan: Plan): Readonly<Record<string, string>> {
  const code = listDefinitions(plan, {
    dialect: rust,
    constant: (name, texts) =>
      `const ${name.toUpperCase()}: [&str; ${texts.length}] = [${texts.map(word).join(', ')}];`,
    entries: ['Field', 'Request', 'Signed', 'Response', 'sign', 'send'],
  }).join('\n\n');
  const header = [
    `//! Signs requests with the scheme ${plan.name}: see protocol.md. Copy this file, and the dependencies of Cargo.toml.`,
    '#![allow(dead_code)]',
    'use std::io::Read;',
    'use std::time::{Duration, SystemTime, UNIX_EPOCH};',
  ].join('\n');
  return {
    'countersign.rs': `${header}\n\n${code}\n`,
    'Cargo.toml': files['rust/Cargo.toml'],
    'kit.rs': files['runtimes/rust/kit.rs'],
  };
}

import type { Plan } from '../../schemes/define/plan/plan.ts';
import type { TimestampPart } from '../../schemes/define/timestamp.ts';
import files from '../client-files.json' with { type: 'json' };
import { pickRuntime } from './pick-runtime.ts';
import { bytesLiteral, createPrinter } from './python-values.ts';
import { cannotSay } from './refuse.ts';

const encoders: Readonly<Record<Plan['signature'], string>> = {
  hex: 'hex_of',
  'hex-upper': 'hex_upper',
  base64: 'base64_of',
  base64url: 'base64url_of',
  'base64-of-hex': 'base64_of_hex',
};

const calendar: Readonly<Record<string, string>> = {
  YYYY: '{at.year:04}',
  MM: '{at.month:02}',
  MMM: '{MONTHS[at.month - 1]}',
  mmm: '{MONTHS[at.month - 1].lower()}',
  DD: '{at.day:02}',
  ddd: '{WEEKDAYS[at.weekday()]}',
  HH: '{at.hour:02}',
  mm: '{at.minute:02}',
  ss: '{at.second:02}',
  SSS: '{at.microsecond // 1000:03}',
  fraction: '{at.microsecond // 1000:03}',
};

const secrets: Readonly<Record<Plan['secret'], string>> = {
  utf8: 'secret if isinstance(secret, bytes) else secret.encode()',
  hex: 'bytes.fromhex(secret)',
  base64: 'base64.b64decode(secret + "=" * (-len(secret) % 4))',
  base64url: 'base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))',
};

const modules = ['base64', 'datetime', 'hashlib', 'hmac', 'http.client', 're', 'secrets', 'urllib.parse'];

/**
 * Writes a client in Python from a plan.
 *
 * @throws SignatureError `invalid_configuration` for what it cannot say.
 */
export function emitPython(plan: Plan): Readonly<Record<string, string>> {
  const program = [
    ...signedHeaderFunctions(plan),
    ...createPrinter(plan).namedFunctions(),
    timestampFunction(plan.timestamp),
    nonceFunction(plan.nonce),
    `def string_to_sign(r):\n    ${createPrinter(plan).lines(plan.stringToSign)}`,
    signFunction(plan),
  ];
  const runtime = pickRuntime(files['runtimes/python/runtime.py'], `${program.join('\n')} send may_retry`);
  const blocks = [...runtime.filter((one) => !one.startsWith('def send')), ...program, ...runtime.slice(-1)];
  const code = blocks.join('\n\n\n');
  const names = code.match(/[\w.]+/g) ?? [];
  const imports = modules.filter((name) => names.some((one) => one.startsWith(`${name}.`)));
  const header = [
    `"""Signs requests with the scheme ${plan.name}: see protocol.md. Python 3.8 or later, standard library only. Copy this file."""`,
    '',
    ...imports.map((name) => `import ${name}`),
    'import time as clock',
  ].join('\n');
  return { 'countersign.py': `${header}\n\n\n${code}\n`, 'kit.py': files['runtimes/python/kit.py'] };
}

function timestampFunction(parts: readonly TimestampPart[]): string {
  const [first] = parts;
  if (first?.kind === 'unix') {
    const factor = first.unit === 'seconds' ? '' : ' * 1000';
    return `def timestamp_of(time):\n    return str(int(float(time)${factor}))`;
  }
  const written = parts.map((part) => {
    if (part.kind === 'text') return part.text.replace(/[{}]/g, '$&$&').replace(/["\\]/g, '\\$&');
    const field = part.kind === 'calendar' ? calendar[part.field] : undefined;
    return field ?? cannotSay('python', `the part ${JSON.stringify(part)} of a time`);
  });
  return `def timestamp_of(time):\n    at = calendar(time)\n    return f"${written.join('')}"`;
}

function nonceFunction({ form, min, max }: Plan['nonce']): string {
  const patterns = {
    base64url: `[A-Za-z0-9_-]{${min},${max}}`,
    hex: `[0-9a-f]{${min},${max}}`,
    digits: `[0-9]{${min},${max}}`,
    uuid: '[0-9a-f-]{36}',
  };
  const written =
    form === 'uuid' ? 'uuid_of(nonce)' : form === 'digits' ? `digits_of(nonce)[:${max}]` : `nonce[:${max}]`;
  return [
    'def nonce_of(nonce):',
    `    written = ${written}`,
    `    require(re.fullmatch(${JSON.stringify(patterns[form])}, written), "The nonce cannot be written in the form of the scheme.")`,
    '    return written',
  ].join('\n');
}

function signedHeaderFunctions({ separator, line }: Plan): readonly string[] {
  if (separator === undefined) return [];
  const parts = line.map((part) =>
    part.kind === 'text'
      ? bytesLiteral(part.text)
      : part.kind === 'name'
        ? 'name.encode()'
        : 'needed(header(r, name), name)',
  );
  return [
    `def chosen_names(r):\n    return ${bytesLiteral(separator)}.join(name.encode() for name in r["names"]) if r["names"] else None`,
    `def chosen_lines(r):\n    return b"".join(${parts.join(' + ')} for name in r["names"]) if r["names"] else None`,
  ];
}

function signFunction(plan: Plan): string {
  const { headers, query, key, algorithm, signature } = plan;
  const { template } = createPrinter(plan);
  const hash = JSON.stringify(algorithm.replace('hmac-', ''));
  const names = query.map(({ name }) => name);
  const list = (carriers: typeof query) =>
    carriers.map((one) => `(${JSON.stringify(one.name)}, ${template(one)})`).join(', ');
  const needsChallenge = JSON.stringify([headers, query]).includes('"field":"challenge"');
  const body = [
    '"""Returns the headers to add, the string to sign, and the URL to send.',
    '',
    '    headers: pairs of name and value, as sent. body: bytes, as sent. time: seconds since 1970, now by default.',
    '    """',
    'time = clock.time() if time is None else time',
    'nonce = nonce_of(secrets.token_hex(16) if nonce is None else nonce)',
    ...(needsChallenge ? ['challenge = "none" if challenge is None else challenge'] : []),
    'known = {"access_key": access_key, "timestamp": timestamp_of(time), "nonce": nonce}',
    ...(/"field":"date/.test(JSON.stringify(plan)) ? ['known["date"] = f"{calendar(time):%Y-%m-%d}"'] : []),
    'r = describe(method, url, headers, body, session_token=session_token, challenge=challenge, **known)',
    'r["names"] = sorted({name.lower() for name in signed_headers})',
    ...(names.length ? [`r["target"] = without_parameters(r["target"], ${JSON.stringify(names)})`] : []),
    ...(names.length
      ? [`r["target"] = with_parameters(r["target"], [${list(query.filter((one) => !one.signature))}])`]
      : []),
    'text = string_to_sign(r)',
    `key = ${secrets[plan.secret]}`,
    ...(key.prefix ? [`key = ${bytesLiteral(key.prefix)} + key`] : []),
    ...key.steps.map((step) => {
      const made = `mac(${hash}, key, ${template(step)})`;
      return `key = ${key.encoding ? `${encoders[key.encoding]}(${made})` : made}`;
    }),
    `r["signature"] = ${encoders[signature]}(mac(${hash}, key, text))`,
    `added = [${headers.map((one) => `(${JSON.stringify(one.name)}, ${template(one)})`).join(', ')}]`,
    ...(names.length
      ? [
          `target = with_parameters(r["target"], [${list(query.filter((one) => one.signature))}])`,
          'url = re.match("https?://[^/?#]*", url, re.IGNORECASE)[0] + target.decode()',
        ]
      : []),
    'return {name: value.decode() for name, value in added if value}, text, url',
  ];
  const given =
    'method, url, headers, body, access_key, secret, time=None, nonce=None, signed_headers=(), session_token=None, challenge=None';
  return `def sign(${given}):\n    ${body
    .join('\n    ')
    .replace(/\n {4}\n/g, '\n\n')
    .replace(/\n {8}headers: pairs/, '\n    headers: pairs')
    .replace(/\n {8}"""/, '\n    """')}`;
}

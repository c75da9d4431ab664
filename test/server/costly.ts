import { createSigner } from 'countersign';
import {
  countersignV1,
  defineScheme,
  type FindingCode,
  presign,
  rfc9421,
  type Scheme,
  signedLinks,
  sigv4,
  standardWebhooks,
} from 'countersign/schemes';
import { ready } from '../schemes/definitions/ready.ts';
import { noon } from './rig.ts';

/** Names and values in turn, as Node has them raw, and the target: all that a stranger sends before a body. */
export type Head = { readonly method: string; readonly target: string; readonly fields: readonly string[] };

/** A head that is to cost as much as it can. */
export type Costly = Head & { readonly name: string };

export const authority = 'api.example.com';
/** What Node takes of a head, in bytes: request line and header fields together. */
export const mostBytes = 16_384;

const webhookSecret = `whsec_${btoa('k'.repeat(32))}`;
const secret = btoa('0123456789abcdef0123456789abcdef');

export type SchemeOfTest = {
  readonly name: string;
  readonly scheme: Scheme;
  readonly secret: string;
  readonly acceptFindings: readonly FindingCode[];
  /** Additional headers that the caller signs. @default [] */
  readonly signedHeaders?: readonly string[];
};

const scope = { region: 'us-east-1', service: 'execute-api' };

/** Every scheme of the package, and every ready definition. */
export const everyScheme: readonly SchemeOfTest[] = [
  countersignV1,
  rfc9421(),
  rfc9421({ components: ['@method', '@authority', '@path', '@query', '@query-param;name="a"', 'content-digest'] }),
  sigv4(scope),
  sigv4({ ...scope, service: 's3' }),
  presign(scope),
  presign({ ...scope, service: 's3' }),
  signedLinks({ maxLifetime: 3600, unsignedPayload: true }),
  standardWebhooks(),
  standardWebhooks({ prefixes: ['webhook', 'svix'] }),
  ...ready.map(({ definition }) => defineScheme(definition)),
].map((scheme, place) => ({
  name: `${scheme.name} (${place})`,
  scheme,
  secret: scheme.name === 'standard-webhooks' ? webhookSecret : secret,
  acceptFindings: (scheme.findings ?? []).map(({ code }) => code),
}));

export const accessKey = 'a-caller';

/** An honest request, as its caller sends it. */
export async function honestHead({ scheme, secret: key, signedHeaders = [] }: SchemeOfTest): Promise<Head> {
  const nonce =
    scheme.name === 'acquia-hmac' || scheme.name === 'akamai-edgegrid'
      ? {}
      : { nonce: () => 'a-nonce-of-24-characters' };
  const signer = createSigner({
    credentials: { accessKey, secret: key },
    scheme,
    clock: () => noon,
    signedHeaders,
    ...nonce,
  });
  const target = '/v1/orders?a=1';
  const request = new Request(`https://${authority}${target}`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  const signed = await signer.sign(request);
  const { pathname, search } = new URL(signed.url);
  return { method: 'POST', target: pathname + search, fields: [...signed.headers].flat() };
}

const units = [
  'a',
  ' ',
  '\t',
  ',',
  ', ',
  ';',
  ';a',
  '=',
  '"',
  '\\',
  '(',
  ')',
  '("a")',
  ':',
  '/',
  '//',
  '/..',
  '/./',
  '%',
  '%41',
  '%e9',
  '+',
  '&',
  '&a',
  '&a=',
  '&a=%41',
  '.',
  '-',
  '1',
  'a=1, ',
  'a;b;',
  'v1=',
  'v1,',
  'x ',
  "'",
  '~',
  '?',
  '@',
  '|',
  '*',
  '{',
  '[',
  '\u00e9',
] as const;

const filled = (unit: string, size: number): string => unit.repeat(Math.max(0, Math.floor(size / unit.length)));

export const bytesOf = ({ method, target, fields }: Head): number =>
  method.length + target.length + 12 + fields.reduce((sum, text) => sum + text.length + 2, 0);

/** Heads of so many bytes: an honest one, in which one thing after the other is filled with everything. */
export function* fillings(honest: Head, bytes: number = mostBytes): Generator<Costly> {
  const left = bytes - bytesOf(honest) - 64;
  for (const unit of units) {
    yield* filledTargets(honest, unit, left);
    yield* filledFields(honest, unit, left);
  }
  yield* repeatedFields(honest, left);
  for (const prefix of ['', 'x-amz-', 'x-amz-meta-', 'x-ms-']) yield* manyFields(honest, prefix, left);
}

function* filledTargets(honest: Head, unit: string, left: number): Generator<Costly> {
  if (/[\s#\u00e9]/.test(unit)) return;
  const filling = filled(unit, left);
  const mark = honest.target.indexOf('?');
  const [path, query] = [honest.target.slice(0, mark), honest.target.slice(mark + 1)];
  yield { ...honest, target: `${path}/${filling}?${query}`, name: `${unit} in the path` };
  yield { ...honest, target: `${path}?${filling}&${query}`, name: `${unit} before the query` };
  yield { ...honest, target: `${path}?${query}&${filling}`, name: `${unit} after the query` };
  yield { ...honest, target: `${path}?${query}${filling}`, name: `${unit} in the last parameter` };
}

const namesAndValues = (fields: readonly string[]): ReadonlyArray<{ place: number; name: string; value: string }> =>
  fields.flatMap((name, place) => (place % 2 ? [] : [{ place, name, value: fields[place + 1] ?? '' }]));

function* filledFields(honest: Head, unit: string, left: number): Generator<Costly> {
  const filling = filled(unit, left);
  for (const { place, name, value } of namesAndValues(honest.fields)) {
    const half = Math.floor(value.length / 2);
    const values = {
      'instead of': filling,
      before: filling + value,
      after: value + filling,
      'in the middle of': value.slice(0, half) + filling + value.slice(half),
      'and a control character instead of': `${filling}\u0001`,
    };
    for (const [where, changed] of Object.entries(values)) {
      yield { ...honest, fields: honest.fields.with(place + 1, changed), name: `${unit} ${where} ${name}` };
    }
  }
}

function* repeatedFields(honest: Head, left: number): Generator<Costly> {
  for (const { place, name, value } of namesAndValues(honest.fields)) {
    for (const one of [value, '', 'a', ',']) {
      const values = Array.from({ length: Math.floor(left / (name.length + one.length + 4)) }, () => one);
      const lines = values.flatMap((line) => [name, line]);
      yield { ...honest, fields: [...honest.fields, ...lines], name: `lines ${one} of ${name}` };
      yield {
        ...honest,
        fields: honest.fields.with(place + 1, values.join(', ')),
        name: `a list of ${one} in ${name}`,
      };
    }
  }
}

/** Many fields, of which as many are signed as may be. */
function* manyFields(honest: Head, prefix: string, left: number): Generator<Costly> {
  const count = Math.min(2000, Math.floor(left / (prefix.length + 7)));
  const names = Array.from({ length: count }, (_, place) => prefix + place.toString(36).padStart(2, '0'));
  const lines = (some: readonly string[]) => some.flatMap((name) => [name, '']);
  yield { ...honest, fields: [...lines(names), ...honest.fields], name: `many fields ${prefix}` };
  for (const separator of [';', ' ', '; ', ',']) {
    const signed = ['host', ...names.slice(0, 127)].sort().join(separator);
    const fields = honest.fields.map((text) =>
      text.replace(/(?<=SignedHeaders=)[^,]*|(?<=headers=")[^"]*/i, () => signed),
    );
    const target = honest.target.replace(/(?<=X-Amz-SignedHeaders=)[^&]*/, () => encodeURIComponent(signed));
    const room = names.slice(0, Math.floor((left - 2 * signed.length) / (prefix.length + 7)));
    const listed = ['x-api-signed-headers', names.slice(0, 64).sort().join(separator)];
    yield {
      ...honest,
      target,
      fields: [...lines(room), ...fields, ...listed],
      name: `many signed fields ${prefix} with ${separator}`,
    };
  }
}

const parameters = `;created=${noon / 1000};keyid="${accessKey}";alg="hmac-sha256";nonce="a-nonce-of-24-characters"`;
const covered = '"@method" "@authority" "@path" "@query" "content-type"';
const signature = `:${btoa('s'.repeat(32))}:`;

/** So many signatures over the same. */
function signaturesOver(components: string, count: number): readonly string[] {
  const members = (text: string) => Array.from({ length: count }, (_, place) => `s${place}=${text}`).join(', ');
  return [
    ...['content-type', 'text/plain', 'signature-input', members(`(${covered} ${components})${parameters}`)],
    ...['signature', members(signature)],
  ];
}

const members: ReadonlyArray<(place: number) => string> = [
  (place) => `a${place.toString(36)}`,
  (place) => `a${place.toString(36)}=1`,
  (place) => `a${place.toString(36)}=()`,
  (place) => `a${place.toString(36)};a;b;c`,
  (place) => `a${place.toString(36)}=::`,
  (place) => `a${place.toString(36)}=1.5`,
];

function dictionaryOf(member: (place: number) => string, length: number): string {
  let text = 'a0';
  for (let place = 1; text.length + 20 < length; place += 1) text += `,${member(place)}`;
  return text;
}

/** Heads that are costly by RFC 9421 alone. */
export function* costlySignatures(): Generator<Costly> {
  const head = { method: 'POST', target: '/v1/orders?a=1' };
  for (const count of [1, 2, 4, 16]) {
    yield* overDictionaries(head, count);
    yield* overFields(head, count);
    yield* overQueries(head, count);
  }
  yield* oddInputs(head);
}

type Line = Pick<Head, 'method' | 'target'>;

function* overDictionaries(head: Line, count: number): Generator<Costly> {
  for (const form of [';key="a0"', ';sf', ';bs', '']) {
    const fields = signaturesOver(`"content-digest"${form}`, count);
    const room = mostBytes - bytesOf({ ...head, fields }) - 64;
    // As long as a field may be, and longer.
    for (const length of [Math.min(room, 4096), room]) {
      for (const member of members) {
        const digest = ['content-digest', dictionaryOf(member, length)];
        const name = `${count} signatures over ${length} characters like ${member(1)} ${form}`;
        yield { ...head, fields: [...fields, ...digest], name };
      }
    }
  }
}

function* overFields(head: Line, count: number): Generator<Costly> {
  const names = Array.from({ length: Math.floor(600 / count / 12) }, (_, place) => `x${place.toString(36)}`);
  const fields = signaturesOver(names.map((name) => `"${name}"`).join(' '), count);
  const rest = Array.from({ length: Math.floor((mostBytes - bytesOf({ ...head, fields }) - 900) / 5) }, () => [
    'a',
    '',
  ]);
  yield {
    ...head,
    fields: [...fields, ...names.flatMap((name) => [name, '']), ...rest.flat()],
    name: `${count} signatures over many fields`,
  };
}

function* overQueries(head: Line, count: number): Generator<Costly> {
  const fields = signaturesOver('"@target-uri" "@request-target" "@query-param";name="a"', count);
  const room = mostBytes - bytesOf({ ...head, fields }) - 64;
  for (const unit of ['&a=', '&b', '&=', '&%41=%41', '&a=+']) {
    yield { ...head, target: `/v1?a=1${filled(unit, room)}`, fields, name: `${count} signatures over ${unit}` };
  }
}

function* oddInputs(head: Line): Generator<Costly> {
  const inputs = [
    ...['"a" ', '"a";sf ', '"a";bs;', '() ', '"@query-param";name="a" ', 'a ', '1 ', '"";a '].map(
      (item) => (room: number) => `s0=(${filled(item, room).trim()})${parameters}`,
    ),
    ...[';a', ';a=1', ';created=1', ';a=""', ';a=::', ';a=:AAAA:'].map(
      (parameter) => (room: number) => `s0=(${covered})${parameters}${filled(parameter, room)}`,
    ),
    ...members.map(
      (member) => (room: number) => `s0=(${covered})${parameters}, ${dictionaryOf(member, room).slice(1)}`,
    ),
  ];
  for (const inputOf of inputs) {
    for (const room of [3700, mostBytes - 500]) {
      const input = inputOf(room);
      const name = `${input.length} characters of Signature-Input like ${input.slice(-20)}`;
      yield { ...head, fields: ['signature-input', input, 'signature', `s0=${signature}`], name };
      yield {
        ...head,
        fields: ['signature', input, 'signature-input', `s0=(${covered})${parameters}`],
        name: `${name}, as Signature`,
      };
    }
  }
}

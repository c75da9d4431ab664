import { type Random, randomFrom } from './random.ts';

export type RandomBody = 'none' | 'text' | 'bytes' | 'URLSearchParams' | 'Blob' | 'FormData';

export type RandomRequest = {
  readonly method: string;
  /** Path and query as a careless caller writes them. */
  readonly target: string;
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  readonly signedHeaders: readonly string[];
  readonly kind: RandomBody;
  /** Makes the same body at each call. */
  readonly body: () => BodyInit | undefined;
};

const inPath = Array.from('azAZ09-._~!$&\'()*+,;=:@^|[]`{}"<> \\/üé€😀%') as [string, ...string[]];
inPath.push('%7E', '%2f', '%2F', '%c3%bc', '%41', '%20', '%00', '%zz', '..', '/../', '/./', '%2e%2E/');
const inQuery: [string, ...string[]] = [...inPath, '?', '&', '=', '+', '/', '&&', '=&'];
const inText: [string, ...string[]] = [
  'a',
  'Z',
  ' ',
  '\t',
  '"',
  "'",
  '&',
  '=',
  '+',
  '%',
  '\\',
  '\r\n',
  '\n',
  'ü',
  '€',
  '😀',
  '\0',
];
const inName = inText.filter((piece) => piece !== '\\') as [string, ...string[]];
const inHeader: [string, ...string[]] = ['a', 'Z', '0', ' ', '\t', ',', ';', '=', '"', ':', '%', '\\', '~', '{', '}'];
const types: [string, ...string[]] = [
  'application/json',
  'text/plain; charset=utf-8',
  'Application/X-Test;a="b,  c"',
  '',
];

/**
 * The same requests in every runtime. Left out is what a runtime changes before this package sees it, or cannot send: a path
 * that begins with `//` (Bun), GET with a body (only Bun has it), files in forms (WebKit cannot read them back), lower-case
 * methods in a Request (edge-runtime), text types of Blobs (Bun adds a charset), names in forms that end in a backslash
 * (workerd), and headers that browsers drop.
 */
export function randomRequests(seed: number, count: number): readonly RandomRequest[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, () => randomRequest(random));
}

function randomRequest(random: Random): RandomRequest {
  const method = random.pick(['GET', 'GET', 'HEAD', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY']);
  const mayHaveBody = !/^(GET|HEAD)$/.test(method);
  const kind: RandomBody = mayHaveBody
    ? random.pick(['none', 'text', 'bytes', 'URLSearchParams', 'Blob', 'FormData'])
    : 'none';
  const headers: Array<readonly [string, string]> = [];
  const tagged = random.below(3) > 0;
  if (tagged) headers.push(['X-Tag', random.text(inHeader, 12)]);
  if (tagged && random.below(2)) headers.push(['x-tag', random.text(inHeader, 6)]);
  const type = random.pick(types);
  if (type && kind !== 'FormData' && random.below(2)) headers.push(['Content-Type', type]);
  return {
    method,
    target: targetFrom(random),
    headers,
    signedHeaders: tagged && random.below(2) ? ['x-tag'] : [],
    kind,
    body: bodyFrom(random, kind),
  };
}

function targetFrom(random: Random): string {
  const query = random.below(3) ? `?${random.text(inQuery, 16)}` : '';
  const target = `/${random.text(inPath, 16)}${query}`;
  return new URL(`http://h${target}`).pathname.startsWith('//') ? targetFrom(random) : target;
}

function bodyFrom(random: Random, kind: RandomBody): RandomRequest['body'] {
  const text = random.text(inText, 20);
  const bytes = Uint8Array.from({ length: random.below(10) ? random.below(300) : 9000 }, () => random.below(256));
  const pairs = Array.from(
    { length: random.below(4) },
    () => [random.text(inName, 5), random.text(inText, 9)] as const,
  );
  const type = random.pick(['', 'application/octet-stream', 'image/X-Test']);
  const bodies: Readonly<Record<RandomBody, RandomRequest['body']>> = {
    none: () => undefined,
    text: () => text,
    bytes: () => bytes,
    URLSearchParams: () => new URLSearchParams(pairs.map(([name, value]) => [name, value])),
    Blob: () => new Blob([bytes, text], { type }),
    FormData: () => {
      const form = new FormData();
      for (const [name, value] of [['first', text] as const, ...pairs]) form.append(name, value);
      return form;
    },
  };
  return bodies[kind];
}

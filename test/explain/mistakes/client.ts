import { createHash, createHmac } from 'node:crypto';

/** What a caller has been given, and where it calls. */
export type Given = {
  readonly accessKey: string;
  readonly secret: string;
  /** Host and port. */
  readonly host: string;
  /** In milliseconds since the epoch. */
  readonly now: number;
};

/** What a client does otherwise than docs/protocol.md demands; nothing of it is what a correct client does. */
export type Mistake = {
  readonly method?: string;
  readonly target?: string;
  /** Null sends none. */
  readonly type?: string | null;
  readonly body?: string | Buffer;
  /** Headers that are sent and signed beside the usual ones. */
  readonly signedHeaders?: Readonly<Record<string, string>>;
  /** Headers that are sent and not signed. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What is signed, where it is not what is sent. */
  readonly signed?: (given: Given) => Partial<Signed>;
  readonly lines?: (lines: readonly string[]) => readonly string[];
  readonly written?: (text: string) => string | Buffer;
  readonly secret?: (given: Given) => string | Buffer;
  /** How text and secret become a signature. @default HMAC-SHA256 */
  readonly mac?: (key: string | Buffer, text: string | Buffer) => Buffer;
  readonly signature?: (mac: Buffer) => string;
  readonly digest?: (hash: Buffer) => string;
  readonly time?: (milliseconds: number) => string;
  readonly nonce?: string;
  readonly accessKey?: (accessKey: string) => string;
  /** The last change, of the names or of the values of the headers. */
  readonly fields?: (fields: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
};

type Signed = {
  readonly first: string;
  readonly time: string;
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly type: string;
  readonly body: string | Buffer;
  readonly digest: string;
};

/** A request as it goes on the wire. */
export type Wire = {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

let nonces = 0;

/** What a correct client does with all that a mistake does not change. */
const complete = (mistake: Mistake) => ({
  method: 'POST',
  target: '/api/v1/orders?b=2&a=1%202&c[]=x',
  body: '{"sku":"A-1","name":"é"}',
  type: mistake.method === 'GET' ? null : 'application/json',
  nonce: `nonce-of-a-partner-${++nonces}`,
  signedHeaders: {},
  headers: {},
  signed: () => ({}),
  lines: (all: readonly string[]) => all,
  written: (text: string): string | Buffer => text,
  secret: ({ secret }: Given): string | Buffer => secret,
  mac: hmac,
  signature: (mac: Buffer) => `v1=${mac.toString('hex')}`,
  digest: (hash: Buffer) => `sha-256=:${hash.toString('base64')}:`,
  time: (now: number) => `${Math.floor(now / 1000)}`,
  accessKey: (key: string) => key,
  fields: (all: Readonly<Record<string, string>>) => all,
  ...mistake,
});

/** A client of its own, which shares no line with the package. */
export function call(given: Given, mistake: Mistake = {}): Wire {
  const client = complete(mistake);
  const { method, target, type, nonce } = client;
  const signedHeaders: Readonly<Record<string, string>> = client.signedHeaders;
  const own: Partial<Signed> = client.signed(given);
  const body = Buffer.from(method === 'GET' ? '' : client.body);
  const hash = createHash('sha256')
    .update(own.body ?? body)
    .digest();
  const digest = body.length ? client.digest(hash) : '';
  const key = client.accessKey(given.accessKey);
  const time = client.time(given.now);
  const names = Object.keys(signedHeaders).sort();
  const usual: Signed = {
    first: 'countersign-v1-request',
    time,
    method,
    host: given.host,
    target,
    type: type ?? '',
    digest,
    body,
  };
  const line = { ...usual, ...own };
  const text = client
    .lines([
      ...[line.first, key, line.time, nonce, line.method, line.host, line.target, line.type, line.digest],
      ...names.map((name) => `${name}:${signedHeaders[name]}`),
    ])
    .join('\n');
  const fields = client.fields({
    'X-API-Key': key,
    'X-API-Timestamp': time,
    'X-API-Nonce': nonce,
    ...(digest && { 'Content-Digest': digest }),
    ...(names.length && { 'X-API-Signed-Headers': names.join(';') }),
    'X-API-Signature': client.signature(client.mac(client.secret(given), client.written(text))),
  });
  const described = { Host: given.host, ...(type !== null && { 'Content-Type': type }), ...signedHeaders };
  return { method, target, headers: { ...described, ...client.headers, ...fields }, body };
}

export const hmac = (key: string | Buffer, text: string | Buffer): Buffer =>
  createHmac('sha256', key).update(text).digest();

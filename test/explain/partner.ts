import { createHash, createHmac } from 'node:crypto';
import { type ExplainOptions, explainSignature, type SignatureExplanation } from 'countersign/explain';
import { type KeyRecord, memoryKeys, type ReceivedRequest } from 'countersign/server';
import { expect } from 'vitest';
import { headerView } from '../../src/node/received.ts';

export const accessKey = 'partner-1';
export const secret = 'a secret that both sides know';
export const noon: number = Date.UTC(2026, 10, 22, 12);

/** A request, as a partner signs it and as a server receives it. */
export type Parts = {
  readonly method: string;
  readonly authority: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly scheme: 'http' | 'https';
};

const usual: Parts = {
  method: 'POST',
  authority: 'api.example.com',
  target: '/v1/orders?b=2&a=1',
  headers: { 'content-type': 'application/json' },
  body: '{"sku":"A-1"}',
  scheme: 'https',
};

/** What a partner does, who has written `countersign-v1` from its specification. */
export type Partner = Partial<Parts> & {
  readonly accessKey?: string;
  readonly secret?: string | Uint8Array;
  /** The timestamp, as it is sent and signed. */
  readonly timestamp?: string;
  /** The timestamp that is signed. @default the one that is sent */
  readonly signedTimestamp?: string;
  readonly signedHeaders?: readonly string[];
  readonly lines?: (lines: string[]) => string[];
  readonly written?: (text: string) => string | Uint8Array;
  /** How the signature is made. @default HMAC-SHA256 */
  readonly mac?: (data: string | Uint8Array, secret: string | Uint8Array) => Buffer;
  readonly signature?: (mac: Buffer) => string;
  readonly digest?: (hash: Buffer) => string;
};

/** What the partner sends beside what it was asked to send. */
export function signed(given: Partner): Readonly<Record<string, string>> {
  const { method, authority, target, headers, body } = { ...usual, ...given };
  const { lines = (all) => all, written = (text) => text, signedHeaders = [] } = given;
  const timestamp = given.timestamp ?? `${noon / 1000}`;
  const hash = createHash('sha256').update(body).digest();
  const digest = body.length ? (given.digest ?? ((bytes) => `sha-256=:${bytes.toString('base64')}:`))(hash) : '';
  const nonce = 'bm9uY2UtMTIzNDU2Nzg';
  const name = given.accessKey ?? accessKey;
  const type = headers['content-type'] ?? '';
  const text = lines([
    ...['countersign-v1-request', name, given.signedTimestamp ?? timestamp, nonce],
    ...[method, authority, target, type, digest, ...signedHeaders.map((one) => `${one}:${headers[one]}`)],
  ]).join('\n');
  const { mac = (data, key) => createHmac('sha256', key).update(data).digest() } = given;
  const { signature = (bytes) => `v1=${bytes.toString('hex')}` } = given;
  return {
    'x-api-key': name,
    'x-api-timestamp': timestamp,
    'x-api-nonce': nonce,
    ...(digest && { 'content-digest': digest }),
    ...(signedHeaders.length && { 'x-api-signed-headers': signedHeaders.join(';') }),
    'x-api-signature': signature(mac(written(text), given.secret ?? secret)),
  };
}

export type Case = {
  /** What the partner does otherwise. */
  readonly partner?: Partner;
  /** What the server receives otherwise than it was signed, or as it should have been signed. */
  readonly received?: Partial<Parts>;
  readonly options?: Partial<ExplainOptions>;
  readonly record?: Partial<KeyRecord>;
  /** Headers that get lost. */
  readonly dropped?: readonly string[];
};

/** A request of a partner, as it is received. */
export function receivedFrom({ partner = {}, received = {}, dropped = [] }: Case): ReceivedRequest {
  const { method, authority, target, headers, body, scheme } = { ...usual, ...received };
  const fields = { host: authority, ...headers, ...signed(partner) };
  return {
    method,
    authority,
    target,
    scheme,
    headers: headerView(
      Object.entries(fields)
        .filter(([name]) => !dropped.includes(name))
        .flat(),
    ),
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  };
}

/** Explains a case, and sees to it that the explanation tells no secret and no signature. */
export async function explain(given: Case): Promise<SignatureExplanation> {
  const request = receivedFrom(given);
  const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }], ...given.record }]);
  const explanation = await explainSignature(request, { keys, clock: () => noon, ...given.options });
  const told = JSON.stringify(explanation);
  expect(told).not.toContain(secret);
  const [signature = ''] = /[^=]+=*$/.exec(request.headers.get('x-api-signature') ?? '') ?? [];
  if (signature.length >= 40) expect(told).not.toContain(signature);
  return explanation;
}

export const codesOf = ({ differences }: SignatureExplanation): readonly string[] =>
  differences.map(({ code }) => code);

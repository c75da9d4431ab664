import { createHash, createHmac } from 'node:crypto';
import { type Bytes, bytesOf, type Pairs, type SignCase } from './format.ts';

// What the vectors are made with: node:crypto, and strings put together by hand. Nothing of src, which is to be tested.

/** Midnight at the start of 2026 in UTC, in seconds. */
export const newYear = 1767225600;

export const partner = {
  accessKey: 'partner-1',
  secret: { utf8: 'a secret that everyone may know, for test vectors' },
};

/** A sign case as written down: what is expected of message and lines is said, not computed. */
export type SignDraft = {
  readonly name: string;
  readonly rule: string;
  readonly method?: string;
  readonly scheme?: 'http' | 'https';
  readonly host?: string;
  /** Path and query as sent. */
  readonly sent?: string;
  /** Where it is not scheme, host and target put together; false where no URL says the same. */
  readonly url?: string | false;
  readonly headers?: Pairs;
  readonly body?: Bytes;
  readonly unsignedBody?: true;
  readonly credentials?: SignCase['credentials'];
  readonly time?: number;
  readonly nonce?: string;
  readonly signedHeaders?: readonly string[];
  readonly expect?: {
    readonly method?: string;
    readonly authority?: string;
    readonly target?: string;
    readonly contentType?: string;
    /** The last lines of the string to sign, and what X-API-Signed-Headers says. */
    readonly lines?: readonly string[];
    readonly names?: string;
  };
};

export const sha256 = (data: Uint8Array | string): Buffer => createHash('sha256').update(data).digest();
export const digestField = (body: Uint8Array | string): string => `sha-256=:${sha256(body).toString('base64')}:`;
export const macOf = (secret: Bytes, text: string): string =>
  createHmac('sha256', bytesOf(secret)).update(text, 'utf8').digest('hex');

/** Nonces that look random and can be made again. */
export const nonceOf = (name: string): string => sha256(`countersign-v1 nonce of ${name}`).toString('hex').slice(0, 32);

/** A draft, each stage worked out. */
export function signCase(draft: SignDraft): SignCase {
  const { name, rule, method = 'GET', scheme = 'https', host = 'api.example.com', sent = '/v1/orders' } = draft;
  const { headers = [], body, unsignedBody, credentials = partner, time = newYear, signedHeaders = [] } = draft;
  const { url = `${scheme}://${host}${sent}`, nonce = nonceOf(name), expect = {} } = draft;
  const message = {
    method: expect.method ?? method,
    authority: expect.authority ?? host,
    target: expect.target ?? sent,
  };
  const bytes = bytesOf(body);
  const contentDigest = bytes.length && !unsignedBody ? digestField(bytes) : '';
  const type = expect.contentType ?? headers.find(([field]) => field.toLowerCase() === 'content-type')?.[1] ?? '';
  const stringToSign = [
    'countersign-v1-request',
    credentials.accessKey,
    String(time),
    nonce,
    message.method,
    message.authority,
    message.target,
    type,
    unsignedBody ? 'unsigned' : contentDigest,
    ...(expect.lines ?? []),
  ].join('\n');
  const mac = macOf(credentials.secret, stringToSign);
  return {
    name,
    rule,
    credentials,
    time,
    nonce,
    signedHeaders,
    request: {
      method,
      scheme,
      host,
      target: sent,
      ...(url !== false && { url }),
      headers,
      ...(body && { body }),
      ...(unsignedBody && { unsignedBody }),
    },
    stages: {
      message,
      contentDigest,
      stringToSign,
      mac,
      headers: [
        ['X-API-Key', credentials.accessKey],
        ['X-API-Timestamp', String(time)],
        ['X-API-Nonce', nonce],
        ...(contentDigest ? [['Content-Digest', contentDigest] as const] : []),
        ...(unsignedBody ? [['X-API-Payload', 'unsigned'] as const] : []),
        ...(expect.names ? [['X-API-Signed-Headers', expect.names] as const] : []),
        ['X-API-Signature', `v1=${mac}`],
      ],
    },
  };
}

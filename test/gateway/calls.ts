import { createSigner, generateCredentials, prepareRequest, type Signer } from 'countersign';
import {
  type AuditEvent,
  createVerifier,
  type KeyRecord,
  memoryKeys,
  memoryReplay,
  type Verifier,
  type VerifierOptions,
} from 'countersign/server';
import type { Answered, Sent } from '../adapters/wire.ts';

/** Where callers believe the server to be. */
export const called = 'https://api.example.com';

/** A key, its holder, and a verifier that knows it. */
export type Parties = {
  readonly accessKey: string;
  readonly secret: string;
  readonly signer: Signer;
  readonly verifier: Verifier;
  readonly events: AuditEvent[];
};

export function parties(options: Partial<VerifierOptions> = {}, record: Partial<KeyRecord> = {}): Parties {
  const { accessKey, secret } = generateCredentials();
  const events: AuditEvent[] = [];
  const verifier = createVerifier({
    keys: memoryKeys([
      { accessKey, service: 'shop', scopes: ['orders:read', 'orders:write'], secrets: [{ secret }], ...record },
    ]),
    replay: memoryReplay(),
    audit: (event) => void events.push(event),
    ...options,
  });
  return { accessKey, secret, signer: createSigner({ accessKey, secret }), verifier, events };
}

/** What a signer needs of them. */
export const pairOf = ({ accessKey, secret }: Pick<Parties, 'accessKey' | 'secret'>) => ({ accessKey, secret });

export type Call = Partial<Omit<Sent, 'body'>> & {
  readonly body?: string | Uint8Array;
  /** Headers that are added when it is signed. */
  readonly added?: Sent['headers'];
};

/** A signed request to {@link called}, as it goes on the wire. */
export function signed(
  { signer }: Pick<Parties, 'signer'>,
  { method = 'GET', target = '/v1/orders?page=2', headers = {}, body, added = {}, pieces }: Call = {},
): Sent {
  const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const signature = prepareRequest(signer, {
    method,
    url: called + target,
    headers: flat,
    ...(bytes && { body: bytes as Uint8Array<ArrayBuffer> }),
  }).headers;
  return {
    method,
    target,
    headers: { Host: new URL(called).host, ...headers, ...signature, ...added },
    body: bytes,
    ...(pieces && { pieces }),
  };
}

/** Status and code of a refusal. */
export function codeOf({ status, bytes }: Answered): string {
  const { code, status: told } = JSON.parse(bytes.toString());
  return `${status}${told === status ? '' : ` (told ${told})`} ${code}`;
}

export const jsonOf = ({ bytes }: Answered): unknown => JSON.parse(bytes.toString());

/** The headers by which nginx describes a request to the gateway. */
export const nginxHeaders = (sent: Sent): Readonly<Record<string, string | readonly string[]>> => ({
  ...sent.headers,
  'X-Original-Method': sent.method,
  'X-Original-URI': sent.target,
  'X-Original-Host': 'api.example.com',
  'X-Original-Proto': 'https',
  'X-Original-Address': '203.0.113.9',
});

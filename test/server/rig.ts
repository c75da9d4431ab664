import { createHash, createHmac } from 'node:crypto';
import { createSigner, generateCredentials, prepareRequest, type Signer } from 'countersign';
import {
  type AuditEvent,
  createVerifier,
  type KeyRecord,
  memoryKeys,
  memoryReplay,
  type ReceivedRequest,
  type Refused,
  type ReplayClaim,
  type Verified,
  type Verifier,
  type VerifierOptions,
} from 'countersign/server';

/** Noon, in milliseconds since the epoch. */
export const noon = Date.UTC(2026, 10, 22, 12);
export const host = 'api.example.com';
export const url = `https://${host}/v1/orders`;

export type Rig = {
  readonly accessKey: string;
  readonly secret: string;
  readonly signer: Signer;
  readonly verifier: Verifier;
  /** What signer, verifier and replay store hold for the time, in milliseconds; to be set. */
  readonly time: { now: number };
  readonly events: AuditEvent[];
  /** Nonces in the order in which they were claimed. */
  readonly claimed: string[];
};

export type RigOptions = Partial<VerifierOptions> & { readonly record?: Partial<KeyRecord> };

/** Both halves, by one clock that stands still, with an eye on audit and replay store. */
export function rig({ record, ...options }: RigOptions = {}): Rig {
  const { accessKey, secret } = generateCredentials();
  const time = { now: noon };
  const clock = () => time.now;
  const events: AuditEvent[] = [];
  const claimed: string[] = [];
  const seen = memoryReplay({ clock });
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }], ...record }]),
    replay: {
      claim(...given): ReplayClaim | Promise<ReplayClaim> {
        claimed.push(given[1]);
        return seen.claim(...given);
      },
    },
    clock,
    audit: (event) => {
      events.push(event);
    },
    ...options,
  });
  return { accessKey, secret, signer: createSigner({ accessKey, secret, clock }), verifier, time, events, claimed };
}

/** A request in its parts, each of which a test can change: what is on the wire, by name in lower case. */
export type Parts = {
  readonly method: string;
  readonly authority: string;
  readonly target: string;
  readonly scheme?: 'http' | 'https';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: ReceivedRequest['body'];
};

export type Described = {
  readonly method?: string;
  readonly authority?: string;
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
};

/** Signs with the signer's `headers`, and takes the request apart. */
export function signedParts(signer: Signer, described: Described = {}): Parts {
  const { method = 'GET', authority = host, target = '/v1/orders', headers = {}, body } = described;
  const address = `https://${authority}${target}`;
  const added = prepareRequest(signer, { method, url: address, headers, ...(body !== undefined && { body }) }).headers;
  const all = Object.entries({ ...headers, ...added }).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    method,
    authority,
    target,
    scheme: 'https',
    headers: Object.fromEntries(all),
    ...(body !== undefined && { body: typeof body === 'string' ? new TextEncoder().encode(body) : body }),
  };
}

/** As a server framework would hand it in. */
export function received({ headers, ...rest }: Parts): ReceivedRequest {
  const fields = new Map(Object.entries(headers));
  return { ...rest, headers: { get: (name) => fields.get(name.toLowerCase()) ?? null } };
}

/** `ok`, or the precise code of the refusal. */
export const outcomeOf = (result: Verified<unknown> | Refused): string => (result.ok ? 'ok' : result.error.code);

/** Verifies the parts; `ok`, or the precise code. */
export const judge = async (verifier: Verifier, parts: Parts): Promise<string> =>
  outcomeOf(await verifier.verify(received(parts)));

/** The refusal; fails where there is none. */
export function refusal(result: Verified<unknown> | Refused): Refused {
  if (result.ok) throw new Error('The request was accepted.');
  return result;
}

export const macOf = (secret: string | Uint8Array, text: string): string =>
  createHmac('sha256', secret).update(text).digest('hex');

export const digestOf = (body: string | Uint8Array): string =>
  `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

import type { OwnBytes } from '../core/body.ts';
import type { Secret } from '../core/credentials.ts';
import { fail, SignatureError } from '../core/errors.ts';
import type { Scheme } from '../core/scheme.ts';
import type { FindingCode } from '../core/scheme-finding.ts';
import { defineScheme } from '../schemes/define/define-scheme.ts';
import type { SchemeDefinition } from '../schemes/define/definition.ts';
import type { KeySecret, ReplayStore } from '../server/contracts.ts';
import { evictOldest } from '../server/keys/opened-keys.ts';
import { type OptionNames, readOptions } from '../server/known-options.ts';
import { errorResponse } from '../server/response/refusal-response.ts';
import type { PublicAddress } from '../server/verify/message.ts';
import { prepareKeys } from '../server/verify/prepared-keys.ts';
import type { Refused } from '../server/verify/result.ts';
import { createVerifier, type Verifier } from '../server/verify/verifier.ts';
import { changedLength, receiveWebhook, type WebhookRequest } from './received-webhook.ts';

/** What is known about the sender of a webhook, and how deliveries are remembered. */
export type WebhookOptions = PublicAddress & {
  /** How the sender signs: a ready definition such as `slackWebhooks`, a definition of your own, or a scheme. */
  readonly scheme: SchemeDefinition | Scheme;
  /** The secret of the endpoint, in the form that the sender shows it. While it changes, the old and the new one. */
  readonly secret: Secret | readonly Secret[];
  /** Remembers deliveries, so that duplicates are found: for example `sqlReplay()`. @default none */
  readonly replay?: ReplayStore;
  /** Names the endpoint in the replay store. Endpoints that share a replay store need different names. @default the scheme's name */
  readonly endpoint?: string;
  /** How long a delivery without a signed time is remembered, in seconds. @default 86400 (a day) */
  readonly timelessMemory?: number;
  /** Maximum difference between a signed time and the server's time, in seconds. @default 300 */
  readonly tolerance?: number;
  /**
   * Findings of high severity that you accept. `no-timestamp` is always accepted: its remedy is `replay`. @default none
   */
  readonly acceptFindings?: readonly FindingCode[];
  /** Maximum size of a body, in bytes. @default 10485760 (10 MiB) */
  readonly maxBodyBytes?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

const names: OptionNames<WebhookOptions> = {
  scheme: true,
  secret: true,
  replay: true,
  endpoint: true,
  timelessMemory: true,
  tolerance: true,
  acceptFindings: true,
  maxBodyBytes: true,
  clock: true,
  publicOrigin: true,
  publicPath: true,
  trustedProxies: true,
};

/** A delivery whose signature is right. */
export type VerifiedWebhook = {
  readonly ok: true;
  /** The signed bytes. Empty if there is no body. */
  readonly body: OwnBytes;
  /** Returns the body as text, decoded as UTF-8. */
  text(): string;
  /** Returns the body parsed as JSON. Throws a `SyntaxError` if it is not JSON. */
  json(): unknown;
  /** True if the same delivery was received before: respond with 200 and do nothing twice. Undefined without `replay`. */
  readonly duplicate: boolean | undefined;
  /** When the delivery was signed, in milliseconds since the epoch; undefined if the signature covers no time. */
  readonly signedAt: number | undefined;
  /** Names of headers whose values are signed, in lower case. Do not trust others. */
  readonly signedHeaders: readonly string[];
  /** The name of the scheme. */
  readonly scheme: string;
};

/**
 * Verifies one delivery of a webhook, in any server: give it the `Request`, the request of Node, or `{ method, url, headers, body }`.
 * The signature covers the bytes of the body, so call it before the body is read or parsed.
 *
 * No request makes it throw: a refusal is `{ ok: false, error, response }`, as a verifier returns it.
 *
 * @throws SignatureError `invalid_configuration`, `invalid_credentials`
 * @example
 * import { githubWebhooks } from 'countersign/schemes';
 * import { verifyWebhook } from 'countersign/webhooks';
 *
 * export async function POST(request: Request): Promise<Response> {
 *   const event = await verifyWebhook(request, { scheme: githubWebhooks, secret: 'It is a secret to everybody' });
 *   if (!event.ok) return new Response(event.response.body, event.response);
 *   return Response.json(event.json());
 * }
 */
export async function verifyWebhook(
  request: WebhookRequest,
  given: WebhookOptions,
): Promise<VerifiedWebhook | Refused> {
  const options = readOptions(given, names, 'verifyWebhook()');
  const { verifier, accessKey } = createWebhookVerifier(options);
  let received: ReturnType<typeof receiveWebhook>;
  try {
    received = receiveWebhook(request);
  } catch (cause) {
    // Not a request, or not as described.
    const unreadable = () => new SignatureError('internal_error', 'The request could not be read.', 500, { cause });
    return refusalOf(cause instanceof SignatureError ? cause : unreadable());
  }
  const result = await verifier.verify(received, { accessKey });
  if (!result.ok) {
    const changed =
      result.error.code === 'signature_mismatch' && !('arrayBuffer' in received) && changedLength(received);
    return changed ? refusalOf(new SignatureError('body_parsed', changed, 500)) : result;
  }
  const { body = new Uint8Array(), signedAt, signedHeaders, scheme, duplicate } = result;
  const text = () => new TextDecoder().decode(body);
  return {
    ok: true,
    body,
    text,
    json: () => JSON.parse(text()),
    duplicate: options.replay && duplicate,
    signedAt,
    signedHeaders,
    scheme,
  };
}

const refusalOf = (error: SignatureError): Refused => ({ ok: false, error, response: errorResponse(error, '') });

type WebhookVerifier = { readonly verifier: Verifier; readonly accessKey: string };

function createWebhookVerifier(options: WebhookOptions): WebhookVerifier {
  const { scheme: given, secret, replay, endpoint, acceptFindings = [], ...rest } = options;
  const scheme = compiledScheme(given);
  const secrets = (Array.isArray(secret) ? secret : [secret]) as readonly Secret[];
  if (!secrets.length || secrets.some((one) => one === undefined || one === null || one === '')) {
    fail('invalid_credentials', 'verifyWebhook() needs the secret of the endpoint: it is empty or undefined.');
  }
  const entries = secrets.map((one) => entryOf(one, scheme));
  const prepared = prepareKeys(scheme);
  // The verifier finds these keys. A secret that makes none is a mistake of the caller, not of the request.
  for (const entry of entries) prepared.get(entry);
  const accessKey = endpoint ?? scheme.name;
  // The result names no session: its holder would act as the sender, beyond its scopes, and nothing could revoke it.
  const record = { service: scheme.name, secrets: entries, sessions: false as const };
  const verifier = createVerifier({
    ...rest,
    // A scheme may carry an access key. Only the secret identifies the sender.
    keys: { find: (carried) => ({ ...record, accessKey: carried }) },
    replay: replay ? claimsFor(accessKey, replay) : { claim: () => 'fresh' },
    scheme,
    acceptFindings: [...acceptFindings, 'no-timestamp'],
    duplicates: 'report',
  });
  return { verifier, accessKey };
}

/**
 * A store that claims for the endpoint, with any access key a delivery carries. Not every scheme signs the access key: with another
 * one, a recorded delivery would be new.
 */
function claimsFor(endpoint: string, replay: ReplayStore): ReplayStore {
  if (typeof replay.claim !== 'function') {
    fail('invalid_configuration', 'replay of verifyWebhook() must be a replay store, such as memoryReplay().');
  }
  return { claim: (_carried, ...nonce) => replay.claim(endpoint, ...nonce) };
}

const compiled = new WeakMap<SchemeDefinition, Scheme>();

// Definitions are constants, and compiling one takes longer than verifying with it.
function compiledScheme(given: SchemeDefinition | Scheme): Scheme {
  if (typeof given !== 'object') {
    fail(
      'invalid_configuration',
      'scheme of verifyWebhook() must be a definition, such as githubWebhooks, or a scheme.',
    );
  }
  if ('createKey' in given) return given;
  const scheme = compiled.get(given) ?? defineScheme(given);
  compiled.set(given, scheme);
  return scheme;
}

/** How many secrets of a scheme are remembered. */
const mostEntries = 64;
const entries = new WeakMap<Scheme, Map<string, KeySecret>>();

/**
 * Returns the entry of a secret, the same one for the same text: its key is then derived once, not for each delivery. Bytes are not
 * remembered, because they can be overwritten.
 */
function entryOf(secret: Secret, scheme: Scheme): KeySecret {
  if (typeof secret !== 'string') return { secret };
  const known = entries.get(scheme) ?? new Map<string, KeySecret>();
  entries.set(scheme, known);
  const entry = known.get(secret) ?? { secret };
  // Last, so that the first is the one that was not used for longest.
  known.delete(secret);
  known.set(secret, entry);
  evictOldest(known, mostEntries);
  return entry;
}

import type { Credentials } from '../core/credentials.ts';
import { fail } from '../core/errors.ts';
import type { Scheme } from '../core/scheme.ts';
import { countersignV1 } from '../schemes/countersign-v1/scheme.ts';
import { type OptionNames, readOptions } from '../server/known-options.ts';
import { protect } from '../server/protect.ts';
import { createVerifier } from '../server/verify/verifier.ts';
import { describeExplanation } from './describe-explanation.ts';
import { copyOf, explainRequest } from './explain-request.ts';
import { keyStoreOf, recordOf, type TestKey, testCredentials } from './keys.ts';
import { testSigner } from './signer.ts';
import { type Conditions, type Situation, situations } from './situations.ts';

/** Options of `serverResponse`. */
export type ServerResponseOptions = {
  /** The request of the app, signed with `key`. @default a POST that a test signer signs */
  readonly request?: Request;
  /** Credentials or the record of the key that signed the request; for a session, of its parent. @default testCredentials */
  readonly key?: TestKey;
  /** The scheme of the signature. @default countersignV1 */
  readonly scheme?: Scheme;
  /** What the handler of the server returns if the request is accepted. @default an empty JSON object */
  readonly response?: Response;
  /** The wait of `rate_limited`, in seconds. @default 30 */
  readonly retryAfter?: number;
  /** The missing scope of `insufficient_scope`. @default 'admin' */
  readonly scope?: string;
  /** When the secret of `retiring_secret` ends, in milliseconds since the epoch. @default a week after the request */
  readonly retiresAt?: number;
};

const names: OptionNames<ServerResponseOptions> = {
  request: true,
  key: true,
  scheme: true,
  response: true,
  retryAfter: true,
  scope: true,
  retiresAt: true,
};

const week = 604_800_000;

/**
 * Returns the response that a server sends in a situation, for tests of error screens. A real verifier makes it, for the request of
 * the app, so it is countersigned as a server countersigns it. The server's clock shows the time of the request, unless the situation
 * is about time. The server remembers no nonces.
 *
 * @throws SignatureError `invalid_configuration` for an unknown situation or option, and if no server responds so to the request,
 * for example because the request is not signed with `key`.
 * @example
 * import { serverResponse } from 'countersign/testing';
 *
 * const response = await serverResponse('rate_limited', { retryAfter: 10 });
 * console.log(response.status, response.headers.get('retry-after')); // → 429 10
 */
export async function serverResponse(situation: Situation, given: ServerResponseOptions = {}): Promise<Response> {
  const options = readOptions(given, names, 'serverResponse()');
  if (!Object.hasOwn(situations, situation)) {
    fail('invalid_configuration', `serverResponse() has no situation ${JSON.stringify(situation)}.`);
  }
  const { key = testCredentials, scheme = countersignV1, response = Response.json({}) } = options;
  const conditions = situations[situation];
  const request = options.request
    ? copyOf(options.request, 'serverResponse()')
    : await testSigner({ scheme, credentials: credentialsOf(key) }).sign('https://api.example.com/v1/orders', sent);
  const explanation = await explainRequest(request, { keys: keyStoreOf([key]), scheme });
  const now = explanation.time?.signedAt ?? Date.now();
  const server = createServer(conditions, { ...options, key, scheme, response, now });
  const made = await server(conditions.transit === 'request loses its signature' ? withoutHeaders(request) : request);
  if (conditions.accepted ? !made.ok : (await codeOf(made)) !== situation) {
    const reason = explanation.verified
      ? `Its response has the status ${made.status}.`
      : describeExplanation(explanation);
    fail('invalid_configuration', `No server responds with ${situation} to this request. ${reason}`);
  }
  return conditions.transit === 'response is changed' ? changed(made) : made;
}

const sent = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' };

type ServerValues = Required<Pick<ServerResponseOptions, 'key' | 'scheme' | 'response'>> &
  Pick<ServerResponseOptions, 'retryAfter' | 'scope' | 'retiresAt'> & { readonly now: number };

/** Creates the server that is in the situation. */
function createServer(conditions: Conditions, values: ServerValues): (request: Request) => Promise<Response> {
  const { key, scheme, response, now, retryAfter = 30, scope = 'admin', retiresAt = now + week } = values;
  const shown = { now, retryAfter, retiresAt };
  const record = recordOf(key);
  const verifier = createVerifier({
    scheme,
    keys: keyStoreOf([conditions.key?.(record, shown) ?? record]),
    replay: { claim: () => 'fresh' },
    acceptFindings: (scheme.findings ?? []).map(({ code }) => code),
    clock: () => now + (conditions.ahead ?? 0),
    ...conditions.verifier?.(shown),
  });
  const signs = conditions.accepted && scheme.response && conditions.transit !== 'response loses its signature';
  return protect(verifier, () => response, {
    ...(conditions.scoped && { scope }),
    countersign: signs ? 'always' : 'never',
  });
}

/**
 * @throws SignatureError `invalid_configuration` for a key that only verifies.
 */
function credentialsOf(key: TestKey): Credentials {
  if (!('secrets' in key)) return key;
  const secret = key.secrets.find((one) => one.secret !== undefined)?.secret;
  if (secret === undefined) {
    return fail('invalid_configuration', 'serverResponse() needs the request: this key cannot sign one.');
  }
  return { accessKey: key.accessKey, secret };
}

const withoutHeaders = ({ url, method }: Request): Request => new Request(url, { method });

async function codeOf(response: Response): Promise<unknown> {
  if (response.ok) return undefined;
  return ((await response.clone().json()) as { readonly code?: unknown }).code;
}

/** A response with one more byte than the server sent. */
async function changed(response: Response): Promise<Response> {
  const { status, statusText, headers } = response;
  return new Response(`${await response.text()} `, { status, statusText, headers });
}

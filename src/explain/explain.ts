import { parseAddress } from '../core/address.ts';
import { sha256OfBodySync } from '../core/digest.ts';
import { hex } from '../core/encoding.ts';
import { countersignV1 } from '../schemes/countersign-v1/scheme.ts';
import { secretState } from '../server/keys/key-lifecycle.ts';
import { readOptions } from '../server/known-options.ts';
import { createBodyReader, keptBody } from '../server/verify/body.ts';
import { createRequestResolver, type ReceivedRequest } from '../server/verify/message.ts';
import { matchesBody } from './body-cause.ts';
import { findCause } from './causes.ts';
import { createEffort, type Effort, listLeftOut, pauseIfDue } from './effort.ts';
import { explainUnreadable } from './explain-unreadable.ts';
import { explainVerdict } from './explain-verdict.ts';
import type { ExplainedSecret, ExplainOptions, SignatureExplanation } from './explanation.ts';
import { explainNames } from './explanation.ts';
import { judgeFreshness } from './freshness.ts';
import { maskFields, maskTarget } from './masked-fields.ts';
import { type ReadRequest, readRequest } from './read-request.ts';
import { isSignedBy } from './search.ts';
import type { Guess } from './variation.ts';

/**
 * Explains the signature of a request step by step. If it does not verify, tries the usual mistakes of callers, proxies and libraries,
 * and reports the differences with which the signature fits.
 *
 * For debugging, not for responses: the result contains information that a stranger must not get.
 *
 * @throws SignatureError `invalid_configuration`, `key_store_unavailable`; and for input that is not a readable request
 * `invalid_request`, `malformed_field`, `body_consumed`, `body_parsed`, `body_too_large`.
 * @example
 * import { createSigner, generateCredentials } from 'countersign';
 * import { explainSignature } from 'countersign/explain';
 * import { memoryKeys } from 'countersign/server';
 *
 * const { accessKey, secret } = generateCredentials();
 * const request = await createSigner({ accessKey, secret }).sign('https://api.example.com/v1/orders');
 * const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
 * const { differences } = await explainSignature(new Request('https://api.example.com/v1/orders/', request), { keys });
 * console.log(differences.map(({ code }) => code)); // → [ 'path-slash' ]
 */
export async function explainSignature(
  request: Request | ReceivedRequest,
  options: ExplainOptions,
): Promise<SignatureExplanation> {
  return explainWithin(request, {
    ...readOptions(options, explainNames, 'explainSignature()'),
    effort: createEffort(),
  });
}

/** Like `explainSignature`, within this effort. */
export async function explainWithin(
  request: Request | ReceivedRequest,
  { effort, ...options }: ExplainOptions & { readonly effort: Effort },
): Promise<SignatureExplanation> {
  const { scheme = countersignV1, tolerance = 300, clock = () => Date.now(), maxBodyBytes = 10 * 2 ** 20 } = options;
  const now = clock();
  const message = createRequestResolver(options)(request, options.address).message();
  const body = options.withoutBody ? new Uint8Array() : await readBody(request, maxBodyBytes);
  const received: Guess = { message, body };
  const verdict = await explainVerdict(toPlainRequest(request, body), { ...options, scheme, now });
  await pauseIfDue(effort);
  const read = await readRequest(received, { scheme, keys: options.keys, accessKey: options.accessKey, effort });
  const readable = 'reading' in read ? read : undefined;
  const signatures = readable?.reading.presented.signatures;
  const { method, scheme: protocol, authority, target } = message;
  return {
    ...verdict,
    scheme: scheme.name,
    fields: maskFields(message.headers, scheme.fields, signatures),
    message: { method, protocol, authority, target: maskTarget(target, signatures) },
    ...(readable && (await describeStages(readable, { now, tolerance }))),
    body: options.withoutBody
      ? { ...(await describeBody(body, undefined)), ...signedBody(readable), unknown: true }
      : await describeBody(body, readable),
    ...(verdict.verified
      ? { differences: [] }
      : 'reading' in read
        ? await findCause(read, { ...options, origins: listOrigins(request, options), scheme, tolerance, now, effort })
        : explainUnreadable(read.error, received, { ...options, scheme })),
    leftOut: listLeftOut(effort),
  };
}

/** The origins of the options, and that of a `Request`, which has no Host header. */
const listOrigins = (request: Request | ReceivedRequest, { origins = [] }: ExplainOptions): readonly string[] =>
  'url' in request ? [...origins, new URL(request.url).origin] : origins;

/** Reads the body, or takes what a verifier has read of it. */
async function readBody(request: Request | ReceivedRequest, limit: number): Promise<Uint8Array> {
  const kept = keptBody(request);
  const read = kept ? { method: request.method, headers: request.headers, body: kept } : request;
  return (await createBodyReader(read as ReceivedRequest, limit).read()) ?? new Uint8Array();
}

type Judged = { readonly now: number; readonly tolerance: number };

async function describeStages(
  { reading, accessKey, record, signers }: ReadRequest,
  judged: Judged,
): Promise<Pick<SignatureExplanation, 'key' | 'stringToSign' | 'time'>> {
  const secrets: ExplainedSecret[] = [];
  for (const { key, id, entry } of signers) {
    const state = entry && secretState(entry, judged.now);
    if (state) secrets.push({ ...(id !== undefined && { id }), state, fits: await isSignedBy(reading, key) });
  }
  return {
    key: { accessKey, found: record !== undefined, secrets },
    ...(reading.text !== undefined && { stringToSign: reading.text }),
    time: judgeFreshness(reading.presented, judged),
  };
}

async function describeBody(body: Uint8Array, read: ReadRequest | undefined): Promise<SignatureExplanation['body']> {
  const signed = read?.reading.presented.body;
  const fits = signed && (await matchesBody(signed, body));
  return {
    bytes: body.length,
    sha256: hex(sha256OfBodySync(body)),
    ...signedBody(read),
    ...(fits !== undefined && { fits }),
  };
}

function signedBody(read: ReadRequest | undefined): Pick<SignatureExplanation['body'], 'signed' | 'expected'> {
  const signed = read?.reading.presented.body;
  return { ...(signed && { signed: signed.kind }), ...(signed?.kind === 'digest' && { expected: hex(signed.sha256) }) };
}

/** Converts the request to a plain object, so that it can be verified although its body has been read. */
function toPlainRequest(request: Request | ReceivedRequest, body: Uint8Array): ReceivedRequest {
  if (!('url' in request)) return { ...request, body, bodyUsed: false };
  const { scheme, authority, rawTarget } = parseAddress(request.url);
  return { method: request.method, scheme, authority, target: rawTarget, headers: request.headers, body };
}

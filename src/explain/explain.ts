import { parseAddress } from '../core/address.ts';
import { sha256OfBodySync } from '../core/digest.ts';
import { hex } from '../core/encoding.ts';
import { countersignV1 } from '../schemes/countersign-v1/scheme.ts';
import { secretState } from '../server/keys/key-lifecycle.ts';
import { createBodyReader } from '../server/verify/body.ts';
import { createRequestResolver, type ReceivedRequest } from '../server/verify/message.ts';
import { fitsBody } from './body-cause.ts';
import { findCause } from './causes.ts';
import { createEffort, listLeftOut } from './effort.ts';
import { explainUnreadable } from './explain-unreadable.ts';
import { explainVerdict } from './explain-verdict.ts';
import type { ExplainedSecret, ExplainOptions, SignatureExplanation } from './explanation.ts';
import { judgeFreshness } from './freshness.ts';
import { shownFields, shownTarget } from './masked-fields.ts';
import { type ReadRequest, readRequest } from './read-request.ts';
import { isSignedBy } from './search.ts';
import type { Guess } from './variation.ts';

/**
 * Says stage by stage what the signature of a request was made over, and if it does not fit, in what it differs: tries what
 * callers, proxies and libraries usually do otherwise, and tells with which of it the signature fits.
 *
 * It is for the desk of whoever looks for a fault, not for replies: it holds what a stranger must not be told.
 *
 * @throws SignatureError `invalid_configuration`, `key_store_unavailable`, and for what is no request at all `invalid_request`,
 * `malformed_field`, `body_consumed`, `body_parsed`, `body_too_large`
 */
export async function explainSignature(
  request: Request | ReceivedRequest,
  options: ExplainOptions,
): Promise<SignatureExplanation> {
  const { scheme = countersignV1, tolerance = 300, clock = () => Date.now(), maxBodyBytes = 10 * 2 ** 20 } = options;
  const now = clock();
  const message = createRequestResolver(options)(request, options.address).message();
  const body = (await createBodyReader(request, maxBodyBytes).read()) ?? new Uint8Array();
  const received: Guess = { message, body };
  const verdict = await explainVerdict(plainRequest(request, body), { ...options, scheme, now });
  const effort = createEffort();
  const read = await readRequest(received, { scheme, keys: options.keys, accessKey: options.accessKey, effort });
  const readable = 'reading' in read ? read : undefined;
  const signatures = readable?.reading.presented.signatures;
  const { method, scheme: protocol, authority, target } = message;
  return {
    ...verdict,
    scheme: scheme.name,
    fields: shownFields(message.headers, scheme.fields, signatures),
    message: { method, protocol, authority, target: shownTarget(target, signatures) },
    ...(readable && (await stagesOf(readable, { now, tolerance }))),
    body: await bodyStage(body, readable),
    ...(verdict.verified
      ? { differences: [] }
      : 'reading' in read
        ? await findCause(read, { ...options, scheme, tolerance, now, effort })
        : explainUnreadable(read.error, received, options)),
    leftOut: listLeftOut(effort),
  };
}

type Judged = { readonly now: number; readonly tolerance: number };

async function stagesOf(
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

async function bodyStage(body: Uint8Array, read: ReadRequest | undefined): Promise<SignatureExplanation['body']> {
  const signed = read?.reading.presented.body;
  const fits = signed && (await fitsBody(signed, body));
  return {
    bytes: body.length,
    sha256: hex(sha256OfBodySync(body)),
    ...(signed && { signed: signed.kind }),
    ...(signed?.kind === 'digest' && { expected: hex(signed.sha256) }),
    ...(fits !== undefined && { fits }),
  };
}

/** The request as a value, which can be judged although its body has been read. */
function plainRequest(request: Request | ReceivedRequest, body: Uint8Array): ReceivedRequest {
  if (!('url' in request)) return { ...request, body, bodyUsed: false };
  const { scheme, authority, rawTarget } = parseAddress(request.url);
  return { method: request.method, scheme, authority, target: rawTarget, headers: request.headers, body };
}

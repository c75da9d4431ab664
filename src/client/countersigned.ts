import { readBody } from '../core/body.ts';
import { contentDigest, sha256OfBody } from '../core/digest.ts';
import { utf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import { fieldValue } from '../core/message.ts';
import type { SigningKey } from '../core/signing-key.ts';
import { countersignV1Response } from '../schemes/countersign-v1-response.ts';
import type { CorrectedClock } from './clock.ts';
import { type Fetch, signedFetch } from './fetch.ts';
import type { Signer } from './signer.ts';

/** How answers are checked, and what sends the requests. */
export type CountersignedOptions = {
  /** What sends the requests. @default globalThis.fetch, looked up at each call */
  readonly fetch?: Fetch;
  /** Set right when the server refuses a timestamp; the signer must use the same. Then the request is sent once more. @default none */
  readonly clock?: CorrectedClock;
  /** The largest response that is read to be checked, in bytes. @default 67108864 (64 MiB) */
  readonly maxBodyBytes?: number;
};

/**
 * As `signedFetch`, and believes no answer that does not carry the server's countersignature over this very request, its
 * own status, content type and body: mutual authentication, also behind a proxy that can read and change everything. The
 * body is read whole before the response is returned.
 *
 * @throws SignatureError (the function returned) `response_unsigned` for an answer without countersignature, `response_mismatch`
 * for one with a wrong one, `body_too_large`, and what `signedFetch` throws.
 */
export function countersignedFetch(signer: Signer, options: CountersignedOptions = {}): Fetch {
  const { fetch = (...given) => globalThis.fetch(...given), clock, maxBodyBytes = 2 ** 26 } = options;
  const exchange = async (...given: Parameters<Fetch>): Promise<Checked> => {
    let requestSignature: string | null = null;
    // Credentials may be renewed while a request is under way.
    const before = await signer.key();
    const send = signedFetch(signer, (request, extras) => {
      requestSignature = (request as Request).headers.get('x-api-signature');
      return fetch(request, extras);
    });
    const response = await send(...given);
    const keys = [...new Set([before, await signer.key()])];
    return checked(response, { keys, requestSignature, maxBodyBytes });
  };
  return async (input, init) => {
    const offset = clock?.offset() ?? 0;
    const sentAt = (clock?.() ?? 0) - offset;
    const first = await exchange(input, init);
    if (!clock || !first.refusesTimestamp) return first.response;
    // Another call may have set the clock right in the meantime.
    if (clock.offset() === offset) clock.correct(first.time, sentAt);
    return resendable(input, init) ? (await exchange(input, init)).response : first.response;
  };
}

type Checked = { readonly response: Response; readonly time: number; readonly refusesTimestamp: boolean };

type Expected = {
  /** One of which signed the request. */
  readonly keys: readonly SigningKey[];
  readonly requestSignature: string | null;
  readonly maxBodyBytes: number;
};

async function checked(response: Response, { keys, requestSignature, maxBodyBytes }: Expected): Promise<Checked> {
  const { status, statusText, headers, url } = response;
  const presented = countersignV1Response.read(headers);
  if (!presented || requestSignature === null) {
    fail('response_unsigned', `The answer (status ${status}) is not countersigned, so anyone may have sent it.`);
  }
  const bytes = await readBody(response, maxBodyBytes);
  if (!bytes) fail('body_too_large', `The answer has more than ${maxBodyBytes} bytes: raise maxBodyBytes.`, 413);
  const sha256 = bytes.length ? await sha256OfBody(bytes) : undefined;
  const contentType = fieldValue(headers, 'content-type') ?? '';
  const { time, signature } = presented;
  const { stringToSign } = countersignV1Response.prepare({ requestSignature, time, status, contentType, sha256 });
  const data = utf8(stringToSign);
  const valid = await Promise.all(keys.map((key) => key.verify(data, signature)));
  const digestFits = (headers.get('unencoded-digest') ?? undefined) === (sha256 && contentDigest(sha256));
  if (!digestFits || !valid.includes(true)) {
    fail('response_mismatch', `The answer (status ${status}) is not what the server countersigned for this request.`);
  }
  // A Response that is made cannot be given the address it came from.
  const copy = new Response(bytes.length ? (bytes as BodyInit) : null, { status, statusText, headers });
  return {
    response: Object.defineProperty(copy, 'url', { value: url }),
    time,
    refusesTimestamp: refusesTimestamp(status, bytes),
  };
}

// Told by the body, which the countersignature covers, not by a header that anyone may have added.
const refusesTimestamp = (status: number, body: Uint8Array): boolean =>
  status === 401 && /"code":"(?:stale|future)_timestamp"/.test(new TextDecoder().decode(body));

// What has been read once cannot be sent again.
const resendable = (input: RequestInfo | URL, init: RequestInit | undefined): boolean =>
  !(init?.body instanceof ReadableStream) && !(typeof input === 'object' && 'bodyUsed' in input && input.bodyUsed);

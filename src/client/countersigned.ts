import { readBody } from '../core/body.ts';
import { checkPublicKey, type PlatformKey } from '../core/credentials.ts';
import { sha256OfBody } from '../core/digest.ts';
import { bytesToSign, decodeUtf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import { type Message, toMessage } from '../core/message.ts';
import type { PresentedResponse, ResponseScheme, SigningScheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import { countersignV1Response } from '../schemes/countersign-v1/response.ts';
import { checkOptions } from './check-options.ts';
import type { CorrectedClock } from './clock.ts';
import { createSender, type Fetch, type SendOptions } from './fetch.ts';
import type { Outgoing } from './outgoing.ts';
import { refuseRedirect } from './refuse-redirect.ts';
import { isIdempotent, resendable } from './request.ts';
import type { Signer } from './signer.ts';

/** How responses are checked, and what sends the requests. */
export type CountersignedOptions = SendOptions & {
  /** Corrected when the server refuses the timestamp; then a request of an idempotent method is sent once more. The signer must use the same clock. @default none */
  readonly clock?: CorrectedClock;
  /** The server's public key, if the server does not sign with the caller's secret. @default the caller's secret */
  readonly responseKey?: PlatformKey;
  /** The most bytes of a response body that are read. @default 67108864 (64 MiB) */
  readonly maxBodyBytes?: number;
};

/**
 * Returns a `fetch` that signs every request, as `signedFetch` does, and checks the server's countersignature of every response.
 * The countersignature covers the signature of the request, and the status, content type and body of the response. This is mutual
 * authentication, even through a proxy that can read and change every message. The whole body is read before the response is
 * returned.
 *
 * @throws SignatureError `invalid_configuration` for a scheme that signs no responses, `invalid_credentials` for a
 * `responseKey` that is not a public key. The returned function throws `response_unsigned` for a response without
 * countersignature, `response_mismatch` for a wrong countersignature, `redirect_refused` for a countersigned redirect,
 * `body_too_large`, and the codes of `signedFetch`.
 * @example
 * import { countersignedFetch, createSigner } from 'countersign';
 *
 * const api = countersignedFetch(createSigner({ accessKey, secret }));
 * const response = await api('https://api.example.com/v1/orders');
 * console.log(await response.json()); // → { hello: 'shop' }
 */
export function countersignedFetch(signer: Signer, options: CountersignedOptions = {}): Fetch {
  const { clock, responseKey, maxBodyBytes = 2 ** 26 } = options;
  checkOptions('countersignedFetch', options, /^(fetch|clock|responseKey|maxBodyBytes)$/);
  const send = createSender(signer, options);
  const { scheme } = signer;
  const responses = responsesOf(scheme);
  if (responseKey) checkPublicKey(responseKey);
  const given = responseKey && scheme.createKey(responseKey);
  const exchange = async (...call: Parameters<Fetch>): Promise<Checked> => {
    const { response, outgoing, followed } = await send(...call);
    // Credentials may be renewed during a request: the server signs with the secret that signed the request.
    const key = given ?? outgoing.signed.key;
    const found = await checked(response, { request: messageSent(outgoing), responses, key, maxBodyBytes });
    if (followed) refuseRedirect(found.response);
    return found;
  };
  return async (input, init) => {
    const offset = clock?.offset() ?? 0;
    const sentAt = (clock?.() ?? 0) - offset;
    const first = await exchange(input, init);
    if (!clock || first.time === undefined || !first.refusesTimestamp) return first.response;
    // Another call may have corrected the clock since.
    if (clock.offset() === offset) clock.correct(first.time, sentAt);
    // A countersigned refusal may be that of a copy: the request may have been carried out before.
    const again = isIdempotent(input, init) && resendable(input, init);
    return again ? (await exchange(input, init)).response : first.response;
  };
}

/** The message of a request as it was sent. */
export const messageSent = ({ input, init }: Outgoing): Message =>
  typeof input === 'string'
    ? toMessage({ method: init?.method ?? 'GET', url: input }, new Headers(init?.headers))
    : toMessage(input, input.headers);

/**
 * How a scheme signs responses. The bundle of a client contains only the signing half of the default scheme.
 *
 * @throws SignatureError `invalid_configuration` for a scheme that signs none.
 */
export const responsesOf = ({ name, response }: SigningScheme): ResponseScheme =>
  response ??
  (name === 'countersign-v1'
    ? countersignV1Response
    : fail('invalid_configuration', `The scheme ${name} signs no responses.`));

/** A response whose countersignature was checked. */
export type Checked = {
  readonly response: Response;
  readonly time?: number | undefined;
  readonly refusesTimestamp?: boolean;
};

type Expected = {
  /** The request as sent. */
  readonly request: Message;
  readonly responses: ResponseScheme;
  /** The key that must have signed the response. */
  readonly key: SigningKey;
  readonly maxBodyBytes: number;
};

/**
 * Checks the countersignature of a response, and reads its whole body.
 *
 * @throws SignatureError `response_unsigned`, `response_mismatch`, `body_too_large`
 */
export async function checked(
  response: Response,
  { request, responses, key, maxBodyBytes }: Expected,
): Promise<Checked> {
  const { status, headers, url } = response;
  const presented = responses.read({ status, headers, request });
  if (!presented) {
    fail('response_unsigned', `The response (status ${status}) is not countersigned, so anyone may have sent it.`);
  }
  const bytes = await readBody(response, maxBodyBytes);
  if (!bytes) fail('body_too_large', `The response has more than ${maxBodyBytes} bytes: raise maxBodyBytes.`, 413);
  const sha256 = bytes.length ? await sha256OfBody(bytes) : undefined;
  if (!presented.matches(bytes, sha256) || !(await isSignedBy(presented, key, bytes))) {
    fail('response_mismatch', `The countersignature of the response (status ${status}) does not match.`);
  }
  // Without statusText, which is not signed. The constructor cannot set the URL.
  const copy = new Response(bytes.length ? (bytes as BodyInit) : null, { status, headers });
  return {
    response: Object.defineProperty(copy, 'url', { value: url }),
    time: presented.time,
    refusesTimestamp: refusesTimestamp(status, bytes),
  };
}

async function isSignedBy(presented: PresentedResponse, key: SigningKey, body: Uint8Array): Promise<boolean> {
  const { algorithm = key.algorithm, stringToSign, signature, deriveKey } = presented;
  if (algorithm !== key.algorithm) return false;
  const own = deriveKey ? await deriveKey(key) : key;
  return own.verify(bytesToSign(typeof stringToSign === 'function' ? stringToSign(body) : stringToSign), signature);
}

// Reads the body, which the countersignature covers, and no header, which anyone may have added.
const refusesTimestamp = (status: number, body: Uint8Array): boolean =>
  status === 401 && /"code":"(?:stale|future)_timestamp"/.test(decodeUtf8(body));

import { readBody } from '../core/body.ts';
import { checkPublicKey, type PlatformKey } from '../core/credentials.ts';
import { sha256OfBody } from '../core/digest.ts';
import { bytesToSign, decodeUtf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import { type Message, toMessage } from '../core/message.ts';
import type { PresentedResponse, ResponseScheme, SigningScheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import { countersignV1Response } from '../schemes/countersign-v1/response.ts';
import { discardBody } from './discard-body.ts';
import type { Exchange } from './fetch.ts';
import type { Outgoing } from './outgoing.ts';
import type { Signer } from './signer.ts';

/** How countersignatures are checked. */
export type CheckOptions = {
  /** The server's public key; undefined if the server signs with the caller's secret. */
  readonly responseKey: PlatformKey | undefined;
  /** The most bytes of a response body that are read. */
  readonly maxBodyBytes: number;
};

/** A response whose countersignature was checked. */
export type Checked = {
  readonly response: Response;
  readonly time?: number | undefined;
  readonly refusesTimestamp?: boolean;
};

/**
 * Creates the function that checks the countersignature of a response, and reads its whole body.
 *
 * @throws SignatureError `invalid_configuration` for a scheme that signs no responses, `invalid_credentials` for a `responseKey` that is
 * not a public key. The function throws `response_unsigned`, `response_mismatch`, `body_too_large`.
 */
export function createResponseCheck(
  { scheme }: Signer,
  { responseKey, maxBodyBytes }: CheckOptions,
): (exchange: Pick<Exchange, 'response' | 'outgoing'>) => Promise<Checked> {
  const responses = responsesOf(scheme);
  if (responseKey) checkPublicKey(responseKey);
  const given = responseKey && scheme.createKey(responseKey);
  return ({ response, outgoing }) => {
    // Credentials may be renewed during a request: the server signs with the secret that signed the request.
    const key = given ?? outgoing.signed.key;
    return checked(response, { request: messageSent(outgoing), responses, key, maxBodyBytes });
  };
}

const messageSent = ({ input, init }: Outgoing): Message =>
  typeof input === 'string'
    ? toMessage({ method: init?.method ?? 'GET', url: input }, new Headers(init?.headers))
    : toMessage(input, input.headers);

// The bundle of a client contains only the signing half of the default scheme.
const responsesOf = ({ name, response }: SigningScheme): ResponseScheme =>
  response ??
  (name === 'countersign-v1'
    ? countersignV1Response
    : fail('invalid_configuration', `The scheme ${name} signs no responses.`));

type Expected = {
  /** The request as sent. */
  readonly request: Message;
  readonly responses: ResponseScheme;
  /** The key that must have signed the response. */
  readonly key: SigningKey;
  readonly maxBodyBytes: number;
};

async function checked(response: Response, { request, responses, key, maxBodyBytes }: Expected): Promise<Checked> {
  const { status, headers, url } = response;
  const presented = responses.read({ status, headers, request });
  if (!presented) {
    discardBody(response);
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

import { createSigner, prepareRequest, type SignerOptions } from 'countersign';
import type { Scheme } from 'countersign/schemes';
import { sha256OfBody } from '../../../src/core/digest.ts';
import { utf8 } from '../../../src/core/encoding.ts';
import { toMessage } from '../../../src/core/message.ts';
import { type Attempt, type Sent, sentOf, urlOf } from './attempt.ts';

/** Signs with ours what an oracle can sign too. */
export function signWith(scheme: Scheme, attempt: Attempt, options: Partial<SignerOptions> = {}): Sent {
  const { accessKey, secret, time, nonce, challenge, ...request } = attempt;
  const signer = createSigner({
    accessKey,
    secret,
    scheme,
    clock: () => time,
    nonce: () => nonce,
    challenge: () => challenge,
    ...options,
  } as SignerOptions);
  const { method, headers, body } = request;
  const made = prepareRequest(signer, { method, url: urlOf(request), headers, ...(body.length && { body }) });
  const added = Object.entries(made.headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    ...sentOf(request),
    // The URL Standard's serialisation has always a path, so the first slash after the origin begins the target.
    target: made.url.slice(`${request.scheme}://${request.authority}`.length),
    headers: { ...headers, ...Object.fromEntries(added) },
  };
}

/** What the scheme itself makes of it, for examples whose secret is too short for a signer. */
export async function stringSigned(scheme: Scheme, { accessKey, secret, time, nonce, challenge, ...request }: Attempt) {
  const { method, headers, body } = request;
  const prepared = scheme.prepare({
    message: toMessage({ method, url: urlOf(request) }, new Headers(headers)),
    accessKey,
    time,
    nonce,
    challenge,
    signedHeaders: [],
    body: !body.length
      ? { kind: 'none' }
      : scheme.body === 'bytes'
        ? { kind: 'bytes', bytes: body }
        : { kind: 'digest', sha256: await sha256OfBody(body) },
  });
  const { stringToSign: text } = prepared;
  const key = scheme.createKey(secret);
  const signature = await key.sign(typeof text === 'string' ? utf8(text) : text);
  return { text, headers: prepared.headers(signature) };
}

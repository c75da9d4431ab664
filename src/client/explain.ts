import { decodeUtf8, hex } from '../core/encoding.ts';
import type { Message } from '../core/message.ts';
import { type SigningInit, signForFetch } from './outgoing.ts';
import type { Signer } from './signer.ts';

/** The stages of a signature, to compare when signer and verifier disagree. Contains no secret. */
export type Explanation = {
  readonly scheme: string;
  readonly message: Pick<Message, 'method' | 'authority' | 'target'>;
  /** SHA-256 of the body in hex, or `bytes` (the body itself is signed), `unsigned`, `declared` (in a header of the caller), `none`. */
  readonly bodyDigest: string;
  /** Bytes that are not UTF-8 are shown as U+FFFD. */
  readonly stringToSign: string;
  /** The headers with the signature. */
  readonly headers: Readonly<Record<string, string>>;
  /** Path and query with the signature, for schemes that sign in the query. */
  readonly target?: string;
};

/**
 * Signs a request and returns each stage by name. Takes the arguments of `fetch`. Reads a clone of a Request.
 *
 * @throws SignatureError the codes of `Signer.sign`.
 * @example
 * import { explainSigning } from 'countersign';
 *
 * const { stringToSign } = await explainSigning(signer, 'https://api.example.com/v1/orders');
 * console.log(stringToSign.split('\n').slice(4, 7).join(' ')); // → GET api.example.com /v1/orders
 */
export async function explainSigning(
  signer: Signer,
  input: string | URL | Request,
  init?: SigningInit,
): Promise<Explanation> {
  const copy = typeof input === 'object' && 'clone' in input ? input.clone() : input;
  const { message, body, signed } = await signForFetch(signer, copy, init);
  const { method, authority, target } = message;
  const { stringToSign, headers } = signed;
  return {
    scheme: signer.scheme.name,
    message: { method, authority, target },
    bodyDigest: body.kind === 'digest' ? hex(body.sha256) : body.kind,
    stringToSign: typeof stringToSign === 'string' ? stringToSign : decodeUtf8(stringToSign),
    headers,
    ...(signed.target !== undefined && { target: signed.target }),
  };
}

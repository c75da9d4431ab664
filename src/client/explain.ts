import { decodeUtf8, hex } from '../core/encoding.ts';
import type { Message } from '../core/message.ts';
import { type SigningInit, signForFetch } from './outgoing.ts';
import type { Signer } from './signer.ts';

/** What a signature was made of, by stage: what to compare when two sides disagree. Holds no secret. */
export type Explanation = {
  readonly scheme: string;
  readonly message: Pick<Message, 'method' | 'authority' | 'target'>;
  /** SHA-256 of the body in hex, or `bytes` (signed as they are), `unsigned`, `declared` (by the caller's own header), `none`. */
  readonly bodyDigest: string;
  /** Bytes that are no UTF-8 are shown as U+FFFD. */
  readonly stringToSign: string;
  /** The headers that carry the signature. */
  readonly headers: Readonly<Record<string, string>>;
  /** Path and query with the signature in them, for schemes that put it there. */
  readonly target?: string;
};

/**
 * Signs what `fetch` takes, and returns each stage by name. Reads a clone of a Request.
 *
 * @throws SignatureError as `Signer.sign` does.
 * @example
 * const { stringToSign } = await explainSigning(signer, 'https://api.example.com/v1/orders');
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

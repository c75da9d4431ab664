import { readBody } from '../../core/body.ts';
import { decodeUtf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { readPublicKey } from '../../core/session/public-key.ts';

/** The longest body in bytes. A public key has at most 87 characters. */
const longest = 4096;

/**
 * Reads the public key in the body of a request for a session. A request without a body in JSON has none.
 *
 * @returns undefined for a malformed body or key.
 * @throws SignatureError `body_consumed`
 */
export async function publicKeyIn(request: Request): Promise<{ readonly publicKey: string | undefined } | undefined> {
  const isJson = /^application\/json(?:[ \t]*;|$)/i.test(request.headers.get('content-type') ?? '');
  if (!isJson || request.body === null) return { publicKey: undefined };
  if (request.bodyUsed) fail('body_consumed', 'authenticate has read the body: let it read request.clone().', 500);
  const bytes = await readBody(request, longest);
  return bytes && parse(decodeUtf8(bytes));
}

function parse(text: string): { readonly publicKey: string | undefined } | undefined {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof given !== 'object' || given === null) return undefined;
  const { publicKey } = given as { readonly publicKey?: unknown };
  if (publicKey === undefined) return { publicKey };
  return typeof publicKey === 'string' && readPublicKey(publicKey) ? { publicKey } : undefined;
}

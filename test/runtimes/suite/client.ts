import {
  allowSecretInBrowser,
  createSigner,
  type Fetch,
  type Signer,
  type SignerOptions,
  signedFetch,
} from 'countersign';
import type { Receipt } from '../server/receipt.ts';
import { type Context, equal } from './check.ts';

type Settings = Pick<SignerOptions, 'signedHeaders' | 'clock' | 'nonce' | 'maxBodyBytes'>;

export const signerFor = ({ accessKey, secret }: Context, settings: Settings = {}): Signer =>
  createSigner({ accessKey, secret, [allowSecretInBrowser]: true, ...settings });

/** The ways to send a signed request that take what fetch takes. */
export function waysFor(context: Context, settings: Settings = {}): Readonly<Record<'signedFetch' | 'sign', Fetch>> {
  const signer = signerFor(context, settings);
  return {
    signedFetch: signedFetch(signer),
    sign: async (input, init) => fetch(await signer.sign(new Request(input, init))),
  };
}

export type StreamInit = RequestInit & { readonly duplex?: 'half' };

/** What the server received and accepted; throws where it refused. */
export async function accepted(response: Response): Promise<Receipt> {
  const text = await response.text();
  if (response.status !== 200)
    throw new Error(`refused with ${response.status}, ${response.headers.get('x-reason')}: ${text}`);
  return JSON.parse(text) as Receipt;
}

/** The values of a header as they came over the wire, joined. */
export const headerOf = ({ headers }: Receipt, name: string): string | undefined =>
  headers
    .filter(([field]) => field.toLowerCase() === name)
    .map(([, value]) => value)
    .join(', ') || undefined;

/** How many requests for a path have reached the server, verified or not. */
export async function attemptsAt({ base }: Context, path: string): Promise<number> {
  const response = await fetch(`${base}/open/attempts?path=${encodeURIComponent(path)}`);
  return Number(await response.text());
}

let paths = 0;
/** A path that no other check of any runtime uses. */
export const freshPath = (name: string): string =>
  `/${name}/${Date.now().toString(36)}${(Math.random() * 1e9).toFixed()}-${++paths}`;

export function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export const textOf = ({ body }: Receipt): string =>
  new TextDecoder().decode(Uint8Array.from(atob(body), (character) => character.charCodeAt(0)));

export const equalBody = (receipt: Receipt, bytes: Uint8Array): void =>
  equal(
    [receipt.size, receipt.body],
    [bytes.length, bytes.length > 65_536 ? '' : base64Of(bytes)],
    'the body received',
  );

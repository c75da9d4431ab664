import { createHmac } from 'node:crypto';
import { createSigner, generateCredentials, type Session } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import type { Verified, Verifier } from 'countersign/server';
import { type Described, noon, outcomeOf, type Parts, type RigOptions, received, rig, signedParts } from './rig.ts';

/** Claims in any shape: forgers keep to no type. */
export type Loose = Readonly<Record<string, unknown>>;

export const seconds = noon / 1000;
export const plain = { i: 'AAAAAAAAAAAAAAAA', e: seconds + 900, b: seconds };

export const encoded = (claims: Loose | string): string =>
  Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)).toString('base64url');

/** Derived with another HMAC than the package's, from docs/browsers.md alone. */
export const derived = (secret: string | Uint8Array, accessKey: string): string =>
  createHmac('sha256', secret).update(`countersign-session1\n${accessKey}`).digest('base64url');

/** A session by the holder of a secret, with any claims, one spelling or not. */
export function forged(
  { accessKey, secret }: { readonly accessKey: string; readonly secret: string },
  ...links: ReadonlyArray<Loose | string>
): { readonly accessKey: string; readonly secret: string } {
  let [name, key] = [accessKey, secret];
  for (const link of links) {
    name += (name.includes('~s1.') ? '~' : '~s1.') + encoded(link);
    key = derived(key, name);
  }
  return { accessKey: name, secret: key };
}

export const schemes = { 'countersign-v1': undefined, rfc9421: rfc9421() } as const;
export type SchemeName = keyof typeof schemes;
export const schemeNames = Object.keys(schemes) as SchemeName[];

/** A verifier with one parent, whose credentials are known. */
export function sessionRig(scheme: SchemeName = 'countersign-v1', options: RigOptions = {}) {
  const chosen = schemes[scheme];
  const parent = generateCredentials();
  const { accessKey, secret } = parent;
  const { verifier, events, claimed, time } = rig({
    ...(chosen && { scheme: chosen }),
    ...options,
    record: {
      accessKey,
      secrets: [{ id: 'first', secret }],
      scopes: ['orders:read', 'orders:write'],
      ...options.record,
    },
  });
  const clock = () => time.now;
  /** The parts of a request that a session signs. */
  const signed = (session: { readonly accessKey: string; readonly secret: string }, described?: Described): Parts =>
    signedParts(createSigner({ ...session, clock, ...(chosen && { scheme: chosen }) }), described);
  return { verifier, events, claimed, time, clock, parent: { accessKey, secret }, signed };
}

export type SessionRig = ReturnType<typeof sessionRig>;

/** `ok`, or the precise code, for a request that the session signs. */
export const outcome = async (
  { verifier, signed }: Pick<SessionRig, 'verifier' | 'signed'>,
  session: Pick<Session, 'accessKey' | 'secret'>,
  described?: Described,
): Promise<string> => outcomeOf(await verifier.verify(received(signed(session, described))));

/** The verified request; fails where it is refused. */
export async function accepted(verifier: Verifier, parts: Parts): Promise<Verified<unknown>> {
  const result = await verifier.verify(received(parts));
  if (!result.ok) throw result.error;
  return result;
}

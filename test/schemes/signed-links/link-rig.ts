import { createHmac } from 'node:crypto';
import { type Credentials, type SignUrlOptions, signUrl } from 'countersign';
import { countersignV1, type SignedLinksOptions, signedLinks } from 'countersign/schemes';
import { judge, macOf, noon, type Parts, type RigOptions, rig } from '../../server/rig.ts';

export const seconds = noon / 1000;
export const address = 'https://api.example.com/v1/report.pdf?page=2&page=1';

/** A verifier of signed requests and links, by one clock that stands still. */
export function linkRig(options: RigOptions & { readonly links?: Partial<SignedLinksOptions> } = {}) {
  const { links, ...rest } = options;
  const made = rig({
    scheme: [countersignV1, signedLinks({ maxLifetime: 3600, ...links })],
    acceptFindings: ['no-nonce'],
    ...rest,
  });
  const { accessKey, secret, verifier, time } = made;
  const sign = (url = address, more: Partial<SignUrlOptions> = {}, credentials: Credentials = { accessKey, secret }) =>
    signUrl(credentials, url, { expiresIn: 600, clock: () => time.now, ...more });
  /** `ok`, or the precise code. */
  const use = (link: string, more: Partial<Parts> = {}) => judge(verifier, { ...partsOf(link), ...more });
  return { ...made, sign, use };
}

/** What is on the wire: a client sends no fragment, and changes nothing else. */
export function partsOf(link: string): Parts {
  const [, scheme, authority = '', target = '/'] = /^(https?|wss?):\/\/([^/?#]+)([^#]*)/.exec(link) ?? [];
  return { method: 'GET', authority, target, scheme: /s$/.test(scheme ?? '') ? 'https' : 'http', headers: {} };
}

export type ForgedLink = {
  readonly accessKey: string;
  readonly secret: string;
  /** Path and query before the own parameters. */
  readonly target?: string;
  readonly until?: string;
  readonly nonce?: string;
  readonly method?: string;
};

/** The target of a link by someone who has the secret and keeps to no rule. Its signature is right by docs/protocol.md. */
export function forgeLink({ accessKey, secret, until = `${seconds + 600}`, nonce, ...rest }: ForgedLink): string {
  const { target = '/v1/orders', method = 'GET' } = rest;
  const own = `csign-key=${accessKey}&csign-until=${until}${nonce === undefined ? '' : `&csign-nonce=${nonce}`}`;
  const signed = `${target}${target.includes('?') ? '&' : '?'}${own}`;
  const lines = ['countersign-v1-link', accessKey, until, nonce ?? '', method, 'api.example.com', signed];
  return `${signed}&csign-signature=v1=${macOf(secret, lines.join('\n'))}`;
}

/** The secret of a session, derived from docs/browsers.md alone. */
export const derivedSecret = (secret: string, accessKey: string): string =>
  createHmac('sha256', secret).update(`countersign-session1\n${accessKey}`).digest('base64url');

/** The link with one part changed; fails where there is none. */
export const swap = (link: string, from: string | RegExp, to: string): string => {
  const changed = link.replace(from, to);
  if (changed === link) throw new Error(`The link has no ${from}.`);
  return changed;
};

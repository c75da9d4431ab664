import { allowSecretInBrowser, createSigner, signUrl } from 'countersign';
import { signedLinks } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { normaliseTarget } from '../../../src/core/address.ts';
import { toMessage } from '../../../src/core/message.ts';
import type { LinkCase, ReceivedLinkCase } from '../../vectors/link-format.ts';
import { linkVectors } from '../../vectors/read-links.ts';
import { type Check, equal } from './check.ts';

const { keys, sign, verify, tolerance, maxLifetime } = linkVectors;
const noHeaders = { get: () => null };

/** By the signing half of the scheme, which takes a nonce. */
async function signsByScheme({ accessKey, secret, now, expiresIn, nonce, method, url, ...stages }: LinkCase) {
  const signer = createSigner({
    credentials: { accessKey, secret },
    clock: () => now * 1000,
    ...(nonce !== undefined && { nonce: () => nonce }),
    scheme: signedLinks({ maxLifetime: expiresIn, once: nonce !== undefined }),
    [allowSecretInBrowser]: true,
  });
  const message = toMessage({ method, url: url.replace(/^ws/, 'http') }, noHeaders);
  const { stringToSign, target } = await signer.signMessage(message, { kind: 'none' });
  equal(stringToSign, stages.stringToSign, `${stages.name}: the string to sign`);
  equal(target?.slice(-64), stages.mac, `${stages.name}: the MAC`);
  equal(target, stages.link.replace(/^\w+:\/\/[^/]+/, '').replace(/#.*/, ''), `${stages.name}: the target`);
}

async function verdict({ now, again, name, rule, outcome, ...received }: ReceivedLinkCase): Promise<string> {
  const clock = () => now * 1000;
  const { host, ...request } = received;
  const verifier = createVerifier({
    keys: memoryKeys(keys.map(({ accessKey, secret }) => ({ accessKey, service: 'suite', secrets: [{ secret }] }))),
    replay: memoryReplay({ clock }),
    scheme: signedLinks({ maxLifetime }),
    acceptFindings: ['no-nonce'],
    tolerance,
    clock,
  });
  const use = () => verifier.verify({ ...request, authority: host, headers: noHeaders });
  if (again) equal((await use()).ok, true, `${name}: the first use`);
  const result = await use();
  return result.ok ? 'ok' : result.error.code;
}

/** Runtimes differ in which characters of no URI they escape: Bun escapes `^`. */
const normalised = (link: string): string =>
  link.replace(/^(\w+:\/\/[^/]+)([^#]*)/, (_, origin, target) => origin + normaliseTarget(target));

/** Signed links, to the byte. */
export const linkChecks: readonly Check[] = [
  {
    name: 'signed links: string, MAC and target of every vector',
    async run() {
      for (const one of sign) await signsByScheme(one);
    },
  },
  {
    name: 'signed links: signUrl makes the link of every vector',
    async run() {
      for (const { accessKey, secret, now, expiresIn, nonce, method, url, link, name } of sign) {
        const options = { expiresIn, method, clock: () => now * 1000, [allowSecretInBrowser]: true } as const;
        const found = await signUrl({ accessKey, secret }, url, { ...options, once: nonce !== undefined });
        const blurred = (one: string) =>
          nonce === undefined ? one : one.replace(/(nonce=)\w{32}|[\da-f]{64}/g, (_, parameter) => parameter ?? '');
        equal(blurred(normalised(found)), blurred(normalised(link)), name);
      }
    },
  },
  {
    name: 'signed links: a verifier finds what every vector says',
    async run() {
      for (const one of verify) equal(await verdict(one), one.outcome, `${one.name}: ${one.rule}`);
    },
  },
];

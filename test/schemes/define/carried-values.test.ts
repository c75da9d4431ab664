import { createSigner, prepareRequest } from 'countersign';
import { defineScheme, lintScheme, type SchemeDefinition } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, signedChallenges } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { judge, noon, type Parts, received, signedParts } from '../../server/rig.ts';
import { signing, whole } from './lint/definitions.ts';
import { accessKey, halves, nonce, secret } from './rig.ts';

const highIn = (definition: SchemeDefinition) =>
  lintScheme(definition).flatMap(({ code, severity }) => (severity === 'high' ? [code] : []));

/** Carries a challenge, and signs it like this. */
const answering = (signed: string): SchemeDefinition => ({
  name: 'answering',
  stringToSign: `{accessKey}\n{method}\n{authority}\n{path}\n{query}\n{body|sha256|hex}${signed}`,
  headers: { 'X-Key': '{accessKey}', 'X-Challenge': '{challenge}', 'X-Signature': '{signature}' },
});

describe('a challenge that is carried', () => {
  it.each([
    ['not at all', ''],
    ['cut', '\n{challenge|truncate:4}'],
    ['up to a mark', '\n{challenge|before:.}'],
    ['in lower case', '\n{challenge|lower}'],
    ['in upper case', '\n{challenge|upper}'],
    ['as half of a digest', '\n{challenge|sha256|hex|truncate:32}'],
    ['only where another header is there', '[\n{header.x-more}{challenge|default:none}]'],
    ['within a value that is cut', '\n{header.x-challenge|truncate:4}'],
  ])('is refused at definition where it is signed %s', (_, signed) => {
    expect(() => defineScheme(answering(signed))).toThrow(/challenge/);
  });

  it('is refused at definition where it is in a query that is signed in lower case', () => {
    const definition = {
      ...answering(''),
      stringToSign: '{accessKey}\n{method}\n{authority}\n{path}\n{query|lower}\n{body|sha256|hex}',
      headers: { 'X-Key': '{accessKey}', 'X-Signature': '{signature}' },
      query: { challenge: '{challenge}' },
    };
    expect(() => defineScheme(definition)).toThrow(/challenge/);
    const sound = { ...definition, stringToSign: definition.stringToSign.replace('|lower', '') };
    expect(() => defineScheme(sound)).not.toThrow();
  });

  it.each([
    ['whole', '\n{challenge}'],
    ['as a digest', '\n{challenge|sha256|hex}'],
    ['by the name of its header', '\n{header.x-challenge}'],
  ])('is taken where it is signed %s, and no other can be put in its place', async (_, signed) => {
    const scheme = defineScheme(answering(signed));
    const challenges = signedChallenges({ clock: () => noon });
    const verifier = createVerifier({
      scheme,
      challenges,
      clock: () => noon,
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay({ clock: () => noon }),
    });
    const signer = createSigner({ accessKey, secret, scheme, challenge: () => challenges.issue() });
    const parts = signedParts(signer);
    const forged = { ...parts, headers: { ...parts.headers, 'x-challenge': challenges.issue() } };
    expect(await judge(verifier, forged)).toBe('signature_mismatch');
    expect(await judge(verifier, parts)).toBe('ok');
    expect(await judge(verifier, parts)).toBe('replayed_request');
  });

  // Whoever gives the challenge would choose further lines of what is signed, or add parameters to the address.
  it.each(['a\nDELETE\n/all', 'a&admin=1', 'a#', 'a b', 'a"', 'ä', 'a'.repeat(513)])(
    'is not signed if no server issues such a one: %j',
    (challenge) => {
      const { headers, ...rest } = answering('\n{challenge}');
      const { 'X-Challenge': carrier = '', ...others } = headers ?? {};
      const url = 'https://api.example.com/v1/orders';
      for (const definition of [
        { ...rest, headers: headers ?? {} },
        { ...rest, headers: others, query: { challenge: carrier } },
      ]) {
        const signer = createSigner({
          accessKey,
          secret,
          scheme: defineScheme(definition),
          challenge: () => challenge,
        });
        expect(() => prepareRequest(signer, { url })).toThrow(/challenge has/);
      }
    },
  );

  it('may be left out where brackets say so, and then freshness is what the rest of the scheme makes of it', async () => {
    const definition = {
      ...answering('[\n{challenge}]'),
      headers: { ...answering('').headers, 'X-Challenge': '[{challenge}]' },
    };
    expect(highIn(definition)).toEqual(['no-timestamp']);
    const challenges = signedChallenges({ clock: () => noon });
    const scheme = defineScheme(definition);
    const verifier = createVerifier({
      scheme,
      challenges,
      acceptFindings: ['no-timestamp'],
      clock: () => noon,
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay({ clock: () => noon }),
    });
    const parts = signedParts(createSigner({ accessKey, secret, scheme, challenge: () => challenges.issue() }));
    const { 'x-challenge': _, ...stripped } = parts.headers;
    expect(await judge(verifier, { ...parts, headers: stripped })).toBe('signature_mismatch');
    expect(await judge(verifier, parts)).toBe('ok');
  });
});

describe('a nonce and a time in a query whose escapes are signed decoded', () => {
  const definition: SchemeDefinition = {
    name: 'in-query',
    stringToSign: '{accessKey}\n{method}\n{authority}\n{target|decode|rfc3986}\n{body|sha256|hex}',
    headers: { 'X-Key': '{accessKey}', 'X-Signature': '{signature}' },
    query: { nonce: '{nonce}', time: '{timestamp}' },
  };

  // "{target|decode|rfc3986}" makes one text of `%26` and `&`: what was within a value becomes a parameter, and the reverse.
  it('cannot be exchanged for those that a value held', async () => {
    const { signer, verifier } = halves(definition, highIn(definition));
    const other = 'AAAAAAAAAAAAAAAA';
    const origin = 'https://api.example.com';
    const { url, headers } = prepareRequest(signer, { url: `${origin}/orders?x=%26nonce%3D${other}%26junk%3D` });
    const parts: Parts = {
      method: 'GET',
      authority: 'api.example.com',
      scheme: 'https',
      target: url.slice(origin.length),
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    };
    const forged = {
      ...parts,
      target: `/orders?x=&nonce=${other}&junk=%26nonce%3D${nonce}&time=${noon / 1000}`,
    };
    expect(await judge(verifier, parts)).toBe('ok');
    expect(await judge(verifier, forged)).toBe('replayed_request');
  });

  it('are told not to be signed', () => {
    expect(highIn(definition)).toEqual(expect.arrayContaining(['no-timestamp', 'query-unsigned']));
  });
});

describe('an access key of which only part is signed', () => {
  it.each(['lower', 'upper', 'truncate:3', 'before:-'])('is told to be unbound: {accessKey|%s}', async (filter) => {
    const definition = signing(whole.stringToSign.replace('{accessKey}', `{accessKey|${filter}}`));
    expect(lintScheme(definition)).toMatchObject([{ code: 'access-key-unbound', severity: 'low' }]);
    const [one, other] = ['abc-d', filter === 'lower' || filter === 'upper' ? 'ABC-D' : 'abc-e'];
    const scheme = defineScheme(definition);
    const clock = () => noon;
    const keys = memoryKeys([one, other].map((name) => ({ accessKey: name, service: name, secrets: [{ secret }] })));
    const verifier = createVerifier({ scheme, keys, clock, replay: memoryReplay({ clock }) });
    const parts = signedParts(createSigner({ accessKey: one, secret, scheme, clock }));
    const forged = { ...parts, headers: { ...parts.headers, 'x-key': other } };
    expect(await verifier.verify(received(forged))).toMatchObject({ ok: true, principal: { accessKey: other } });
  });
});

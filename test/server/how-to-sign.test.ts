import { readChallenge } from 'countersign';
import { countersignV1, rfc9421, type Scheme } from 'countersign/schemes';
import { signedChallenges } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { refusal, rig, url } from './rig.ts';

const own = 'Countersign scheme="countersign-v1", error="missing_signature"';

const named = (name: string, challenge: Readonly<Record<string, string>>): Scheme => ({
  ...countersignV1,
  name,
  challenge,
});

async function headersBy(scheme: readonly Scheme[]): Promise<Headers> {
  const { verifier } = rig({ scheme });
  const { response } = refusal(await verifier.verify(new Request(url)));
  // Not fewer than were given: a name in two spellings would be one field sent twice.
  const names = Object.keys(response.headers).map((name) => name.toLowerCase());
  expect(names).toEqual([...new Set(names)]);
  return new Headers(response.headers);
}

describe('what a refusal tells of how to sign', () => {
  it('stands beside the challenge of Countersign where a scheme has a WWW-Authenticate of its own', async () => {
    const bearer = 'Bearer realm="shop"';
    for (const name of ['WWW-Authenticate', 'www-authenticate']) {
      const headers = await headersBy([countersignV1, named('other', { [name]: bearer })]);
      expect(headers.get('www-authenticate')).toBe(`${own}, ${bearer}`);
    }
  });

  it('leaves the challenge to be found there', async () => {
    const challenges = signedChallenges();
    const { verifier } = rig({
      scheme: named('hawk', { 'WWW-Authenticate': 'Hawk ts="1", tsm="a"' }),
      challenges,
    });
    const { response } = refusal(await verifier.verify(new Request(url)));
    expect(response.headers['WWW-Authenticate']).toMatch(/^Countersign .*, Hawk ts="1", tsm="a"$/);
    expect(challenges.accepts(readChallenge(new Response(response.body, response)) ?? '')).toBe(true);
  });

  it('is that of every scheme, in their order', async () => {
    const schemes = [
      countersignV1,
      { ...rfc9421({ label: 'a', tag: 'a' }), name: 'a' },
      { ...rfc9421({ label: 'b', tag: 'b' }), name: 'b' },
    ];
    const headers = await headersBy(schemes);
    expect(headers.get('accept-signature')).toMatch(/^a=\(.*\);created;tag="a", b=\(.*\);created;tag="b"$/);
    expect(headers.get('www-authenticate')).toBe(own);
  });
});

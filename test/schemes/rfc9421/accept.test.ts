import { createSigner } from 'countersign';
import { rfc9421, wantedSignature } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { requestModifiers } from '../../../src/core/modifying-headers.ts';
import { refusal } from '../../server/rig.ts';
import { schemeRig } from './crafted.ts';

const all = '"@method" "@target-uri" "content-type" "content-digest"';

describe('a refusal', () => {
  it('asks for the signature that the verifier takes', async () => {
    const rig = schemeRig({ label: 'shop', tag: 'a "b"', expires: 60 });
    const { response } = refusal(await rig.verifier.verify(new Request('https://api.example.com/')));
    expect(response.status).toBe(401);
    expect(response.headers['Accept-Signature']).toBe(
      'shop=("@method" "@authority" "@path" "@query" "content-type" "content-digest");created;expires;tag="a \\"b\\""',
    );
    const { options } = wantedSignature(response.headers['Accept-Signature'] ?? null);
    const { accessKey, secret, time } = rig;
    const signer = createSigner({ accessKey, secret, clock: () => time.now, scheme: rfc9421(options) });
    const signed = await signer.sign(new Request('https://api.example.com/', { method: 'POST', body: '{}' }));
    expect(await rig.verifier.verify(signed)).toMatchObject({ ok: true });
    const part = await signer.sign(new Request('https://api.example.com/', { headers: { range: 'bytes=0-0' } }));
    expect(await rig.verifier.verify(part)).toMatchObject({ ok: true });
  });
});

describe('Accept-Signature', () => {
  it('is read into options, and what they have no place for', () => {
    const value = `a=(${all} "x-a";key="b" "@query-param";name="c");created;keyid="k";alg="ed25519";nonce="n";tag="t"`;
    expect(wantedSignature(value)).toEqual({
      options: {
        label: 'a',
        components: [
          '@method',
          '@target-uri',
          'content-type',
          'content-digest',
          'x-a;key="b"',
          '@query-param;name="c"',
          ...requestModifiers,
        ],
        tag: 't',
      },
      accessKey: 'k',
      algorithm: 'ed25519',
      nonce: 'n',
    });
    expect(wantedSignature(`a=(${all});expires`).options.expires).toBe(300);
  });

  it('is read for the first signature that can be made', () => {
    expect(wantedSignature(`a=("trailer";tr), b=(${all})`).options.label).toBe('b');
  });

  it.each([
    ['nothing', '', 'malformed_field'],
    ['no list', 'a=1', 'malformed_field'],
    ['a label twice', `a=(${all}), a=(${all})`, 'malformed_field'],
    ['a time of its own', `a=(${all});created=1`, 'malformed_field'],
    ['tokens', 'a=(method)', 'malformed_field'],
    ['a component that is unknown', `a=(${all} "@unknown")`, 'malformed_field'],
    ['trailers', `a=(${all} "a";tr)`, 'malformed_field'],
    ['lines of a header', `a=(${all} "a";bs)`, 'invalid_configuration'],
    ['the signature of an answer', `a=(${all} "@status")`, 'invalid_configuration'],
    ['an algorithm without keys', `a=(${all});alg="hmac-sha1"`, 'invalid_configuration'],
    ['a parameter that is unknown', `a=(${all});x`, 'invalid_configuration'],
    ['less than is safe', 'a=("@method" "@authority" "@path" "content-digest")', 'invalid_configuration'],
    ['nothing to be covered', 'a=()', 'invalid_configuration'],
  ])('is refused where it asks for %s', (_, value, code) => {
    expect(() => wantedSignature(value)).toThrow(expect.objectContaining({ code }));
  });

  it('is missing where it is null', () => {
    expect(() => wantedSignature(null)).toThrow(expect.objectContaining({ code: 'missing_header' }));
  });

  it('may ask for less where that is accepted by name', () => {
    const less = 'a=("@method" "@authority" "@path" "content-digest")';
    expect(() => wantedSignature(less)).toThrow(/query-unsigned/);
    expect(wantedSignature(less, ['query-unsigned']).options.components).toContain('@path');
  });
});

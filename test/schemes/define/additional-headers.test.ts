import { createSigner, type Signer } from 'countersign';
import { defineScheme, lintScheme, type SchemeDefinition } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, type Verifier } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { judge, noon, received, signedParts } from '../../server/rig.ts';
import { carried, signing, whole } from './lint/definitions.ts';
import { accessKey, secret } from './rig.ts';

const choosing = (signed: string, more: Partial<SchemeDefinition> = {}): SchemeDefinition =>
  signing(`${whole.stringToSign}\n${signed}`, {
    signedHeaders: { separator: ';', line: '{name}:{value}\n' },
    headers: { ...carried, 'X-Signed': '[{signedHeaders}]' },
    ...more,
  });

const lines = { lines: '[{signedHeaderLines}]' };

function halvesOf(
  definition: SchemeDefinition,
  signedHeaders: readonly string[],
): { readonly signer: Signer; readonly verifier: Verifier } {
  const scheme = defineScheme(definition);
  const clock = () => noon;
  const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
  const acceptFindings = lintScheme(definition).map(({ code }) => code);
  return {
    signer: createSigner({ accessKey, secret, scheme, clock, signedHeaders }),
    verifier: createVerifier({ scheme, keys, acceptFindings, clock, replay: memoryReplay({ clock }) }),
  };
}

async function coveredOf(verifier: Verifier, parts: ReturnType<typeof signedParts>): Promise<readonly string[]> {
  const result = await verifier.verify(received(parts));
  return result.ok ? result.signedHeaders : [result.error.code];
}

describe('additional headers', () => {
  it.each([
    ['in brackets of another header', '[{header.x-trace}\n{signedHeaderLines|default:}]'],
    ['in lower case', '{signedHeaderLines|lower}'],
    ['in lower case, hashed', '{signedHeaderLines|lower|sha256|hex}'],
    ['up to a mark', '{signedHeaderLines|before::}'],
    ['cut', '{signedHeaderLines|truncate:8|sha256|hex}'],
    ['as half of a digest', '{signedHeaderLines|md5|hex|truncate:1}'],
    ['in a value that is cut', '{value.cut|truncate:8}'],
    ['in a value in brackets of another header', '[{header.x-trace}{value.outer}]'],
  ])('are refused at definition where they are signed %s', (_, signed) => {
    const values = { cut: 'x{signedHeaderLines|default:}', outer: '[{signedHeaderLines}]!' };
    expect(() => defineScheme(choosing(signed, { values }))).toThrow(/Additional headers .* not fully signed/);
  });

  it.each([
    ['{signedHeaderLines|default:}'],
    ['{signedHeaderLines|default:none}'],
    ['[{signedHeaderLines}]'],
    ['[{signedHeaderLines}{header.x-trace|default:}]'],
    ['{value.lines}'],
    ['{value.lines|sha256|hex}'],
  ])('are told to be signed where they are: %s', async (signed) => {
    const { signer, verifier } = halvesOf(choosing(signed, { values: lines }), ['x-tenant']);
    const parts = signedParts(signer, { headers: { 'x-tenant': 'mine' } });
    const forged = { ...parts, headers: { ...parts.headers, 'x-tenant': 'other' } };
    expect(await judge(verifier, forged)).toBe('signature_mismatch');
    expect(await coveredOf(verifier, parts)).toContain('x-tenant');
  });

  it('are told not to be signed where their names are not', async () => {
    const cut = choosing('{signedHeaders|default:|before:;}\n{signedHeaderLines|default:}', {
      signedHeaders: { separator: ';', line: '{value}\n' },
    });
    expect(lintScheme(cut)).toContainEqual(
      expect.objectContaining({
        code: 'ambiguous-separator',
        severity: 'high',
        message: expect.stringContaining('names'),
      }),
    );
    const { signer, verifier } = halvesOf(cut, ['x-a', 'x-from']);
    const parts = signedParts(signer, { headers: { 'x-a': '1', 'x-from': 'bob' } });
    const { 'x-from': from = '', ...rest } = parts.headers;
    const forged = { ...parts, headers: { ...rest, 'x-to': from, 'x-signed': 'x-a;x-to' } };
    expect(await coveredOf(verifier, forged)).toEqual(['content-type']);
  });

  it('are told to be hashed weakly', () => {
    const found = lintScheme(choosing('{signedHeaderLines|default:|md5|hex}'));
    expect(found).toContainEqual(
      expect.objectContaining({ code: 'weak-hash', severity: 'high', message: expect.stringContaining('MD5') }),
    );
  });

  it.each(['&', '&&', ' &', '&;'])('are not listed with the separator %s, which names may have', (separator) => {
    const definition = choosing('[{signedHeaderLines}]', { signedHeaders: { separator, line: '{name}:{value}\n' } });
    expect(() => defineScheme(definition)).toThrow('signedHeaders.separator must be');
  });
});

describe('a header', () => {
  it('is told to be hashed weakly too', () => {
    const found = lintScheme(signing(`${whole.stringToSign}\n{header.x-tenant|default:|sha1|hex}`));
    expect(found).toMatchObject([{ code: 'weak-hash', severity: 'medium' }]);
  });

  it('of which a default tells the same as a value is not told to be signed', async () => {
    const { signer, verifier } = halvesOf(signing(`${whole.stringToSign}\n{header.x-role|default:guest}`), []);
    const parts = signedParts(signer);
    const forged = { ...parts, headers: { ...parts.headers, 'x-role': 'guest' } };
    expect(await coveredOf(verifier, forged)).toEqual(['content-type']);
  });
});

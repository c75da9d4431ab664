import { defineScheme, hawkHeader, type SchemeDefinition } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { judge, signedParts } from '../../server/rig.ts';
import { signing, whole } from './lint/definitions.ts';
import { halves } from './rig.ts';

const withHeader = (signed: string, more: Partial<SchemeDefinition> = {}) =>
  signing(`${whole.stringToSign}\n${signed}`, more);

/** What a verifier decides about a signed request that arrives with other values of a header. */
async function judgeWith(
  definition: SchemeDefinition,
  { name = 'x-flag', signed, values }: { name?: string; signed?: string; values: readonly (string | undefined)[] },
): Promise<readonly string[]> {
  const accepted = (defineScheme(definition).findings ?? []).map(({ code }) => code);
  const decisions: string[] = [];
  for (const value of values) {
    const { signer, verifier } = halves(definition, accepted);
    const parts = signedParts(signer, signed === undefined ? {} : { headers: { [name]: signed } });
    const { [name]: _, ...others } = parts.headers;
    decisions.push(
      await judge(verifier, { ...parts, headers: value === undefined ? others : { ...others, [name]: value } }),
    );
  }
  return decisions;
}

describe('an empty header', () => {
  it.each<[string, Partial<SchemeDefinition>?]>([
    ['{header.x-flag|default:}'],
    ['[{header.x-flag}]'],
    ['[{header.x-flag|lower}]'],
    ['[{header.x-flag}{header.x-other|default:}]'],
    ['{header.x-flag|default:|sha256|hex}'],
    ['{value.flag}', { values: { flag: '{header.x-flag|default:}' } }],
    ['{value.flag|sha256|hex}', { values: { flag: 'x[{header.x-flag}]{body}' } }],
    ['', { key: { steps: ['{dateBasic}', 'flag{header.x-flag|default:}'] } }],
  ])('that somebody in between adds is refused where none is signed alike: %s', async (signed, more) => {
    const values = ['', ' \t ', undefined];
    const decisions = await judgeWith(withHeader(signed, more), { values });
    expect(decisions).toEqual(['malformed_field', 'malformed_field', 'ok']);
  });

  it('is refused as content type, also where letter case and parameters are unsigned', async () => {
    for (const definition of [whole, hawkHeader]) {
      const decisions = await judgeWith(definition, { name: 'content-type', values: ['', undefined] });
      expect(decisions).toEqual(['malformed_field', 'ok']);
    }
  });

  it.each([['[\nx-flag:{header.x-flag}]'], ['{header.x-flag|default:none}'], ['x-flag:{header.x-flag}']])(
    'that is signed otherwise than none is accepted from its signer, and not without a signature: %s',
    async (signed) => {
      const definition = withHeader(signed);
      expect(await judgeWith(definition, { signed: '', values: ['', undefined] })).toEqual([
        'ok',
        expect.not.stringMatching('ok'),
      ]);
      if (signed === 'x-flag:{header.x-flag}') return;
      expect(await judgeWith(definition, { values: ['', undefined] })).toEqual(['signature_mismatch', 'ok']);
    },
  );
});

import { createSigner } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { judge, noon, type Parts } from '../../server/rig.ts';
import { type Crafted, crafted, created, honestLines, type SchemeRig, schemeRig, without } from './crafted.ts';

const beside = (parts: Parts, others: Record<string, string>): Parts => ({
  ...parts,
  headers: {
    ...parts.headers,
    ...Object.fromEntries(Object.entries(others).map(([name, value]) => [name, `${value}, ${parts.headers[name]}`])),
  },
});
const other = { 'signature-input': 'other=("@method");created=1', signature: 'other=:AAAA:' };

describe('several signatures', () => {
  it.each([
    ['covers too little', 'other=("@method");created=1'],
    ['covers nothing', 'other=()'],
    ['covers what only its reader knows', 'other=("trailer";tr "@unknown")'],
    ['covers what is not there', `other=(${Object.keys(honestLines).join(' ')} "x-a");created=1;keyid="k";nonce="n"`],
  ])('are read past one that %s', async (_, input) => {
    const rig = schemeRig();
    expect(await judge(rig.verifier, beside(crafted(rig), { ...other, 'signature-input': input }))).toBe('ok');
  });

  it('are refused for the fault of the first where none covers enough', async () => {
    const rig = schemeRig();
    const parts = beside(crafted(rig, { lines: without('"@path"') }), other);
    const result = await rig.verifier.verify({ ...parts, headers: new Map(Object.entries(parts.headers)) as never });
    expect(result).toMatchObject({ error: { code: 'insufficient_coverage', message: /@authority.*@path/ } });
  });

  it('are told apart by their label', async () => {
    const rig = schemeRig({ label: 'sig2' });
    expect(await judge(rig.verifier, crafted(rig))).toBe('missing_signature');
    expect(await judge(rig.verifier, crafted(rig, { label: 'sig2' }))).toBe('ok');
    const again = { label: 'sig2', parameters: `;created=${created};keyid="KEY";nonce="n1"` };
    expect(await judge(rig.verifier, beside(crafted(rig, again), other))).toBe('ok');
  });

  it('are told apart by their tag', async () => {
    const parameters = (tag: string) => ({ parameters: `;created=${created};keyid="KEY";nonce="n0"${tag}` });
    const judged = (given: Crafted) => {
      const rig = schemeRig({ tag: 'shop' });
      return judge(rig.verifier, crafted(rig, given));
    };
    expect(await judged(parameters(''))).toBe('missing_signature');
    expect(await judged(parameters(';tag="other"'))).toBe('missing_signature');
    expect(await judged(parameters(';tag=shop'))).toBe('missing_signature');
    expect(await judged(parameters(';tag="shop"'))).toBe('ok');
  });
});

describe('several signatures that cover enough', () => {
  const of = (rig: SchemeRig, label: string, more = ''): Parts =>
    crafted(rig, { label, parameters: `;created=${created};keyid="KEY";nonce="nonce-of-${label}"${more}` });
  const fieldsOf = ({ headers }: Parts) => ({
    'signature-input': headers['signature-input'] ?? '',
    signature: headers.signature ?? '',
  });
  const both = (rig: SchemeRig, more = ''): Parts => beside(of(rig, 'b', more), fieldsOf(of(rig, 'a', more)));

  it('are refused, or each of them would let the request in once more', async () => {
    const rig = schemeRig();
    expect(await judge(rig.verifier, both(rig))).toBe('malformed_field');
    expect(rig.claimed).toEqual([]);
  });

  it('are refused where the tag leaves several', async () => {
    const rig = schemeRig({ tag: 'shop' });
    expect(await judge(rig.verifier, both(rig, ';tag="shop"'))).toBe('malformed_field');
  });

  it('are told by the label, whose signature is accepted once, whatever stands beside it', async () => {
    const rig = schemeRig({ label: 'b' });
    expect(await judge(rig.verifier, both(rig))).toBe('ok');
    expect(await judge(rig.verifier, of(rig, 'b'))).toBe('replayed_request');
    expect(await judge(rig.verifier, of(rig, 'a'))).toBe('missing_signature');
  });

  it('are told by the tag', async () => {
    const rig = schemeRig({ tag: 'shop' });
    const parts = beside(of(rig, 'b', ';tag="shop"'), fieldsOf(of(rig, 'a', ';tag="proxy"')));
    expect(await judge(rig.verifier, parts)).toBe('ok');
    expect(await judge(rig.verifier, of(rig, 'b', ';tag="shop"'))).toBe('replayed_request');
  });
});

describe('the fields', () => {
  it.each<[what: string, change: Record<string, string | undefined>, code: string]>([
    ['without both', { signature: undefined, 'signature-input': undefined }, 'missing_signature'],
    ['without Signature', { signature: undefined }, 'malformed_field'],
    ['without Signature-Input', { 'signature-input': undefined }, 'malformed_field'],
    ['empty', { signature: '', 'signature-input': '' }, 'missing_signature'],
    ['with another label in Signature', { signature: 'sig2=:AAAA:' }, 'malformed_field'],
    ['with one more label in Signature', { signature: 'sig1=:AAAA:, sig2=:AAAA:' }, 'malformed_field'],
    ['with a label twice in Signature', { signature: 'sig1=:AAAA:, sig1=:AAAA:' }, 'malformed_field'],
    ['with a text for a signature', { signature: 'sig1="AAAA"' }, 'malformed_field'],
    ['with another alphabet', { signature: 'sig1=:AA_-:' }, 'malformed_field'],
    ['with bits that are not read', { signature: 'sig1=:AAB=:' }, 'malformed_field'],
    ['with an empty signature', { signature: 'sig1=::' }, 'signature_mismatch'],
    ['with an item for a list', { 'signature-input': 'sig1="@method"' }, 'malformed_field'],
    ['with a list for a dictionary', { 'signature-input': '("@method");created=1' }, 'malformed_field'],
    [
      'of other signatures',
      { signature: 'keyId="a",signature="AAAA"', 'signature-input': undefined },
      'malformed_field',
    ],
  ])('%s are refused', async (_, change, code) => {
    const rig = schemeRig();
    const parts = crafted(rig);
    const headers = Object.entries({ ...parts.headers, ...change }).filter((pair) => pair[1] !== undefined);
    expect(
      await judge(rig.verifier, { ...parts, headers: Object.fromEntries(headers) as Record<string, string> }),
    ).toBe(code);
  });

  it('are refused with a label twice in Signature-Input, whichever of the two is signed', async () => {
    const rig = schemeRig();
    const parts = crafted(rig);
    const input = parts.headers['signature-input'] ?? '';
    for (const twice of [`${input}, ${input}`, `sig1=(), ${input}`, `${input}, sig1=()`]) {
      const headers = { ...parts.headers, 'signature-input': twice };
      expect(await judge(rig.verifier, { ...parts, headers })).toBe('malformed_field');
    }
  });

  it('are refused above their limits', async () => {
    const rig = schemeRig();
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`"x-${i}"`, '']));
    const long = { parameters: `;created=${created};keyid="KEY";nonce="n0";x="${'x'.repeat(16384)}"` };
    expect(await judge(rig.verifier, crafted(rig, { lines: many }))).toBe('malformed_field');
    expect(await judge(rig.verifier, crafted(rig, long))).toBe('malformed_field');
    const labels = Array.from({ length: 16 }, (_, i) => `l${i}`);
    const crowd = {
      'signature-input': labels.map((label) => `${label}=()`).join(', '),
      signature: labels.map((label) => `${label}=:AAAA:`).join(', '),
    };
    expect(await judge(rig.verifier, beside(crafted(rig), crowd))).toBe('malformed_field');
  });
});

describe('signing', () => {
  const signerOf = (label: string, now = noon) =>
    createSigner({ accessKey: 'shop', secret: 's'.repeat(32), clock: () => now, scheme: rfc9421({ label }) });
  const labelsOf = (request: Request) =>
    [...(request.headers.get('signature') ?? '').matchAll(/(?:^|, )(\w+)=:/g)].map(([, l]) => l);

  it('keeps signatures of other labels, and replaces one of its own', async () => {
    const first = await signerOf('a').sign(new Request('https://api.example.com/', { method: 'POST', body: '{}' }));
    const both = await signerOf('b').sign(first.clone());
    const again = await signerOf('a', noon + 1000).sign(both.clone());
    expect([labelsOf(first), labelsOf(both), labelsOf(again)]).toEqual([['a'], ['a', 'b'], ['b', 'a']]);
    for (const label of ['a', 'b']) {
      const { verifier } = schemeRig(
        { label },
        { record: { accessKey: 'shop', secrets: [{ secret: 's'.repeat(32) }] } },
      );
      expect(await verifier.verify(again.clone())).toMatchObject({ ok: true });
    }
  });

  it('refuses a Signature of another kind that is there already', async () => {
    const request = new Request('https://api.example.com/', { headers: { signature: 'keyId="a",signature="AAAA"' } });
    await expect(signerOf('a').sign(request)).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

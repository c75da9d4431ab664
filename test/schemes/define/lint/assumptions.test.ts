import { createSigner, issueSession, prepareRequest } from 'countersign';
import { countersignV1, defineScheme, lintScheme, type SchemeDefinition } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { judge, noon, type Parts, received, signedParts } from '../../../server/rig.ts';
import { secret } from '../rig.ts';
import { carried, signing, whole } from './definitions.ts';

const clock = () => noon;
const bytes = (text: string) => new TextEncoder().encode(text);
const found = (definition: SchemeDefinition) =>
  lintScheme(definition).map(({ code, severity }) => `${severity} ${code}`);
const base = '{method}\n{authority}\n{header.content-type|default:}\n{timestamp}\n';

type Shift = {
  readonly of: string;
  readonly definition: SchemeDefinition;
  readonly accessKey: string;
  readonly nonce: string;
  readonly target?: string;
  readonly body: string;
  readonly finding: string;
  readonly forged: (parts: Parts) => Parts;
};

const withNonce = (parts: Parts, nonce: string, body: string): Parts => ({
  ...parts,
  headers: { ...parts.headers, 'x-nonce': nonce },
  body: bytes(body),
});

const shifts: readonly Shift[] = [
  {
    of: 'a nonce of digits and an access key of digits',
    definition: signing(`${base}{target}\n{nonce}{accessKey}{body}`, { nonce: 'digits' }),
    accessKey: '4711',
    nonce: '1234567890123456',
    body: '4711 pay 1',
    finding: 'high adjacent-values',
    forged: (parts) => withNonce(parts, '12345678901234564711', ' pay 1'),
  },
  {
    of: 'a nonce of hex and an access key of hex',
    definition: signing(`${base}{target}\n{nonce}{accessKey}{body}`, { nonce: 'hex' }),
    accessKey: 'abc',
    nonce: '0123456789abcdef',
    body: 'abc pay 1',
    finding: 'high adjacent-values',
    forged: (parts) => withNonce(parts, '0123456789abcdefabc', ' pay 1'),
  },
  {
    of: 'a body before a private character',
    definition: signing(`${base}{accessKey}\n{nonce}\n{path}\n{body}[\ue000{query}]`),
    accessKey: 'shop',
    nonce: '0123456789abcdef',
    target: '/t?to=1',
    body: 'x',
    finding: 'high ambiguous-separator',
    forged: (parts) => ({ ...parts, target: '/t', body: bytes('x\ue000to=1') }),
  },
  {
    of: 'a value of one length that a mark ends',
    definition: signing(`${base}{target}\n{accessKey}\n{nonce}\n{body|sha256|hex}\n{header.x-a|before:-}{header.x-b}`),
    accessKey: 'shop',
    nonce: '0123456789abcdef',
    body: 'x',
    finding: 'high adjacent-values',
    forged: (parts) => ({ ...parts, headers: { ...parts.headers, 'x-a': 'a', 'x-b': 'bc' } }),
  },
];

describe.each(shifts)('the boundary of $of', ({ definition, accessKey, nonce, target, body, finding, forged }) => {
  it('is found', () => expect(found(definition)).toContain(finding));

  it('can be moved', async () => {
    const scheme = defineScheme(definition);
    const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
    const acceptFindings = lintScheme(definition).map(({ code }) => code);
    const verifier = createVerifier({ scheme, keys, acceptFindings, clock, replay: memoryReplay({ clock }) });
    const signer = createSigner({ accessKey, secret, scheme, clock, nonce: () => nonce });
    const headers = { 'x-a': 'ab-', 'x-b': 'c' };
    const parts = signedParts(signer, { method: 'POST', body, headers, ...(target && { target }) });
    expect(await judge(verifier, forged(parts))).toBe('ok');
  });
});

describe('a value whose length a filter changes', () => {
  it.each([
    ['{nonce|before:-}{header.x-a|default:}', { nonce: { form: 'base64url', min: 22, max: 22 } as const }],
    ['{header.x-a|sha256|hex|before:0}{header.x-b}', {}],
    ['{header.x-a|before:ab}{header.x-b}', {}],
    ['{url|truncate:12}{header.x-b}', {}],
    ['{url|lower|truncate:40}{header.x-b}', {}],
  ])('has no fixed length: %s', (signed, more) => {
    expect(found(signing(`${whole.stringToSign}\n${signed}`, more))).toContain('high adjacent-values');
  });

  it.each([['{header.x-a|sha256|hex|truncate:40}{header.x-b}'], ['{nonce|sha256|hex}{header.x-b}']])(
    'has one after a hash: %s',
    (signed) => {
      expect(found(signing(`${whole.stringToSign}\n${signed}`))).not.toContain('high adjacent-values');
    },
  );
});

describe('a string to sign that begins with a value that others choose', () => {
  const beginning = (stringToSign: string, values: Readonly<Record<string, string>> = {}): SchemeDefinition => ({
    name: 'hook',
    values,
    signature: 'base64url',
    ...(stringToSign.includes('signedHeader') && { signedHeaders: { separator: ';', line: '{value}\n' } }),
    stringToSign,
    headers: { 'X-Signature': '{signature}', 'X-Token': '[{sessionToken}]' },
  });

  it.each([
    ['{host}\n{body}'],
    ['{authority}\n{body}'],
    ['{sessionToken|default:}{body}'],
    ['{header.x-a|default:}{body}'],
    ['{host|before:.}{body|sha256|hex}'],
    ['[{sessionToken}]{body}'],
    ['{value.token|lower}{body}'],
    ['{value.cut|before:x}{body}'],
    ['{signedHeaderLines|default:}{body|sha256|hex}'],
  ])('is found: %s', (stringToSign) => {
    const values = { token: '[{sessionToken}]', cut: 'x{method}' };
    expect(found(beginning(stringToSign, values))).toContain('medium no-domain-separation');
  });

  it.each([
    ['OWN\n{host}\n{body}'],
    ['{method}\n{host}\n{body}'],
    ['{body|sha256|hex}\n{host}'],
    ['{sessionToken}{body}'],
  ])('is not there in %s', (stringToSign) => {
    expect(found(beginning(stringToSign))).not.toContain('medium no-domain-separation');
  });

  it('makes a session of a message to a host, which a verifier of both schemes refuses', async () => {
    const scheme = defineScheme(beginning('{host}\n{body}'));
    const other = issueSession(
      { accessKey: 'hook', secret: 'x'.repeat(32) },
      { expiresIn: 900, subject: 'admin', clock },
    );
    const hook = createSigner({ accessKey: 'hook', secret, scheme, clock });
    const { headers } = prepareRequest(hook, {
      method: 'POST',
      url: 'https://countersign-session1/',
      body: other.accessKey,
    });
    const parts = signedParts(
      createSigner({ accessKey: other.accessKey, secret: headers['X-Signature'] ?? '', clock }),
    );
    const keys = memoryKeys([{ accessKey: 'hook', service: 'shop', secrets: [{ secret }] }]);
    const verifierOf = (schemes: Parameters<typeof createVerifier>[0]['scheme'] & {}) =>
      createVerifier({
        scheme: schemes,
        acceptFindings: ['no-timestamp'],
        keys,
        clock,
        replay: memoryReplay({ clock }),
      });
    expect(await verifierOf(countersignV1).verify(received(parts))).toMatchObject({ ok: true });
    expect(await judge(verifierOf([countersignV1, scheme]), parts)).toBe('internal_error');
  });
});

describe('a value that is signed like another', () => {
  const swap = (value: string, other: string) => found(signing(whole.stringToSign.replace(value, other)));

  it.each([
    ['{header.content-type|default:}', '{header.content-type|default:application/json}', 'low content-type-unsigned'],
    ['{query}', '{query|default:-}', 'medium query-unsigned'],
    ['{path}', '{path|decode|decode|rfc3986}', 'high path-unsigned'],
    ['{query}', '{query|decode|decode|rfc3986}', 'high query-unsigned'],
    ['{path}', '{path|decode|rfc3986|decode|rfc3986}', 'low path-unsigned'],
  ])('is found: %s as %s', (value, other, finding) => {
    expect(swap(value, other)).toContain(finding);
    expect(swap(value, other)).toHaveLength(1);
  });

  it('is a content type that the scheme carries and does not sign', () => {
    const untyped = whole.stringToSign.replace('{header.content-type|default:}\n', '');
    const typed = (type: string) => found(signing(untyped, { headers: { ...carried, 'Content-Type': type } }));
    expect(typed('[{ignored}]')).toEqual(['medium content-type-unsigned']);
    expect(typed('text/plain[;charset={ignored}]')).toEqual(['medium content-type-unsigned']);
    expect(typed('text/plain')).toEqual([]);
  });
});

describe('a character that no header can have', () => {
  it.each(['\n', '\r', '\u0000', 'é'])('is refused in a pattern of times, and in a header: %j', (character) => {
    const pattern = `{YYYY}-{MM}-{DD}${character}{HH}:{mm}`;
    expect(() => defineScheme({ ...whole, timestamp: { pattern } })).toThrow('cannot contain this character');
    const headers = { ...carried, 'X-Signature': `${character}{signature}` };
    expect(() => defineScheme({ ...whole, headers })).toThrow(
      'headers.X-Signature, character 1: a header cannot contain',
    );
  });

  it('leaves one place for a fraction of a second', () => {
    const pattern = '{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}.{fraction}{fraction}';
    expect(() => defineScheme({ ...whole, timestamp: { pattern } })).toThrow('only one {fraction}');
  });
});

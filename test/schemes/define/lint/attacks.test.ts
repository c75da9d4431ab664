import { createHash } from 'node:crypto';
import { createSigner } from 'countersign';
import { defineScheme, type FindingCode, lintScheme, type SchemeDefinition } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { type Described, judge, noon, type Parts, received, signedParts } from '../../../server/rig.ts';
import { halves, secret } from '../rig.ts';
import { carried, whole, without } from './definitions.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const bytes = (text: string) => new TextEncoder().encode(text);
const highIn = (definition: SchemeDefinition) =>
  lintScheme(definition)
    .filter(({ severity }) => severity === 'high')
    .map(({ code }) => code);

type Attack = {
  readonly code: FindingCode;
  readonly definition: SchemeDefinition;
  readonly honest: Described;
  readonly forged: (parts: Parts) => Parts;
};

const transfer = { method: 'POST', target: '/transfers?to=1', body: '{"amount":1}' };

const otherBody = (prefix: string, keep: number) => {
  const wanted = sha256(transfer.body).slice(0, keep);
  for (let i = 0; ; i++) if (sha256(`${prefix}${i}`).startsWith(wanted)) return `${prefix}${i}`;
};

const attacks: readonly Attack[] = [
  {
    code: 'body-unsigned',
    definition: without('{body|sha256|hex}'),
    honest: transfer,
    forged: (parts) => ({ ...parts, body: bytes('{"amount":1000}') }),
  },
  {
    code: 'body-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{body|', '{body|truncate:8|') },
    honest: transfer,
    forged: (parts) => ({ ...parts, body: bytes('{"amount":1000}') }),
  },
  {
    code: 'body-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{body|', '{body|only:POST|') },
    honest: { ...transfer, method: 'PUT' },
    forged: (parts) => ({ ...parts, body: bytes('{"amount":1000}') }),
  },
  {
    code: 'query-unsigned',
    definition: without('{query}'),
    honest: transfer,
    forged: (parts) => ({ ...parts, target: '/transfers?to=2' }),
  },
  {
    code: 'query-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{query}', '{query|decode}') },
    honest: { target: '/?name=x%26admin=1' },
    forged: (parts) => ({ ...parts, target: '/?name=x&admin=1' }),
  },
  {
    code: 'query-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{query}', '{query|sort|join:}') },
    honest: { target: '/?a=1&b=2' },
    forged: (parts) => ({ ...parts, target: '/?a=1b=2' }),
  },
  {
    code: 'query-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{query}', '{query|merge:,}') },
    honest: { target: '/?id=1&a=2&id=3' },
    forged: (parts) => ({ ...parts, target: '/?id=1,3&a=2' }),
  },
  {
    code: 'query-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{query}', '[{query|decode|sort|lines}]') },
    honest: { target: '/?all' },
    forged: (parts) => ({ ...parts, target: '/?all=' }),
  },
  {
    code: 'body-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{body|sha256|hex}', '{body|length}') },
    honest: { method: 'POST', body: 'id=1' },
    forged: (parts) => ({ ...parts, body: bytes('id=2') }),
  },
  {
    code: 'ambiguous-separator',
    definition: {
      ...whole,
      stringToSign: whole.stringToSign.replace('{query}\n{body|sha256|hex}', '[{query|lines}]\n{body}'),
    },
    honest: { method: 'POST', target: '/orders?a=1', body: 'b:2\nc' },
    forged: (parts) => ({ ...parts, target: '/orders?a=1&b=2', body: bytes('c') }),
  },
  {
    code: 'query-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{query}', '{query|default:user=1}') },
    honest: { target: '/' },
    forged: (parts) => ({ ...parts, target: '/?user=1' }),
  },
  {
    code: 'body-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{body|', '{body|after:=|') },
    honest: { method: 'POST', body: 'id=1' },
    forged: (parts) => ({ ...parts, body: bytes('admin=1') }),
  },
  {
    code: 'body-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{body|', '{body|before:&|') },
    honest: { method: 'POST', body: 'id=1' },
    forged: (parts) => ({ ...parts, body: bytes('id=1&admin=1') }),
  },
  {
    code: 'adjacent-values',
    definition: {
      ...whole,
      stringToSign: whole.stringToSign.replace('{query}\n{body|sha256|hex}', '{value.all|sha256}'),
      values: { all: '{query}{body}' },
    },
    honest: { method: 'POST', target: '/orders?id=1', body: '&id=2' },
    forged: (parts) => ({ ...parts, target: '/orders?id=1&id=2', body: undefined }),
  },
  {
    code: 'path-unsigned',
    definition: without('{path}'),
    honest: transfer,
    forged: (parts) => ({ ...parts, target: '/gifts?to=1' }),
  },
  {
    code: 'path-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{path}', '{path|decode}') },
    honest: { target: '/files/a%2Fb' },
    forged: (parts) => ({ ...parts, target: '/files/a/b' }),
  },
  // The pieces are joined before they are encoded again.
  {
    code: 'query-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{query}', '{query|decode|trim|rfc3986}') },
    honest: { target: '/?name=x%26admin=1' },
    forged: (parts) => ({ ...parts, target: '/?name=x&admin=1' }),
  },
  {
    code: 'path-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{path}', '{path|decode|collapse|rfc3986}') },
    honest: { target: '/files/a%2Fb' },
    forged: (parts) => ({ ...parts, target: '/files/a/b' }),
  },
  ...['rfc3986', 'form'].map(
    (filter): Attack => ({
      code: 'query-unsigned',
      definition: {
        ...whole,
        values: { target: '{path}?{query|decode}' },
        stringToSign: whole.stringToSign.replace('{path}\n{query}', `{value.target|${filter}}`),
      },
      honest: { target: '/?name=x%26admin=1' },
      forged: (parts) => ({ ...parts, target: '/?name=x&admin=1' }),
    }),
  ),
  {
    code: 'method-unsigned',
    definition: without('{method}'),
    honest: { target: '/orders/1' },
    forged: (parts) => ({ ...parts, method: 'DELETE' }),
  },
  {
    code: 'host-unsigned',
    definition: without('{authority}'),
    honest: { ...transfer, authority: 'staging.example.com' },
    forged: (parts) => ({ ...parts, authority: 'api.example.com' }),
  },
  {
    code: 'host-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{authority}', '{host}') },
    honest: { ...transfer, authority: 'api.example.com:8443' },
    forged: (parts) => ({ ...parts, authority: 'api.example.com' }),
  },
  {
    code: 'host-unsigned',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{authority}', '{authority|before::}') },
    honest: { ...transfer, authority: '[2001:db8::1]' },
    forged: (parts) => ({ ...parts, authority: '[2001:db8::2]' }),
  },
  {
    code: 'content-type-unsigned',
    definition: without('{header.content-type|default:}'),
    honest: { ...transfer, headers: { 'content-type': 'application/json' } },
    forged: (parts) => ({ ...parts, headers: { ...parts.headers, 'content-type': 'text/plain' } }),
  },
  {
    code: 'content-type-unsigned',
    definition: {
      ...whole,
      stringToSign: whole.stringToSign.replace('content-type|default:', 'content-type|default:|before:;'),
    },
    honest: { ...transfer, headers: { 'content-type': 'multipart/form-data; boundary=a' } },
    forged: (parts) => ({ ...parts, headers: { ...parts.headers, 'content-type': 'multipart/form-data; boundary=b' } }),
  },
  {
    code: 'content-type-unsigned',
    definition: {
      ...whole,
      stringToSign: whole.stringToSign.replace('content-type|default:', 'content-type|default:|lower'),
    },
    honest: { ...transfer, headers: { 'content-type': 'multipart/form-data; boundary=a' } },
    forged: (parts) => ({ ...parts, headers: { ...parts.headers, 'content-type': 'multipart/form-data; boundary=A' } }),
  },
  {
    code: 'adjacent-values',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{query}\n{body|sha256|hex}', '{query}{body}') },
    honest: { method: 'POST', target: '/orders?id=1', body: '&id=2' },
    forged: (parts) => ({ ...parts, target: '/orders?id=1&id=2', body: undefined }),
  },
  {
    code: 'adjacent-values',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('{path}\n{query}', '{path}{query}') },
    honest: { target: '/orders?.csv' },
    forged: (parts) => ({ ...parts, target: '/orders.csv' }),
  },
  {
    code: 'ambiguous-separator',
    definition: { ...whole, stringToSign: `${whole.stringToSign}\n{header.x-from} {header.x-to}` },
    honest: { headers: { 'x-from': 'ann', 'x-to': 'bob eve' } },
    forged: (parts) => ({ ...parts, headers: { ...parts.headers, 'x-from': 'ann bob', 'x-to': 'eve' } }),
  },
  {
    code: 'ambiguous-separator',
    definition: {
      ...whole,
      stringToSign: `${whole.stringToSign.replace('{body|sha256|hex}', '{body}')}\n{header.x-to}[\n{header.x-cc}]`,
    },
    honest: { method: 'POST', body: 'a\nbob', headers: { 'x-to': 'eve' } },
    forged: (parts) => ({ ...parts, body: bytes('a'), headers: { ...parts.headers, 'x-to': 'bob', 'x-cc': 'eve' } }),
  },
  // Characters that no host name has, and that a Host header may have.
  ...[...'&+,;_=~%'].map(
    (separator): Attack => ({
      code: 'ambiguous-separator',
      definition: {
        ...without('{authority}'),
        stringToSign: `${without('{authority}').stringToSign}\n{header.x-tenant}${separator}{authority}`,
      },
      honest: { authority: 'api.example.com', headers: { 'x-tenant': `acme${separator}eu` } },
      forged: (parts) => ({
        ...parts,
        authority: `eu${separator}api.example.com`,
        headers: { ...parts.headers, 'x-tenant': 'acme' },
      }),
    }),
  ),
  {
    code: 'weak-hash',
    definition: { ...whole, stringToSign: whole.stringToSign.replace('|hex}', '|hex|truncate:3}') },
    honest: transfer,
    forged: (parts) => ({ ...parts, body: bytes(otherBody('{"amount":1000} ', 3)) }),
  },
];

describe.each(attacks)('$code in $definition.stringToSign', ({ code, definition, honest, forged }) => {
  it('is found, with an attack', () => {
    const finding = lintScheme(definition).find((one) => one.code === code);
    expect(finding).toMatchObject({ message: expect.stringMatching(/.{10}/), attack: expect.stringMatching(/.{20}/) });
  });

  it('lets the forgery pass, in a verifier that has named it', async () => {
    const { signer, verifier } = halves(definition, highIn(definition));
    const parts = signedParts(signer, honest);
    expect(await judge(verifier, parts)).toBe('ok');
    expect(await judge(halves(definition, highIn(definition)).verifier, forged(parts))).toBe('ok');
  });

  it('is not there where all is signed, and the forgery is refused', async () => {
    const { signer, verifier } = halves(whole);
    expect(await judge(verifier, forged(signedParts(signer, honest)))).toBe(
      // A header that this one does not sign may be anything; the replay is refused then.
      code === 'ambiguous-separator' && !honest.body && !honest.authority ? 'ok' : 'signature_mismatch',
    );
    expect(lintScheme(whole)).toEqual([]);
  });
});

describe('what is signed of an address or a type', () => {
  const severityOf = (stringToSign: string, code: FindingCode, more: Partial<SchemeDefinition> = {}) =>
    lintScheme({ ...whole, stringToSign, ...more }).find((one) => one.code === code)?.severity;

  it.each([
    ['{host}', 'low'],
    ['{authority|before::}', 'medium'],
    ['{port}', 'medium'],
    ['{host}:{port}', undefined],
    ['{scheme}://{authority}', undefined],
  ])('%s leaves of the host open what is %s', (signed, severity) => {
    expect(severityOf(whole.stringToSign.replace('{authority}', signed), 'host-unsigned')).toBe(severity);
  });

  it('is the whole type where a header of the scheme is fixed, and where it is signed with the body alone', () => {
    const untyped = whole.stringToSign.replace('{header.content-type|default:}', '');
    const fixed = { headers: { ...carried, 'Content-Type': 'application/json' } };
    expect(severityOf(untyped, 'content-type-unsigned')).toBe('medium');
    expect(severityOf(untyped, 'content-type-unsigned', fixed)).toBeUndefined();
    const withBody = untyped.replace('{body|sha256|hex}', '[{header.content-type|default:}\n{body|sha256|hex}]');
    expect(severityOf(withBody, 'content-type-unsigned')).toBeUndefined();
    const withOther = untyped.replace('{body', '[{header.x-a}{header.content-type|default:}]\n{body');
    expect(severityOf(withOther, 'content-type-unsigned')).toBe('medium');
  });
});

const high = attacks.filter(({ code, definition }) => highIn(definition).includes(code));

it.each(high)('$code must be named for $definition.stringToSign', ({ code, definition }) => {
  const others = highIn(definition).filter((one) => one !== code);
  expect(() => halves(definition, others)).toThrow(`${code} (`);
});

const year = 365 * 86_400_000;

describe('a scheme without', () => {
  it('timestamps lets a request pass again a year later', async () => {
    const definition = without('{timestamp}');
    expect(highIn(definition)).toEqual(['no-timestamp']);
    const { signer, verifier, time } = halves(definition, ['no-timestamp']);
    const parts = signedParts(signer, transfer);
    expect(await judge(verifier, parts)).toBe('ok');
    time.now += year;
    const forged = { ...parts, headers: { ...parts.headers, 'x-time': `${(noon + year) / 1000}` } };
    expect(await judge(verifier, forged)).toBe('ok');
  });

  it('nonces refuses what a caller means twice', async () => {
    const definition = without('{nonce}');
    expect(lintScheme(definition)).toMatchObject([{ code: 'no-nonce', severity: 'medium' }]);
    const { signer, verifier } = halves(definition);
    expect(await judge(verifier, signedParts(signer, transfer))).toBe('ok');
    expect(await judge(verifier, signedParts(signer, transfer))).toBe('replayed_request');
  });

  it('the access key lets a request pass as that of another with the same secret', async () => {
    const definition = without('{accessKey}');
    expect(lintScheme(definition)).toMatchObject([{ code: 'access-key-unbound', severity: 'low' }]);
    const scheme = defineScheme(definition);
    const clock = () => noon;
    const keys = memoryKeys(
      ['reader', 'writer'].map((accessKey) => ({ accessKey, service: accessKey, secrets: [{ secret }] })),
    );
    const verifier = createVerifier({ scheme, keys, clock, replay: memoryReplay({ clock }) });
    const parts = signedParts(createSigner({ accessKey: 'reader', secret, scheme, clock }), transfer);
    const forged = { ...parts, headers: { ...parts.headers, 'x-key': 'writer' } };
    expect(await verifier.verify(received(forged))).toMatchObject({ ok: true, principal: { accessKey: 'writer' } });
  });

  it('headers that pages can set is of no use to pages', async () => {
    const definition = { ...whole, headers: { ...carried, 'X-Time': '{timestamp}', Date: '{timestamp}' } };
    expect(lintScheme(definition)).toMatchObject([{ code: 'forbidden-browser-header', severity: 'low' }]);
    const { signer, verifier } = halves(definition);
    const { date: _, ...headers } = signedParts(signer, transfer).headers;
    expect(await judge(verifier, { ...signedParts(signer, transfer), headers })).toBe('malformed_field');
  });
});

it.each([
  ['query-unsigned', '{query}', '{query|decode|rfc3986}'],
  ['query-unsigned', '{query}', '{query|decode|form}'],
] as const)('the finding %s names escapes that are read and written anew: %s as %s', (code, field, filtered) => {
  const definition = { ...whole, stringToSign: whole.stringToSign.replace(field, filtered) };
  const found = lintScheme(definition).filter((finding) => finding.code === code);
  expect(found).toContainEqual(
    expect.objectContaining({ severity: 'low', attack: expect.stringContaining('?sum=1%2B1 and ?sum=1+1') }),
  );
});

it.each([
  ['query-unsigned', '{query}', '{query|decode|trim|rfc3986}'],
  ['path-unsigned', '{path}', '{path|decode|collapse|rfc3986}'],
  ['query-unsigned', '{path}\n{query}', '{value.target|rfc3986}'],
  ['query-unsigned', '{path}\n{query}', '{value.target|form}'],
] as const)('the finding %s is high for pieces that are joined before: %s as %s', (code, fields, filtered) => {
  const values = { target: '{path}?{query|decode}' };
  const definition = { ...whole, values, stringToSign: whole.stringToSign.replace(fields, filtered) };
  expect(highIn(definition)).toContain(code);
});

it.each([
  '{timestamp}[{header.a}][{header.b}]',
  '[{header.x-tenant}][{body|sha256|hex}]',
  '[{header.a}][{header.b}][{header.c}]',
])('finds the boundaries of %s, and ends', (part) => {
  const definition = { ...whole, stringToSign: `${whole.stringToSign}\n${part}` };
  const found = lintScheme(definition).filter(({ code }) => code === 'adjacent-values');
  expect(found.length).toBeGreaterThan(0);
  expect(found.length).toBeLessThan(10);
});

it.each([
  ['{method}\n{path}{body|sha256}', undefined],
  ['{method}\n{path}{body|sha256}/{query}', 'adjacent-values'],
  ['{path}{body|sha256}{query}', 'adjacent-values'],
  ['{method}\n[{body|sha256}]{path}', 'adjacent-values'],
  ['{method}\n{path}[\n{body|sha256}]', undefined],
  ['{header.x-a}\n{body|sha256|truncate:16}\n{path}', undefined],
])('knows that a digest of bytes has any bytes and one length: %s', (stringToSign, code) => {
  const found = lintScheme({ ...whole, stringToSign }).find((one) => /adjacent|ambiguous/.test(one.code));
  expect(found?.code).toBe(code);
});

it('knows that a default is changed by the filters after it', () => {
  const stringToSign = `${whole.stringToSign}\n{query|default:%61b|decode}{header.x-a}`;
  expect(highIn({ ...whole, stringToSign })).toContain('adjacent-values');
});

it('lets a digest of bytes into no header', () => {
  expect(() => defineScheme({ ...whole, headers: { ...carried, 'X-Digest': '{body|sha256}' } })).toThrow('is bytes');
});

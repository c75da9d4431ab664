import { defineScheme, type FindingCode, lintScheme, type SchemeDefinition } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { toMessage } from '../../../../src/core/message.ts';
import { type Described, judge, noon, type Parts, signedParts } from '../../../server/rig.ts';
import { halves, nonce } from '../rig.ts';
import { carried, signing, whole } from './definitions.ts';

type Omission = {
  readonly code: FindingCode;
  readonly stringToSign: string;
  readonly values?: Readonly<Record<string, string>>;
  readonly honest?: Described;
  readonly forged: (parts: Parts) => Parts;
};

const swap = (value: string, brackets: string) => whole.stringToSign.replace(value, brackets);
const bytes = (text: string) => new TextEncoder().encode(text);
const admin = (parts: Parts): Parts => ({ ...parts, target: '/admin?all=1' });
const trace = { trace: '[{header.x-trace}]' };
const payment: Described = { method: 'POST', body: '{"amount":1}', headers: { 'content-type': 'application/json' } };

/** Brackets of which something else decides whether they are there. */
const omissions: readonly Omission[] = [
  {
    code: 'path-unsigned',
    stringToSign: swap('{path}\n{query}', '[{signedHeaderLines}{path}\n{query|default:}]'),
    forged: admin,
  },
  {
    code: 'path-unsigned',
    stringToSign: swap('{path}\n{query}', '[{value.question}\n{path}]'),
    values: { question: '[?{query}]' },
    forged: (parts) => ({ ...parts, target: '/admin' }),
  },
  {
    code: 'path-unsigned',
    stringToSign: swap('{path}\n{query}', '[{value.trace}\n{target}]'),
    values: trace,
    forged: admin,
  },
  {
    code: 'query-unsigned',
    stringToSign: swap('{path}\n{query}', '[{value.trace|lower}\n{target}]'),
    values: trace,
    forged: admin,
  },
  {
    code: 'query-unsigned',
    stringToSign: swap('{path}\n{query}', '{path}\n[{header.x-trace}{value.question}]'),
    values: { question: '[?{query}]!' },
    forged: (parts) => ({ ...parts, target: `${parts.target}?all=1` }),
  },
  {
    code: 'method-unsigned',
    stringToSign: swap('{method}', '[{signedHeaderLines}{method}]'),
    forged: (parts) => ({ ...parts, method: 'DELETE' }),
  },
  {
    code: 'host-unsigned',
    stringToSign: swap('{authority}', '[{value.trace}{authority}]'),
    values: trace,
    forged: (parts) => ({ ...parts, authority: 'other.example.com' }),
  },
  {
    code: 'path-unsigned',
    stringToSign: `${swap('{path}\n{query}\n', '')}\n[{value.post}\n{target}]`,
    values: { post: '[{body|only:POST|sha256|hex}]' },
    forged: admin,
  },
  {
    code: 'no-timestamp',
    stringToSign: swap('{timestamp}', '[{value.trace}{timestamp}]'),
    values: trace,
    forged: (parts) => ({ ...parts, headers: { ...parts.headers, 'x-time': `${noon / 1000 + 1}` } }),
  },
  {
    code: 'body-unsigned',
    stringToSign: swap('{body|sha256|hex}', '[{signedHeaderLines}{value.digest}]'),
    values: { digest: '[{body|sha256|hex}]\n' },
    honest: payment,
    forged: (parts) => ({ ...parts, body: bytes('{"amount":1000}') }),
  },
  {
    code: 'body-unsigned',
    stringToSign: swap('{body|sha256|hex}', '{value.outer}'),
    values: { outer: '[{header.x-trace}\n{value.digest}]', digest: '[{body|sha256|hex}]\n' },
    honest: payment,
    forged: (parts) => ({ ...parts, body: bytes('{"amount":1000}') }),
  },
  {
    code: 'body-unsigned',
    stringToSign: swap('{body|sha256|hex}', '[{body|only:POST|sha256|hex}{value.digest}]'),
    values: { digest: '[{body|sha256|hex}]\n' },
    honest: { ...payment, method: 'PUT' },
    forged: (parts) => ({ ...parts, body: bytes('{"amount":1000}') }),
  },
  {
    code: 'content-type-unsigned',
    stringToSign: swap(
      '{header.content-type|default:}',
      '[{body|only:POST|sha256|hex}\n{header.content-type|default:}]',
    ),
    honest: { ...payment, method: 'PUT' },
    forged: (parts) => ({ ...parts, headers: { ...parts.headers, 'content-type': 'application/xml' } }),
  },
];

const definitionOf = ({ stringToSign, values }: Omission): SchemeDefinition =>
  signing(stringToSign, {
    ...(values && { values }),
    ...(stringToSign.includes('signedHeader') && {
      signedHeaders: { separator: ';', line: '{name}:{value}\n' },
      headers: { ...carried, 'X-Signed': '[{signedHeaders}]' },
    }),
  });

describe.each(omissions)('$code in $stringToSign', (omission) => {
  const definition = definitionOf(omission);
  const found = lintScheme(definition);

  it('is found, as severe as if the value were not signed at all', () => {
    const bare = lintScheme(signing('OWN', { name: 'bare' }));
    const { severity } = bare.find(({ code }) => code === omission.code) ?? {};
    expect(found).toContainEqual(expect.objectContaining({ code: omission.code, severity }));
  });

  it('lets the forgery pass, in a verifier that has named it', async () => {
    const { signer, verifier } = halves(
      definition,
      found.map(({ code }) => code),
    );
    const parts = signedParts(signer, omission.honest);
    expect(await judge(verifier, omission.forged(parts))).toBe('ok');
  });
});

const bodies = omissions.filter(({ code }) => code === 'body-unsigned');

it.each(bodies)('the verifier calls no body signed that $stringToSign may omit', (omission) => {
  const method = omission.honest?.method ?? 'POST';
  const headers = new Headers({ 'X-Key': 'k', 'X-Time': `${noon / 1000}`, 'X-Nonce': nonce });
  headers.set('X-Signature', '0'.repeat(64));
  const message = toMessage({ method, url: 'https://api.example.com/' }, headers);
  expect(defineScheme(definitionOf(omission)).read(message).body).toEqual({ kind: 'uncovered' });
});

it('a body in brackets that another value decides is signed where that value is there', async () => {
  const definition = definitionOf(bodies[1] as Omission);
  const { signer, verifier } = halves(
    definition,
    lintScheme(definition).map(({ code }) => code),
  );
  const traced: Described = { ...payment, headers: { ...payment.headers, 'x-trace': 'a' } };
  const parts = signedParts(signer, traced);
  expect(await judge(verifier, { ...parts, body: bytes('{"amount":1000}') })).toBe('signature_mismatch');
  expect(await judge(verifier, parts)).toBe('ok');
});

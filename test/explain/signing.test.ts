import { createHash, createHmac } from 'node:crypto';
import { countersignV1, rfc9421 } from 'countersign/schemes';
import { memoryKeys } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { type Case, codesOf, explain, noon, secret } from './partner.ts';

type Row = [name: string, codes: readonly string[], given: Case, says?: string];

function tells(rows: Row[]): void {
  it.each<Row>(rows)('%s', async (_, codes, given, says = '') => {
    const explanation = await explain(given);
    expect(explanation.verified).toBe(false);
    expect(codesOf(explanation), JSON.stringify(explanation, null, 1)).toEqual(codes);
    expect(explanation.differences.map(({ message, remedy }) => `${message} ${remedy}`).join('\n')).toContain(says);
  });
}

const get = { method: 'GET', body: '', headers: {}, target: '/v1/orders' };
const bodiless = (partner: Case['partner']): Case => ({ partner: { ...get, ...partner }, received: get });

describe('tells how the string to sign was written', () => {
  tells([
    ['with a line break at its end', ['string-line-breaks'], { partner: { written: (text) => `${text}\n` } }],
    ['with CR and LF', ['string-line-breaks'], { partner: { written: (text) => text.replaceAll('\n', '\r\n') } }],
    [
      'with backslashes and n',
      ['string-line-breaks'],
      { partner: { written: (text) => text.replaceAll('\n', '\\n') } },
    ],
    ['without line breaks', ['string-line-breaks'], { partner: { written: (text) => text.replaceAll('\n', '') } }],
    ['without empty lines', ['string-line-breaks'], bodiless({ lines: (lines) => lines.filter(Boolean) })],
    ['trimmed', ['string-line-breaks'], bodiless({ written: (text) => text.trim() })],
    [
      'without its first line',
      ['string-line'],
      { partner: { lines: (lines) => lines.slice(1) } },
      'line 1 ("countersign-v1-request")',
    ],
    [
      'without the content type',
      ['string-line'],
      { partner: { lines: (lines) => lines.filter((line) => line !== 'application/json') } },
      'line 8',
    ],
    [
      'with two lines in each other’s place',
      ['string-order'],
      { partner: { lines: ([a = '', b = '', c = '', d = '', ...rest]) => [a, b, d, c, ...rest] } },
      'lines 3 and 4',
    ],
    [
      'with a line in lower case',
      ['string-line'],
      { partner: { lines: (lines) => lines.map((line, i) => (i === 8 ? line.toLowerCase() : line)) } },
      'line 9',
    ],
    ['in UTF-16', ['string-encoding'], { partner: { written: (text) => Buffer.from(text, 'utf16le') } }, 'UTF-16'],
    ['as JSON', ['string-encoding'], { partner: { written: (text) => JSON.stringify(text) } }],
    [
      'hashed before',
      ['string-hashed'],
      { partner: { written: (text) => createHash('sha256').update(text).digest('hex') } },
    ],
    [
      'with a line break more, and another path',
      ['path-slash', 'string-line-breaks'],
      { partner: { target: '/v1/orders/', written: (text) => `${text}\n` }, received: { target: '/v1/orders' } },
    ],
  ]);
});

describe('tells how the fields are written', () => {
  const upper = (mac: Buffer) => `v1=${mac.toString('hex').toUpperCase()}`;
  tells([
    ['the time in milliseconds, signed so', ['timestamp-unit'], { partner: { timestamp: `${noon}` } }, 'milliseconds'],
    [
      'the time in milliseconds, signed in seconds',
      ['timestamp-unit'],
      { partner: { timestamp: `${noon}`, signedTimestamp: `${noon / 1000}` } },
    ],
    ['the time as a date', ['timestamp-unit'], { partner: { timestamp: new Date(noon).toISOString() } }, 'as a date'],
    ['the time with a fraction', ['timestamp-unit'], { partner: { timestamp: `${noon / 1000}.123` } }],
    [
      'the signature without v1=',
      ['signature-encoding'],
      { partner: { signature: (mac) => mac.toString('hex') } },
      'v1=…',
    ],
    ['the signature in upper case', ['signature-encoding'], { partner: { signature: upper } }],
    [
      'the signature in base64',
      ['signature-encoding'],
      { partner: { signature: (mac) => `v1=${mac.toString('base64')}` } },
      'in base64 instead of hex',
    ],
    [
      'the signature as base64 of hex',
      ['signature-encoding'],
      { partner: { signature: (mac) => Buffer.from(mac.toString('hex')).toString('base64') } },
    ],
    ['the digest in hex', ['field-form'], { partner: { digest: (hash) => `sha-256=${hash.toString('hex')}` } }],
    [
      'the digest as the Digest header has it',
      ['field-form'],
      { partner: { digest: (hash) => `SHA-256=${hash.toString('base64')}` } },
    ],
    [
      'two of them',
      ['timestamp-unit', 'signature-encoding'],
      { partner: { timestamp: `${noon}`, signature: (mac) => mac.toString('base64') } },
    ],
    [
      'one of them, beside another query',
      ['timestamp-unit', 'query-order'],
      { partner: { timestamp: `${noon}`, signedTimestamp: `${noon / 1000}`, target: '/v1/orders?a=1&b=2' } },
    ],
  ]);

  it('what cannot be read is told as the scheme tells it', async () => {
    const explanation = await explain({ partner: { signature: () => 'v1=abc' } });
    expect(explanation).toMatchObject({ code: 'malformed_field', differences: [{ code: 'field-form' }] });
    expect(explanation.differences[0]?.message).toContain('X-API-Signature');
    expect(explanation).not.toHaveProperty('stringToSign');
  });
});

describe('tells with what was signed', () => {
  const hex = '00112233445566778899aabbccddeeff';
  const withSecret = (own: string | Uint8Array, used: string | Uint8Array): Case => ({
    partner: { secret: used },
    record: { secrets: [{ secret: own }] },
  });
  tells([
    ['the secret with a line break', ['secret-whitespace'], { partner: { secret: `${secret}\n` } }, 'line break (LF)'],
    ['the secret with CR and LF', ['secret-whitespace'], { partner: { secret: `${secret}\r\n` } }],
    ['the secret in quotes', ['secret-whitespace'], { partner: { secret: `"${secret}"` } }, 'quotes'],
    ['the bytes of a secret in hex', ['secret-encoding'], withSecret(hex, Buffer.from(hex, 'hex'))],
    [
      'the bytes of a secret in base64',
      ['secret-encoding'],
      withSecret('c2VjcmV0LXNlY3JldC1zZWNyZXQ=', 'secret-secret-secret'),
    ],
    ['the text of a secret that is bytes', ['secret-encoding'], withSecret(Buffer.from(hex, 'hex'), hex)],
    ['the secret in upper case', ['secret-encoding'], { partner: { secret: secret.toUpperCase() } }],
    [
      'the hash of the secret',
      ['secret-encoding'],
      { partner: { secret: createHash('sha256').update(secret).digest('hex') } },
    ],
    ['nothing', ['secret-missing'], { partner: { secret: '' } }, 'an empty text'],
    ['the text undefined', ['secret-missing'], { partner: { secret: 'undefined' } }, 'undefined'],
    [
      'string and secret the other way round',
      ['secret-swapped'],
      { partner: { mac: (data, key) => createHmac('sha256', data).update(key).digest() } },
    ],
    [
      'the secret with a line break, and another path',
      ['path-slash', 'secret-whitespace'],
      { partner: { secret: `${secret}\n`, target: '/v1/orders/' }, received: { target: '/v1/orders' } },
    ],
  ]);

  const two = [
    { id: 'old', secret, expiresAt: noon },
    { id: 'new', secret: 'the new secret of this key' },
    { id: 'next', secret: 'the secret after the new one', notBefore: noon + 1 },
  ];

  it('one of its secrets that has ended, or has not begun', async () => {
    const ended = await explain({ record: { secrets: two } });
    expect(ended).toMatchObject({ code: 'retired_secret', differences: [{ code: 'secret-ended', proven: true }] });
    expect(ended.key?.secrets).toEqual([
      { id: 'old', state: 'revoked', fits: true },
      { id: 'new', state: 'active', fits: false },
      { id: 'next', state: 'next', fits: false },
    ]);
    const next = await explain({ partner: { secret: 'the secret after the new one' }, record: { secrets: two } });
    expect(next).toMatchObject({ code: 'signature_mismatch', differences: [{ code: 'secret-ended' }] });
    expect(next.differences[0]?.message).toContain('The secret next');
    expect(
      codesOf(await explain({ partner: { secret: 'the new secret of this key' }, record: { secrets: two } })),
    ).toEqual([]);
  });

  it('the secret of another key', async () => {
    const other = { accessKey: 'partner-2', service: 'bakery', secrets: [{ secret: 'the secret of another key' }] };
    const explanation = await explain({
      partner: { secret: 'the secret of another key' },
      options: { otherKeys: [other] },
    });
    expect(explanation.differences).toMatchObject([{ code: 'secret-of-another-key', proven: true }]);
    expect(explanation.differences[0]?.message).toContain('partner-2 of bakery');
  });

  it('an access key in other letters, or one that nobody has', async () => {
    const spelled = await explain({ partner: { accessKey: 'PARTNER-1' } });
    expect(spelled).toMatchObject({
      code: 'unknown_key',
      key: { found: false },
      differences: [{ code: 'access-key', proven: true }],
    });
    expect(spelled.differences[0]?.message).toContain('the key is partner-1');
    const unknown = await explain({ partner: { accessKey: 'partner-9' } });
    expect(unknown.differences).toMatchObject([
      { code: 'access-key', message: 'No key has the access key partner-9.' },
    ]);
  });

  it('a key that is revoked, or bound to another address', async () => {
    expect(await explain({ record: { revoked: true } })).toMatchObject({ code: 'revoked_key', differences: [] });
    const bound = { addresses: ['192.0.2.0/24'] };
    expect(await explain({ record: bound, options: { address: '198.51.100.1' } })).toMatchObject({
      code: 'address_not_allowed',
    });
    expect(await explain({ record: bound, options: { address: '192.0.2.1' } })).toMatchObject({ verified: true });
  });
});

describe('tells what is likely wrong with the time', () => {
  const late = (milliseconds: number) => explain({ options: { clock: () => noon + milliseconds } });

  it.each([
    ['a time zone', 2 * 3_600_000 + 2000, 'time-zone'],
    ['a time zone with half an hour', -5.5 * 3_600_000, 'time-zone'],
    ['a clock', 7 * 60_000, 'clock'],
    ['a clock that is ahead', -7 * 60_000, 'clock'],
    ['a request of last week', 7 * 86_400_000, 'clock'],
  ])('%s', async (_, milliseconds, code) => {
    const explanation = await late(milliseconds);
    expect(explanation.time).toMatchObject({ fresh: false, signedAt: noon });
    expect(explanation.differences).toMatchObject([{ code, proven: false }]);
  });

  it('and nothing where it is fresh', async () => {
    expect(await late(299_000)).toMatchObject({ verified: true, time: { fresh: true }, differences: [] });
  });
});

describe('tells by which scheme a request seems to be signed', () => {
  it('where it is another', async () => {
    const explanation = await explain({ options: { scheme: rfc9421(), otherSchemes: [countersignV1] } });
    expect(explanation).toMatchObject({
      scheme: 'rfc9421',
      code: 'missing_signature',
      differences: [{ code: 'scheme', proven: false }],
    });
    expect(explanation.differences[0]?.message).toContain('countersign-v1');
  });

  it('and not where there is none', async () => {
    const { explainSignature } = await import('countersign/explain');
    const keys = memoryKeys([{ accessKey: 'partner-1', service: 'shop', secrets: [{ secret }] }]);
    const explanation = await explainSignature(new Request('https://api.example.com/'), {
      keys,
      otherSchemes: [rfc9421()],
    });
    expect(explanation).toMatchObject({ code: 'missing_signature', differences: [{ code: 'field-form' }] });
  });
});

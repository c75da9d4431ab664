import { describe, expect, it } from 'vitest';
import { SignatureError } from '../../../src/core/errors.ts';
import { readCountersignV1 } from '../../../src/schemes/countersign-v1/read.ts';
import { messageWith, signedFields } from './rig.ts';

const read = (changed: Readonly<Record<string, string | null>> = {}, method?: string) =>
  readCountersignV1(messageWith({ ...signedFields, ...changed }, method));

/** Code, status and text of the refusal. */
function refusalOf(changed: Readonly<Record<string, string | null>>, method?: string) {
  try {
    read(changed, method);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return `${error.code} ${error.status} ${error.message}`;
  }
}

const digest = (last: string) => `sha-256=:${'A'.repeat(42)}${last}=:`;
const hexDigits = (count: number, digit = 'a') => digit.repeat(count);
const names = (count: number) =>
  Array.from({ length: count }, (_, place) => `x-${place}`.padEnd(6, '-'))
    .sort()
    .join(';');
const fieldsNamed = (count: number) =>
  Object.fromEntries(
    names(count)
      .split(';')
      .map((name) => [name, '1']),
  );

describe('a refusal says what is expected', () => {
  const key = '1 to 512 (of a session 1024) characters of A-Z a-z 0-9 . _ ~ -';
  const signature = 'v1= and 64 lower-case hex digits';
  it.each([
    [
      { 'X-API-Key': null, 'X-API-Signature': null },
      'missing_signature 401 The request is not signed: it has neither X-API-Key nor X-API-Signature.',
    ],
    [{ 'X-API-Signature': null }, `malformed_field 400 X-API-Signature is missing, expected ${signature}.`],
    [{ 'X-API-Key': null }, `malformed_field 400 X-API-Key is missing, expected ${key}.`],
    [
      { 'X-API-Timestamp': null },
      'malformed_field 400 X-API-Timestamp is missing, expected whole seconds since 1970, at most 12 digits.',
    ],
    [
      { 'X-API-Nonce': null },
      'malformed_field 400 X-API-Nonce is missing, expected 16 to 128 characters of A-Z a-z 0-9 _ -.',
    ],
    [
      { 'X-API-Key': 'a b' },
      `malformed_field 400 X-API-Key is malformed or repeated: found 3 characters, expected ${key}.`,
    ],
    [
      { 'X-API-Timestamp': 'noon' },
      'malformed_field 400 X-API-Timestamp is malformed or repeated: found 4 characters, expected whole seconds since 1970, at most 12 digits.',
    ],
    [
      { 'Content-Digest': 'none' },
      'malformed_field 400 Content-Digest is malformed or repeated: found 4 characters, expected sha-256=:<base64 of 32 bytes>:.',
    ],
    [
      { 'X-API-Signed-Headers': '' },
      'malformed_field 400 X-API-Signed-Headers is malformed or repeated: found 0 characters, expected lower-case names joined by ;.',
    ],
    [
      { 'X-API-Signed-Headers': 'X-A' },
      'malformed_field 400 X-API-Signed-Headers must name up to 64 signable headers: in lower case, sorted, without repeats.',
    ],
    [{ 'Content-Type': '' }, 'malformed_field 400 Content-Type is empty.'],
    [
      { 'X-API-Payload': 'unsigned', 'Content-Digest': digest('A') },
      'malformed_field 400 X-API-Payload says unsigned, but Content-Digest is present.',
    ],
    [{ Range: 'bytes=0-1' }, 'insufficient_coverage 401 The header range is present but not in X-API-Signed-Headers.'],
  ])('%o', (changed, expected) => {
    expect(refusalOf(changed)).toBe(expected);
  });

  it.each(['signed', 'not unsigned', 'unsigned not'])('takes no payload %j', (payload) => {
    expect(refusalOf({ 'X-API-Payload': payload })).toBe(
      `malformed_field 400 X-API-Payload is malformed or repeated: found ${payload.length} characters, expected the word unsigned.`,
    );
  });

  it.each([
    [hexDigits(32), ' (32 hex digits are of MD5; the scheme takes HMAC-SHA256)'],
    [`v1=${hexDigits(40)}`, ' (40 hex digits are of SHA-1; the scheme takes HMAC-SHA256)'],
    [`V1=${hexDigits(96, 'F')}`, ' (96 hex digits are of SHA-384; the scheme takes HMAC-SHA256)'],
    [`v1=${hexDigits(128, '9')}`, ' (128 hex digits are of SHA-512; the scheme takes HMAC-SHA256)'],
    [`v1=${hexDigits(33)}`, ''],
    [`v1=${hexDigits(32, 'g')}`, ''],
    [`v2=${hexDigits(32)}`, ''],
    [`v1=${hexDigits(32)}.`, ''],
    [hexDigits(32, '.'), ''],
    ['', ''],
  ])('names the algorithm of the signature %j', (value, like) => {
    expect(refusalOf({ 'X-API-Signature': value })).toBe(
      `malformed_field 400 X-API-Signature is malformed or repeated: found ${value.length} characters${like}, expected ${signature}.`,
    );
  });

  it('names no algorithm for a nonce of hex digits', () => {
    expect(refusalOf({ 'X-API-Timestamp': '1'.repeat(32) })).not.toContain('MD5');
  });
});

describe('a signature that is read', () => {
  it('covers Content-Type and what the caller names', () => {
    expect(read().signedHeaders).toEqual(['content-type']);
    expect(read({ 'X-API-Signed-Headers': 'x-a;x-b', 'X-A': '1', 'X-B': '2' }).signedHeaders).toEqual([
      'x-a',
      'x-b',
      'content-type',
    ]);
  });

  it('names 64 headers, and no more', () => {
    expect(refusalOf({ 'X-API-Signed-Headers': names(64), ...fieldsNamed(64) })).toBe('accepted');
    expect(refusalOf({ 'X-API-Signed-Headers': names(65), ...fieldsNamed(65) })).toContain('up to 64');
  });

  it.each(['x-b;x-a', 'x-a;x-a', ';x-a', 'x-a;'])('names no headers as %j', (listed) => {
    expect(refusalOf({ 'X-API-Signed-Headers': listed, 'X-A': '1', 'X-B': '2' })).toContain('sorted');
  });

  it.each(['!', '0', 'content-typ', 'content-types', 'hosted', 'x-host', 'vx-api-key', 'tea'])(
    'may cover %s',
    (name) => {
      expect(refusalOf({ 'X-API-Signed-Headers': name, [name]: '1' })).toBe('accepted');
    },
  );

  it.each(['content-type', 'host', 'x-api-other', 'x-api-', 'te', 'set-cookie'])('may not name %s', (name) => {
    expect(refusalOf({ 'X-API-Signed-Headers': name, [name]: '1' })).toContain('must name');
  });

  it('has the time in milliseconds, and up to four values', () => {
    expect(read().time).toBe(1767225600_000);
    const four = Array.from({ length: 4 }, (_, digit) => `v1=${`0${digit}`.repeat(32)}`);
    expect(read({ 'X-API-Signature': four.join(', ') }).signatures.map((one) => one[31])).toEqual([0, 1, 2, 3]);
    expect(refusalOf({ 'X-API-Signature': [...four, ...four].join(', ') })).toContain('malformed or repeated');
  });

  it('has the digest of the body, in its only spelling', () => {
    expect(read({ 'Content-Digest': digest('A') }).body).toEqual({ kind: 'digest', sha256: new Uint8Array(32) });
    expect(read({ 'Content-Digest': digest('B') }).body).toEqual({ kind: 'digest', sha256: new Uint8Array() });
    expect(read({ 'X-API-Payload': 'unsigned' }).body).toEqual({ kind: 'unsigned' });
    expect(read().body).toEqual({ kind: 'none' });
  });

  it('may lack the conditions that a browser cache adds, and only those', () => {
    const added = { 'If-None-Match': '"a"', 'If-Modified-Since': 'Thu, 01 Jan 2026 00:00:00 GMT' };
    for (const method of ['GET', 'HEAD']) expect(refusalOf(added, method)).toBe('accepted');
    for (const method of ['POST', 'GETS', 'MGET', 'AHEAD', 'HEADER']) {
      expect(refusalOf(added, method)).toContain('insufficient_coverage');
    }
    expect(refusalOf({ 'If-Match': '"a"' }, 'GET')).toContain('if-match');
  });
});

describe('a repeated signature', () => {
  it('is refused where lines can be told apart', () => {
    const message = messageWith(signedFields);
    const value = signedFields['X-API-Signature'];
    const asked: string[] = [];
    const headers = {
      get: (name: string) => (name === 'x-api-signature' ? `${value}, ${value}` : message.headers.get(name)),
      lines: (name: string) => {
        asked.push(name);
        return [value, value];
      },
    };
    expect(() => readCountersignV1({ ...message, headers })).toThrow('X-API-Signature is repeated.');
    expect(asked).toEqual(['x-api-signature']);
  });

  it('is not looked for in a single value', () => {
    const message = messageWith(signedFields);
    const headers = {
      get: (name: string) => message.headers.get(name),
      lines: () => {
        throw new Error('The lines of a single value are of no interest.');
      },
    };
    expect(readCountersignV1({ ...message, headers }).accessKey).toBe('ak_1');
  });
});

import { defineScheme, lintScheme, type SchemeDefinition } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { judge, judgeOf } from '../definitions/judge.ts';
import { published } from '../definitions/published.ts';
import { signWith } from '../definitions/sign.ts';

const secret = 'a secret of 16 bytes or more';
const dated: SchemeDefinition = {
  name: 'dated',
  stringToSign: '{method} {url}\n{timestamp}\n{dateBasic}\n{body|sha256|hex}',
  key: { steps: ['{date}', 'request'] },
  headers: { 'X-Time': '{timestamp}', Authorization: 'Dated {accessKey}/{date}/{dateBasic}/request:{signature}' },
};
const time = Date.UTC(2026, 10, 22, 23, 59, 58);
const sign = (at = time) => signWith(defineScheme(dated), published({ secret, time: at, accessKey: 'k' }));
const server = (now = time) =>
  judgeOf({ scheme: defineScheme(dated), acceptFindings: [], accessKey: 'k', secret, clock: () => now });

describe('the date of the timestamp', () => {
  it('is written in UTC, beside the timestamp', () => {
    const { headers } = sign();
    expect(headers['x-time']).toBe('1795391998');
    expect(headers.authorization).toMatch(/^Dated k\/2026-11-22\/20261122\/request:[\da-f]{64}$/);
    expect(sign(time + 2000).headers.authorization).toContain('k/2026-11-23/20261123/');
  });

  it('is that of the signer, also on the next day', async () => {
    expect(await judge(server(), sign())).toBe('ok');
    expect(await judge(server(time + 60_000), sign())).toBe('ok');
    expect(await judge(server(time - 60_000), sign(time + 2000))).toBe('ok');
  });

  it.each([
    ['2026-11-23/20261122', 'malformed_field'],
    ['2026-11-22/20261121', 'malformed_field'],
    ['2026-11-31/20261122', 'malformed_field'],
    ['20261122/20261122', 'malformed_field'],
    ['2026-11-22/2026-11-22', 'malformed_field'],
  ])('is refused as %s', async (carried, code) => {
    const sent = sign();
    const authorization = sent.headers.authorization?.replace('2026-11-22/20261122', carried) ?? '';
    expect(await judge(server(), { ...sent, headers: { ...sent.headers, authorization } })).toBe(code);
  });

  it('needs the timestamp, which it does not replace', () => {
    const headers = { Authorization: 'Dated {date}:{signature}' };
    expect(() => defineScheme({ name: 'x', stringToSign: '{url}\n{date}', headers })).toThrow(
      /carries the \{timestamp\}/,
    );
    const unsigned = { ...dated, stringToSign: '{method} {url}\n{date}\n{body|sha256|hex}' };
    expect(lintScheme(unsigned).map(({ code }) => code)).toContain('no-timestamp');
  });

  it('separates nothing: a digit after it could be its own', () => {
    const findings = (stringToSign: string) => lintScheme({ ...dated, stringToSign }).map(({ code }) => code);
    expect(findings('{method} {url}\n{dateBasic}{timestamp}{body|sha256|hex}')).not.toContain('adjacent-values');
  });
});

describe('a time with a fraction of a second', () => {
  const scheme = defineScheme({
    name: 'fraction',
    timestamp: 'iso-8601-fraction',
    stringToSign: '{timestamp}\n{body|sha256|hex}',
    headers: { 'X-Time': '{timestamp}', 'X-Signature': '{signature}' },
  });
  const read = (text: string) => {
    const headers = new Headers({ 'x-time': text, 'x-signature': '0'.repeat(64) });
    const message = { method: 'POST', scheme: 'https', authority: 'a', target: '/', rawTarget: '/', headers } as const;
    try {
      return scheme.read(message).time;
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };
  const second = Date.UTC(2026, 10, 22, 12);

  it.each([
    ['2026-11-22T12:00:00.1Z', second + 100],
    ['2026-11-22T12:00:00.12Z', second + 120],
    ['2026-11-22T12:00:00.000000001Z', second],
    ['2026-11-22T12:00:00.999999999Z', second + 999],
    ['2026-11-22T12:00:00.Z', 'malformed_field'],
    ['2026-11-22T12:00:00Z', 'malformed_field'],
    ['2026-11-22T12:00:00.1234567890Z', 'malformed_field'],
    ['2026-02-30T12:00:00.1Z', 'malformed_field'],
    ['2026-11-22T24:00:00.1Z', 'malformed_field'],
    ['2026-11-22T12:00:60.1Z', 'malformed_field'],
  ])('is read from %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it('is written with three digits', () => {
    const sent = signWith(scheme, published({ secret, time: second + 7 }));
    expect(sent.headers['x-time']).toBe('2026-11-22T12:00:00.007Z');
  });
});

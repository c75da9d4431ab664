import {
  aesSealer,
  derivedSecrets,
  derivedSecretsFromText,
  managedKeys,
  memoryKeyTable,
  sealerFromText,
} from 'countersign/server';
import { describe, expect, it } from 'vitest';

const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const base64 = (fill: number): string => Buffer.from(bytes(fill)).toString('base64');
const base64url = (fill: number): string => Buffer.from(bytes(fill)).toString('base64url');
const both = { '2027': bytes(0xfb), '2026': bytes(2) };

describe('sealerFromText', () => {
  it.each([
    ['with a line break, as the command line writes it', `2027:${base64url(0xfb)}\n2026:${base64url(2)}\n`],
    ['with commas, as a variable holds it', `2027:${base64(0xfb)},2026:${base64(2)}`],
    ['with Windows line breaks and a byte order mark', `\ufeff2027:${base64(0xfb)}\r\n2026:${base64(2)}\r\n`],
    ['with blanks', ` 2027:${base64url(0xfb)}  2026:${base64url(2)} `],
  ])('reads several keys %s: the first seals, all open', async (_, text) => {
    const sealer = sealerFromText(text);
    const sealed = await sealer.seal('the secret', 'key-1');
    expect(await aesSealer({ current: '2027', keys: both }).open(sealed, 'key-1')).toBe('the secret');
    const older = await aesSealer({ current: '2026', keys: both }).seal('the secret', 'key-1');
    expect(await sealer.open(older, 'key-1')).toBe('the secret');
    expect([sealer.isStale(sealed), sealer.isStale(older)]).toEqual([false, true]);
  });

  it.each<[string | undefined, RegExp]>([
    [undefined, /^The sealing key is undefined: is the variable set\?$/],
    ['', /empty/],
    [' ,\n', /empty/],
    [base64(1), /like 2026:… with 32 bytes in base64/],
    [`2026:${base64(1).slice(0, 20)}`, /^The sealing key 2026 has 15 bytes, not 32\.$/],
    [`2026:${base64(1).replace('A', '%')}`, /^The sealing key 2026 must be in base64\.$/],
    [`a.b:${base64(1)}`, /like 2026:…/],
    [`2026:${base64(1)},2026:${base64(2)}`, /same name/],
    [`2026:${base64(1)},2025:short`, /2025/],
  ])('refuses %j at once, and does not repeat a key', (text, message) => {
    expect(() => sealerFromText(text)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration', message: expect.stringMatching(message) }),
    );
    expect(() => sealerFromText(text)).not.toThrow(/AQEB|AgIC|short/);
  });
});

describe('derivedSecretsFromText', () => {
  it.each([base64(0xfb), base64url(0xfb), `${base64(0xfb)}\n`])('derives as from the bytes: %j', async (text) => {
    const of = { accessKey: 'key-1', environment: 'live' };
    const derived = derivedSecretsFromText(text);
    expect(derived.derive(of, 'one')).toBe(derivedSecrets({ master: bytes(0xfb) }).derive(of, 'one'));
    const keys = managedKeys({ table: memoryKeyTable(), secrets: derived });
    expect((await keys.create({ service: 'shop' })).secret).toMatch(/^csign_sk_live_/);
  });

  it.each<[string | undefined, RegExp]>([
    [undefined, /^The master secret is undefined: is the variable set\?$/],
    ['', /must be in base64/],
    [base64(1).slice(0, 20), /at least 32 bytes/],
    [`2026:${base64(1)}`, /must be in base64/],
  ])('refuses %j, and does not repeat it', (text, message) => {
    expect(() => derivedSecretsFromText(text)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration', message: expect.stringMatching(message) }),
    );
    expect(() => derivedSecretsFromText(text)).not.toThrow(/AQEB/);
  });
});

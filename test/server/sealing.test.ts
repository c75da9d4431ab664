import { createDecipheriv } from 'node:crypto';
import { aesSealer, type SealingKey } from 'countersign/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const keys = { old: bytes(1), new: bytes(2) };
const sealer = aesSealer({ current: 'new', keys });
const unavailable = { code: 'key_store_unavailable', status: 503 };

describe('aesSealer', () => {
  it('opens what it sealed, texts as texts and bytes as bytes', async () => {
    const secret = fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array());
    await fc.assert(
      fc.asyncProperty(secret, fc.string(), async (given, accessKey) => {
        const sealed = await sealer.seal(given, accessKey);
        expect(sealed).toMatch(/^sealed1\.new\.[\w-]{16}\.[\w-]+$/);
        expect(await sealer.open(sealed, accessKey)).toEqual(given);
      }),
    );
  });

  it.each(['\ufeffa secret of thirty-two characters', '\ufeff\ufeff', 'in the \ufeff middle', '\0\ufeff'])(
    'opens %j as it was: U+FEFF at the front is no byte order mark',
    async (secret) => {
      expect(await sealer.open(await sealer.seal(secret, 'key-1'), 'key-1')).toBe(secret);
    },
  );

  it('is AES-256-GCM, as Node has it', async () => {
    const [, , iv = '', content = ''] = (await sealer.seal('the secret', 'key-1')).split('.');
    const whole = Buffer.from(content, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', keys.new, Buffer.from(iv, 'base64url'));
    decipher.setAAD(Buffer.from('countersign-sealed1\nnew\nkey-1')).setAuthTag(whole.subarray(-16));
    expect(Buffer.concat([decipher.update(whole.subarray(0, -16)), decipher.final()]).toString()).toBe('\0the secret');
  });

  it('never seals one secret twice alike', async () => {
    const sealed = await Promise.all(Array.from({ length: 100 }, () => sealer.seal('the secret', 'key-1')));
    expect(new Set(sealed).size).toBe(100);
  });

  it('opens nothing that was moved to another access key', async () => {
    const sealed = await sealer.seal('the secret', 'key-1');
    await expect(sealer.open(sealed, 'key-2')).rejects.toMatchObject(unavailable);
    await expect(sealer.open(sealed, 'key-')).rejects.toMatchObject(unavailable);
  });

  it('opens nothing that was changed anywhere, or said to be of another key', async () => {
    const sealed = await sealer.seal('the secret', 'key-1');
    for (let i = 0; i < sealed.length; i += 1) {
      // The last character of base64url may hold bits that mean nothing.
      if (i === sealed.length - 1) continue;
      const other = sealed[i] === 'A' ? 'B' : 'A';
      const changed = sealed.slice(0, i) + other + sealed.slice(i + 1);
      await expect(sealer.open(changed, 'key-1'), `character ${i}`).rejects.toMatchObject(unavailable);
    }
    for (const wrong of ['', 'sealed1', sealed.slice(0, -1), `${sealed}=`, sealed.replace('.new.', '.old.')]) {
      await expect(sealer.open(wrong, 'key-1')).rejects.toMatchObject(unavailable);
    }
  });

  it('opens what an older key sealed, and says that it should be sealed anew', async () => {
    const sealed = await aesSealer({ current: 'old', keys }).seal('the secret', 'key-1');
    expect(await sealer.open(sealed, 'key-1')).toBe('the secret');
    expect(sealer.isStale(sealed)).toBe(true);
    expect(sealer.isStale(await sealer.seal('the secret', 'key-1'))).toBe(false);
    const without = aesSealer({ current: 'new', keys: { new: keys.new } });
    await expect(without.open(sealed, 'key-1')).rejects.toMatchObject(unavailable);
  });

  it('asks a key management service once for each key, and again after a failure', async () => {
    const asked: string[] = [];
    const service = async (name: string): Promise<SealingKey> => {
      asked.push(name);
      if (asked.length === 1) throw new Error('out of reach');
      return crypto.subtle.importKey('raw', bytes(3) as BufferSource, 'AES-GCM', false, ['encrypt', 'decrypt']);
    };
    const remote = aesSealer({ current: 'kms', keys: service });
    await expect(remote.seal('the secret', 'key-1')).rejects.toThrow('out of reach');
    const sealed = await remote.seal('the secret', 'key-1');
    expect(await remote.open(sealed, 'key-1')).toBe('the secret');
    expect(asked).toEqual(['kms', 'kms']);
  });

  it.each<[string, () => unknown]>([
    ['a name that is none', () => aesSealer({ current: 'a.b', keys })],
    ['a current key that is not there', () => aesSealer({ current: 'constructor', keys })],
  ])('refuses %s', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });

  it('refuses a key of another length', async () => {
    const short = aesSealer({ current: 'short', keys: { short: bytes(1).subarray(1) } });
    await expect(short.seal('the secret', 'key-1')).rejects.toMatchObject({ code: 'invalid_configuration' });
  });

  it('never shows a secret or key in what it throws', async () => {
    const sealed = await sealer.seal('the secret', 'key-1');
    const error = await sealer.open(sealed, 'key-2').catch((thrown) => thrown);
    expect(`${error.message} ${JSON.stringify(error)} ${error.stack}`).not.toMatch(/the secret|AQEBAQ|0202/);
  });
});

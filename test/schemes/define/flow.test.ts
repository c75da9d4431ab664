import { createHash, createHmac } from 'node:crypto';
import { createSigner, signedFetch } from 'countersign';
import { defineScheme } from 'countersign/schemes';
import ky from 'ky';
import { describe, expect, it } from 'vitest';
import { judge, noon, outcomeOf, type Parts, signedParts } from '../../server/rig.ts';
import { startBridge } from '../../server-bridge.ts';
import { accessKey, halves, nonce, partner, secret } from './rig.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('the example of the documentation', () => {
  it('signs what it says', () => {
    const { signer } = halves(partner);
    const body = '{"a":1}';
    const { headers } = signedParts(signer, { method: 'POST', target: '/v1/o?b=2&a=%2f&a=', body });
    const text = `POST\n/v1/o\na=&a=%2f&b=2\n${noon / 1000}\n${nonce}\n${sha256(body)}`;
    const mac = createHmac('sha256', secret).update(text).digest('base64');
    expect(headers.authorization).toBe(`hmac ${accessKey}:${nonce}:${mac}`);
    expect(headers['x-date']).toBe(`${noon / 1000}`);
  });

  it.each([
    ['GET', '/v1/o', undefined],
    ['GET', '/v1/o?', undefined],
    ['POST', '/v1/o?b=2&a=1', '{}'],
    ['DELETE', '//x/%7e?%25zz', undefined],
  ])('verifies %s %s with body %s, once', async (method, target, body) => {
    const { signer, verifier } = halves(partner);
    const parts = signedParts(signer, { method, target, ...(body && { body }) });
    expect(await judge(verifier, parts)).toBe('ok');
    expect(await judge(verifier, parts)).toBe('replayed_request');
  });

  it('notices a body that is changed, added or left out', async () => {
    const { signer, verifier } = halves(partner);
    const post = signedParts(signer, { method: 'POST', body: '{}' });
    const get = signedParts(signer, { method: 'GET' });
    expect(await judge(verifier, { ...post, body: new Uint8Array([1]) })).toBe('signature_mismatch');
    expect(await judge(verifier, { ...post, body: undefined })).toBe('signature_mismatch');
    expect(await judge(verifier, { ...get, body: new Uint8Array([1]) })).toBe('signature_mismatch');
  });

  it('refuses any other byte in what carries it', async () => {
    const { signer, verifier } = halves(partner);
    const parts = signedParts(signer, { method: 'POST', body: '{}' });
    for (const name of ['authorization', 'x-date']) {
      const value = parts.headers[name] ?? '';
      for (let i = 0; i <= value.length; i++) {
        for (const character of ['A', '0', ' ', ':', '=', '\u00e9', '']) {
          const changed = value.slice(0, i) + character + value.slice(i + 1);
          if (changed === value) continue;
          const outcome = await judge(verifier, { ...parts, headers: { ...parts.headers, [name]: changed } });
          expect(outcome, `${name}: ${changed}`).not.toBe('ok');
        }
      }
    }
    expect(await judge(verifier, parts)).toBe('ok');
  });

  it.each<[string, (parts: Parts) => Parts['headers'], string]>([
    ['nothing', () => ({}), 'missing_signature'],
    ['another scheme', () => ({ authorization: 'Bearer x' }), 'missing_signature'],
    [
      'another case of its word',
      ({ headers }) => ({ ...headers, authorization: `HMAC ${headers.authorization?.slice(5)}` }),
      'missing_signature',
    ],
    ['no time', ({ headers }) => ({ authorization: headers.authorization ?? '' }), 'malformed_field'],
    [
      'two signatures',
      ({ headers }) => ({ ...headers, authorization: `${headers.authorization}, ${headers.authorization}` }),
      'malformed_field',
    ],
    [
      'a time with a zero before it',
      ({ headers }) => ({ ...headers, 'x-date': `0${headers['x-date']}` }),
      'malformed_field',
    ],
  ])('tells %s', async (_, change, code) => {
    const { signer, verifier } = halves(partner);
    const parts = signedParts(signer);
    expect(await judge(verifier, { ...parts, headers: change(parts) })).toBe(code);
  });

  it('reads no signature twice: base64 has one spelling', async () => {
    const { signer, verifier } = halves(partner);
    const parts = signedParts(signer);
    const value = parts.headers.authorization ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const last = alphabet.indexOf(value.at(-2) ?? '');
    // The last two bits of 32 bytes in base64 are no part of them.
    const other = alphabet[last ^ 1];
    const respelled = `${value.slice(0, -2)}${other}=`;
    expect(Buffer.from(respelled.slice(-44), 'base64')).toEqual(Buffer.from(value.slice(-44), 'base64'));
    expect(await judge(verifier, { ...parts, headers: { ...parts.headers, authorization: respelled } })).toBe(
      'malformed_field',
    );
  });

  it('goes through HTTP, by fetch and by ky', async () => {
    const { verifier } = halves(partner);
    const bridge = await startBridge({ verifier });
    try {
      const signer = createSigner({ accessKey, secret, scheme: defineScheme(partner), clock: () => noon });
      const fetch = signedFetch(signer);
      const answers = [
        await fetch(`${bridge.origin}/a?b=%20+&a`),
        await fetch(`${bridge.origin}/a`, { method: 'POST', body: 'é' }),
        await ky.post(`${bridge.origin}/a?x=1`, { json: { a: 1 }, fetch }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(bridge.exchanges.map(({ result }) => outcomeOf(result))).toEqual(['ok', 'ok', 'ok']);
    } finally {
      await bridge.close();
    }
  });
});

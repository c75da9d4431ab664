import { createHmac } from 'node:crypto';
import { defineScheme, lintScheme, type SchemeDefinition, shopifyOauth } from 'countersign/schemes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, judgeOf } from './judge.ts';
import { published } from './published.ts';

const scheme = defineScheme(shopifyOauth);
const acceptFindings = ['body-unsigned', 'method-unsigned', 'path-unsigned'] as const;
const macOf = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex');
const now = Date.UTC(2026, 10, 22, 12);
const secret = 'a secret of an app of Shopify';
const server = () => judgeOf({ scheme, acceptFindings, accessKey: 'shopify', secret, clock: () => now });
const sent = (query: string) => published({ target: `/auth/callback?${query}`, secret, time: now });

const others = ['code=0907a61c', 'shop=some-shop.myshopify.com', 'state=0.67', `timestamp=${now / 1000}`];
const signature = `hmac=${macOf(secret, others.join('&'))}`;

describe('shopifyOauth', () => {
  it.each([
    ['', '4712bf92ffc2917d15a2f5a273e39f0116667419aa4b6ac0b3baaf26fa3c4d20'],
    ['&state=0.6784241404160823', '700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf'],
  ])('reads the example of the documentation of Shopify, with "%s"', (state, hmac) => {
    const code = 'code=0907a61c0c8d55e99db179b68161bc00';
    const rest = `shop=some-shop.myshopify.com${state}&timestamp=1337178173`;
    const rawTarget = `/callback?${code}&hmac=${hmac}&${rest}`;
    const message = { method: 'GET', scheme: 'https', authority: 'a', target: '/', rawTarget, headers: new Headers() };
    const { stringToSign, signatures, time } = scheme.read({ ...message, scheme: 'https' });
    expect(stringToSign).toBe(`${code}&${rest}`);
    expect(Buffer.from(signatures[0] ?? []).toString('hex')).toBe(macOf('hush', `${code}&${rest}`));
    expect(macOf('hush', `${code}&${rest}`)).toBe(hmac);
    expect(time).toBe(1_337_178_173_000);
  });

  it('accepts the parameters in any order, and the signature anywhere, once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...others, signature], { minLength: 5 }), async (parameters) => {
        const judged = server();
        expect(await judge(judged, sent(parameters.join('&')))).toBe('ok');
        expect(await judge(judged, sent([...parameters].reverse().join('&')))).toBe('replayed_request');
      }),
    );
  });

  it.each([
    ['a parameter changed', [...others.slice(1), 'code=0907a61d', signature], 'signature_mismatch'],
    ['a parameter more', [...others, 'admin=1', signature], 'signature_mismatch'],
    ['a parameter less', [...others.slice(1), signature], 'signature_mismatch'],
    ['two signatures', [signature, ...others, signature], 'malformed_field'],
    ['an escaped name', [signature.replace('hmac', 'h%6Dac'), ...others], 'malformed_field'],
    ['no signature', others, 'missing_signature'],
    ['no time', [...others.slice(0, 3), signature], 'malformed_field'],
  ])('refuses %s', async (_, parameters, code) => {
    expect(await judge(server(), sent(parameters.join('&')))).toBe(code);
  });
});

describe('signaturePosition', () => {
  const definition: SchemeDefinition = { ...shopifyOauth, signaturePosition: 'end' };

  it('is the end of the query by default', async () => {
    const { signaturePosition: _, ...byDefault } = definition;
    for (const one of [definition, byDefault]) {
      const judged = judgeOf({
        ...server(),
        scheme: defineScheme(one),
        acceptFindings,
        accessKey: 'a',
        secret,
        clock: () => now,
      });
      expect(await judge(judged, sent([signature, ...others].join('&')))).toBe('malformed_field');
      expect(await judge(judged, sent([...others, signature].join('&')))).toBe('ok');
    }
  });

  it('changes no finding, and can be nothing else', () => {
    expect(lintScheme(definition)).toEqual(lintScheme(shopifyOauth));
    expect(() => defineScheme({ ...definition, signaturePosition: 'start' as 'end' })).toThrow(/signaturePosition/);
  });
});

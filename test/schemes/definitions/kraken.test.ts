import { createHash, createHmac } from 'node:crypto';
import { defineScheme, krakenApi } from 'countersign/schemes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { published, textBytes } from './published.ts';
import { signWith } from './sign.ts';

// "Spot REST Authentication" in the documentation of the API.
const secret = 'kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==';
const order = 'nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25';

const sign = (target: string, body: string) =>
  signWith(
    defineScheme(krakenApi),
    published({
      method: 'POST',
      target,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: textBytes(body),
      accessKey: 'key-1',
      secret,
    }),
  ).headers;

describe('krakenApi', () => {
  it('makes the signature of the example', () => {
    expect(sign('/0/private/AddOrder', order)).toMatchObject({
      'api-key': 'key-1',
      'api-sign': '4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==',
    });
  });

  it('signs the bytes of the hash, whatever they are', () => {
    fc.assert(
      fc.property(fc.nat(), fc.string({ unit: 'grapheme' }), (nonce, text) => {
        const body = `nonce=${nonce}&text=${encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, ''))}`;
        const hash = createHash('sha256').update(`${nonce}${body}`).digest();
        const mac = createHmac('sha512', Buffer.from(secret, 'base64')).update('/0/private/Balance').update(hash);
        expect(sign('/0/private/Balance', body)['api-sign']).toBe(mac.digest('base64'));
      }),
    );
  });
});

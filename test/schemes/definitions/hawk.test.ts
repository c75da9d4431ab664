import { defineScheme, hawkHeader } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import type { Attempt } from './attempt.ts';
import { hawkOracle } from './hawk-oracle.ts';
import { hold } from './hold.ts';
import { published, textBytes } from './published.ts';
import { signWith } from './sign.ts';

// The README of mozilla/hawk, "Protocol Example" and "Payload Validation".
const sample: Attempt = published({
  scheme: 'http',
  authority: 'example.com:8000',
  target: '/resource/1?b=1&a=2',
  accessKey: 'dh37fgj492je',
  secret: 'werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn',
  time: 1353832234000,
  nonce: 'j4h3g2',
});
const ext = 'some-app-ext-data';
const withExt = {
  ...hawkHeader,
  name: 'hawk-with-ext',
  stringToSign: hawkHeader.stringToSign.replace(/\n$/, `${ext}\n`),
  headers: { Authorization: hawkHeader.headers?.Authorization?.replace(', mac=', `, ext="${ext}", mac=`) ?? '' },
};

describe('hawkHeader', () => {
  hold({ definition: hawkHeader, oracle: hawkOracle });

  it('makes the signature of the README', () => {
    expect(signWith(defineScheme(withExt), sample).headers.authorization).toBe(
      'Hawk id="dh37fgj492je", ts="1353832234", nonce="j4h3g2", ext="some-app-ext-data", mac="6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE="',
    );
  });

  it('makes the signature of the README over a body', () => {
    const post: Attempt = {
      ...sample,
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: textBytes('Thank you for flying Hawk'),
    };
    expect(signWith(defineScheme(withExt), post).headers.authorization).toBe(
      'Hawk id="dh37fgj492je", ts="1353832234", nonce="j4h3g2", hash="Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY=", ext="some-app-ext-data", mac="aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw="',
    );
  });
});

import { defineScheme, kongHmacAuth } from 'countersign/schemes';
import { afterAll, describe, expect, it } from 'vitest';
import { hold } from './hold.ts';
import { published, textBytes } from './published.ts';
import { python, pythonOracle } from './python.ts';
import { stringSigned } from './sign.ts';

describe.runIf(python)('kongHmacAuth', () => {
  const signedHeaders = ['x-date', 'host', '@request-target', 'digest'];
  const oracle = pythonOracle('kong', { dateHeader: 'x-date', signedHeaders });
  afterAll(oracle.close);

  hold({ definition: kongHmacAuth(), oracle });
});

describe('kongHmacAuth with the headers of the example in the documentation of Kong', () => {
  // Its secret is shorter than a signer takes.
  const example = published({
    authority: 'hmac.com',
    target: '/requests',
    accessKey: 'alice123',
    secret: 'secret',
    time: Date.UTC(2017, 5, 22, 17, 15, 21),
  });

  it('makes its signature', async () => {
    const scheme = defineScheme(kongHmacAuth({ signedHeaders: ['date', 'request-line'] }));
    expect((await stringSigned(scheme, example)).headers.Authorization).toBe(
      'hmac username="alice123", algorithm="hmac-sha256", headers="date request-line", signature="ujWCGHeec9Xd6UD2zlyxiNMCiXnDOWeVFMu5VeRUxtw="',
    );
  });

  it('makes its signature over a body', async () => {
    const scheme = defineScheme(kongHmacAuth({ signedHeaders: ['date', 'request-line', 'digest'] }));
    const withBody = {
      ...example,
      time: Date.UTC(2017, 5, 22, 21, 12, 36),
      body: textBytes('A small body'),
    };
    expect((await stringSigned(scheme, withBody)).headers).toMatchObject({
      Digest: 'SHA-256=SBH7QEtqnYUpEcIhDbmStNd1MxtHg2+feBfWc1105MA=',
      Authorization:
        'hmac username="alice123", algorithm="hmac-sha256", headers="date request-line digest", signature="gaweQbATuaGmLrUr3HE0DzU1keWGCt3H96M28sSHTG8="',
    });
  });
});

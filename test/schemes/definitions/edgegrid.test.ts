import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { akamaiEdgeGrid, defineScheme } from 'countersign/schemes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sendable, textBody } from './attempt.ts';
import { edgeGridOracle } from './edgegrid-oracle.ts';
import { hold } from './hold.ts';
import { published, textBytes } from './published.ts';
import { signWith } from './sign.ts';

const clientToken = 'akab-client-token-xxx-xxxxxxxxxxxxxxxx';
const definition = akamaiEdgeGrid({ clientToken });

describe('akamaiEdgeGrid', () => {
  hold({
    definition,
    oracle: edgeGridOracle(clientToken),
    // Its library takes texts, and hashes the bodies of POST alone.
    attempts: fc.tuple(sendable, textBody, fc.boolean()).map(([attempt, body, post]) => ({
      ...attempt,
      method: post ? 'POST' : 'GET',
      body: post ? body : new Uint8Array(),
    })),
  });
});

type Example = {
  readonly testName: string;
  readonly request: { readonly method: string; readonly path: string; readonly data?: string };
  readonly expectedAuthorization: string;
};
const require = createRequire(import.meta.url);
const { tests, base_url, access_token, client_secret, nonce } = require(
  join(dirname(require.resolve('akamai-edgegrid')), 'test/test_data.json'),
);
// Bodies over max_body (2048 then), bodies of PUT, signed headers, and one that Akamai's own library does not make either.
const applicable =
  /^(?:simple GET|GET with querystring|Post uses passed-max-body|POST length equals max_body|POST empty body)$/;

describe('akamaiEdgeGrid and the test data that Akamai publishes', () => {
  it.each((tests as readonly Example[]).filter(({ testName }) => applicable.test(testName)))(
    'makes the signature of $testName',
    ({ request, expectedAuthorization }) => {
      const attempt = published({
        method: request.method,
        authority: new URL(base_url).host,
        target: request.path,
        body: textBytes(request.data ?? ''),
        accessKey: access_token,
        secret: client_secret,
        time: Date.UTC(2014, 2, 21, 19, 34, 21),
        nonce,
      });
      expect(signWith(defineScheme(definition), attempt).headers.authorization).toBe(expectedAuthorization);
    },
  );
});

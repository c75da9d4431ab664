import { createSigner, prepareRequest } from 'countersign';
import { sigv4 } from 'countersign/schemes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accessKey,
  aws4fetchSigns,
  body,
  headers,
  type PeerOptions,
  type Plain,
  path,
  query,
  secret,
  smithySigns,
  time,
} from './peers.ts';

const everyHeader = ['content-type', 'x-amzn-other', 'x-custom', 'a'];

function weSign(request: Plain, { sessionToken, applyChecksum = false, ...scope }: PeerOptions, unsigned = false) {
  const signer = createSigner({
    accessKey,
    secret,
    scheme: sigv4({
      ...scope,
      ...(sessionToken !== undefined && { sessionToken }),
      signedHeaders: everyHeader,
      payloadHeader: applyChecksum,
      unsignedPayload: unsigned,
    }),
    clock: () => time,
  });
  return prepareRequest(signer, request).headers;
}

const requests: fc.Arbitrary<Plain> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  url: fc
    .record({ path, query, port: fc.constantFrom('', ':443', ':8443') })
    .map((parts) => `https://example.amazonaws.com${parts.port}${parts.path}${parts.query}`),
  // So that no side adds a content type of its own.
  headers: headers.map((fields) => ({ 'content-type': 'text/plain', ...fields })),
  body: fc.option(body, { nil: undefined }),
});
const sessionToken = fc.option(fc.constant('IQoJb3JpZ2luX2VjE/+=='), { nil: undefined });
const scopes = fc.record({ region: fc.constantFrom('us-east-1', 'eu-west-1'), sessionToken });

const ours = ['authorization', 'x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token'];
const picked = (fields: Record<string, string> | Headers) => {
  const view = new Headers(fields);
  return Object.fromEntries(ours.map((field) => [field, view.get(field)]));
};

// aws4fetch relies on the URL parser for dot segments; that of Node leaves those after a `.a` in their place.
const resolved = ({ url }: Plain) => !/\/\.\.?(?:\/|$)/.test(new URL(url).pathname);

// aws4fetch leaves out of a query what has no name, and for S3 all but the first parameter of a name.
const namesOnce = ({ url }: Plain) => {
  const names = [...new URL(url).searchParams.keys()];
  return new Set(names).size === names.length && !names.includes('');
};

// Without the slash: the SDK parts keys at theirs and never escapes one. AWS tells to leave it as it is in an object's key ("Encode
// the forward slash character, '/', everywhere except in the object key name"), which our signer and aws4fetch hold to when they are
// given `%2F`; @smithy/signature-v4 signs a path for S3 as it is given.
const unit = fc
  .oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.constantFrom(..." !'()*%.~+-_=&?#:;@$,\\\t\n/"))
  .filter((character) => character !== '/');
const uriEncode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16)}`);

describe('A request signed by header', () => {
  it('has the headers that @smithy/signature-v4 gives it, for services with their paths encoded twice', async () => {
    await fc.assert(
      fc.asyncProperty(requests, scopes, fc.boolean(), async (request, scope, applyChecksum) => {
        const options = { ...scope, service: 'execute-api', applyChecksum };
        expect(picked(weSign(request, options))).toEqual(picked(await smithySigns(request, options)));
      }),
      { numRuns: 1000 },
    );
  });

  it('has the headers that aws4fetch gives it, for services with their paths encoded twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        requests.filter((request) => resolved(request) && !new URL(request.url).searchParams.has('')),
        scopes,
        async (request, scope) => {
          const options = { ...scope, service: 'execute-api' };
          expect(picked(weSign(request, options))).toEqual(picked(await aws4fetchSigns(request, options)));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('has the headers that aws4fetch gives it, for S3, where that signs no body', async () => {
    await fc.assert(
      fc.asyncProperty(requests.filter(namesOnce), scopes, async (request, scope) => {
        const options = { ...scope, service: 's3' };
        expect(picked(weSign(request, options, true))).toEqual(picked(await aws4fetchSigns(request, options)));
      }),
      { numRuns: 1000 },
    );
  });

  it('has the headers that @smithy/signature-v4 gives it, for S3, whose keys the SDK encodes once', async () => {
    const segments = fc.array(fc.string({ unit, minLength: 1, maxLength: 6 }), { maxLength: 4 });
    const keys = segments.map((names) => `/${names.map((one) => uriEncode(one).toUpperCase()).join('/')}`);
    await fc.assert(
      fc.asyncProperty(requests, keys, scopes, async (request, key, scope) => {
        const { origin, search } = new URL(request.url);
        const onKey = { ...request, url: `${origin}${key}${search}` };
        const options = { ...scope, service: 's3', applyChecksum: true };
        expect(picked(weSign(onKey, options))).toEqual(picked(await smithySigns(onKey, options)));
      }),
      { numRuns: 1000 },
    );
  });
});

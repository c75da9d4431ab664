import { AwsV4Signer } from 'aws4fetch';
import { createSigner, prepareRequest } from 'countersign';
import { presign } from 'countersign/schemes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accessKey,
  body,
  credentials,
  date,
  headers,
  type PeerOptions,
  type Plain,
  path,
  query,
  secret,
  smithy,
  smithyRequest,
  time,
} from './peers.ts';

type PresignPeerOptions = PeerOptions & { readonly expires: number };

const signatureIn = (url: string) => new URL(url).searchParams.get('X-Amz-Signature');

function wePresign(request: Plain, { sessionToken, service, region, expires }: PresignPeerOptions): string {
  const signer = createSigner({
    accessKey,
    secret,
    scheme: presign({
      service,
      region,
      expires,
      ...(sessionToken !== undefined && { sessionToken }),
      signedHeaders: ['content-type', 'x-amzn-other', 'x-custom', 'a'],
    }),
    clock: () => time,
  });
  return prepareRequest(signer, request).url;
}

async function smithyPresigns(request: Plain, { expires, ...options }: PresignPeerOptions): Promise<unknown> {
  const signed = await smithy(options).presign(smithyRequest(request), {
    signingDate: new Date(time),
    expiresIn: expires,
    // The SDK moves x-amz-* into the query, unless it is told that their servers want them as headers.
    unhoistableHeaders: new Set(['x-amz-meta-a', 'x-amz-acl', 'x-amz-content-sha256']),
  });
  return signed.query?.['X-Amz-Signature'];
}

async function aws4fetchPresigns(request: Plain, { expires, ...options }: PresignPeerOptions): Promise<string | null> {
  const { body: sent, url, ...rest } = request;
  const signer = new AwsV4Signer({
    ...rest,
    url: `${url}${url.includes('?') ? '&' : '?'}X-Amz-Expires=${expires}`,
    ...(sent !== undefined && { body: sent }),
    ...credentials,
    ...(options.sessionToken && { sessionToken: options.sessionToken }),
    service: options.service,
    region: options.region,
    datetime: date,
    signQuery: true,
    allHeaders: true,
  });
  return signatureIn(String((await signer.sign()).url));
}

const requests: fc.Arbitrary<Plain> = fc.record({
  method: fc.constantFrom('GET', 'PUT'),
  url: fc.record({ path, query }).map((parts) => `https://example.amazonaws.com${parts.path}${parts.query}`),
  headers: headers.map((fields) => ({ 'content-type': 'text/plain', ...fields })),
  body: fc.option(body, { nil: undefined }),
});
const scopes = fc.record({
  region: fc.constantFrom('us-east-1', 'eu-west-1'),
  sessionToken: fc.option(fc.constant('IQoJb3JpZ2luX2VjE/+=='), { nil: undefined }),
  expires: fc.integer({ min: 1, max: 604800 }),
});
const sound = ({ url }: Plain) => {
  const { searchParams, pathname } = new URL(url);
  const names = [...searchParams.keys()];
  return new Set(names).size === names.length && !names.includes('') && !/\/\.\.?(?:\/|$)/.test(pathname);
};

describe('A presigned address', () => {
  it('has the signature that @smithy/signature-v4 gives it, for services with their paths encoded twice', async () => {
    await fc.assert(
      fc.asyncProperty(requests, scopes, async (request, scope) => {
        const options = { ...scope, service: 'execute-api' };
        expect(signatureIn(wePresign(request, options))).toBe(await smithyPresigns(request, options));
      }),
      { numRuns: 1000 },
    );
  });

  it('has the signature that @smithy/signature-v4 gives it, for S3, whose bodies are told to be unsigned', async () => {
    await fc.assert(
      fc.asyncProperty(requests, scopes, async ({ url, ...rest }, scope) => {
        const { origin, search } = new URL(url);
        const request = { ...rest, url: `${origin}/a%20b/%C3%BC.txt${search}` };
        const options = { ...scope, service: 's3' };
        const declared = { ...request, headers: { ...request.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } };
        expect(signatureIn(wePresign(declared, options))).toBe(await smithyPresigns(declared, options));
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['s3', 'execute-api'])('has the signature that aws4fetch gives it, for %s', async (service) => {
    await fc.assert(
      fc.asyncProperty(requests.filter(sound), scopes, async (request, scope) => {
        const options = { ...scope, service };
        expect(signatureIn(wePresign(request, options))).toBe(await aws4fetchPresigns(request, options));
      }),
      { numRuns: 1000 },
    );
  });
});

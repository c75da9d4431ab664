import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { AwsV4Signer } from 'aws4fetch';
import fc from 'fast-check';

/** The credentials of the AWS test suite. */
export const accessKey = 'AKIDEXAMPLE';
export const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
export const credentials = { accessKeyId: accessKey, secretAccessKey: secret };
/** 2015-08-30T12:36:00Z, in milliseconds since the epoch. */
export const time = Date.UTC(2015, 7, 30, 12, 36);
export const date = '20150830T123600Z';

/** A request as all signers can be told of it. */
export type Plain = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
};

export type PeerOptions = {
  readonly service: string;
  readonly region: string;
  readonly sessionToken?: string | undefined;
  readonly applyChecksum?: boolean;
};

/** The query as @smithy/signature-v4 wants it: decoded, a `+` being a space, values of one name together. */
function bagOf(query: string): Record<string, string[]> {
  const bag: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(query)) bag[name] = [...(bag[name] ?? []), value];
  return bag;
}

/** What the SDK's signer is given: the path as it goes on the wire. */
export function smithyRequest({ method, url, headers, body }: Plain) {
  const { protocol, host, hostname, pathname, search } = new URL(url);
  const all = { host, ...headers };
  const request = { method, protocol, hostname, path: pathname, query: bagOf(search), headers: all };
  return { ...request, ...(body !== undefined && { body }) };
}

export function smithy({ service, region, sessionToken, applyChecksum = false }: PeerOptions) {
  return new SignatureV4({
    service,
    region,
    credentials: { ...credentials, ...(sessionToken && { sessionToken }) },
    sha256: Sha256,
    applyChecksum,
    // As the SDK's clients are configured.
    uriEscapePath: service !== 's3',
  });
}

export async function smithySigns(request: Plain, options: PeerOptions): Promise<Record<string, string>> {
  const { headers } = await smithy(options).sign(smithyRequest(request), { signingDate: new Date(time) });
  return headers;
}

export async function aws4fetchSigns(request: Plain, { service, region, sessionToken }: PeerOptions): Promise<Headers> {
  const { body, ...rest } = request;
  const signer = new AwsV4Signer({
    ...rest,
    ...(body !== undefined && { body }),
    ...credentials,
    ...(sessionToken && { sessionToken }),
    service,
    region,
    datetime: date,
    allHeaders: true,
  });
  return new Headers((await signer.sign()).headers);
}

// Letters that URLs treat in every possible way.
const piece = fc.oneof(
  fc.constantFrom('a', 'B', '0', '-', '.', '_', '~', '!', "'", '(', ')', '*', ';', ':', '@', '$', ','),
  fc.constantFrom('%20', '%2B', '%2f', '%C3%BC', '%E2%82%AC', '%41', '%7e', '%21', '%25', '%3D', '%26', 'ü', '€', '😀'),
);
const text = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(''));
const segment = fc.oneof(text, fc.constantFrom('', '.', '..', '...', '.a'));
export const path: fc.Arbitrary<string> = fc
  .array(segment, { maxLength: 5 })
  .map((segments) => `/${segments.join('/')}`);
const name = text.filter((one) => one !== '');
const pair = fc
  .record({ name, value: fc.option(fc.oneof(text, fc.constantFrom('a+b', '+', 'a=b', '/x?y'))) })
  .map((one) => (one.value === null ? one.name : `${one.name}=${one.value}`));
export const query: fc.Arbitrary<string> = fc
  .array(fc.oneof(pair, fc.constantFrom('a=1', 'a=0', 'b', 'aa=', 'a-=1')), { maxLength: 6 })
  .map((pairs) => (pairs.length ? `?${pairs.join('&')}` : ''));

const value = fc
  .array(fc.constantFrom('a', 'b ', '  c', ',', '"', '\t', '=', 'x;y', '/'), { maxLength: 6 })
  .map((parts) => parts.join('').trim());
export const headers: fc.Arbitrary<Record<string, string>> = fc
  .dictionary(fc.constantFrom('content-type', 'x-amz-meta-a', 'x-amz-acl', 'x-amzn-other', 'x-custom', 'a'), value, {
    maxKeys: 4,
  })
  .map((fields) => ({ ...fields }));
export const body: fc.Arbitrary<string> = fc.string({ unit: 'grapheme', maxLength: 50 });

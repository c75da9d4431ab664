import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { AwsClient, AwsV4Signer } from 'aws4fetch';
import { accessKey, contentType, host, type Input, type Inputs, requestOf, secret } from './inputs.ts';
import { insist, type Row } from './rows.ts';

export const scope = { service: 'execute-api', region: 'eu-west-1' };
export const credentials = { accessKeyId: accessKey, secretAccessKey: secret };
const cache = new Map<string, ArrayBuffer>();
const client = new AwsClient({ ...credentials, ...scope, cache });
export const smithy = new SignatureV4({ ...scope, credentials, sha256: Sha256, applyChecksum: false });

export function smithyRequestOf({ method, path, query, text }: Input) {
  const headers: Record<string, string> = { host, ...(text && { 'content-type': contentType }) };
  const decoded = { ...query, q: decodeURIComponent(query.q ?? '') };
  const request = { method, protocol: 'https:', hostname: host, path, query: decoded, headers };
  return { ...request, ...(text && { body: text }) };
}

const smithySigns = (input: Input, signingDate = new Date()) => smithy.sign(smithyRequestOf(input), { signingDate });

// Both implement AWS Signature Version 4, so each is the other's check. aws4fetch leaves content-type out by default.
const oneTime = { date: new Date(1790000000000), text: '20260921T141320Z' };
const expected = async (input: Input) =>
  (await smithySigns(input, oneTime.date)).headers.authorization?.split('Signature=')[1];

const headersOf = ({ text }: Input) => (text ? { 'content-type': contentType } : {});

function aws4fetchSigns(input: Input, more: { datetime?: string; allHeaders?: boolean } = {}) {
  const { method, url, text } = input;
  const body = text ? { body: text } : {};
  return new AwsV4Signer({
    method,
    url,
    headers: headersOf(input),
    ...body,
    ...credentials,
    ...scope,
    cache,
    ...more,
  }).sign();
}

export const aws4fetchRow = ({ next }: Inputs): Row => ({
  name: 'aws4fetch',
  run: () => aws4fetchSigns(next()),
  check: async () => {
    const input = next();
    const { headers } = await aws4fetchSigns(input, { datetime: oneTime.text, allHeaders: true });
    insist(headers.get('authorization')?.endsWith(`Signature=${await expected(input)}`), 'aws4fetch');
  },
});

export const smithyRow = ({ next }: Inputs): Row => ({
  name: '@smithy/signature-v4',
  run: () => smithySigns(next()),
  check: async () => {
    const input = next();
    const { headers } = await aws4fetchSigns(input, { datetime: oneTime.text, allHeaders: true });
    const signature = await expected(input);
    insist(signature && headers.get('authorization')?.endsWith(signature), '@smithy/signature-v4');
  },
});

export const aws4fetchRequestRow = ({ next }: Inputs): Row => ({
  name: 'aws4fetch',
  run: () => client.sign(requestOf(next())),
  check: async () => {
    const input = next();
    const signed = await client.sign(requestOf(input), { aws: { datetime: oneTime.text, allHeaders: true } });
    insist(signed.headers.get('authorization')?.endsWith(`Signature=${await expected(input)}`), 'aws4fetch');
    insist((await signed.text()) === input.text, 'aws4fetch: the body is gone');
  },
});

import { AwsV4Signer } from 'aws4fetch';
import { presign } from 'countersign/schemes';
import type { Input, Inputs } from './inputs.ts';
import type { Row } from './rows.ts';
import { accepts, sent } from './scheme-rows.ts';
import { credentials, scope, smithy, smithyRequestOf } from './sigv4.ts';

const ours = { scheme: presign({ ...scope, expires: 300 }) };

async function smithyPresigns(input: Input): Promise<string> {
  const { query = {} } = await smithy.presign(smithyRequestOf(input), { expiresIn: 300 });
  const { protocol, host } = new URL(input.url);
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return `${protocol}//${host}${input.path}?${pairs.join('&')}`;
}

async function aws4fetchPresigns({ method, url }: Input): Promise<string> {
  const signer = new AwsV4Signer({
    method,
    url: `${url}&X-Amz-Expires=300`,
    ...credentials,
    ...scope,
    cache,
    signQuery: true,
  });
  return (await signer.sign()).url.href;
}
const cache = new Map<string, ArrayBuffer>();

const rowOf =
  (name: string, sign: (input: Input) => Promise<string>) =>
  ({ next }: Inputs): Row => ({
    name,
    run: () => sign(next()),
    check: async () => {
      const input = next();
      await accepts(ours, sent(input, {}, await sign(input)));
    },
  });

export const smithyPresignRow = rowOf('@smithy/signature-v4', smithyPresigns);
export const aws4fetchPresignRow = rowOf('aws4fetch', aws4fetchPresigns);

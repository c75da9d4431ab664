import { explainSigning, signedFetch } from 'countersign';
import { signParts } from '../../../src/client/prepare-request.ts';
import { escapePercents } from '../../../src/core/address.ts';
import { type Check, type Context, describeError } from './check.ts';
import { signerFor } from './client.ts';
import { type RandomRequest, randomRequests } from './random-requests.ts';

const seed = 20_261_122;

export const fuzzChecks: readonly Check[] = [
  {
    name: 'none of 150 random requests is refused by the server',
    async run(context) {
      const refused: string[] = [];
      for (const [i, request] of randomRequests(seed, 150).entries()) {
        const problem = await refusalOf(context, request, i % 2 ? 'sign' : 'signedFetch');
        if (problem) refused.push(`#${i} ${request.method} ${request.target} ${request.kind}: ${problem}`);
      }
      if (refused.length) throw new Error(`${refused.length} refused: ${refused.slice(0, 5).join('\n')}`);
    },
  },
];

async function refusalOf(
  context: Context,
  { method, target, headers, signedHeaders, body }: RandomRequest,
  way: 'sign' | 'signedFetch',
): Promise<string | undefined> {
  try {
    const signer = signerFor(context, { signedHeaders });
    const fields = new Headers();
    for (const [name, value] of headers) fields.append(name, value);
    const given = body();
    const init: RequestInit = { method, headers: fields, ...(given !== undefined && { body: given }) };
    const url = context.base + target;
    // A Request with a body is sent to the address that it has.
    const response =
      way === 'sign'
        ? await fetch(await signer.sign(new Request(escapePercents(url), init)))
        : await signedFetch(signer)(url, init);
    const answer = await response.text();
    return response.status === 200 ? undefined : `${response.status} ${response.headers.get('x-reason')} ${answer}`;
  } catch (error) {
    return describeError(error);
  }
}

/**
 * The strings to sign of random requests at a fixed address, time and nonce: to be the same in every runtime. A FormData has
 * none to compare, because every runtime draws its own boundary. A text is described by values and not by a Request,
 * because Bun gives such a Request no content type.
 */
export async function stringsToSign(context: Context): Promise<string[]> {
  const strings: string[] = [];
  let nonces = 0;
  for (const { method, target, headers, signedHeaders, kind, body } of randomRequests(seed + 1, 400)) {
    if (kind === 'FormData') continue;
    const nonce = () => `nonce-${++nonces}`.padEnd(16, '0');
    const signer = signerFor(context, { signedHeaders, nonce, clock: () => 1_795_305_600_000 });
    const fields = new Headers();
    for (const [name, value] of headers) fields.append(name, value);
    const url = `https://api.example.com${target}`;
    const given = body();
    // By values: the Headers of Deno drop an empty value that stands before others.
    const parts = { method, url, headers: fields, ...(given !== undefined && { body: given }) };
    const signed = await (kind === 'Blob' ? explainSigning(signer, new Request(url, parts)) : signParts(signer, parts));
    const { stringToSign, headers: added } = signed;
    strings.push(`${stringToSign}\n${added['X-API-Signature']}`);
  }
  return strings;
}

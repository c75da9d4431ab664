import { fetch, verify } from '@hellocoop/httpsig';
import { contentType, host, type Input, type Inputs } from './inputs.ts';
import { ed25519Jwk } from './rfc9421-keys.ts';
import { insist, type Row } from './rows.ts';

// It has no nonce, signs a key in a header of its own, and a query without the ? that RFC 9421 has.
const covered = ['@method', '@authority', '@path', '@query', 'signature-key'];
const coveredWithBody = [...covered, 'content-type', 'content-digest'];

async function sign({ method, url, text }: Input): Promise<Headers> {
  const { headers } = (await fetch(url, {
    method,
    ...(text && { body: text, headers: { 'content-type': contentType } }),
    signingKey: ed25519Jwk,
    signatureKey: { type: 'hwk' },
    components: text ? coveredWithBody : covered,
    dryRun: true,
  })) as { headers: Headers };
  return headers;
}

async function accepted({ method, path, url, text }: Input, headers: Headers): Promise<boolean> {
  const query = url.slice(url.indexOf('?') + 1);
  const told = { method, authority: host, path, query, headers, ...(text && { body: text }) };
  return (await verify(told, { requireContentDigest: true })).verified === true;
}

async function works(input: Input): Promise<void> {
  const headers = await sign(input);
  insist(await accepted(input, headers), '@hellocoop/httpsig: refuses its own signature');
  insist(!(await accepted({ ...input, path: '/' }, headers)), '@hellocoop/httpsig: accepts a forgery');
}

const name = '@hellocoop/httpsig';

export const httpsigSignRow = ({ next }: Inputs): Row => ({
  name,
  run: () => sign(next()),
  check: () => works(next()),
});

export async function httpsigVerifyRow({ all, next }: Inputs): Promise<Row> {
  const signed: { readonly input: Input; readonly headers: Headers }[] = [];
  for (const input of all) signed.push({ input, headers: await sign(input) });
  let turn = 0;
  const run = () => {
    const { input, headers } = signed[turn++ % signed.length] as (typeof signed)[number];
    return accepted(input, headers);
  };
  return { name, run, check: () => works(next()) };
}

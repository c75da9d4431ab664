import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { createSigner, explainSigning } from 'countersign';
import { accessKey, type Inputs, requestOf, secret } from './inputs.ts';
import { insist, type Row } from './rows.ts';

const encoder = new TextEncoder();
const keyed = hmac.create(sha256, encoder.encode(secret));
const working = keyed.clone();
const tag = new Uint8Array(32);
const buffer = new Uint8Array(4096);
const pairs = Array.from({ length: 256 }, (_, byte) => (byte + 256).toString(16).slice(1));

/** The fastest HMAC of a short text: keyed beforehand, copied into a state that is reused. */
export function mac(text: string): string {
  keyed
    ._cloneInto(working)
    .update(buffer.subarray(0, encoder.encodeInto(text, buffer).written))
    .digestInto(tag);
  let found = '';
  for (const byte of tag) found += pairs[byte];
  return found;
}

const digestHeader = (hash: Uint8Array): string => `sha-256=:${btoa(String.fromCharCode(...hash))}:`;
const subtleDigest = async (bytes: BufferSource): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

/** What our own strings to sign look like, one for each input. */
async function strings({ all }: Inputs): Promise<() => string> {
  const signer = createSigner({ accessKey, secret });
  const texts: string[] = [];
  for (const one of all) {
    const { stringToSign } = await explainSigning(signer, requestOf(one));
    texts.push(encoder.encode(stringToSign).reduce((text, code) => text + String.fromCharCode(code), ''));
  }
  let turn = 0;
  return () => texts[turn++ % texts.length] as string;
}

/** Values in, a signature out: the HMAC over the string that countersign signs, and the digest of the body. */
export async function floorOfValues(inputs: Inputs): Promise<Row> {
  const text = await strings(inputs);
  const run = () => {
    const { text: body } = inputs.next();
    const digest = body && digestHeader(sha256(encoder.encode(body)));
    return { digest, signature: mac(text()) };
  };
  return { name: 'floor', run, check: () => insist(/^[\da-f]{64}$/.test(run().signature), 'floor') };
}

/** A Request in, a Request out: the above, and building it, reading a body, and setting the headers. */
export async function floorOfRequest(inputs: Inputs, { known = false } = {}): Promise<Row> {
  const text = await strings(inputs);
  const run = async () => {
    const input = inputs.next();
    let request = requestOf(input);
    if (input.text) {
      const bytes = known ? encoder.encode(input.text) : await request.arrayBuffer();
      const digest = digestHeader(sha256(new Uint8Array(bytes)));
      if (!known) request = new Request(request, { body: bytes });
      request.headers.set('content-digest', digest);
    }
    request.headers.set('x-api-key', accessKey);
    request.headers.set('x-api-timestamp', '1790000000');
    request.headers.set('x-api-nonce', '00112233445566778899aabbccddeeff');
    request.headers.set('x-api-signature', `v1=${mac(text())}`);
    return request;
  };
  return {
    name: 'floor',
    run,
    check: async () => insist((await run()).headers.has('x-api-signature'), 'floor'),
  };
}

/** For large bodies: building the Request, reading it, and the platform's own hash. */
export function floorOfLargeRequest(inputs: Inputs): Row {
  const run = async () => subtleDigest(await requestOf(inputs.next()).arrayBuffer());
  return { name: 'platform', run, check: async () => insist((await run()).length === 32, 'platform') };
}

/** Verifying: the HMAC and the digest, and comparing both. */
export async function floorOfVerifying(inputs: Inputs): Promise<Row> {
  const text = await strings(inputs);
  const large = (inputs.all[0]?.bytes.length ?? 0) > 4096;
  const run = async () => {
    const { bytes } = inputs.next();
    const digest = bytes.length ? digestHeader(large ? await subtleDigest(bytes) : sha256(bytes)) : '';
    return mac(text()).length + digest.length;
  };
  return { name: 'floor', run, check: async () => insist((await run()) >= 64, 'floor') };
}

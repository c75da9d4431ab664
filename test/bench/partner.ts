import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, randomBytes } from '@noble/hashes/utils.js';
import { defineScheme } from 'countersign/schemes';
import { accessKey, type Input, type Inputs, secret } from './inputs.ts';
import type { Row } from './rows.ts';
import { accepts, type Measurable, sent } from './scheme-rows.ts';

/** The example of docs/define-a-scheme.md. */
export const partner: Measurable = {
  scheme: defineScheme({
    name: 'partner',
    signature: 'base64',
    stringToSign: '{method}\n{path}\n{query|sort}\n{timestamp}\n{nonce}\n{body|sha256|hex}',
    headers: { Authorization: 'hmac {accessKey}:{nonce}:{signature}', 'X-Date': '{timestamp}' },
  }),
};

const encoder = new TextEncoder();
const keyed = hmac.create(sha256, encoder.encode(secret));
const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

function sign({ method, url, path, text }: Input): Record<string, string> {
  const query = url.slice(url.indexOf('?') + 1);
  const timestamp = Math.floor(Date.now() / 1000);
  const nonce = bytesToHex(randomBytes(16));
  const digest = bytesToHex(sha256(encoder.encode(text)));
  const signed = `${method}\n${path}\n${query.split('&').sort().join('&')}\n${timestamp}\n${nonce}\n${digest}`;
  const signature = toBase64(keyed.clone().update(encoder.encode(signed)).digest());
  return { Authorization: `hmac ${accessKey}:${nonce}:${signature}`, 'X-Date': `${timestamp}` };
}

/** The same by hand, without checks. */
export const partnerFloor = ({ next }: Inputs): Row => ({
  name: 'by hand',
  run: () => sign(next()),
  check: () => {
    const input = next();
    return accepts(partner, sent(input, sign(input)));
  },
});

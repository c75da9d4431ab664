import { createSigner, type SigningScheme } from 'countersign';
import { defineScheme, presign, type Scheme, sigv4, standardWebhooks } from 'countersign/schemes';
import type { KeyRecord } from 'countersign/server';
import { expect, it } from 'vitest';
import { host, noon, outcomeOf, rig } from './rig.ts';

const scope = { region: 'us-east-1', service: 'execute-api' };
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** Schemes whose string to sign holds the body, or a digest that the request does not carry. */
const schemes: readonly Scheme[] = [
  sigv4({ ...scope, payloadHeader: false }),
  presign(scope),
  standardWebhooks(),
  defineScheme({
    name: 'lines',
    stringToSign: '{method}\n{host}\n{target}\n{timestamp}\n{nonce}\n{body|sha256|hex}',
    headers: { 'X-Signature': '{accessKey}:{timestamp}:{nonce}:{signature}' },
  }),
];

type Attempt = { readonly scheme: Scheme; readonly later?: number; readonly record?: Partial<KeyRecord> };

/** A signed POST whose body tells whether it is read. */
async function attempt({ scheme, later = 0, record = {} }: Attempt) {
  const accessKey = scheme.name === 'standard-webhooks' ? scheme.name : 'partner';
  const known = { accessKey, secrets: [{ secret }], ...record };
  const { verifier, time } = rig({
    scheme,
    record: known,
    acceptFindings: ['no-nonce', 'query-unsigned', 'path-unsigned', 'method-unsigned', 'host-unsigned'],
  });
  const signer = createSigner({ accessKey, secret, scheme: scheme as SigningScheme, clock: () => noon });
  const body = new TextEncoder().encode('{}');
  const signed = await signer.sign(new Request(`https://${host}/v1/orders`, { method: 'POST', body }));
  let read = false;
  async function* bytes() {
    read = true;
    yield body;
  }
  time.now += later;
  const { pathname, search } = new URL(signed.url);
  const result = await verifier.verify({
    method: 'POST',
    scheme: 'https',
    authority: host,
    target: pathname + search,
    headers: signed.headers,
    body: bytes(),
  });
  return { code: outcomeOf(result), read };
}

it.each(schemes)('$name: the body of a request is read that may be right', async (scheme) => {
  expect(await attempt({ scheme })).toEqual({ code: 'ok', read: true });
});

it.each(schemes)('$name: no body is read of what no body can make right', async (scheme) => {
  const week = 7 * 24 * 3600 * 1000;
  expect(await attempt({ scheme, later: week })).toEqual({
    code: scheme.name === 'sigv4-presigned' ? 'expired_signature' : 'stale_timestamp',
    read: false,
  });
  expect(await attempt({ scheme, later: -week })).toEqual({ code: 'future_timestamp', read: false });
  expect(await attempt({ scheme, record: { accessKey: 'another' } })).toEqual({ code: 'unknown_key', read: false });
  expect(await attempt({ scheme, record: { revoked: true } })).toEqual({ code: 'revoked_key', read: false });
  expect(await attempt({ scheme, record: { expiresAt: noon } })).toEqual({ code: 'expired_key', read: false });
});

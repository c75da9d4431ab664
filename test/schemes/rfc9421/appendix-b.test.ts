import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/core/encoding.ts';
import { toMessage } from '../../../src/core/message.ts';
import type { SigningKey } from '../../../src/core/signing-key.ts';
import { createRfc9421Key } from '../../../src/schemes/rfc9421/algorithms.ts';
import { parseComponents } from '../../../src/schemes/rfc9421/components.ts';
import { listSignatures } from '../../../src/schemes/rfc9421/fields.ts';
import { signatureBase } from '../../../src/schemes/rfc9421/signature-base.ts';
import { createResolver } from '../../../src/schemes/rfc9421/values.ts';
import { answer, keys, type PublishedSignature, request, requestBody, sharedSecret, signatures } from './appendix-b.ts';

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

async function keyOf(name: string, half: 'spki' | 'pkcs8'): Promise<SigningKey | undefined> {
  if (name === 'test-shared-secret') return createRfc9421Key(bytesOf(sharedSecret));
  const { algorithm, [half]: encoded } = keys[name] ?? {};
  if (!algorithm || !encoded) return undefined;
  const usages: KeyUsage[] = [half === 'spki' ? 'verify' : 'sign'];
  return createRfc9421Key(await crypto.subtle.importKey(half, bytesOf(encoded), algorithm, false, usages));
}

function signed({ request, answer, input, signature }: PublishedSignature, changed: Record<string, string> = {}) {
  const label = input.replace(/=.*/, '');
  const fields = { 'signature-input': input, signature: `${label}=:${signature}:` };
  const headers = new Headers({ ...(answer ?? request).headers, ...fields, ...changed });
  const message = toMessage(request, answer ? new Headers(request.headers) : headers);
  const [found] = listSignatures(headers);
  if (!found) throw new Error('No signature was found.');
  const subject = { request: message, response: answer && { status: answer.status, headers } };
  const base = signatureBase(createResolver(subject), { components: parseComponents(found.items), text: found.text });
  return { base, found };
}

describe.each(signatures)('RFC 9421 $title', (published) => {
  const { input, lines, key } = published;

  it('has the base that is published', () => {
    const last = `"@signature-params": ${input.replace(/^[^=]*=/, '')}`;
    expect(signed(published).base).toBe([...lines, last].join('\n'));
  });

  it('has the signature of the published key', async () => {
    const { base, found } = signed(published);
    const publicKey = await keyOf(key, 'spki');
    expect(await publicKey?.verify(utf8(base), found.signature)).toBe(true);
    expect(await publicKey?.verify(utf8(`${base} `), found.signature)).toBe(false);
  });
});

it.each(signatures.filter(({ key }) => key === 'test-shared-secret' || keys[key]?.pkcs8))(
  'makes the published signature of $title to the byte',
  async (published) => {
    const key = await keyOf(published.key, 'pkcs8');
    const made = await key?.sign(utf8(signed(published).base));
    expect(Buffer.from(made ?? []).toString('base64')).toBe(published.signature);
  },
);

describe('B.4', () => {
  const [published] = signatures.filter(({ title }) => title.startsWith('B.4'));
  if (!published) throw new Error('B.4 is missing.');
  const { request } = published;
  const verifies = async (changed: Partial<typeof request>) => {
    const { base, found } = signed({ ...published, request: { ...request, ...changed } });
    return (await keyOf(published.key, 'spki'))?.verify(utf8(base), found.signature);
  };

  it('survives what is not covered', async () => {
    expect(await verifies({ url: `${request.url}&param=added` })).toBe(true);
    expect(await verifies({ headers: { ...request.headers, referer: 'https://developer.example.org/demo' } })).toBe(
      true,
    );
  });

  it('breaks where what is covered was changed', async () => {
    expect(await verifies({ method: 'POST', url: request.url.replace('.org', '.com') })).toBe(false);
    expect(await verifies({ headers: { accept: '*/*, application/json' } })).toBe(false);
  });
});

it('has the published digests of the published bodies', () => {
  const digestOf = (text: string) => `sha-512=:${createHash('sha512').update(text).digest('base64')}:`;
  expect(digestOf(requestBody)).toBe(request.headers['content-digest']);
  expect(digestOf('{"message": "good dog"}')).toBe(answer.headers['content-digest']);
});

import { randomBytes } from 'node:crypto';
import { explainSigning, prepareRequest, SignatureError } from 'countersign';
import { generateWebhookSecret, standardWebhooks } from 'countersign/schemes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noon } from '../../server/rig.ts';
import { delivery, secret, sender, signatureOf } from './rig.ts';

const url = 'https://example.com/webhooks';
const headersOf = (signer: ReturnType<typeof sender>, body?: string | Uint8Array<ArrayBuffer>, headers = {}) =>
  prepareRequest(signer, { method: 'POST', url, headers, ...(body !== undefined && { body }) }).headers;
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof SignatureError) return error.code;
    throw error;
  }
  return 'none';
};

describe('a signed webhook', () => {
  it('is the one that the libraries of the specification are tested with', () => {
    const signer = sender({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', now: () => 1614265330_000 });
    expect(headersOf(signer, '{"test": 2432232314}')).toMatchObject({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is over the bytes of the body, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.stringMatching(/^[!-+\-/-~]{1,60}$/), (body, id) => {
        const made = headersOf(sender({ id }), new Uint8Array(body));
        expect(made['webhook-signature']).toBe(signatureOf({ id, timestamp: `${noon / 1000}`, body }));
      }),
    );
  });

  it('without a body is over id and timestamp', () => {
    const expected = signatureOf({ id: 'msg_1', timestamp: `${noon / 1000}`, body: '' });
    expect(headersOf(sender({ id: 'msg_1' }))['webhook-signature']).toBe(expected);
    expect(headersOf(sender({ id: 'msg_1' }), '')['webhook-signature']).toBe(expected);
  });

  it('tells bodies apart that are the same once decoded as UTF-8', () => {
    const [one, other] = [0xff, 0xfe].map((byte) => headersOf(sender({ id: 'msg_1' }), Uint8Array.of(byte)));
    expect(one?.['webhook-signature']).not.toBe(other?.['webhook-signature']);
  });

  it('has a new id for each message, and keeps the one that a request has', async () => {
    const signer = sender();
    expect(headersOf(signer)['webhook-id']).not.toBe(headersOf(signer)['webhook-id']);
    const first = await signer.sign(new Request(url, { method: 'POST', body: '{}' }));
    const again = await sender({ now: () => noon + 5000 }).sign(first.clone());
    expect(again.headers.get('webhook-id')).toBe(first.headers.get('webhook-id'));
    expect(again.headers.get('webhook-timestamp')).toBe(`${noon / 1000 + 5}`);
    expect(again.headers.get('webhook-signature')).not.toBe(first.headers.get('webhook-signature'));
    expect(headersOf(signer, '{}', { 'Webhook-Id': 'msg_of_ours' })['webhook-id']).toBe('msg_of_ours');
  });

  it('can have other names of headers, as those of Svix', () => {
    const made = headersOf(sender({ id: 'msg_1', prefixes: ['svix', 'webhook'] }));
    expect(Object.keys(made)).toEqual(['svix-id', 'svix-timestamp', 'svix-signature']);
    expect(made['svix-signature']).toBe(headersOf(sender({ id: 'msg_1' }))['webhook-signature']);
  });

  it('is signed with each of several secrets while they are changed', () => {
    const [second, third] = [generateWebhookSecret(), new Uint8Array(randomBytes(64))];
    const made = headersOf(sender({ id: 'msg_1', alsoSignedBy: [second, third] }), 'x');
    const alone = [secret, second, third].map((by) => headersOf(sender({ id: 'msg_1', by }), 'x')['webhook-signature']);
    expect(made['webhook-signature']).toBe(alone.join(' '));
  });

  it('can be explained without telling the secret', async () => {
    const explained = await explainSigning(sender({ id: 'msg_1' }), url, { method: 'POST', body: 'hello' });
    expect(explained).toMatchObject({
      scheme: 'standard-webhooks',
      bodyDigest: 'bytes',
      stringToSign: `msg_1.${noon / 1000}.hello`,
    });
    expect(JSON.stringify(explained)).not.toContain(secret.slice(6));
  });

  it.each(['a.b', '', 'a b', 'a,b', 'ü', 'a\nb', 'x'.repeat(256)])('never has the id %j', (id) => {
    expect(codeOf(() => headersOf(sender({ id })))).toBe('invalid_configuration');
    if (!/[\nü]/.test(id)) {
      const get = (name: string) => (name === 'webhook-id' ? id : null);
      expect(codeOf(() => prepareRequest(sender(), { url, headers: { get } }).headers)).toBe('invalid_request');
    }
  });

  it.each([Number.NaN, -1, 1e18, Infinity])('never has a time of %s', (now) => {
    expect(codeOf(() => headersOf(sender({ now: () => now })))).toBe('invalid_configuration');
  });
});

describe('a webhook secret', () => {
  const key = Buffer.from(secret.slice(6), 'base64');
  it('is the same with its prefix, without, as bytes and as a CryptoKey', async () => {
    const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const expected = delivery(sender({ id: 'msg_1' })).headers['webhook-signature'];
    for (const by of [secret.slice(6), new Uint8Array(key)]) {
      expect(delivery(sender({ id: 'msg_1', by })).headers['webhook-signature']).toBe(expected);
    }
    const request = new Request(url, { method: 'POST', body: '{"paid":true}' });
    const signed = await sender({ id: 'msg_1', by: imported }).sign(request);
    expect(signed.headers.get('webhook-signature')).toBe(expected);
  });

  it('is made with 32 bytes, and never twice', () => {
    const [one, other] = [generateWebhookSecret(), generateWebhookSecret()];
    expect(one).toMatch(/^whsec_[A-Za-z\d+/]{43}=$/);
    expect(one).not.toBe(other);
    expect(headersOf(sender({ by: one }))['webhook-signature']).toMatch(/^v1,/);
  });

  it.each([
    ['of 23 bytes', `whsec_${randomBytes(23).toString('base64')}`],
    ['of 65 bytes', `whsec_${randomBytes(65).toString('base64')}`],
    ['of 23 raw bytes', new Uint8Array(23)],
    ['of 65 raw bytes', new Uint8Array(65)],
    ['with a line break at its end', `${secret}\n`],
    ['with a space before', ` ${secret}`],
    ['with the prefix twice', `whsec_${secret}`],
    ['as Supabase shows it', `v1,${secret}`],
    ['in base64url', `whsec_${Buffer.alloc(24, 0xff).toString('base64url')}`],
    ['without its padding', `whsec_${randomBytes(32).toString('base64').slice(0, -1)}`],
    ['in hex with the prefix of ours', `csign_sk_live_${randomBytes(36).toString('hex')}`],
    ['that is a private key', `whsk_${randomBytes(32).toString('base64')}`],
  ])('%s is refused, and not told', (_, by) => {
    let said = '';
    try {
      sender({ by });
    } catch (error) {
      said = `${(error as SignatureError).code} ${(error as SignatureError).message}`;
    }
    expect(said).toMatch(/^invalid_credentials /);
    expect(said).not.toContain(typeof by === 'string' ? by.trim().slice(8) : 'no such text');
    expect(codeOf(() => standardWebhooks({ alsoSignedBy: [by] }))).toBe('invalid_credentials');
  });
});

describe('standardWebhooks', () => {
  it.each([[[]], [['']], [['Webhook']], [['webhook', 'a b']], [['x:']], [['1a']]])(
    'refuses the prefixes %j',
    (prefixes) => {
      expect(codeOf(() => standardWebhooks({ prefixes }))).toBe('invalid_configuration');
    },
  );

  it('refuses more further secrets than a receiver tries', () => {
    const alsoSignedBy = Array.from({ length: 4 }, generateWebhookSecret);
    expect(codeOf(() => standardWebhooks({ alsoSignedBy }))).toBe('invalid_configuration');
  });

  it('signs no further headers, and leaves no body out', async () => {
    const scheme = standardWebhooks();
    expect(codeOf(() => scheme.signableHeaders(['x-tenant']))).toBe('invalid_configuration');
    expect(scheme.signableHeaders([])).toEqual([]);
    const message = {
      method: 'POST',
      scheme: 'https',
      authority: 'a',
      target: '/',
      rawTarget: '/',
      headers: new Headers(),
    } as const;
    const input = { message, accessKey: 'a', time: noon, nonce: 'n', signedHeaders: [] };
    expect(codeOf(() => scheme.prepare({ ...input, body: { kind: 'unsigned' } }))).toBe('invalid_request');
  });

  it('tells what it leaves open, and that none of it is high', () => {
    const { findings = [] } = standardWebhooks();
    expect(findings.map(({ code, severity }) => `${code} ${severity}`)).toEqual([
      'path-unsigned medium',
      'no-domain-separation medium',
      'query-unsigned medium',
      'content-type-unsigned low',
      'host-unsigned low',
      'method-unsigned low',
      'access-key-unbound low',
    ]);
  });
});

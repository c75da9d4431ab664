import { createHmac } from 'node:crypto';
import { generateWebhookSecret } from 'countersign/schemes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, noon, type Parts } from '../../server/rig.ts';
import { delivery, receiver, secret, sender, signatureOf, withHeaders } from './rig.ts';

const body = '{"paid":true}';
const genuine = () => delivery(sender({ id: 'msg_1' }), body);
const forged = (headers: Readonly<Record<string, string | undefined>>, parts: Parts = genuine()) =>
  judge(receiver().verifier, withHeaders(parts, headers));
const bytes = (text: string) => new TextEncoder().encode(text);
const signature = genuine().headers['webhook-signature'] ?? '';
const foreign = (count: number) =>
  Array.from({ length: count }, (_, i) => `v1,${createHmac('sha256', `${i}`).update('x').digest('base64')}`);

describe('a forged webhook', () => {
  it('is none while nothing is forged', async () => {
    expect(await forged({})).toBe('ok');
  });

  it.each<[string, Partial<Parts>]>([
    ['body', { body: bytes('{"paid":false}') }],
    ['body cut short', { body: bytes('{"paid":true') }],
    ['body taken away', { body: undefined }],
    ['body with a byte order mark', { body: Uint8Array.of(0xef, 0xbb, 0xbf, ...bytes(body)) }],
  ])('with another %s is refused', async (_, changed) => {
    expect(await forged({}, { ...genuine(), ...changed })).toBe('signature_mismatch');
  });

  it('whose body differs in bytes that are no UTF-8 is refused', async () => {
    const parts = delivery(sender(), Uint8Array.of(0xff));
    const { verifier } = receiver();
    expect(await judge(verifier, { ...parts, body: Uint8Array.of(0xfe) })).toBe('signature_mismatch');
    expect(await judge(verifier, { ...parts, body: bytes('\ufffd') })).toBe('signature_mismatch');
    expect(await judge(verifier, parts)).toBe('ok');
  });

  it.each([
    ['another id', { 'webhook-id': 'msg_2' }, 'signature_mismatch'],
    ['another timestamp', { 'webhook-timestamp': `${noon / 1000 + 1}` }, 'signature_mismatch'],
    ['no id', { 'webhook-id': undefined }, 'malformed_field'],
    ['no timestamp', { 'webhook-timestamp': undefined }, 'malformed_field'],
    ['no signature', { 'webhook-signature': undefined }, 'missing_signature'],
    ['an id with a dot', { 'webhook-id': 'msg.1' }, 'malformed_field'],
    ['an empty id', { 'webhook-id': '' }, 'malformed_field'],
    ['two ids', { 'webhook-id': 'msg_1, msg_1' }, 'malformed_field'],
    ['two ids without a space', { 'webhook-id': 'msg_1,msg_1' }, 'malformed_field'],
    ['a long id', { 'webhook-id': 'm'.repeat(256) }, 'malformed_field'],
    ['two timestamps', { 'webhook-timestamp': `${noon / 1000}, ${noon / 1000}` }, 'malformed_field'],
    ['a timestamp with something behind', { 'webhook-timestamp': `${noon / 1000}junk` }, 'malformed_field'],
    ['a timestamp with a zero before', { 'webhook-timestamp': `0${noon / 1000}` }, 'malformed_field'],
    ['a timestamp with a fraction', { 'webhook-timestamp': `${noon / 1000}.0` }, 'malformed_field'],
    ['a timestamp with a sign', { 'webhook-timestamp': `+${noon / 1000}` }, 'malformed_field'],
    ['a timestamp in milliseconds', { 'webhook-timestamp': `${noon}` }, 'malformed_field'],
    ['a timestamp of another notation', { 'webhook-timestamp': '1e9' }, 'malformed_field'],
    [
      'headers of another prefix alone',
      { 'webhook-signature': undefined, 'svix-signature': signature },
      'missing_signature',
    ],
  ])('with %s is refused', async (_, headers, code) => {
    expect(await forged(headers)).toBe(code);
  });

  const underBoth = () => {
    const { headers } = genuine();
    const svix = Object.entries(headers).map(([name, value]) => [name.replace(/^webhook-/, 'svix-'), value]);
    return { webhook: headers, svix: Object.fromEntries(svix) as Readonly<Record<string, string>> };
  };

  it('is none where the headers of two prefixes are the same, as Svix sends them', async () => {
    const { verifier } = receiver({ prefixes: ['webhook', 'svix'] });
    const { webhook, svix } = underBoth();
    expect(await judge(verifier, { ...genuine(), headers: { ...webhook, ...svix } })).toBe('ok');
  });

  it.each(['webhook', 'svix'] as const)(
    'that is signed with the prefix %s is refused with other headers of the other prefix',
    async (prefix) => {
      const headers = underBoth();
      const other = prefix === 'webhook' ? 'svix' : 'webhook';
      for (const prefixes of [
        ['webhook', 'svix'],
        ['svix', 'webhook'],
      ]) {
        for (const kept of [{}, headers[other]]) {
          for (const [name, value] of [
            ['id', 'msg_2'],
            ['timestamp', '1'],
            ['timestamp', ''],
            ['signature', foreign(1).join()],
          ]) {
            const both = { ...headers[prefix], ...kept, [`${other}-${name}`]: value ?? '' };
            const { verifier } = receiver({ prefixes });
            expect(await judge(verifier, { ...genuine(), headers: both })).not.toBe('ok');
          }
        }
      }
    },
  );

  it('whose dots are moved is refused', async () => {
    const timestamp = `${noon / 1000}`;
    // Each is the same text to sign, cut elsewhere.
    const given = delivery(sender({ id: 'msg_1' }), `${timestamp}.x`);
    expect(await forged({ 'webhook-id': `msg_1.${timestamp}` }, { ...given, body: bytes('x') })).toBe(
      'malformed_field',
    );
    expect(await forged({ 'webhook-timestamp': `${timestamp}.${timestamp}` }, { ...given, body: bytes('x') })).toBe(
      'malformed_field',
    );
    expect(await forged({ 'webhook-id': '', 'webhook-timestamp': 'msg_1' }, given)).toBe('malformed_field');
  });

  it.each([
    ['none', ''],
    ['one without a version', signature.slice(3)],
    ['one of version 0', `v0${signature.slice(2)}`],
    ['one of version v1 in capitals', signature.toUpperCase()],
    ['one of a later version alone', `v2,${'A'.repeat(44)}`],
    ['one of 31 bytes', `v1,${Buffer.alloc(31).toString('base64')}`],
    ['one of 33 bytes', `v1,${Buffer.alloc(33).toString('base64')}`],
    ['one of 32 bytes said to be Ed25519', signature.replace('v1', 'v1a')],
    ['one in base64url', `v1,${Buffer.alloc(32, 0xff).toString('base64url')}=`],
    ['one in hex', `v1,${Buffer.alloc(32, 0xff).toString('hex')}`],
    ['one without padding', signature.slice(0, -1)],
    ['one twice in one entry', `${signature},${signature}`],
    ['the genuine one after a repeated header', `${signature}, ${signature}`],
    ['the genuine one before two spaces', `${signature}  ${signature}`],
    ['the genuine one before a tab', `${signature}\t${signature}`],
    ['the genuine one among five', [...foreign(4), signature].join(' ')],
    ['the genuine one among nine entries', [...Array.from({ length: 8 }, () => 'v2,AAAA'), signature].join(' ')],
    ['the genuine one after a long one', `v2,${'A'.repeat(513)} ${signature}`],
    ['the genuine one after a very long list', `${'v2,A '.repeat(100_000)}${signature}`],
  ])('with a list of signatures that has %s is refused', async (_, list) => {
    expect(await forged({ 'webhook-signature': list })).toMatch(/^(malformed_field|signature_mismatch)$/);
  });

  it('cannot spell a signature in another way', async () => {
    const last = signature.at(-2) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const next = alphabet[alphabet.indexOf(last) + 1] ?? '';
    const spelt = `${signature.slice(0, -2)}${next}=`;
    expect(Buffer.from(spelt.slice(3), 'base64')).toEqual(Buffer.from(signature.slice(3), 'base64'));
    expect(await forged({ 'webhook-signature': spelt })).toBe('malformed_field');
  });

  it('signed with the text of the secret, as Stripe takes it, is refused', async () => {
    for (const key of [secret, secret.slice(6), '']) {
      const content = `msg_1.${noon / 1000}.${body}`;
      const mac = createHmac('sha256', key).update(content).digest('base64');
      expect(await forged({ 'webhook-signature': `v1,${mac}` })).toBe('signature_mismatch');
    }
  });

  it('never passes, whatever is in its headers', async () => {
    const { verifier } = receiver();
    const field = fc.oneof(
      fc.string(),
      fc.constantFrom(signature, `${signature} v1,`, 'v1a,', 'msg_2', `${noon / 1000 - 1}`, '00', 'v1,AAAA= v1,'),
    );
    const headers = fc.record({ 'webhook-id': field, 'webhook-timestamp': field, 'webhook-signature': field });
    await fc.assert(
      fc.asyncProperty(headers, async (given) => {
        expect(await judge(verifier, withHeaders(genuine(), given))).not.toBe('ok');
      }),
    );
  });
});

describe('a replayed webhook', () => {
  it('is refused, however its list of signatures is changed', async () => {
    const { verifier, claimed } = receiver();
    const parts = delivery(sender({ id: 'msg_1', alsoSignedBy: [generateWebhookSecret()] }));
    const [own = '', also = ''] = parts.headers['webhook-signature']?.split(' ') ?? [];
    expect(await judge(verifier, parts)).toBe('ok');
    for (const list of [`${own} ${also}`, `${also} ${own}`, own, `${own} ${own}`, `v9,abc ${own}`, `${own} v1b,abcd`]) {
      const again = withHeaders(parts, { 'webhook-signature': list });
      expect(await judge(verifier, again)).toBe('replayed_request');
    }
    expect(new Set(claimed)).toEqual(new Set([`msg_1.${noon / 1000}`]));
  });

  it('is refused under another prefix', async () => {
    const { verifier } = receiver({ prefixes: ['webhook', 'svix'] });
    const parts = genuine();
    expect(await judge(verifier, parts)).toBe('ok');
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': list } = parts.headers;
    const svix = { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': list };
    expect(await judge(verifier, withHeaders(parts, { ...svix, 'webhook-signature': undefined }))).toBe(
      'replayed_request',
    );
  });

  it('is not an honest retry: the same id at a later time', async () => {
    const { verifier, time } = receiver();
    for (const seconds of [0, 5, 300, 1800]) {
      time.now = noon + seconds * 1000;
      expect(await judge(verifier, delivery(sender({ id: 'msg_1', now: () => time.now })))).toBe('ok');
    }
  });

  it.each([
    [-300, 'ok'],
    [-301, 'stale_timestamp'],
    [300, 'ok'],
    [301, 'future_timestamp'],
  ])('dated %s seconds from now is: %s', async (seconds, code) => {
    const parts = delivery(sender({ now: () => noon + seconds * 1000 }));
    expect(await judge(receiver().verifier, parts)).toBe(code);
  });
});

describe('a receiver', () => {
  it('takes a list of which one signature is by its secret, beside versions it does not know', async () => {
    const list = [...foreign(3), 'v2,AAAA', 'v1b,_-==', signature].join(' ');
    expect(await forged({ 'webhook-signature': list })).toBe('ok');
  });

  it('takes either secret while it changes its own', async () => {
    const next = generateWebhookSecret();
    const { verifier } = receiver({ secrets: [{ secret }, { secret: next }] });
    expect(await judge(verifier, delivery(sender()))).toBe('ok');
    expect(await judge(verifier, delivery(sender({ by: next })))).toBe('ok');
    expect(await judge(verifier, delivery(sender({ by: generateWebhookSecret() })))).toBe('signature_mismatch');
  });

  it('takes what a sender signs with the old and the new secret, with either of them', async () => {
    const next = generateWebhookSecret();
    const parts = delivery(sender({ by: next, alsoSignedBy: [secret] }));
    expect(await judge(receiver().verifier, parts)).toBe('ok');
    expect(await judge(receiver({ secrets: [{ secret: next }] }).verifier, parts)).toBe('ok');
  });

  it('takes empty bodies, and a repeated content type of no concern', async () => {
    const { verifier } = receiver();
    expect(await judge(verifier, delivery(sender(), ''))).toBe('ok');
    expect(await judge(verifier, { ...delivery(sender(), ''), body: undefined })).toBe('ok');
  });

  it('refuses with 503 where its secret is none', async () => {
    const { verifier } = receiver({ secrets: [{ secret: 'a text that is no webhook secret' }] });
    expect(await judge(verifier, delivery(sender()))).toBe('key_store_unavailable');
  });

  it('agrees with a plain reading of the specification', async () => {
    const timestamp = `${noon / 1000}`;
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[\w-]{1,40}$/), fc.uint8Array(), async (id, content) => {
        const parts = withHeaders(
          { ...genuine(), body: content },
          {
            'webhook-id': id,
            'webhook-signature': signatureOf({ id, timestamp, body: content }),
          },
        );
        expect(await judge(receiver().verifier, parts)).toBe('ok');
      }),
    );
  });
});

import { accepted } from './honest-cases.ts';
import { digestField, newYear } from './oracle.ts';
import { all, as, json, set, signText, type VerifyDraft } from './verify-draft.ts';

const zeroed = set('X-API-Signature', `v1=${'0'.repeat(64)}`);

export const keyStates: readonly VerifyDraft[] = [
  { name: 'unknown-key', rule: 'Nobody has this key.', from: as('nobody'), code: 'unknown_key' },
  { name: 'proto-key', rule: 'A key is nothing but a key.', from: as('__proto__'), code: 'unknown_key' },
  { name: 'key-in-other-case', rule: 'Keys are told apart by case.', from: as('PARTNER-1'), code: 'unknown_key' },
  ...(['revoked', 'expired', 'inactive'] as const).flatMap((state): VerifyDraft[] => [
    { name: `${state}-key`, rule: 'To its owner it is told.', from: as(state), code: `${state}_key`, proved: true },
    {
      name: `${state}-key-and-mismatch`,
      rule: 'To others it is not.',
      from: as(state),
      change: zeroed,
      code: `${state}_key`,
    },
  ]),
  {
    name: 'revoked-and-expired-key',
    rule: 'That it is revoked comes first.',
    from: as('revoked-and-expired'),
    code: 'revoked_key',
    proved: true,
  },
  { name: 'expired-secret', rule: 'One secret is over.', from: as('expired-secret'), code: 'retired_secret' },
  { name: 'inactive-secret', rule: 'One is yet to come.', from: as('inactive-secret'), code: 'signature_mismatch' },
];

export const freshness: readonly VerifyDraft[] = [
  { name: 'stale', rule: 'A second too old.', later: 301, code: 'stale_timestamp' },
  { name: 'stale-since-1970', rule: 'The first second.', from: { time: 0 }, later: newYear, code: 'stale_timestamp' },
  { name: 'future', rule: 'A second too far ahead.', later: -301, code: 'future_timestamp' },
  {
    name: 'stale-and-mismatch',
    rule: 'The signature comes first.',
    later: 301,
    change: zeroed,
    code: 'signature_mismatch',
  },
  {
    name: 'stale-and-body',
    rule: 'The time comes before the body.',
    later: 301,
    from: json,
    change: () => ({ body: { utf8: '{}' } }),
    code: 'stale_timestamp',
  },
];

const broken = (name: string, body: VerifyDraft['change'], rule: string): VerifyDraft => ({
  name: `body-${name}`,
  rule,
  from: json,
  ...(body && { change: body }),
  code: 'body_digest_mismatch',
});

export const bodiesAndReplays: readonly VerifyDraft[] = [
  broken('changed', () => ({ body: { utf8: '{"sku":"A-2"}' } }), 'Another body of the same length.'),
  broken('shortened', () => ({ body: { utf8: '{"sku":"A-1"' } }), 'The last byte is missing.'),
  broken('extended', () => ({ body: { utf8: '{"sku":"A-1"}\n' } }), 'There is a byte more.'),
  broken('serialised-anew', () => ({ body: { utf8: '{"sku": "A-1"}' } }), 'The same JSON in other bytes.'),
  broken('removed', () => ({ body: { utf8: '' } }), 'The body is gone.'),
  {
    ...broken('digest-not-canonical', undefined, 'A digest in base64 with bits left over is another text.'),
    change: (request) => {
      const loose = digestField('{"sku":"A-1"}').replace(/.=:$/, (end) => `${nextInBase64(end[0] ?? '')}=:`);
      return all(
        set('Content-Digest', loose),
        signText((text) => text.replace(digestField('{"sku":"A-1"}'), loose), json),
      )(request);
    },
  },
  {
    name: 'body-added',
    rule: 'A body that nobody signed.',
    from: { method: 'POST' },
    change: () => ({ body: { utf8: '{}' } }),
    code: 'missing_body_digest',
  },
  {
    name: 'body-added-where-unsigned-is-allowed',
    rule: 'Unless X-API-Payload says that it is unsigned.',
    from: { method: 'POST' },
    change: () => ({ body: { utf8: '{}' } }),
    verifier: { allowUnsignedPayload: true },
    code: 'missing_body_digest',
  },
  {
    name: 'body-unsigned-and-absent-refused',
    rule: 'X-API-Payload is judged by itself.',
    from: { method: 'POST', unsignedBody: true },
    code: 'unsigned_body',
  },
  {
    name: 'body-unsigned-refused',
    rule: 'Refused unless the verifier allows it.',
    from: { ...json, unsignedBody: true },
    code: 'unsigned_body',
  },
  {
    name: 'body-too-large',
    rule: 'One byte more than is accepted.',
    from: json,
    verifier: { maxBodyBytes: 12 },
    code: 'body_too_large',
  },
  { name: 'replay', rule: 'Received before.', after: 'accept-get', code: 'replayed_request' },
  {
    name: 'replay-later',
    rule: 'As long as it is fresh.',
    after: 'accept-newest',
    later: 300,
    code: 'replayed_request',
  },
  {
    name: 'replay-rewritten',
    rule: 'However it is spelled.',
    after: 'accept-rewritten-host',
    change: () => ({ host: 'API.example.com' }),
    code: 'replayed_request',
  },
  accepted('same-nonce-of-other-key', 'Keys have their own nonces.', { after: 'accept-get', from: as('partner-2') }),
  {
    name: 'accept-after-mismatch',
    rule: 'A refused request spends no nonce: the honest one after it is accepted.',
    after: 'mismatch-host',
  },
  accepted('after-future', 'A time that is refused spends no nonce.', { after: 'future' }),
  accepted('after-body-mismatch', 'Nor does a body that is not the one signed.', { after: 'body-changed', from: json }),
  accepted('after-body-added', 'Nor does a body without digest.', { after: 'body-added', from: { method: 'POST' } }),
];

// The two lowest bits of the 43rd digit of 32 bytes are zero, so the next digit stands for the same bytes.
const base64Digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const nextInBase64 = (digit: string): string => base64Digits[base64Digits.indexOf(digit) + 1] ?? '';

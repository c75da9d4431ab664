import { digestField, newYear } from './oracle.ts';
import {
  add,
  all,
  as,
  json,
  named,
  other,
  secondSecret,
  set,
  signature,
  signText,
  type VerifyDraft,
} from './verify-draft.ts';

export const accepted = (name: string, rule: string, draft: Omit<VerifyDraft, 'name' | 'rule'> = {}): VerifyDraft => ({
  name: `accept-${name}`,
  rule,
  ...draft,
});

export const honest: readonly VerifyDraft[] = [
  accepted('get', 'A request as it was signed.'),
  accepted('post', 'A request with a body.', { from: json }),
  accepted('signed-headers', 'A request with two signed headers.', { from: named }),
  accepted('oldest', 'As old as is tolerated.', { later: 300 }),
  accepted('newest', 'As far ahead as is tolerated.', { later: -300 }),
  accepted('zero-tolerance-edge', 'The same with another tolerance.', { later: 1, verifier: { tolerance: 1 } }),
  accepted('two-signatures-first', 'One valid signature is enough.', {
    change: signature((mine) => `${mine}, ${other}`),
  }),
  accepted('two-signatures-second', 'Whichever it is.', { change: signature((mine) => `${other}, ${mine}`) }),
  accepted('two-signatures-no-blank', 'The blank may be missing.', { change: signature((mine) => `${other},${mine}`) }),
  accepted('four-signatures', 'Four at most.', {
    change: signature((mine) => `${other}, ${other}, ${other}, ${mine}`),
  }),
  accepted('first-secret', 'A key may have two secrets.', { from: as('partner-2') }),
  accepted('second-secret', 'Either signs.', {
    from: { credentials: { accessKey: 'partner-2', secret: secondSecret } },
  }),
  accepted('key-in-first-second', 'A key is valid from its first second on.', { from: as('starts-now') }),
  accepted('rewritten-escapes', 'Clients and proxies change the spelling of escapes.', {
    from: { sent: '/%7eb/%2fc?d=%c3%a9|', expect: { target: '/~b/%2Fc?d=%C3%A9%7C' } },
    change: () => ({ target: '/~b/%2Fc?d=%C3%A9%7c' }),
  }),
  accepted('rewritten-empty-query', 'And lose an empty query.', {
    from: { sent: '/a?', expect: { target: '/a' } },
    change: () => ({ target: '/a' }),
  }),
  accepted('rewritten-host', 'The host is the same in any case, the default port the same as none.', {
    change: () => ({ host: 'API.EXAMPLE.COM:443' }),
  }),
  accepted('rewritten-method', 'The method is the same in any case.', { change: () => ({ method: 'get' }) }),
  accepted('rewritten-header-names', 'Names of headers are the same in any case.', {
    from: named,
    change: ({ headers }) => ({ headers: headers.map(([name, value]) => [name.toLowerCase(), value]) }),
  }),
  accepted('rewritten-header-order', 'Headers may come in any order.', {
    from: named,
    change: ({ headers }) => ({ headers: headers.toReversed() }),
  }),
  accepted('rewritten-blanks', 'Blanks around values do not count.', { from: named, change: set('X-A', ' 1\t') }),
  accepted('repeated-header-with-empty-value', 'Joined values are trimmed again.', {
    from: {
      signedHeaders: ['x-a'],
      headers: [
        ['X-A', 'a'],
        ['X-A', ''],
      ],
      expect: { lines: ['x-a:a,'], names: 'x-a' },
    },
  }),
  accepted('repeated-content-type', 'The content type is joined like a signed header.', {
    from: {
      ...json,
      headers: [
        ['Content-Type', 'application/json'],
        ['Content-Type', 'text/plain'],
      ],
      expect: { contentType: 'application/json, text/plain' },
    },
  }),
  accepted('longest-method', '64 characters.', { from: { method: 'M'.repeat(64) } }),
  accepted('empty-port', 'An empty port stays.', { from: { host: 'api.example.com:' } }),
  accepted('zeros-before-port', 'So do zeros, also before a default port.', { from: { host: 'api.example.com:0443' } }),
  accepted('added-headers', 'What is not signed may be added.', { change: add('X-Forwarded-For', '192.0.2.1') }),
  accepted('digest-of-nothing', 'An empty body may have a digest.', {
    from: { method: 'POST', expect: {} },
    change: all(
      set('Content-Digest', digestField('')),
      signText((text) => text + digestField(''), { method: 'POST' }),
    ),
  }),
  accepted('body-of-limit', 'As many bytes as are accepted.', { from: json, verifier: { maxBodyBytes: 13 } }),
  accepted('unsigned-body', 'Where the verifier allows it.', {
    from: { ...json, unsignedBody: true },
    verifier: { allowUnsignedPayload: true },
  }),
  accepted('unsigned-body-absent', 'X-API-Payload counts, not whether a body arrives.', {
    from: { method: 'POST', unsignedBody: true },
    verifier: { allowUnsignedPayload: true },
  }),
  accepted('zeros-before-timestamp', 'The digits as they stand are signed.', {
    change: all(
      set('X-API-Timestamp', `00${newYear}`),
      signText((text) => text.replace(`\n${newYear}\n`, `\n00${newYear}\n`)),
    ),
  }),
];

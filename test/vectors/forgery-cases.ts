import { digestField, newYear, partner } from './oracle.ts';
import {
  add,
  all,
  json,
  named,
  other,
  secondSecret,
  set,
  signature,
  signText,
  type VerifyDraft,
} from './verify-draft.ts';

const mismatch = (name: string, rule: string, draft: Omit<VerifyDraft, 'name' | 'rule'>): VerifyDraft => ({
  name: `mismatch-${name}`,
  rule,
  code: 'signature_mismatch',
  ...draft,
});
const moved = (name: string, sent: string, target: string): VerifyDraft =>
  mismatch(name, 'The target is another.', { from: { sent }, change: () => ({ target }) });

export const forgeries: readonly VerifyDraft[] = [
  mismatch('method', 'The method is another.', { change: () => ({ method: 'HEAD' }) }),
  mismatch('method-with-body', 'The method is another.', { from: json, change: () => ({ method: 'PUT' }) }),
  moved('path', '/v1/orders', '/v1/order'),
  moved('path-case', '/v1/orders', '/v1/Orders'),
  moved('path-slash-at-end', '/v1/orders', '/v1/orders/'),
  moved('path-slashes-merged', '/v1//orders', '/v1/orders'),
  moved('path-dots-resolved', '/v1/a/../orders', '/v1/orders'),
  moved('path-slash-decoded', '/v1/a%2Fb', '/v1/a/b'),
  moved('path-decoded-twice', '/v1/%2541', '/v1/%41'),
  moved('path-escape-completed', '/v1/%%41B', '/v1/%AB'),
  moved('query-value', '/v1/orders?id=1', '/v1/orders?id=2'),
  moved('query-added', '/v1/orders', '/v1/orders?id=1'),
  moved('query-removed', '/v1/orders?id=1', '/v1/orders'),
  moved('query-sorted', '/v1/orders?b=1&a=2', '/v1/orders?a=2&b=1'),
  moved('query-repeated', '/v1/orders?a=1', '/v1/orders?a=1&a=1'),
  moved('query-plus-to-space', '/v1/orders?a=b+c', '/v1/orders?a=b%20c'),
  moved('query-equals-added', '/v1/orders?x', '/v1/orders?x='),
  moved('query-escaped', '/v1/orders?ids[]=1', '/v1/orders?ids%5B%5D=1'),
  mismatch('host', 'The host is another.', { change: () => ({ host: 'api.example.org' }) }),
  mismatch('port', 'The port is another.', { change: () => ({ host: 'api.example.com:8443' }) }),
  mismatch('port-of-other-scheme', 'Port 80 is no default in https.', {
    change: () => ({ host: 'api.example.com:80' }),
  }),
  mismatch('port-emptied', 'An empty port is not the same as none.', { change: () => ({ host: 'api.example.com:' }) }),
  mismatch('access-key', 'Another key with the same secret.', { change: set('X-API-Key', 'partner-2') }),
  mismatch('timestamp', 'The timestamp is another.', { change: set('X-API-Timestamp', String(newYear + 1)) }),
  mismatch('timestamp-zero-added', 'The same number in other digits.', {
    change: set('X-API-Timestamp', `0${newYear}`),
  }),
  mismatch('nonce', 'The nonce is another.', { change: set('X-API-Nonce', '0123456789abcdef') }),
  mismatch('content-type', 'The content type is another.', { from: json, change: set('Content-Type', 'text/plain') }),
  mismatch('content-type-case', 'Even in its case.', { from: json, change: set('Content-Type', 'Application/json') }),
  mismatch('content-type-removed', 'The content type is gone.', { from: json, change: set('Content-Type', undefined) }),
  mismatch('content-type-repeated', 'It has a second value.', {
    from: json,
    change: add('Content-Type', 'text/plain'),
  }),
  mismatch('content-type-added', 'There was none.', { change: set('Content-Type', 'text/plain') }),
  mismatch('body-and-digest', 'Body and digest are others.', {
    from: json,
    change: all(set('Content-Digest', digestField('{}')), () => ({ body: { utf8: '{}' } })),
  }),
  mismatch('digest-removed', 'The digest is gone.', { from: json, change: set('Content-Digest', undefined) }),
  mismatch('digest-and-body-added', 'There was no body.', {
    from: { method: 'POST' },
    change: all(add('Content-Digest', digestField('{}')), () => ({ body: { utf8: '{}' } })),
  }),
  mismatch('payload-removed', 'The body was not signed, and now pretends to be none.', {
    from: { ...json, unsignedBody: true },
    change: set('X-API-Payload', undefined),
  }),
  mismatch('payload-added', 'The body was signed, and now pretends not to be.', {
    from: json,
    change: all(set('Content-Digest', undefined), add('X-API-Payload', 'unsigned')),
    verifier: { allowUnsignedPayload: true },
  }),
  mismatch('signed-header', 'A signed header is another.', { from: named, change: set('X-A', '2') }),
  mismatch('signed-header-emptied', 'A signed header is empty.', { from: named, change: set('X-A', '') }),
  mismatch('signed-header-repeated', 'A signed header has a second value.', { from: named, change: add('X-A', '1') }),
  mismatch('signed-header-not-named', 'A signed header is named no more.', {
    from: named,
    change: set('X-API-Signed-Headers', 'x-a'),
  }),
  mismatch('signed-headers-not-named', 'None is named any more.', {
    from: named,
    change: set('X-API-Signed-Headers', undefined),
  }),
  mismatch('header-named', 'A header is named that was not signed.', {
    from: { headers: [['X-A', '1']] },
    change: add('X-API-Signed-Headers', 'x-a'),
  }),
  mismatch('signature-bit', 'One bit of the signature is another.', {
    change: signature((mine) => mine.slice(0, -1) + (Number.parseInt(mine.slice(-1), 16) ^ 1).toString(16)),
  }),
  mismatch('signature-zero', 'All bits of the signature are zero.', {
    change: set('X-API-Signature', `v1=${'0'.repeat(64)}`),
  }),
  mismatch('two-signatures', 'Neither of two is valid.', { change: set('X-API-Signature', `${other}, ${other}`) }),
  mismatch('secret', 'Signed with the secret of another key.', {
    from: { credentials: { ...partner, secret: secondSecret } },
  }),
  mismatch('empty-secret', 'Signed with no secret at all.', {
    from: { credentials: { ...partner, secret: { utf8: '' } } },
  }),
  mismatch('line-end-added', 'There is no line feed at the end.', { change: signText((text) => `${text}\n`) }),
  mismatch('carriage-returns', 'Lines end in LF, not CR LF.', {
    change: signText((text) => text.replaceAll('\n', '\r\n')),
  }),
  mismatch('lines-dropped', 'Empty lines are not left out.', { change: signText((text) => text.trimEnd()) }),
  mismatch('direction', 'A response is no request.', {
    change: signText((text) => text.replace('countersign-v1-request', 'countersign-v1-response')),
  }),
  mismatch('without-first-line', 'The first line counts.', {
    change: signText((text) => text.slice('countersign-v1-request\n'.length)),
  }),
];

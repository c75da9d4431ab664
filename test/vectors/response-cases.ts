import { type Bytes, bytesOf, type CheckCase, type Pairs, type RespondCase } from './format.ts';
import { digestField, macOf, newYear, partner, signCase } from './oracle.ts';
import { example, plain } from './sign-cases.ts';

// The requests that are answered are the first two that the sign cases sign.
const [requestSignature = '', other = ''] = plain.map((draft) => `v1=${signCase(draft).stages.mac}`);

type Draft = {
  readonly name: string;
  readonly rule: string;
  readonly status?: number;
  readonly contentType?: string;
  /** Further ones. @default none */
  readonly headers?: Pairs;
  /** The last lines of the string to sign. @default none */
  readonly lines?: readonly string[];
  readonly body?: Bytes;
  readonly secret?: Bytes;
  readonly requestSignature?: string;
  readonly time?: number;
};

const part = {
  headers: [['Content-Range', 'bytes 0-7/26']],
  lines: ['content-range:bytes 0-7/26'],
} as const satisfies Partial<Draft>;
const created = {
  headers: [['Location', '/v1/orders/7']],
  lines: ['location:/v1/orders/7'],
} as const satisfies Partial<Draft>;

export const answers: readonly Draft[] = [
  { name: 'response-json', rule: 'Status, content type and body.', body: { utf8: '{"id":7}' } },
  { name: 'response-empty', rule: 'No body: the last line is empty.', status: 204, contentType: '' },
  { name: 'response-empty-with-type', rule: 'An empty body is none.', body: { utf8: '' } },
  { name: 'response-not-modified', rule: 'Any status.', status: 304, contentType: '' },
  {
    name: 'response-error',
    rule: 'Refusals too.',
    status: 401,
    contentType: 'application/problem+json',
    body: { utf8: '{"code":"stale_timestamp"}' },
  },
  {
    name: 'response-binary',
    rule: 'Bytes that are no text.',
    contentType: 'image/png',
    body: { base64: 'iVBORw0KGgoAAAAA/w==' },
  },
  {
    name: 'response-large',
    rule: 'The bytes that the client reads, before any content coding.',
    contentType: 'text/plain; charset=utf-8',
    body: { repeat: { utf8: '01234567', times: 16385 } },
  },
  {
    name: 'response-to-two-signatures',
    rule: 'Bound to the whole X-API-Signature value of the request.',
    requestSignature: `${requestSignature}, ${other}`,
  },
  { name: 'response-secret', rule: 'Signed with the secret that signed the request.', secret: { utf8: 'ß'.repeat(8) } },
  {
    name: 'response-example',
    rule: 'The answer to the example of docs/protocol.md.',
    status: 201,
    body: { utf8: '{"id":7}' },
    requestSignature: `v1=${signCase(example).stages.mac}`,
    time: newYear + 1,
  },
  { name: 'response-time', rule: "The server's own time.", time: newYear + 4711 },
  {
    name: 'response-part',
    rule: 'Which part it is.',
    status: 206,
    ...part,
    body: { utf8: '{"id":7}' },
  },
  {
    name: 'response-part-refused',
    rule: 'Also where there is none.',
    status: 416,
    contentType: '',
    headers: [['Content-Range', 'bytes */26']],
    lines: ['content-range:bytes */26'],
  },
  { name: 'response-location', rule: 'Where it leads.', status: 201, ...created, body: { utf8: '{"id":7}' } },
  {
    name: 'response-redirect',
    rule: 'A redirect too, without the blanks around its target.',
    status: 307,
    contentType: '',
    headers: [['location', ' /v1/orders/8\t']],
    lines: ['location:/v1/orders/8'],
  },
  {
    name: 'response-location-empty',
    rule: 'An empty value is not an absent one.',
    headers: [['Location', '']],
    lines: ['location:'],
  },
  {
    name: 'response-part-and-location',
    rule: 'Both, in the order of their names; other headers are not signed.',
    status: 206,
    headers: [...created.headers, ['ETag', '"a"'], ...part.headers],
    lines: [...part.lines, ...created.lines],
    body: { utf8: '{"id":7}' },
  },
];

export function respondCase(draft: Draft): RespondCase {
  const { name, rule, status = 200, contentType = 'application/json', body, secret = partner.secret } = draft;
  const { headers, lines = [] } = draft;
  const { requestSignature: answered = requestSignature, time = newYear } = draft;
  const bytes = bytesOf(body);
  const unencodedDigest = bytes.length ? digestField(bytes) : '';
  const first = ['countersign-v1-response', answered, time, status, contentType, unencodedDigest];
  const stringToSign = [...first, ...lines].join('\n');
  const mac = macOf(secret, stringToSign);
  return {
    name,
    rule,
    secret,
    requestSignature: answered,
    time,
    response: { status, contentType, ...(headers && { headers }), ...(body && { body }) },
    stages: {
      unencodedDigest,
      stringToSign,
      mac,
      headers: [
        ['X-API-Timestamp', String(time)],
        ...(unencodedDigest ? [['Unencoded-Digest', unencodedDigest] as const] : []),
        ['X-API-Signature', `v1=${mac}`],
      ],
    },
  };
}

type Received = CheckCase['received'];
type CheckDraft = {
  readonly name: string;
  readonly rule: string;
  /** What differs from an honest answer when it is signed. */
  readonly from?: Partial<Draft>;
  readonly change?: (received: Received) => Partial<Received>;
  readonly code?: string;
};

const modifiers = [part, created] as const;

const without = ({ headers }: Received, name: string): Pairs => headers.filter(([field]) => field !== name);
const set = (name: string, value: string) => (received: Received) => ({
  headers: [...without(received, name), [name, value] as const],
});
const unsigned = (name: string, change: CheckDraft['change'] & object): CheckDraft => ({
  name: `response-${name}`,
  rule: 'Not countersigned, by the grammar.',
  change,
  code: 'response_unsigned',
});
const mismatch = (name: string, change: CheckDraft['change'] & object): CheckDraft => ({
  name: `response-${name}`,
  rule: 'Not what the server signed.',
  change,
  code: 'response_mismatch',
});

export const received: readonly CheckDraft[] = [
  { name: 'response-accepted', rule: 'As the server sent it.' },
  { name: 'response-header-added', rule: 'Other headers are not signed.', change: set('Age', '5') },
  unsigned('without-signature', (all) => ({ headers: without(all, 'X-API-Signature') })),
  unsigned('without-timestamp', (all) => ({ headers: without(all, 'X-API-Timestamp') })),
  unsigned('timestamp-malformed', set('X-API-Timestamp', '1e9')),
  unsigned('signature-malformed', set('X-API-Signature', `V1=${'0'.repeat(64)}`)),
  unsigned('signature-repeated', set('X-API-Signature', `${other}, ${other}`)),
  mismatch('status-changed', () => ({ status: 201 })),
  mismatch('type-changed', set('Content-Type', 'text/html')),
  mismatch('time-changed', set('X-API-Timestamp', String(newYear + 1))),
  mismatch('body-changed', () => ({ body: { utf8: '{"id":8}' } })),
  mismatch('body-removed', () => ({ body: { utf8: '' } })),
  mismatch('body-and-digest-changed', (all) => ({
    ...set('Unencoded-Digest', digestField('{"id":8}'))(all),
    body: { utf8: '{"id":8}' },
  })),
  mismatch('digest-removed', (all) => ({ headers: without(all, 'Unencoded-Digest') })),
  mismatch('signature-of-request', set('X-API-Signature', requestSignature)),
  {
    name: 'response-to-other-request',
    rule: 'An honest answer to another request.',
    from: { requestSignature: other },
    code: 'response_mismatch',
  },
  {
    name: 'response-of-other-server',
    rule: 'Signed with another secret.',
    from: { secret: { utf8: 'some other secret text' } },
    code: 'response_mismatch',
  },
  ...modifiers.flatMap(({ headers, lines }): readonly CheckDraft[] => {
    const [[name, value]] = headers;
    const kind = name.toLowerCase();
    const from = { headers, lines };
    return [
      { name: `response-${kind}-accepted`, rule: 'As the server sent it.', from },
      mismatch(`${kind}-added`, set(name, value)),
      { ...mismatch(`${kind}-removed`, (all) => ({ headers: without(all, name) })), from },
      { ...mismatch(`${kind}-changed`, set(name, `${value}0`)), from },
      { ...mismatch(`${kind}-emptied`, set(name, '')), from },
      { ...mismatch(`${kind}-repeated`, ({ headers: all }) => ({ headers: [...all, [name, value]] })), from },
    ];
  }),
  {
    ...mismatch('location-for-content-range', (all) => ({
      headers: [...without(all, 'Content-Range'), ['Location', 'bytes 0-7/26']],
    })),
    from: part,
  },
];

export function checkCase({ name, rule, from, change, code }: CheckDraft): CheckCase {
  const { response, stages } = respondCase({ body: { utf8: '{"id":7}' }, ...from, name, rule });
  const { status, contentType, headers = [], body } = response;
  const sent: Received = {
    status,
    headers: [['Content-Type', contentType], ...headers, ...stages.headers],
    ...(body && { body }),
  };
  return {
    name,
    rule,
    secret: partner.secret,
    requestSignature,
    received: { ...sent, ...change?.(sent) },
    outcome: code === undefined ? { accepted: true } : { accepted: false, code },
  };
}

/** A change of the code that makes no difference that a caller could notice, with the reason. */
export type Equivalent = {
  readonly file: string;
  /** The code that is changed, as it stands in the file. */
  readonly code: string;
  /** A part of its line, where the same code stands on several. */
  readonly line?: string;
  /** What it becomes. @default any change of this code */
  readonly to?: string;
  readonly reason: string;
};

const plain = String.raw`/^https?:\/\/(?:[a-z\d]+(?:-[a-z\d]+)*\.)+[a-z]+(?:\/(?![.%])[\w!$%&()*+,.:;=@~-]+)*\/?(?:\?[\w!$%&()*+,./:;=?@~-]*)?$/`;
const unusual = String.raw`/[^!$&-;=?-Z[\]_a-z~]/`;

/** The changes of the small set that survive. */
export const equivalents: readonly Equivalent[] = [
  {
    file: 'src/core/address.ts',
    code: plain,
    reason: 'A URL that the expression does not match goes through the URL parser, which gives the same, in more time.',
  },
  {
    file: 'src/core/address.ts',
    code: "typeof url === 'string' && plain.test(url)",
    to: 'false',
    reason: 'The URL parser gives the same, in more time.',
  },
  {
    file: 'src/core/address.ts',
    code: "'string'",
    to: '""',
    reason: 'The URL parser gives the same, in more time.',
  },
  {
    file: 'src/core/address.ts',
    code: '[]',
    reason: 'Only the second and later members are read.',
  },
  {
    file: 'src/core/address.ts',
    code: 'authority === undefined || target === undefined',
    to: 'authority === undefined && target === undefined',
    reason: 'Where the expression matches, both groups do.',
  },
  {
    file: 'src/core/address.ts',
    code: 'authority === undefined',
    to: 'false',
    reason: 'Where the expression matches, both groups do.',
  },
  {
    file: 'src/core/address.ts',
    code: 'target === undefined',
    to: 'false',
    reason: 'Where the expression matches, both groups do.',
  },
  {
    file: 'src/core/address.ts',
    code: unusual,
    to: unusual.replace('[^!', '[!'),
    reason: 'The replacement, which then always runs, changes nothing in a target that is in normal form.',
  },
  {
    file: 'src/core/address.ts',
    code: '!unusual.test(kept)',
    to: 'false',
    reason: 'The replacement, which then always runs, changes nothing in a target that is in normal form.',
  },
  {
    file: 'src/core/constant-time.ts',
    code: 'i < a.length',
    to: 'i <= a.length',
    reason: 'Behind the end both sides count as 0, or the lengths differ.',
  },
  {
    file: 'src/core/digest.ts',
    code: 'start < bytes.length',
    to: 'start <= bytes.length',
    reason: 'Hashing no further bytes changes no digest.',
  },
  {
    file: 'src/core/encoding.ts',
    code: 'shared.length < used + 4096',
    to: 'shared.length <= used + 4096',
    reason: 'A new buffer is taken where the last bytes of the old one would just do.',
  },
  ...(['decoded', 'bytes'] as const).map((array) => ({
    file: 'src/core/encoding.ts',
    code: `i < ${array}.length`,
    to: `i <= ${array}.length`,
    reason: 'An index outside a Uint8Array is not written.',
  })),
  {
    file: 'src/core/with-target.ts',
    code: String.raw`/^(\w+:\/\/[^/?#]*).*/s`,
    to: String.raw`/(\w+:\/\/[^/?#]*).*/s`,
    reason: 'Request.url begins with its scheme.',
  },
  {
    file: 'src/schemes/countersign-v1/read.ts',
    code: '/[048AEIMQUYcgkosw]=:$/',
    to: '/[048AEIMQUYcgkosw]=:/',
    reason: 'The caller has checked the form, in which =: stands at the end, and before that behind a 6 only.',
  },
  {
    file: 'src/schemes/countersign-v1/read.ts',
    line: "digits = ''",
    code: "''",
    to: '"Stryker was here!"',
    reason: 'No algorithm is as long as that, and no signature either.',
  },
  {
    file: 'src/schemes/countersign-v1/read.ts',
    line: 'digits',
    code: '[]',
    to: '["Stryker was here"]',
    reason: 'Only the second member is read.',
  },
  {
    file: 'src/schemes/countersign-v1/response.ts',
    line: "?? ''",
    code: "''",
    to: '"Stryker was here!"',
    reason: 'Where the header is absent, a text that is no time, or no signature, is refused as the empty one is.',
  },
  {
    file: 'src/schemes/countersign-v1/sign.ts',
    line: 'declaresBody',
    code: "''",
    to: '"Stryker was here!"',
    reason: 'Where the header is absent, a text that is no digest declares none, as the empty one does.',
  },
  {
    file: 'src/server/verify/body.ts',
    code: "'arrayBuffer' in request",
    line: "'arrayBuffer' in request) return whole",
    to: 'false',
    reason: 'The stream of a Request gives the same bytes, in more time.',
  },
  {
    file: 'src/server/verify/body.ts',
    code: "'arrayBuffer'",
    line: "'arrayBuffer' in request) return whole",
    to: '""',
    reason: 'The stream of a Request gives the same bytes, in more time.',
  },
  {
    file: 'src/server/verify/body.ts',
    code: 'body !== null',
    to: 'true',
    reason: 'A body that is null was taken for none before.',
  },
  {
    file: 'src/server/verify/body.ts',
    code: "'getReader'",
    line: 'Symbol.asyncIterator in body);',
    to: '""',
    reason: 'A stream of Node can be iterated as well; those of some browsers cannot.',
  },
  {
    file: 'src/server/verify/body.ts',
    code: 'true',
    line: 'Reflect.set(body, readKey, true)',
    to: 'false',
    reason: 'Whether the mark is there counts, not its value.',
  },
  {
    file: 'src/server/verify/body.ts',
    code: "'getReader'",
    line: 'body.locked',
    to: '""',
    reason: 'Response refuses a locked stream as well.',
  },
  {
    file: 'src/server/verify/body.ts',
    code: "'arrayBuffer'",
    line: 'request : request.body) ?? request',
    to: '""',
    reason: 'The body of a Request is the same object each time.',
  },
  {
    file: 'src/server/verify/body.ts',
    code: 'reader?.taken',
    to: 'reader.taken',
    reason: 'The error is ignored.',
  },
  {
    file: 'src/server/verify/body.ts',
    code: 'bytes',
    line: 'if (bytes) bodiesKept',
    to: 'true',
    reason: 'An entry of undefined is none.',
  },
  {
    file: 'src/server/verify/body.ts',
    code: "signed.kind === 'bytes'",
    to: 'true',
    reason: 'All other kinds were dealt with before.',
  },
  {
    file: 'src/server/verify/body.ts',
    code: '{ sha256: undefined }',
    to: '{}',
    reason: 'An absent member is undefined.',
  },
  {
    file: 'src/server/verify/checks.ts',
    code: 'address !== undefined',
    to: 'true',
    reason: 'An address of undefined is in no range.',
  },
  {
    file: 'src/server/verify/find-key.ts',
    code: '!keys.touch',
    to: 'false',
    reason: 'The call of nothing does nothing.',
  },
  {
    file: 'src/server/verify/find-key.ts',
    code: 'keys.touch?.(record.accessKey, now)',
    to: 'keys.touch(record.accessKey, now)',
    reason: 'The function was seen to exist, and the error is ignored.',
  },
  {
    file: 'src/server/verify/find-secrets.ts',
    code: '[]',
    line: 'return key ? [{ secret: decoy, key }] : []',
    reason: 'Every scheme can use a decoy.',
  },
  {
    file: 'src/server/verify/find-secrets.ts',
    code: 'candidate.session?.binding',
    to: 'candidate.session.binding',
    reason: 'There is a session.',
  },
  {
    file: 'src/server/verify/find-secrets.ts',
    code: '[]',
    line: 'unusable: [] })',
    reason: 'Nothing reads why a decoy cannot be used.',
  },
  {
    file: 'src/server/verify/find-secrets.ts',
    code: 'found.length < 2',
    to: 'false',
    reason: 'Sorting one changes nothing.',
  },
  {
    file: 'src/server/verify/match-key.ts',
    code: 'prepared.get(scheme) ?? prepareKeys(scheme)',
    reason: 'Both give the same keys.',
  },
  {
    file: 'src/server/verify/match-key.ts',
    code: 'secret && candidate.session',
    to: 'false',
    reason: 'What is kept would be derived anew.',
  },
  {
    file: 'src/server/verify/match-key.ts',
    code: 'matches.filter(({ secret }) => secret)',
    to: 'matches',
    reason: 'A signature without a secret is not accepted afterwards either.',
  },
  {
    file: 'src/server/verify/match-key.ts',
    code: 'matched.length < 2',
    to: 'false',
    reason: 'A single one is returned afterwards as well.',
  },
  {
    file: 'src/server/verify/match-key.ts',
    code: '{\n      return false;\n    }',
    to: '{}',
    reason: 'Undefined is false.',
  },
  {
    file: 'src/server/verify/message.ts',
    code: "'url'",
    line: 'request.headers : textHeaders',
    to: '""',
    reason: 'The headers of a Request are looked up in the same way.',
  },
  {
    file: 'src/server/verify/message.ts',
    code: '[]',
    line: 'exec(prefix) ?? []',
    reason: 'Only the second member is read.',
  },
  {
    file: 'src/server/verify/message.ts',
    code: '/^https?:$/',
    to: '/https?:$/',
    reason: 'Such a URL has no origin, which is refused.',
  },
  {
    file: 'src/server/verify/message.ts',
    code: '/^https?:$/',
    to: '/^https?:/',
    reason: 'A protocol ends with its colon.',
  },
  {
    file: 'src/server/verify/message.ts',
    code: 'host !== null',
    line: '!isAuthority(host)',
    to: 'true',
    reason: 'The word null has the form of a host.',
  },
  {
    file: 'src/server/verify/message.ts',
    code: String.raw`/\?$|%(?![\dA-F]{2})|%(?:2[DE]|3\d|[46][1-9A-F]|[57][\dA]|5F|7E)|[^!$%&-;=?-Z[\]_a-z~]/`,
    reason: 'Normalising, which then runs more often, gives the same.',
  },
];

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
const unusual = String.raw`/%(?![\dA-F]{2})|%(?:2[DE]|3\d|[46][1-9A-F]|[57][\dA]|5F|7E)|[^!$%&-;=?-Z[\]_a-z~]/`;

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
    file: 'src/core/encoding.ts',
    code: 'code < 58',
    to: 'code <= 58',
    reason: 'The caller has checked that the text has hex digits only; 58 is the code of a colon.',
  },
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
];

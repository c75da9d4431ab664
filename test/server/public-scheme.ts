import { contentDigest } from '../../src/core/digest.ts';
import { base64, decodeBase64 } from '../../src/core/encoding.ts';
import { fail } from '../../src/core/errors.ts';
import type { Message } from '../../src/core/message.ts';
import type { Scheme, SignedResponse } from '../../src/core/scheme.ts';
import { createRfc9421Key } from '../../src/schemes/rfc9421/algorithms.ts';

/** What a caller says beside the message. */
export type Said = {
  readonly accessKey: string;
  /** As an attacker may name it; `-` for none. */
  readonly algorithm?: string;
  readonly seconds: number;
  readonly nonce: string;
  readonly digest: string;
};

/** What is signed: everything, in one line each. */
export const publicString = (message: Message, said: Said): string =>
  ['public', message.method, message.authority, message.target, ...wordsOf(said)].join('\n');

const wordsOf = ({ accessKey, algorithm = '-', seconds, nonce, digest }: Said): readonly string[] => [
  accessKey,
  algorithm,
  `${seconds}`,
  nonce,
  digest || '-',
];

export const publicHeader = (said: Said, signature: Uint8Array): string =>
  [...wordsOf(said), base64(signature)].join(' ');

const digestOf = (sha256: Uint8Array | undefined): string => (sha256 ? contentDigest(sha256) : '');
const answered = ({ status, request }: SignedResponse, digest: string): string =>
  `answer\n${status}\n${request.headers.get('test-signature')}\n${digest}`;

/** A scheme of digital signatures, small enough to be seen through, for what the verifier does with public keys. */
export const publicScheme: Scheme = {
  name: 'test-public',
  fields: ['test-signature'],
  body: 'digest',
  publicKeys: true,
  createKey: createRfc9421Key,
  signableHeaders: () => [],
  declaresBody: () => false,
  prepare({ message, accessKey, time, nonce, body }) {
    const digest = body.kind === 'digest' ? contentDigest(body.sha256) : '';
    const said = { accessKey, seconds: Math.floor(time / 1000), nonce, digest };
    return {
      stringToSign: publicString(message, said),
      headers: (signature) => ({ 'Test-Signature': publicHeader(said, signature) }),
    };
  },
  read(message) {
    const field =
      message.headers.get('test-signature') ?? fail('missing_signature', 'There is no Test-Signature.', 401);
    const words =
      /^([\w.~-]{1,512}) ([a-z\d_-]{1,30}) (\d{1,12}) ([\w-]{16,128}) (-|sha-256=:[\w+/]{43}=:) ([\w+/]+=*)$/.exec(
        field,
      );
    const [, accessKey = '', named = '', seconds, nonce = '', digest = '', signature = ''] =
      words ?? fail('malformed_field', 'Test-Signature is malformed.');
    const algorithm = named === '-' ? undefined : named;
    const said = { accessKey, seconds: Number(seconds), nonce, digest, ...(algorithm && { algorithm }) };
    return {
      accessKey,
      algorithm,
      time: said.seconds * 1000,
      nonce,
      signatures: [decodeBase64(signature)],
      stringToSign: publicString(message, said),
      body: digest === '-' ? { kind: 'none' } : { kind: 'digest', sha256: decodeBase64(digest.slice(9, -1)) },
    };
  },
  response: {
    fields: ['Test-Answer'],
    prepare: (input) => ({
      stringToSign: answered(input, digestOf(input.sha256)),
      headers: (signature) => ({ 'Test-Answer': `${digestOf(input.sha256) || '-'} ${base64(signature)}` }),
    }),
    read(answer) {
      const [, digest = '', signature] = /^(\S{1,60}) ([\w+/]+=*)$/.exec(answer.headers.get('test-answer') ?? '') ?? [];
      if (!signature) return undefined;
      return {
        time: undefined,
        signature: decodeBase64(signature),
        stringToSign: answered(answer, digest === '-' ? '' : digest),
        matches: (_, sha256) => digest === (digestOf(sha256) || '-'),
      };
    },
  },
};

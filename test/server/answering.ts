import { createHmac } from 'node:crypto';
import { SignatureError } from 'countersign';
import type { Scheme } from 'countersign/schemes';
import { countersignV1 } from 'countersign/schemes';

/** A scheme that signs the server's challenge in place of a time, and a nonce where asked to. */
export function answering({ nonce = false } = {}): Scheme {
  const textOf = (parts: readonly string[], body: Uint8Array) =>
    Buffer.concat([Buffer.from(`answering\n${parts.join('\n')}\n`), body]);
  return {
    name: 'answering',
    fields: ['x-mac', 'x-key', 'x-challenge', 'x-once'],
    body: 'bytes',
    createKey: (secret) => ({
      algorithm: 'hmac-sha256',
      sign: (data) => new Uint8Array(createHmac('sha256', `${secret}`).update(data).digest()),
      verify: (data, mac) => createHmac('sha256', `${secret}`).update(data).digest().equals(mac),
    }),
    signableHeaders: (names) => names,
    declaresBody: () => false,
    requiresChallenge: true,
    prepare({ accessKey, challenge = '', nonce: drawn, message, body }) {
      const once = nonce ? drawn : '';
      const bytes = body.kind === 'bytes' ? body.bytes : new Uint8Array();
      return {
        stringToSign: textOf([accessKey, challenge, once, message.method, message.authority, message.target], bytes),
        headers: (mac) => ({
          'x-mac': Buffer.from(mac).toString('hex'),
          'x-key': accessKey,
          'x-challenge': challenge,
          'x-once': once,
        }),
      };
    },
    read({ headers, method, authority, target }) {
      const value = (name: string) => headers.get(name) ?? '';
      if (!value('x-mac')) throw new SignatureError('missing_signature', 'The request has no X-Mac.', 401);
      const parts = [value('x-key'), value('x-challenge'), value('x-once'), method, authority, target];
      return {
        accessKey: value('x-key'),
        time: undefined,
        nonce: nonce ? value('x-once') : undefined,
        challenge: value('x-challenge'),
        signatures: [Buffer.from(value('x-mac'), 'hex')],
        stringToSign: (body) => textOf(parts, body),
        body: { kind: 'signed' },
      };
    },
    findings: countersignV1.findings ?? [],
  };
}

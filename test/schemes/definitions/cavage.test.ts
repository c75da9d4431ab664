import { createHash } from 'node:crypto';
import type { ClientRequest } from 'node:http';
import { cavageSignatures, defineScheme } from 'countersign/schemes';
import httpSignature from 'http-signature';
import { describe, expect, it } from 'vitest';
import { type Oracle, sendable, sentOf } from './attempt.ts';
import { hold } from './hold.ts';
import { published } from './published.ts';
import { signWith } from './sign.ts';

const names = ['(request-target)', 'host', 'date', 'digest'];

/** A request as http-signature reads it. */
const requestOf = (sent: { method: string; target: string; headers: Readonly<Record<string, string>> }) => ({
  method: sent.method,
  url: sent.target,
  path: sent.target,
  httpVersion: '1.1',
  headers: { ...sent.headers },
});

const digestOf = (body: Uint8Array) => `SHA-256=${createHash('sha256').update(body).digest('base64')}`;

/** The package http-signature, which wrote the draft down first. */
const oracle: Oracle = {
  async sign({ accessKey, secret, time, ...request }) {
    const headers: Record<string, string> = { ...request.headers, host: request.authority };
    headers.date = new Date(time).toUTCString();
    headers.digest = digestOf(request.body);
    const message = {
      ...requestOf({ ...request, headers }),
      getHeader: (name: string) => headers[name.toLowerCase()],
      setHeader: (name: string, value: string) => {
        headers[name.toLowerCase()] = value;
      },
    };
    httpSignature.sign(message as unknown as ClientRequest, {
      key: secret,
      keyId: accessKey,
      algorithm: 'hmac-sha256',
      headers: names,
    });
    const { host: _, ...signed } = headers;
    return { ...sentOf(request), headers: signed };
  },
  async accepts({ accessKey, secret, ...sent }) {
    const headers: Record<string, string> = { ...sent.headers, host: sent.authority };
    if (headers.digest !== digestOf(sent.body)) return false;
    try {
      const parsed = httpSignature.parseRequest(requestOf({ ...sent, headers }) as unknown as ClientRequest, {
        clockSkew: 1e10,
        headers: names,
      });
      return parsed.params.keyId === accessKey && httpSignature.verifyHMAC(parsed, secret);
    } catch {
      return false;
    }
  },
};

describe('cavageSignatures', () => {
  hold({ definition: cavageSignatures(), oracle, attempts: sendable });

  it('makes the digest of the example of the draft', () => {
    const example = published({
      method: 'POST',
      authority: 'example.com',
      target: '/foo?param=value&pet=dog',
      secret: 'a secret of sixteen bytes',
      time: Date.UTC(2014, 0, 5, 21, 31, 40),
      body: new TextEncoder().encode('{"hello": "world"}'),
    });
    expect(signWith(defineScheme(cavageSignatures()), example).headers).toMatchObject({
      date: 'Sun, 05 Jan 2014 21:31:40 GMT',
      digest: 'SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=',
    });
  });
});

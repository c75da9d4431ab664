import { generateCredentials, issueBoundSession, issueSession, renewing } from 'countersign';
import { requireScope as requireInExpress } from 'countersign/express';
import { requireScope as requireInFastify } from 'countersign/fastify';
import { forwardAuth, reverseProxy } from 'countersign/gateway';
import { requireScope as requireInHono } from 'countersign/hono';
import { protect as protectNode, requireScope as requireInNode } from 'countersign/node';
import {
  createVerifier,
  memoryKeys,
  memoryReplay,
  protect,
  reportOnly,
  requireScope,
  sessionHandler,
} from 'countersign/server';
import { describe, expect, it } from 'vitest';

// A bound from a variable that is not set must not be no bound: nothing would show that everybody is let in.

const parent = generateCredentials();
const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay() });
const handler = () => Response.json([]);
const invalid = expect.objectContaining({ code: 'invalid_configuration' });

describe.each([undefined, null, '', 7, ['a']])('a scope of %j', (value) => {
  const scope = value as unknown as string;

  it.each<[string, () => unknown]>([
    ['requireScope of countersign/server', () => requireScope(scope, handler)],
    ['requireScope of countersign/node', () => requireInNode(scope, () => {})],
    ['requireScope of countersign/express', () => requireInExpress(scope)],
    ['requireScope of countersign/fastify', () => requireInFastify(scope)],
    ['requireScope of countersign/hono', () => requireInHono(scope)],
    ['protect', () => protect(verifier, handler, { scope })],
    ['protect of countersign/node', () => protectNode(verifier, () => {}, { scope })],
    ['reportOnly', () => reportOnly(verifier, handler, { scope })],
    ['forwardAuth', () => forwardAuth(verifier, { dialect: 'nginx', scope })],
    ['reverseProxy', () => reverseProxy(verifier, { upstream: 'http://127.0.0.1:1', scope })],
  ])('is refused by %s when it is called', (_, act) => {
    expect(act).toThrow(invalid);
    expect(act).toThrow(/scope/i);
  });
});

describe.each(['scopes', 'origins', 'methods', 'paths'])('%s that is undefined', (name) => {
  const options = { expiresIn: 900, [name]: undefined };

  it('is refused by issueSession and issueBoundSession', () => {
    expect(() => issueSession(parent, options)).toThrow(invalid);
    expect(() => issueBoundSession(parent, { ...options, publicKey: 'A'.repeat(43) })).toThrow(invalid);
  });
});

it('names what is missing when a session is issued or renewed', () => {
  expect(() => issueSession(parent, undefined as never)).toThrow(/expiresIn/);
  expect(() => renewing('/session' as never)).toThrow(/renewing\(\) takes a function/);
  const wrong = { accessKey: parent.secret, secret: parent.accessKey };
  const given = { authenticate: () => undefined, origins: ['https://app.example.com'] };
  expect(() => sessionHandler({ ...given, credentials: wrong })).toThrow(
    expect.objectContaining({ code: 'invalid_credentials' }),
  );
});

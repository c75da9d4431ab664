import { issueSession } from 'countersign';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBelow, isPlainPath } from '../../src/core/session/values.ts';
import { outcomeOf, received } from './rig.ts';
import { forged, outcome, plain, sessionRig } from './session-rig.ts';

const within = { ...plain, p: ['/v1/a'] };

describe('a session that is restricted to /v1/a', () => {
  it.each([
    '/v1/a',
    '/v1/a?x=1',
    '/v1/a/',
    '/v1/a/b',
    '/v1/a/b/c.json',
    '/v1/a/.well-known',
    '/v1/a/%C3%BC',
    '/v1/a/100%25',
    '/v1/a/x+y',
    '/v1/a?b=../c',
  ])('may call %s', async (target) => {
    const at = sessionRig();
    expect(await outcome(at, forged(at.parent, within), { target })).toBe('ok');
  });

  it.each([
    ...[
      '/',
      '/v1',
      '/v1/',
      '/v1/ab',
      '/v1/a.b',
      '/v1/a;x=1',
      '/v1/a%00',
      '/v1/a%20',
      '/V1/a',
      '/v1/A',
      '/v2/a',
      '/v1/b',
    ],
    ...['/x/v1/a', '//v1/a', '/v1//a', '/v1/a//b', '/v1/a/../b', '/v1/a/./b', '/v1/a/..', '/v1/./a', '/v1/x/../a'],
    ...['/v1/a/%2e%2e/b', '/v1/a/%2E/b', '/v1/a/.%2e/b', '/v1/a%2Fb', '/v1/a%2fb', '/v1%2Fa', '/v1/a/%5C..%5Cb'],
    ...['/v1/a/..%2fb', '/v1/a/%252e%252e/b', '/v1/a/%25252fb', '/v1/a/..;/b', '/v1/a/..;x/b', '/v1/a/.;/b'],
    ...['/v1/a/%2e', '/v1/a/..%00/b', '/v1/a/.%00./b', '/v1/a/%u002e%u002e/b', '/v1/a/..%3b/b', '/v1/a/..%3B/b'],
    ...[
      '/v1/a/..%09/b',
      '/v1/a/..%20/b',
      '/v1/a/x%20y',
      '/v1/a/..%7f/b',
      '/v1/a/%c0%ae%c0%ae/b',
      '/v1/a/%e0%80%ae%e0%80%ae/b',
      '/v1/a/%F0%80%80%ae/b',
      '/v1/a/%C1%9c/b',
    ],
    ...['/v1/a/%2525%2532%2565%2525%2532%2565/b', '/v1/a/%25%32%65/b', '/v1/a/%2541', '/v1/a/%25252541'],
  ])('may not call %s', async (target) => {
    const at = sessionRig();
    const session = forged(at.parent, within);
    expect(await outcome(at, session, { target })).toMatch(
      /^(session_not_allowed|signature_mismatch|malformed_field)$/,
    );
    // As a server would receive it, whatever the client made of it.
    const parts = { ...at.signed(session, { target: '/v1/a' }), target };
    expect(outcomeOf(await at.verifier.verify(received(parts)))).not.toBe('ok');
    expect(at.claimed).toEqual([]);
  });

  it('may call another spelling of the same path', async () => {
    const at = sessionRig();
    expect(await outcome(at, forged(at.parent, within), { target: '/v1/%61' })).toBe('ok');
  });

  it('is judged by the public path, which the caller signs', async () => {
    const at = sessionRig('countersign-v1', { publicPath: '/v1' });
    const parts = { ...at.signed(forged(at.parent, within), { target: '/v1/a/b' }), target: '/a/b' };
    expect(outcomeOf(await at.verifier.verify(received(parts)))).toBe('ok');
    const other = { ...at.signed(forged(at.parent, within), { target: '/v1/b' }), target: '/b' };
    expect(outcomeOf(await at.verifier.verify(received(other)))).toBe('session_not_allowed');
  });
});

describe('without paths', () => {
  it('a session may call what its parent may', async () => {
    const at = sessionRig();
    for (const target of ['/v1//a', '/v1/a%2Fb', '/v1/%252e']) {
      expect(await outcome(at, forged(at.parent, plain), { target }), target).toBe('ok');
    }
  });
});

describe('issueSession', () => {
  it.each([
    ['/v1/a%20b', 'with the escape %20, which servers read differently: a session with paths may call no such path'],
    ['/v1/a b', 'with the escape %20, '],
    ['/v1/a%2fb', 'with the escape %2F, '],
    ['/v1/100%2541', 'with the escape %254, '],
    ['/v1/ä', 'on the wire it is "/v1/%C3%A4"'],
    ['/v1/%61', 'on the wire it is "/v1/a"'],
    ['v1', 'on the wire it is "/v1"'],
    ['/v1/', 'not a path as on the wire'],
    ['/v1/a/../b', 'not a path as on the wire'],
    ['/v1?a=b', 'not a path as on the wire'],
  ])('refuses the prefix %s, and says why', (path, why) => {
    const { parent } = sessionRig();
    const issue = () => issueSession(parent, { expiresIn: 60, paths: ['/v1/b', path] });
    expect(issue).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
    expect(issue).toThrow(`paths has ${JSON.stringify(path)}, ${why}`);
  });

  it.each(['/v1/%C3%A4', '/v1/100%25', "/v1/it's(a)+b", '/'])(
    'takes the prefix %s, and the session may call it',
    async (path) => {
      const at = sessionRig();
      const session = issueSession(at.parent, { expiresIn: 60, paths: [path], clock: at.clock });
      expect(await outcome(at, session, { target: path })).toBe('ok');
    },
  );
});

describe('/ as a path', () => {
  it('covers all plain paths', async () => {
    const at = sessionRig();
    const session = issueSession(at.parent, { expiresIn: 60, paths: ['/'], clock: at.clock });
    expect(await outcome(at, session, { target: '/' })).toBe('ok');
    expect(await outcome(at, session, { target: '/x/y' })).toBe('ok');
    expect(await outcome(at, session, { target: '/x//y' })).toBe('session_not_allowed');
  });
});

it('a plain path that lies below a prefix does so for the URL Standard, and decoded, as well', () => {
  const piece = fc.constantFrom('/', 'a', 'b', '.', '..', '%2e', '%2F', '%5c', '\\', ';', '%25', '2e', 'v1', '%61');
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }).map((all) => `/v1/a${all.join('')}`),
      (path) => {
        if (!isPlainPath(path) || !isBelow(path, ['/v1/a'])) return;
        for (const read of [path, decodeOnce(path), decodeOnce(decodeOnce(path))]) {
          const { pathname } = new URL(read.replace(/[?#]/g, ''), 'https://api.example.com');
          expect(`${pathname}/`.startsWith('/v1/a/'), path).toBe(true);
        }
      },
    ),
    { numRuns: 5000 },
  );
});

function decodeOnce(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

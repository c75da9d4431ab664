import { issueSession } from 'countersign';
import { memoryRevokedSessions } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { boundKey, claimsFor, newPair } from '../../server/bound-rig.ts';
import { accepted } from '../../server/session-rig.ts';
import { address, derivedSecret, forgeLink, linkRig, partsOf, swap } from './link-rig.ts';

function sessionLinks(options: Parameters<typeof linkRig>[0] = {}) {
  const made = linkRig({ ...options, record: { scopes: ['orders:read'], ...options.record } });
  const { accessKey, secret, time } = made;
  const issue = (more: Partial<Parameters<typeof issueSession>[1]> = {}, parent = { accessKey, secret }) =>
    issueSession(parent, { expiresIn: 900, clock: () => time.now, ...more });
  return { ...made, issue };
}

describe('a link of a session', () => {
  it('is verified with the parent alone', async () => {
    const { sign, issue, verifier, accessKey } = sessionLinks();
    const link = await sign(address, {}, issue({ subject: 'user-7', scopes: ['orders:read', 'orders:write'] }));
    const { principal, scheme } = await accepted(verifier, partsOf(link));
    expect(scheme).toBe('countersign-v1-link');
    expect(principal).toMatchObject({ accessKey, scopes: ['orders:read'], session: { subject: 'user-7' } });
  });

  it.each([
    ['paths', { paths: ['/v1/reports'] }, 'https://api.example.com/v1/reports/7', 'https://api.example.com/v1/report'],
    [
      'paths, with an escape',
      { paths: ['/v1/a'] },
      'https://api.example.com/v1/a/b',
      'https://api.example.com/v1/a/%2e%2e%2fb',
    ],
    [
      'paths, with a query',
      { paths: ['/v1/a'] },
      'https://api.example.com/v1/a?b=/v1',
      'https://api.example.com/v1?x=/v1/a',
    ],
  ])('is bound to its %s', async (_, claims, inside, outside) => {
    const { sign, use, issue } = sessionLinks();
    const session = issue(claims);
    expect(await use(await sign(inside, {}, session))).toBe('ok');
    expect(await use(await sign(outside, {}, session))).toBe('session_not_allowed');
  });

  it('is bound to its methods, of which GET does not include HEAD', async () => {
    const { sign, use, issue } = sessionLinks();
    const session = issue({ methods: ['GET'] });
    const link = await sign(address, {}, session);
    expect(await use(link)).toBe('ok');
    expect(await use(link, { method: 'HEAD' })).toBe('session_not_allowed');
    expect(await use(await sign(address, { method: 'DELETE' }, session), { method: 'DELETE' })).toBe(
      'session_not_allowed',
    );
  });

  it('is bound to its origins: an image, which sends none, is refused', async () => {
    const { sign, use, issue } = sessionLinks();
    const link = await sign(address, {}, issue({ origins: ['https://app.example.com'] }));
    expect(await use(link)).toBe('session_not_allowed');
    expect(await use(link, { headers: { origin: 'https://evil.example.com' } })).toBe('session_not_allowed');
    expect(await use(link, { headers: { origin: 'https://app.example.com' } })).toBe('ok');
  });

  it('ends with the session, which ends with its parent', async () => {
    const { sign, use, issue, time } = sessionLinks();
    const link = await sign(address, { expiresIn: 3600 }, issue({ expiresIn: 60 }));
    time.now += 59_999;
    expect(await use(link)).toBe('ok');
    time.now += 1;
    expect(await use(link)).toBe('expired_key');
    const revoked = sessionLinks({ record: { revoked: true } });
    expect(await revoked.use(await revoked.sign(address, {}, revoked.issue()))).toBe('revoked_key');
  });

  it('ends with a session that was revoked', async () => {
    const revokedSessions = memoryRevokedSessions();
    const { sign, issue, verifier, use } = sessionLinks({ revokedSessions });
    const link = await sign(address, {}, issue());
    const { principal } = await accepted(verifier, partsOf(link));
    revokedSessions.revoke(principal);
    expect(await use(link)).toBe('revoked_key');
  });

  it('is refused where the parent issues no sessions', async () => {
    const { sign, use, issue } = sessionLinks({ record: { sessions: false } });
    expect(await use(await sign(address, {}, issue()))).toBe('session_not_allowed');
  });

  it('cannot be widened by its holder', async () => {
    const { sign, use, issue, accessKey } = sessionLinks();
    const session = issue({ paths: ['/v1/reports'], expiresIn: 60 });
    const link = await sign('https://api.example.com/v1/reports/7', {}, session);
    // The session's secret signs for the session only: neither for its parent, nor for other claims of it.
    expect(await use(swap(link, session.accessKey, accessKey))).toBe('signature_mismatch');
    expect(await use(swap(link, session.accessKey, issue().accessKey))).toBe('signature_mismatch');
    const own = { accessKey, secret: session.secret };
    expect(await use(await sign(address, {}, own))).toBe('signature_mismatch');
    const wider = { i: 'AAAAAAAAAAAAAAAA', e: 9e9, b: 1 };
    const name = `${session.accessKey}~${Buffer.from(JSON.stringify(wider)).toString('base64url')}`;
    const forged = await sign(address, {}, { accessKey: name, secret: derivedSecret(session.secret, name) });
    expect(await use(forged)).toBe('malformed_field');
  });

  it('cannot be made for a session that is bound to a key pair, whose public half anyone knows', async () => {
    const { sign, use, accessKey, secret } = sessionLinks();
    const pair = await newPair('P-256');
    const bound = boundKey({ accessKey, secret }, claimsFor(pair));
    await expect(sign(address, {}, { accessKey: bound, secret: pair.privateKey })).rejects.toMatchObject({
      code: 'invalid_credentials',
      message: 'A key pair signs no links.',
    });
    for (const known of [pair.k, bound.slice(bound.lastIndexOf('.') + 1)])
      expect(await use(await sign(address, {}, { accessKey: bound, secret: known }))).toBe('signature_mismatch');
  });

  it('of another parent is refused', async () => {
    const [one, other] = [sessionLinks(), sessionLinks()];
    expect(await one.use(await one.sign(address, {}, other.issue()))).toBe('unknown_key');
  });

  it('that works once is claimed for its session', async () => {
    const { sign, use, issue, events } = sessionLinks();
    const session = issue({ subject: 'user-7' });
    const link = await sign(address, { once: true }, session);
    expect([await use(link), await use(link)]).toEqual(['ok', 'replayed_request']);
    expect(events.map(({ subject }) => subject)).toEqual(['user-7', 'user-7']);
    // Another session of the same parent may have the same nonce.
    const nonce = /nonce=(\w+)/.exec(link)?.[1] ?? '';
    const other = forgeLink({ ...issue(), nonce });
    expect([await use(`https://api.example.com${other}`)]).toEqual(['ok']);
  });
});

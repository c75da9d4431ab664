import { issueSession } from 'countersign';
import { createVerifier, memoryKeys, memoryReplay, protect, reportOnly } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { noon, outcomeOf, received } from './rig.ts';
import { accepted, schemeNames, sessionRig } from './session-rig.ts';

describe.each(schemeNames)('a route that refuses sessions, by %s', (scheme) => {
  it('takes the key itself, and no session of it, narrowed or not', async () => {
    const at = sessionRig(scheme);
    const session = issueSession(at.parent, { expiresIn: 900, clock: at.clock });
    const narrowed = issueSession(session, { expiresIn: 60, clock: at.clock });
    const results = await Promise.all(
      [at.parent, session, narrowed].map((one) => at.verifier.verify(received(at.signed(one)), { sessions: false })),
    );
    expect(results.map(outcomeOf)).toEqual(['ok', 'session_not_allowed', 'session_not_allowed']);
    const statuses = results.map((result) => (result.ok ? 200 : result.response.status));
    expect(statuses).toEqual([200, 403, 403]);
    // The nonces of refused requests are not spent.
    expect(at.claimed).toHaveLength(1);
  });

  it('does not tell a stranger that it does', async () => {
    const at = sessionRig(scheme);
    const session = issueSession(at.parent, { expiresIn: 900, clock: at.clock });
    const forged = at.signed({ ...session, secret: 'x'.repeat(43) });
    const result = await at.verifier.verify(received(forged), { sessions: false });
    expect(outcomeOf(result)).toBe('signature_mismatch');
  });
});

describe('the option sessions', () => {
  const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay() });
  it.each([true, 'false', 0, null])('refuses %j, which would allow sessions', (sessions) => {
    const options = { sessions } as unknown as { sessions: false };
    for (const gate of [protect, reportOnly]) {
      expect(() => gate(verifier, () => new Response(), options)).toThrow(
        expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining('sessions') }),
      );
    }
  });
});

describe('the end of a secret', () => {
  it('is announced to the caller that has the secret, and to no session', async () => {
    const at = sessionRig();
    const secrets = [{ secret: at.parent.secret, expiresAt: noon + 3_600_000 }];
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey: at.parent.accessKey, service: 'shop', secrets }]),
      replay: memoryReplay({ clock: at.clock }),
      clock: at.clock,
    });
    const session = issueSession(at.parent, { expiresIn: 900, clock: at.clock });
    const [own, its] = [await accepted(verifier, at.signed(at.parent)), await accepted(verifier, at.signed(session))];
    expect([own.retiresAt, own.headers['X-API-Secret-Retires']]).toEqual([noon + 3_600_000, `${noon / 1000 + 3600}`]);
    expect([its.retiresAt, its.headers['X-API-Secret-Retires']]).toEqual([undefined, undefined]);
  });
});

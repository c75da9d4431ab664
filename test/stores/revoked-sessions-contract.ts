import { createSigner, generateCredentials, issueSession } from 'countersign';
import {
  createVerifier,
  memoryKeys,
  memoryReplay,
  type RevocablePrincipal,
  type RevokedSessions,
} from 'countersign/server';
import { expect, it } from 'vitest';

/** A store under test. */
export type Revoking = RevokedSessions & { revoke(principal: RevocablePrincipal): void | Promise<void> };

const minute = 60_000;
const newId = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString('base64url');
const principal = (id: string, { accessKey = 'shop', expiresAt = Date.now() + minute } = {}): RevocablePrincipal => ({
  accessKey,
  session: { id, expiresAt },
});

/**
 * What every store of revoked sessions must do, and not do.
 *
 * @param open one more access to the same memory, as from another server.
 */
export function revokedSessionsContract(open: () => Revoking): void {
  const asked = { accessKey: 'shop', issuedAfter: Date.now() };

  it('knows a session as revoked from then on, on every server', async () => {
    const [one, other] = [open(), open()];
    const id = newId();
    expect(await one.has({ ...asked, id })).toBe(false);
    await one.revoke(principal(id));
    expect(await one.has({ ...asked, id })).toBe(true);
    expect(await other.has({ ...asked, id })).toBe(true);
    expect(await other.has({ accessKey: 'shop', id })).toBe(true);
  });

  it('keeps sessions apart by every letter of their id and of their parent', async () => {
    const store = open();
    const id = `aZ-_${newId().slice(4)}`;
    await store.revoke(principal(id));
    const others = [id.toUpperCase(), id.toLowerCase(), `${id.slice(0, -1)}~`, newId()];
    for (const other of others) expect(await store.has({ ...asked, id: other })).toBe(other === id);
    for (const accessKey of ['Shop', 'shop.', 'sho', `shop ${id}`]) {
      expect(await store.has({ ...asked, accessKey, id })).toBe(false);
    }
  });

  it('takes the same session many times, at the same time too', async () => {
    const stores = [open(), open()];
    const id = newId();
    await Promise.all(Array.from({ length: 50 }, (_, i) => stores[i % 2]?.revoke(principal(id))));
    expect(await stores[0]?.has({ ...asked, id })).toBe(true);
  });

  it('keeps the later of two ends, whichever comes first', async () => {
    const store = open();
    const [one, two] = [newId(), newId()];
    const [late, soon] = [Date.now() + 60 * minute, Date.now() - minute + 200];
    for (const [id, expiresAt] of [
      [one, late],
      [one, soon],
      [two, soon],
      [two, late],
    ] as const) {
      await store.revoke(principal(id, { expiresAt }));
    }
    await new Promise((resolve) => setTimeout(resolve, 400));
    await store.revoke(principal(newId()));
    expect(await store.has({ ...asked, id: one })).toBe(true);
    expect(await store.has({ ...asked, id: two })).toBe(true);
  });

  it('takes a session that has ended already', async () => {
    await open().revoke(principal(newId(), { expiresAt: Date.now() - 60 * minute }));
  });

  it.each([
    ['no session', undefined],
    ['an id that is none', { id: "x' or 1=1 -- ", expiresAt: 1 }],
    ['an end that is none', { id: 'AAAAAAAAAAAAAAAA', expiresAt: Number.NaN }],
    ['an end in another unit', { id: 'AAAAAAAAAAAAAAAA', expiresAt: Date.now() * 1000 }],
  ])('refuses to revoke %s', async (_, session) => {
    const wrong = { accessKey: 'shop', session } as RevocablePrincipal;
    await expect(async () => open().revoke(wrong)).rejects.toMatchObject({ code: 'invalid_configuration' });
  });

  it('ends the session that a verifier accepted, and neither its sibling nor its parent', async () => {
    const parent = generateCredentials();
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey: parent.accessKey, service: 'shop', secrets: [parent] }]),
      replay: memoryReplay(),
      revokedSessions: open(),
    });
    const result = async (credentials: { readonly accessKey: string; readonly secret: string | Uint8Array }) =>
      verifier.verify(await createSigner({ credentials: () => credentials }).sign('https://api.example.com/'));
    const codeOf = async (...call: Parameters<typeof result>) => {
      const found = await result(...call);
      return found.ok ? 'ok' : found.error.code;
    };
    const [session, sibling] = [0, 1].map(() => issueSession(parent, { expiresIn: 900 }));
    if (!session || !sibling) throw new Error('There are two.');
    const narrowed = issueSession(session, { expiresIn: 600 });
    const accepted = await result(narrowed);
    if (!accepted.ok) throw accepted.error;
    await open().revoke(accepted.principal);
    const { secret } = parent as { readonly secret: string };
    const codes = [session, narrowed, sibling, { accessKey: parent.accessKey, secret }].map((one) => codeOf(one));
    expect(await Promise.all(codes)).toEqual(['revoked_key', 'revoked_key', 'ok', 'ok']);
  });
}

import { createSigner, generateCredentials, issueSession, renewing, type Session, signedFetch } from 'countersign';
import { createVerifier, type KeyRecord, memoryKeys, memoryReplay, memoryRevokedSessions } from 'countersign/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const url = 'https://api.example.com/v1/orders';
const parent = generateCredentials();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const advance = (ms: number) => vi.advanceTimersByTime(ms);
const issue = (expiresIn = 100): Session => issueSession(parent, { expiresIn });

/** `Promise.withResolvers`, which Node.js 20 lacks. */
function resolvers<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** An issuer that counts, and can be down. */
function issuer(expiresIn = 100) {
  const state = { asked: 0, down: false, status: 200 };
  const ask = async (): Promise<Response> => {
    state.asked++;
    if (state.down) throw new TypeError('fetch failed');
    if (state.status !== 200) return new Response('no', { status: state.status });
    return Response.json({ ...issue(expiresIn), expiresIn });
  };
  return { state, ask };
}

/** An API that verifies, and counts. */
function api(record: Partial<KeyRecord> = {}) {
  const revokedSessions = memoryRevokedSessions();
  const codes: string[] = [];
  const ids: string[] = [];
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey: parent.accessKey, service: 'shop', secrets: [parent], ...record }]),
    replay: memoryReplay(),
    revokedSessions,
  });
  const send = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const result = await verifier.verify(new Request(input, init));
    codes.push(result.ok ? 'ok' : result.error.code);
    if (!result.ok) return new Response(result.response.body, result.response);
    const { session } = result.principal;
    if (session) ids.push(session.id);
    return new Response(result.body);
  };
  const revoke = (id = '') =>
    revokedSessions.revoke({ accessKey: parent.accessKey, session: { id, expiresAt: Date.now() + 100_000 } });
  return { codes, ids, send, revoke };
}

describe('renewing', () => {
  it('asks when a session is first needed, once for all calls at that time', async () => {
    const { state, ask } = issuer();
    const session = renewing(ask);
    expect(state.asked).toBe(0);
    const all = await Promise.all(Array.from({ length: 5 }, () => session()));
    expect(state.asked).toBe(1);
    expect(new Set(all.map(({ accessKey }) => accessKey)).size).toBe(1);
  });

  it('takes what issueSession returns, what sessionHandler responds, and times of issue and end', async () => {
    const session = issue();
    expect(await renewing(() => session)()).toEqual({ ...session, expiresAt: Date.now() + 100_000 });
    const lifetimes = [
      { ...session, expiresIn: 10 },
      { accessKey: 'ck', secret: session.secret, issuedAt: 5000, expiresAt: 15_000 },
      // A session ends at a whole second, before expiresIn has passed.
      { ...session, issuedAt: 5900, expiresAt: 15_900, expiresIn: 11 },
    ];
    for (const given of lifetimes) expect((await renewing(() => given)()).expiresAt).toBe(Date.now() + 10_000);
  });

  it('renews in the background before the end, while calls go on with the present session', async () => {
    const { state, ask } = issuer(100);
    const session = renewing(ask);
    const first = await session();
    advance(79_999);
    expect(await session()).toBe(first);
    expect(state.asked).toBe(1);
    advance(1);
    expect(await session()).toBe(first);
    expect(state.asked).toBe(2);
    await vi.waitFor(async () => expect(await session()).not.toBe(first));
    expect(state.asked).toBe(2);
  });

  it('renews as early as it is set to, by default at most a minute before the end', async () => {
    for (const [expiresIn, early, moment] of [
      [3600, undefined, 3540],
      [100, 30, 70],
      [100, 0, 100],
    ] as const) {
      const { state, ask } = issuer(expiresIn);
      const session = renewing(ask, early === undefined ? {} : { early });
      await session();
      advance(moment * 1000 - 1);
      await session();
      expect(state.asked).toBe(1);
      advance(1);
      await session();
      expect(state.asked).toBe(2);
    }
  });

  it('counts the life of a session by the issuer, however wrong the clock is, and if it is set', async () => {
    const issued = issue(100);
    const time = { now: Date.now() - 86_400_000 };
    const session = renewing(async () => issued, { clock: () => time.now });
    const { expiresAt } = await session();
    expect(expiresAt).toBe(time.now + 100_000);
    let asked = 0;
    const other = renewing(
      async () => {
        asked++;
        return issue(100);
      },
      { clock: () => time.now },
    );
    await other();
    // Set back by an hour: the ticks go on.
    time.now -= 3_600_000;
    advance(100_000);
    await other();
    expect(asked).toBe(2);
  });

  it('waits after a failure, twice as long each time, and says why at once meanwhile', async () => {
    const { state, ask } = issuer();
    const session = renewing(ask);
    state.down = true;
    const failure = expect.objectContaining({ code: 'session_unavailable', cause: expect.any(TypeError) });
    for (const [wait, asked] of [
      [0, 1],
      [999, 1],
      [1, 2],
      [1999, 2],
      [1, 3],
    ] as const) {
      advance(wait);
      await expect(session()).rejects.toEqual(failure);
      expect(state.asked).toBe(asked);
    }
    state.down = false;
    advance(4000);
    await session();
    expect(state.asked).toBe(4);
  });

  it('goes on with a session that is still good while the issuer is down', async () => {
    const { state, ask } = issuer(100);
    const session = renewing(ask);
    const first = await session();
    state.down = true;
    advance(80_000);
    expect(await session()).toBe(first);
    await vi.waitFor(() => expect(state.asked).toBe(2));
    expect(await session()).toBe(first);
    advance(20_000);
    await expect(session()).rejects.toMatchObject({ code: 'session_unavailable' });
  });

  it('has the status of the response, such as 401 if nobody is logged in, and starts anew after forget()', async () => {
    const { state, ask } = issuer();
    const session = renewing(ask);
    state.status = 401;
    await expect(session()).rejects.toMatchObject({ code: 'session_unavailable', status: 401 });
    state.status = 200;
    await expect(session()).rejects.toMatchObject({ status: 401 });
    session.forget();
    const first = await session();
    session.forget();
    expect(await session()).not.toEqual(first);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no secret', { accessKey: 'ck', expiresIn: 5 }],
    ['no lifetime', { accessKey: 'ck', secret: 'x'.repeat(16), expiresAt: 1e12 }],
    ['an empty lifetime', { accessKey: 'ck', secret: 'x'.repeat(16), expiresIn: 0 }],
    ['no JSON', new Response('<html>')],
  ])('refuses %s', async (_, given) => {
    const session = renewing((() => given) as () => Response);
    await expect(session()).rejects.toMatchObject({ code: 'session_unavailable' });
  });

  it('refuses options that do not exist', () => {
    expect(() => renewing(() => issue(), { earl: 1 } as object)).toThrow('earl');
    expect(() => renewing(() => issue(), { early: -1 })).toThrow('early');
  });
});

describe('the fetch of renewing', () => {
  function calling(record?: Partial<KeyRecord>, expiresIn = 100) {
    const { state, ask } = issuer(expiresIn);
    const session = renewing(ask);
    const server = api(record);
    const call = session.fetch(signedFetch(createSigner({ credentials: session }), { fetch: server.send }));
    return { ...server, state, call, session };
  }

  it('renews a revoked session and sends the request once more, with its body', async () => {
    const { call, codes, ids, revoke, state } = calling();
    expect((await call(url)).status).toBe(200);
    revoke(ids[0]);
    const response = await call(url, { method: 'PUT', body: 'hello' });
    expect(await response.text()).toBe('hello');
    expect(codes).toEqual(['ok', 'revoked_key', 'ok']);
    expect(state.asked).toBe(2);
  });

  it('refuses a call that waited for a session when forget() was called: it is that of another user', async () => {
    const { accessKey, secret } = generateCredentials();
    let deliver: (session: unknown) => void = () => {};
    const asked: Array<Promise<unknown>> = [];
    const session = renewing(() => {
      const next = new Promise((resolve) => {
        deliver = resolve;
      });
      asked.push(next);
      return next as Promise<never>;
    });
    const sent: unknown[] = [];
    const api = session.fetch(async (input) => {
      sent.push(input);
      return new Response();
    });
    const call = api(url);
    session.forget();
    deliver({ accessKey, secret, expiresIn: 60 });
    await expect(call).rejects.toMatchObject({ code: 'session_unavailable' });
    expect(sent).toEqual([]);
  });

  it('renews a session after a refused POST, but does not send it again: the refusal may be forged', async () => {
    const { call, codes, ids, revoke } = calling();
    await call(url);
    revoke(ids[0]);
    expect((await call(url, { method: 'POST', body: 'hello' })).status).toBe(401);
    expect((await call(url, { method: 'POST', body: 'hello' })).status).toBe(200);
    expect(codes).toEqual(['ok', 'revoked_key', 'ok']);
  });

  it('renews once for all calls that are refused together', async () => {
    const { call, ids, revoke, state } = calling();
    await call(url);
    revoke(ids[0]);
    const all = await Promise.all(Array.from({ length: 5 }, () => call(url)));
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(state.asked).toBe(2);
  });

  it('returns the refusal if new sessions are refused too, and does not ask again and again', async () => {
    const { call, codes, state } = calling({ revoked: true });
    expect((await call(url)).status).toBe(401);
    expect(codes).toEqual(['revoked_key', 'revoked_key']);
    for (let i = 0; i < 10; i++) expect((await call(url)).status).toBe(401);
    expect(state.asked).toBe(2);
    expect(codes).toHaveLength(12);
    advance(1000);
    await call(url);
    expect(state.asked).toBe(3);
    advance(1000);
    await call(url);
    expect(state.asked).toBe(3);
  });

  it('renews nothing for another refusal', async () => {
    const { call, codes, state } = calling({ schemes: ['rfc9421'] });
    expect((await call(url)).status).toBe(403);
    expect(codes).toEqual(['scheme_not_allowed']);
    expect(state.asked).toBe(1);
  });

  it('returns the refusal of a body that was read, and the next call has a new session', async () => {
    const { call, ids, revoke, codes } = calling();
    await call(url);
    revoke(ids[0]);
    expect((await call(new Request(url, { method: 'POST', body: 'hello' }))).status).toBe(401);
    expect((await call(url)).status).toBe(200);
    expect(codes).toEqual(['ok', 'revoked_key', 'ok']);
  });

  it('never sends a call again with the session of another user, who logged in meanwhile', async () => {
    for (const isRenewed of [true, false]) {
      const { ask } = issuer();
      const session = renewing(ask);
      const sent: string[] = [];
      const { promise, resolve } = resolvers<undefined>();
      const headers = { 'www-authenticate': 'Countersign error="revoked_key"' };
      const call = session.fetch(async (input) => {
        sent.push(String(input));
        await promise;
        return new Response(null, { status: 401, headers });
      });
      const old = call(url);
      await vi.waitFor(() => expect(sent).toHaveLength(1));
      session.forget();
      if (isRenewed) await session();
      resolve(undefined);
      expect((await old).status).toBe(401);
      expect(sent).toHaveLength(1);
    }
  });

  it('sends nothing if the user changes while a refused call waits for its new session', async () => {
    const { promise, resolve } = resolvers<undefined>();
    let asked = 0;
    const session = renewing(async () => {
      if (asked++) await promise;
      return issue();
    });
    let sent = 0;
    const headers = { 'www-authenticate': 'Countersign error="revoked_key"' };
    const call = session.fetch(async () => {
      sent++;
      return new Response(null, { status: 401, headers });
    });
    const old = call(url);
    await vi.waitFor(() => expect(asked).toBe(2));
    session.forget();
    resolve(undefined);
    expect((await old).status).toBe(401);
    expect(sent).toBe(1);
  });

  it('uses no session that was asked for before forget()', async () => {
    const { promise, resolve } = resolvers<Session>();
    const { ask } = issuer();
    let asked = 0;
    const session = renewing(() => (asked++ ? ask() : promise));
    let sent = 0;
    const call = session.fetch(async () => {
      sent++;
      return new Response();
    });
    const failures = [session(), call(url)];
    session.forget();
    resolve(issue());
    for (const failure of failures) await expect(failure).rejects.toMatchObject({ code: 'session_unavailable' });
    expect(sent).toBe(0);
    expect((await call(url)).status).toBe(200);
  });

  it('fails with the reason if there is no new session', async () => {
    const { call, ids, revoke, state } = calling();
    await call(url);
    revoke(ids[0]);
    state.status = 401;
    await expect(call(url)).rejects.toMatchObject({ code: 'session_unavailable', status: 401 });
  });
});

// A page whose user changes: what was called for one user is never signed with the session of another.
import {
  challengeFetch,
  clockFetch,
  correctedClock,
  countersignedFetch,
  createSigner,
  type Fetch,
  generateCredentials,
  issueSession,
  type RenewingCredentials,
  type RenewingOptions,
  redirectFetch,
  renewing,
  type Signer,
  signedFetch,
} from 'countersign';
import { createVerifier, memoryKeys, memoryReplay, protect } from 'countersign/server';
import ky from 'ky';
import { afterEach, describe, expect, it, vi } from 'vitest';

const url = 'https://api.example.com/account';
const parent = generateCredentials();

afterEach(() => vi.unstubAllGlobals());

/** A page, its issuer and its API. The issuer gives a session to the user who is logged in at that time. */
function world({ ahead = 0, ...options }: RenewingOptions & { readonly ahead?: number } = {}) {
  const state = { user: 'ada' };
  const carriedOut: string[] = [];
  const serverClock = () => Date.now() + ahead;
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey: parent.accessKey, service: 'shop', secrets: [parent] }]),
    replay: memoryReplay(),
    clock: serverClock,
  });
  const handle = protect(
    verifier,
    async (request, { principal }) => {
      carriedOut.push(`${request.method} ${principal.session?.subject}`);
      return new Response('done');
    },
    { countersign: 'always' },
  );
  const send: Fetch = async (input, init) => handle(new Request(input, { ...init, signal: null }));
  const session: RenewingCredentials = renewing(
    async () => issueSession(parent, { expiresIn: 900, subject: state.user, clock: serverClock }),
    options,
  );
  /** Ada logs out and bob logs in, in this page. */
  const change = () => {
    void session.forget();
    state.user = 'bob';
  };
  return { state, carriedOut, send, session, change };
}

const refusal = (code: string, body: BodyInit | null = null) =>
  new Response(body, { status: 401, headers: { 'WWW-Authenticate': `Countersign error="${code}"` } });

describe('forget() while a call is under way', () => {
  const forgotten = { code: 'session_unavailable', message: expect.stringContaining('forget()') };
  type Layer = (
    signer: Signer,
    sends: { readonly clock: ReturnType<typeof correctedClock>; readonly fetch: Fetch },
  ) => Fetch;
  const layers: ReadonlyArray<readonly [string, Layer]> = [
    ['clockFetch', clockFetch],
    ['countersignedFetch with clock', countersignedFetch],
    ['redirectFetch over clockFetch', (signer, sends) => redirectFetch(signer, { fetch: clockFetch(signer, sends) })],
  ];
  it.each(layers)('ends a call that %s would send again with a corrected clock', async (_, layer) => {
    for (const input of [url, new Request(url, { method: 'DELETE' })]) {
      const { session, send, change, carriedOut } = world({ ahead: 3_600_000 });
      const clock = correctedClock();
      const fetch: Fetch = async (...call) => {
        const response = await send(...call);
        change();
        return response;
      };
      const api = session.fetch(layer(createSigner({ credentials: session, clock }), { clock, fetch }));
      await expect(api(input, { method: 'DELETE' })).rejects.toMatchObject(forgotten);
      expect(carriedOut).toEqual([]);
    }
  });

  it('ends a call that challengeFetch would send again', async () => {
    const { session, send, change, carriedOut } = world();
    let sent = 0;
    const fetch: Fetch = async (...call) => {
      if (sent++) return send(...call);
      change();
      const headers = { 'WWW-Authenticate': 'Countersign scheme="x", challenge="c2FsdA"' };
      return new Response(null, { status: 401, headers });
    };
    const signer = createSigner({ credentials: session });
    const api = session.fetch(challengeFetch(signer, { fetch: signedFetch(signer, { fetch }) }));
    await expect(api(url, { method: 'DELETE' })).rejects.toMatchObject(forgotten);
    expect(carriedOut).toEqual([]);
  });

  it('ends a call that redirectFetch would send to another address', async () => {
    const { session, send, change, carriedOut } = world();
    let sent = 0;
    const fetch: Fetch = async (...call) => {
      if (sent++) return send(...call);
      change();
      return new Response(null, { status: 302, headers: { location: '/other' } });
    };
    const signer = createSigner({ credentials: session });
    const api = session.fetch(redirectFetch(signer, { fetch: signedFetch(signer, { fetch }) }));
    await expect(api(url)).rejects.toMatchObject(forgotten);
    expect(carriedOut).toEqual([]);
  });

  it('ends a call whose body is still being read', async () => {
    const { session, send, change, carriedOut } = world();
    const api = session.fetch(signedFetch(createSigner({ credentials: session }), { fetch: send }));
    await session();
    const body = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        change();
        controller.enqueue(new TextEncoder().encode('x'));
        controller.close();
      },
    });
    await expect(api(url, { method: 'PUT', body, duplex: 'half' } as RequestInit)).rejects.toMatchObject(forgotten);
    expect(carriedOut).toEqual([]);
  });

  it('ends a refused call whose body takes time to cancel', async () => {
    const { session, send, change, carriedOut } = world();
    let sent = 0;
    const cancel = () => new Promise<void>((resolve) => setTimeout(resolve, 50));
    const fetch: Fetch = async (...call) => {
      if (sent++) return send(...call);
      setTimeout(change, 20);
      return refusal('expired_key', new ReadableStream({ cancel }));
    };
    const api = session.fetch(signedFetch(createSigner({ credentials: session }), { fetch }));
    await api(url, { method: 'DELETE' }).catch(() => undefined);
    expect(carriedOut).not.toContain('DELETE bob');
  });

  it('sends nothing again after it, even if what sends regards no signal', async () => {
    const { session, change } = world();
    const users: unknown[] = [];
    const api = session.fetch(async () => {
      users.push((await session()).accessKey);
      setTimeout(change, 20);
      const cancel = () => new Promise<void>((resolve) => setTimeout(resolve, 50));
      return refusal('revoked_key', new ReadableStream({ cancel }));
    });
    const first = await session();
    await api(url).catch(() => undefined);
    // The second has the session of the same user: it was sent before the change.
    expect(users).toHaveLength(2);
    expect(users[0]).toBe(first.accessKey);
    const subjects = users.map((key) =>
      atob(String(key).split('~s1.')[1]?.replace(/-/g, '+').replace(/_/g, '/') ?? ''),
    );
    for (const claims of subjects) expect(claims).toContain('"u":"ada"');
  });

  it('aborts a call that waits for its response, and none that has it', async () => {
    const { session, change } = world();
    const signals: Array<AbortSignal | null | undefined> = [];
    const api = session.fetch(async (_, init) => {
      signals.push(init?.signal);
      if (signals.length > 1) await new Promise(() => undefined);
      return new Response();
    });
    await api(url);
    void api(url);
    await vi.waitFor(() => expect(signals).toHaveLength(2));
    change();
    expect(signals.map((signal) => signal?.aborted)).toEqual([false, true]);
    expect(signals[1]?.reason).toMatchObject(forgotten);
  });
});

describe("a caller's own signal", () => {
  type Given = (signal: AbortSignal) => Parameters<Fetch>;
  const ways: ReadonlyArray<readonly [string, Given]> = [
    ['in the options', (signal) => [url, { signal }]],
    ['of a Request', (signal) => [new Request(url, { signal })]],
    ['of a Request as options', (signal) => [url, new Request(url, { signal })]],
  ];
  describe.each([true, false])('with AbortSignal.any: %s', (hasAny) => {
    it.each(ways)('%s ends a call, also while its response is read', async (_, given) => {
      if (!hasAny) vi.stubGlobal('AbortSignal', Object.assign(class {}, { any: undefined }));
      const { session } = world();
      const signals: AbortSignal[] = [];
      const api = session.fetch(async (input, init) => {
        signals.push(new Request(input, init).signal);
        return new Response('x');
      });
      const reason = new Error('the caller');
      const before = new AbortController();
      before.abort(reason);
      const after = new AbortController();
      await api(...given(before.signal));
      await api(...given(after.signal));
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
      after.abort(reason);
      expect(signals.map((signal) => signal.reason)).toEqual([reason, reason]);
    });
  });

  it('is detached by null, and all other options arrive', async () => {
    const { session } = world();
    const own = new AbortController();
    own.abort();
    const given: Array<RequestInit | undefined> = [];
    const api = session.fetch(async (_, init) => {
      given.push(init);
      return new Response();
    });
    const options = { method: 'PUT', challenge: 'x', signal: null };
    await api(new Request(url, { signal: own.signal }), options);
    expect(given).toEqual([{ ...options, signal: expect.objectContaining({ aborted: false }) }]);
  });
});

describe('the option subject', () => {
  const other = { code: 'session_unavailable', status: 401, message: expect.stringContaining('subject') };

  it('refuses a session of another user, before anything is sent', async () => {
    const { session, state, send, carriedOut } = world({ subject: 'ada' });
    state.user = 'bob';
    const api = session.fetch(signedFetch(createSigner({ credentials: session }), { fetch: send }));
    await expect(session()).rejects.toMatchObject(other);
    await expect(api(url)).rejects.toMatchObject(other);
    expect(carriedOut).toEqual([]);
  });

  it.each(['ada', 'Zoë 100 %', '7'])('accepts a session of %s, as the issuer was given it', async (subject) => {
    const { session, state } = world({ subject });
    state.user = subject;
    expect((await session()).accessKey).toContain('~s1.');
  });

  it.each([
    ['a session without a subject', () => issueSession(parent, { expiresIn: 60 })],
    ['credentials that are no session', () => ({ accessKey: 'ck', secret: parent.secret, expiresIn: 60 })],
  ])('refuses %s', async (_, issue) => {
    await expect(renewing(issue, { subject: 'ada' })()).rejects.toMatchObject(other);
  });

  it.each(['', 7, null])('cannot be %o', (subject) => {
    expect(() => renewing(() => new Response(), { subject } as object)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
  });

  it('keeps ky from trying a call of one user again as another', async () => {
    const { session, state, send, carriedOut } = world({ subject: 'ada' });
    let sent = 0;
    const fetch: Fetch = async (...call) => {
      if (sent++) return send(...call);
      void session.forget();
      state.user = 'bob';
      return new Response(null, { status: 503, headers: { 'Retry-After': '0' } });
    };
    const api = ky.create({ fetch: session.fetch(signedFetch(createSigner({ credentials: session }), { fetch })) });
    await expect(api.delete(url)).rejects.toThrow();
    expect(carriedOut).toEqual([]);
  });
});

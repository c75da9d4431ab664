import {
  createSigner,
  generateCredentials,
  issueBoundSession,
  issueSession,
  type KeptSession,
  renewing,
  type SessionKeyStore,
  type SessionRequest,
} from 'countersign';
import { browserKeyStore } from 'countersign/browser';
import { rfc9421 } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { Window } from 'happy-dom';
import { JSDOM } from 'jsdom';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const parent = generateCredentials();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
const advance = (ms: number) => vi.advanceTimersByTime(ms);

const generate = async () => {
  const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  const raw = Buffer.from(await crypto.subtle.exportKey('raw', pair.publicKey));
  return { privateKey: pair.privateKey, publicKey: raw.toString('base64url') };
};

/** What tabs of one browser share, in memory: each call of `tab` opens one. */
function browser() {
  let kept: { pair: Awaited<ReturnType<typeof generate>>; session: KeptSession | undefined } | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const listeners = new Map<object, () => void>();
  let gone: Promise<unknown> = Promise.resolve();
  const tab = (): SessionKeyStore => {
    const self = {};
    return {
      async open() {
        await gone;
        return kept?.session;
      },
      async makePair() {
        const pair = await generate();
        kept = { pair, session: kept?.session };
        return pair.publicKey;
      },
      async keep({ secret: _, ...rest }, publicKey) {
        if (kept?.pair.publicKey !== publicKey) throw new Error('gone');
        const session = { ...rest, secret: kept.pair.privateKey };
        kept = { pair: kept.pair, session };
        return session;
      },
      async forget() {
        gone = new Promise((resolve) => setTimeout(resolve, 5));
        await gone;
        kept = undefined;
        for (const [other, listener] of listeners) if (other !== self) listener();
      },
      onForget(listener) {
        listeners.set(self, listener);
      },
      alone(run) {
        const ran = queue.then(run);
        queue = ran.catch(() => undefined);
        return ran;
      },
    };
  };
  return { tab, kept: () => kept };
}

function issuer(expiresIn = 100) {
  const state = { asked: 0, down: false };
  const ask = async ({ publicKey = '' }: SessionRequest): Promise<Response> => {
    state.asked++;
    if (state.down) throw new TypeError('fetch failed');
    return Response.json({ ...issueBoundSession(parent, { expiresIn, publicKey }), expiresIn });
  };
  return { state, ask };
}

describe('renewing with a key store', () => {
  it('has a session that is bound to the key pair of the store, and that a verifier accepts', async () => {
    const { ask } = issuer();
    const credentials = renewing(ask, { keyStore: browser().tab() });
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey: parent.accessKey, service: 'shop', secrets: [parent] }]),
      replay: memoryReplay(),
      scheme: rfc9421(),
    });
    const signer = createSigner({ credentials, scheme: rfc9421() });
    const result = await verifier.verify(await signer.sign('https://api.example.com/'));
    expect(result).toMatchObject({ ok: true, principal: { session: { bound: true } } });
  });

  it('asks once for all tabs, also one after the other, and after a reload', async () => {
    const { state, ask } = issuer();
    const { tab } = browser();
    const tabs = [1, 2, 3].map(() => renewing(ask, { keyStore: tab() }));
    const all = await Promise.all(tabs.map((session) => session()));
    expect(new Set(all.map(({ accessKey }) => accessKey)).size).toBe(1);
    advance(99_000);
    const [first] = all;
    expect(await renewing(ask, { keyStore: tab() })()).toEqual(first);
    expect(state.asked).toBe(1);
  });

  it('renews once for all tabs, and takes what another tab has renewed', async () => {
    const { state, ask } = issuer();
    const { tab } = browser();
    const [one, other] = [renewing(ask, { keyStore: tab() }), renewing(ask, { keyStore: tab() })];
    const first = await one();
    await other();
    advance(80_000);
    await one();
    await vi.waitFor(async () => expect((await one()).accessKey).not.toBe(first.accessKey));
    expect((await other()).accessKey).toBe(first.accessKey);
    await vi.waitFor(async () => expect((await other()).accessKey).toBe((await one()).accessKey));
    expect(state.asked).toBe(2);
  });

  it('counts the life of a kept session from when it was asked for, by the clock', async () => {
    const { state, ask } = issuer();
    const { tab } = browser();
    await renewing(ask, { keyStore: tab() })();
    advance(60_000);
    const later = renewing(ask, { keyStore: tab() });
    await later();
    advance(39_999);
    expect(state.asked).toBe(1);
    advance(1);
    await later();
    expect(state.asked).toBe(2);
  });

  it('uses no kept session that has ended', async () => {
    const { state, ask } = issuer();
    const { tab } = browser();
    await renewing(ask, { keyStore: tab() })();
    advance(100_000);
    await renewing(ask, { keyStore: tab() })();
    expect(state.asked).toBe(2);
  });

  it('replaces a kept session that is refused, in all tabs', async () => {
    const { state, ask } = issuer();
    const { tab } = browser();
    const revoked = await renewing(ask, { keyStore: tab() })();
    const refusing = () => {
      const session = renewing(ask, { keyStore: tab() });
      return session.fetch(async () => {
        const { accessKey } = await session();
        const headers = { 'www-authenticate': 'Countersign error="revoked_key"' };
        return accessKey === revoked.accessKey ? new Response(null, { status: 401, headers }) : new Response('ok');
      });
    };
    for (const call of [refusing(), refusing()]) expect((await call('https://api.example.com/')).status).toBe(200);
    expect(state.asked).toBe(2);
  });

  it('uses no kept session of another subject', async () => {
    const { tab } = browser();
    let asked = 0;
    const ask =
      (subject: string) =>
      async ({ publicKey = '' }: SessionRequest) => {
        asked++;
        return issueBoundSession(parent, { expiresIn: 100, publicKey, subject });
      };
    await renewing(ask('ada'), { keyStore: tab() })();
    for (const _ of [1, 2]) {
      const { accessKey } = await renewing(ask('bob'), { subject: 'bob', keyStore: tab() })();
      const [claims = ''] = accessKey.split('~p1.')[1]?.split('.') ?? [];
      expect(JSON.parse(Buffer.from(claims, 'base64url').toString()).u).toBe('bob');
    }
    expect(asked).toBe(2);
  });

  it('does not believe a kept session that was asked for later than now', async () => {
    const { state, ask } = issuer();
    const { tab } = browser();
    await renewing(ask, { keyStore: tab() })();
    await renewing(ask, { keyStore: tab(), clock: () => Date.now() - 3_600_000 })();
    expect(state.asked).toBe(2);
  });

  it('forgets in all tabs, and deletes what is kept', async () => {
    const { state, ask } = issuer();
    const { tab, kept } = browser();
    const [one, other] = [renewing(ask, { keyStore: tab() }), renewing(ask, { keyStore: tab() })];
    const first = await one();
    await other();
    await one.forget();
    expect(kept()).toBeUndefined();
    expect((await other()).accessKey).not.toBe(first.accessKey);
    expect(state.asked).toBe(2);
  });

  it('uses no key that is being deleted', async () => {
    const { ask, state } = issuer();
    const session = renewing(ask, { keyStore: browser().tab() });
    const first = await session();
    const gone = session.forget();
    expect((await session()).accessKey).not.toBe(first.accessKey);
    await gone;
    expect(state.asked).toBe(2);
  });

  it('keeps nothing that was asked for before forget()', async () => {
    const { ask } = issuer();
    const { tab, kept } = browser();
    const session: ReturnType<typeof renewing> = renewing(
      async (request) => {
        await session.forget();
        return ask(request);
      },
      { keyStore: tab() },
    );
    await expect(session()).rejects.toMatchObject({ code: 'session_unavailable' });
    expect(kept()).toBeUndefined();
  });

  it.each<[string, (publicKey: string) => Promise<object>]>([
    [
      'to another key',
      async () => issueBoundSession(parent, { expiresIn: 60, publicKey: (await generate()).publicKey }),
    ],
    ['to no key, without a secret', async () => ({ accessKey: issueSession(parent, { expiresIn: 60 }).accessKey })],
  ])('refuses a session that is bound %s', async (_, issue) => {
    const session = renewing(async ({ publicKey = '' }) => Response.json(await issue(publicKey)), {
      keyStore: browser().tab(),
    });
    await expect(session()).rejects.toMatchObject({ code: 'session_unavailable' });
  });

  it('names keyStore if a session is bound and there is none', async () => {
    const { publicKey } = await generate();
    const session = renewing(() => issueBoundSession(parent, { expiresIn: 60, publicKey }));
    await expect(session()).rejects.toThrow('keyStore');
  });
});

describe('renewing', () => {
  it('renews a session whose life is no longer than early once in half of its life', async () => {
    let asked = 0;
    const issue = () => {
      asked++;
      return issueSession(parent, { expiresIn: 60 });
    };
    const session = renewing(issue, { early: 60 });
    for (let i = 0; i < 10; i++) await session();
    expect(asked).toBe(1);
    advance(29_999);
    await session();
    expect(asked).toBe(1);
    advance(1);
    await session();
    expect(asked).toBe(2);
  });

  it('waits for the issuer as long as it is set to, then aborts and says so', async () => {
    let signal: AbortSignal | undefined;
    const promise = new Promise<Response>(() => undefined);
    const session = renewing(
      (request) => {
        signal = request.signal;
        return promise;
      },
      { timeout: 50 },
    );
    await expect(session()).rejects.toMatchObject({
      code: 'session_unavailable',
      message: expect.stringContaining('50 milliseconds'),
    });
    expect(signal?.aborted).toBe(true);
    // And waits a second before it asks again, as after every failure.
    await expect(session()).rejects.toMatchObject({ code: 'session_unavailable' });
  });

  it('leaves other tabs free if the issuer does not respond', async () => {
    const { ask, state } = issuer();
    const { tab } = browser();
    const promise = new Promise<Response>(() => undefined);
    const stuck = renewing(() => promise, { timeout: 50, keyStore: tab() });
    await expect(stuck()).rejects.toMatchObject({ code: 'session_unavailable' });
    await renewing(ask, { keyStore: tab() })();
    expect(state.asked).toBe(1);
  });

  it.each([{ timeout: 0 }, { timeout: Number.NaN }, { timeout: 2 ** 31 }, { keyStore: {} }, { keyStore: 'shop' }])(
    'refuses %o',
    (options) => {
      expect(() => renewing(() => issueSession(parent, { expiresIn: 60 }), options as object)).toThrow(
        expect.objectContaining({ code: 'invalid_configuration' }),
      );
    },
  );
});

describe('browserKeyStore', () => {
  const missing = { code: 'invalid_configuration', message: expect.stringContaining('jsdom') };
  const windows = {
    'a server': {},
    jsdom: new JSDOM('', { url: 'https://shop.example/' }).window,
    'happy-dom': new Window(),
  };

  it.each(Object.entries(windows))('says what is missing in %s, when it is used and not before', async (_, window) => {
    vi.stubGlobal('indexedDB', (window as { indexedDB?: unknown }).indexedDB);
    const keyStore = browserKeyStore('user-7');
    await expect(keyStore.open()).rejects.toMatchObject(missing);
    const session = renewing(issuer().ask, { keyStore });
    await expect(session()).rejects.toMatchObject(missing);
    await expect(session.forget()).rejects.toMatchObject(missing);
  });

  it.each(['', 'a b', 'a/b', 'x'.repeat(65), undefined, 7])('has no name %o', (name) => {
    expect(() => browserKeyStore(name as string)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});

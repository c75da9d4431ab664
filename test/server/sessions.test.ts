import { createSigner, generateCredentials, issueSession } from 'countersign';
import { defineScheme, githubWebhooks } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { judge, noon, outcomeOf, received, refusal } from './rig.ts';
import { accepted, derived, encoded, forged, outcome, plain, schemeNames, seconds, sessionRig } from './session-rig.ts';

describe.each(schemeNames)('a session that signs by %s', (scheme) => {
  it('is accepted as its parent, with what the session says', async () => {
    const { verifier, signed, parent, clock, events } = sessionRig(scheme);
    const session = issueSession(parent, { expiresIn: 900, subject: 'user-7', scopes: ['orders:read'], clock });
    expect(session.expiresAt).toBe(noon + 900_000);
    const { principal } = await accepted(verifier, signed(session));
    const [claims = ''] = session.accessKey.split('~s1.').slice(1);
    const { i } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    expect(principal).toEqual({
      accessKey: parent.accessKey,
      service: 'shop',
      environment: undefined,
      scopes: ['orders:read'],
      session: { id: i, subject: 'user-7', issuedAt: noon, expiresAt: noon + 900_000, bound: false },
    });
    expect(events[0]).toMatchObject({
      accessKey: parent.accessKey,
      sessionId: i,
      subject: 'user-7',
      secretId: 'first',
    });
  });

  it('has the secret that the design derives', () => {
    const { parent, clock } = sessionRig(scheme);
    const session = issueSession(parent, { expiresIn: 60, clock });
    expect(session.secret).toBe(derived(parent.secret, session.accessKey));
    const narrower = issueSession(session, { expiresIn: 30, clock });
    expect(narrower.secret).toBe(derived(session.secret, narrower.accessKey));
  });

  it('is accepted again and again, each request once', async () => {
    const { verifier, signed, parent, clock } = sessionRig(scheme);
    const session = issueSession(parent, { expiresIn: 900, clock });
    const parts = signed(session);
    expect(await judge(verifier, parts)).toBe('ok');
    expect(await judge(verifier, parts)).toBe('replayed_request');
    expect(await judge(verifier, signed(session))).toBe('ok');
  });

  it('may be narrowed twice, and no further', async () => {
    const at = sessionRig(scheme);
    const { parent, clock, verifier, signed } = at;
    const first = issueSession(parent, {
      expiresIn: 900,
      scopes: ['orders:read', 'orders:write'],
      subject: 'u',
      clock,
    });
    const second = issueSession(first, { expiresIn: 600, methods: ['get', 'POST'], paths: ['/v1'], clock });
    const third = issueSession(second, { expiresIn: 60, scopes: ['orders:read'], methods: ['GET'], clock });
    const { principal } = await accepted(verifier, signed(third));
    expect(principal).toMatchObject({ scopes: ['orders:read'], session: { subject: 'u', expiresAt: noon + 900_000 } });
    expect(await outcome(at, third, { method: 'POST' })).toBe('session_not_allowed');
    expect(await outcome(at, third, { target: '/v2' })).toBe('session_not_allowed');
    expect(() => issueSession(third, { expiresIn: 1, clock })).toThrow('at most 3 sessions');
  });

  it.each<[string, Record<string, unknown>]>([
    ['an end a second later', { e: plain.e + 1 }],
    ['a time of issue a second earlier', { b: plain.b - 1 }],
    ['a time of issue a second later', { b: plain.b + 1 }],
    ['another id', { i: 'AAAAAAAAAAAAAAAB' }],
    ['another subject', { u: 'user-8' }],
    ['a scope more', { s: ['orders:read', 'orders:write'] }],
    ['no scopes, which are all', { s: undefined }],
    ['a method more', { m: ['GET', 'POST'] }],
    ['a path above', { p: ['/'] }],
    ['no paths, which are all', { p: undefined }],
    ['another origin', { o: ['https://evil.example'] }],
    ['no origins, which are all', { o: undefined }],
  ])('cannot have its claims changed to %s', async (_, change) => {
    const at = sessionRig(scheme);
    const origin = 'https://app.example.com';
    const claims = { ...plain, u: 'user-7', s: ['orders:read'], m: ['GET'], p: ['/v1'], o: [origin] };
    const honest = forged(at.parent, claims);
    expect(await outcome(at, honest, { headers: { origin } })).toBe('ok');
    const changed = {
      accessKey: `${at.parent.accessKey}~s1.${encoded({ ...claims, ...change })}`,
      secret: honest.secret,
    };
    expect(await outcome(at, changed, { headers: { origin } })).toBe('signature_mismatch');
    expect(at.claimed).toHaveLength(1);
  });

  it('belongs to its own parent alone', async () => {
    const at = sessionRig(scheme);
    const other = generateCredentials();
    const stranger = forged({ accessKey: other.accessKey, secret: at.parent.secret }, plain);
    expect(await outcome(at, stranger)).toBe('unknown_key');
    const stolen = { ...forged({ ...at.parent, secret: other.secret }, plain) };
    expect(await outcome(at, stolen)).toBe('signature_mismatch');
  });

  it('does not sign as its parent, nor the parent as the session', async () => {
    const at = sessionRig(scheme);
    const session = forged(at.parent, plain);
    expect(await outcome(at, { ...session, accessKey: at.parent.accessKey })).toBe('signature_mismatch');
    expect(await outcome(at, { ...session, secret: at.parent.secret })).toBe('signature_mismatch');
  });

  it('is of no use with its chain cut short, continued with the secret before, or put together from two', async () => {
    const at = sessionRig(scheme);
    const one = forged(at.parent, plain, { ...plain, s: ['orders:read'] });
    const two = forged(at.parent, { ...plain, i: 'BBBBBBBBBBBBBBBB' }, { ...plain, m: ['GET'] });
    expect(await outcome(at, one)).toBe('ok');
    const [head = '', tail = ''] = one.accessKey.split(/~(?!s1)/);
    const [, otherTail = ''] = two.accessKey.split(/~(?!s1)/);
    for (const accessKey of [head, `${head}~${otherTail}`, `${head}~${tail}~${tail}`, `${two.accessKey}~${tail}`]) {
      expect(await outcome(at, { accessKey, secret: one.secret }), accessKey).toBe('signature_mismatch');
      expect(await outcome(at, { accessKey, secret: two.secret }), accessKey).toBe('signature_mismatch');
    }
  });

  it('begins at the tolerance before its time of issue, and ends at its end to the millisecond', async () => {
    const at = sessionRig(scheme);
    const session = forged(at.parent, plain);
    for (const [now, expected] of [
      [noon - 301_000, 'inactive_key'],
      [noon - 300_000, 'ok'],
      [noon + 899_999, 'ok'],
      [noon + 900_000, 'expired_key'],
    ] as const) {
      at.time.now = now;
      expect(await outcome(at, session), `${now - noon}`).toBe(expected);
    }
  });

  it('ends with the secret that it was derived from', async () => {
    const { accessKey } = generateCredentials();
    const [old, young] = ['an old secret of 16 bytes', 'a new secret of 16 bytes'] as const;
    const secrets = [
      { id: 'old', secret: old, expiresAt: noon + 60_000 },
      { id: 'new', secret: young },
    ];
    const at = sessionRig(scheme, { record: { accessKey, secrets } });
    const sessions = [old, young].map((secret) => forged({ accessKey, secret }, plain));
    const codes = async () => {
      const found: string[] = [];
      for (const session of sessions) found.push(await outcome(at, session));
      return found;
    };
    expect(await codes()).toEqual(['ok', 'ok']);
    expect(at.events.map((event) => event.secretId)).toEqual(['old', 'new']);
    at.time.now = noon + 60_000;
    expect(await codes()).toEqual(['retired_secret', 'ok']);
  });

  it('ends with a secret that ends in place, also if a getter of a class has the end', async () => {
    const { accessKey, secret } = generateCredentials();
    class Stored {
      readonly secret = secret;
      end = noon + 60_000;
      get expiresAt() {
        return this.end;
      }
    }
    const stored = new Stored();
    const record = { accessKey, service: 'shop', secrets: [stored] };
    const at = sessionRig(scheme, { keys: { find: () => record } });
    const session = forged({ accessKey, secret }, plain);
    expect(await outcome(at, session)).toBe('ok');
    stored.end = noon;
    expect(await outcome(at, session)).toBe('retired_secret');
    expect(await outcome(at, forged({ accessKey, secret }, { ...plain, i: 'BBBBBBBBBBBBBBBB' }))).toBe(
      'retired_secret',
    );
  });

  it('ends with its parent', async () => {
    for (const [change, code] of [
      [{ revoked: true }, 'revoked_key'],
      [{ expiresAt: noon }, 'expired_key'],
      [{ schemes: ['other'] }, 'scheme_not_allowed'],
      [{ addresses: ['192.0.2.1'] }, 'address_not_allowed'],
    ] as const) {
      const at = sessionRig(scheme, { record: change });
      expect(await outcome(at, forged(at.parent, plain))).toBe(code);
    }
  });
});

describe('the subject', () => {
  it('has one spelling for one text, and another for every other', async () => {
    const at = sessionRig();
    for (const [subject, spelled] of [
      ['a\u00fc', 'a%C3%BC'],
      ['a%C3%BC', 'a%25C3%25BC'],
      ['100%', '100%25'],
    ] as const) {
      const session = issueSession(at.parent, { expiresIn: 60, subject, clock: at.clock });
      expect((await accepted(at.verifier, at.signed(session))).principal.session?.subject).toBe(spelled);
    }
  });

  it.each([null, 7])('may not be %o', (subject) => {
    const { parent } = sessionRig();
    const options = { expiresIn: 60, subject: subject as unknown as string };
    expect(() => issueSession(parent, options)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});

describe('a narrowed session', () => {
  it('is known by what its issuer stated: the id, the subject and the times of the first link', async () => {
    const at = sessionRig();
    const first = { ...plain, u: 'user-7' };
    const second = { ...plain, i: 'BBBBBBBBBBBBBBBB', b: plain.b + 100, e: plain.e - 100 };
    at.time.now += 100_000;
    const { principal } = await accepted(at.verifier, at.signed(forged(at.parent, first, second)));
    const [issuedAt, expiresAt] = [plain.b * 1000, plain.e * 1000];
    expect(principal.session).toEqual({ id: plain.i, subject: 'user-7', issuedAt, expiresAt, bound: false });
    expect(at.events[0]).toMatchObject({ sessionId: plain.i, subject: 'user-7' });
  });

  it('begins with its last link, and may repeat the subject', async () => {
    const at = sessionRig();
    const later = { ...plain, u: 'user-7', b: plain.b + 301 };
    expect(await outcome(at, forged(at.parent, { ...plain, u: 'user-7' }, later))).toBe('inactive_key');
    const again = { ...later, b: plain.b + 300 };
    expect(await outcome(at, forged(at.parent, { ...plain, u: 'user-7' }, again))).toBe('ok');
    expect(await outcome(at, forged(at.parent, { ...plain, u: 'user-7' }, again, plain))).toBe('malformed_field');
  });

  it('is issued without a subject: its holder may name nobody', () => {
    const { parent, clock } = sessionRig();
    for (const subject of [undefined, 'user-7']) {
      const session = issueSession(parent, { expiresIn: 60, clock, ...(subject && { subject }) });
      expect(() => issueSession(session, { expiresIn: 60, subject: 'user-7', clock })).toThrow(
        expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining('subject') }),
      );
    }
  });
});

describe('a session', () => {
  it.each<[string, NonNullable<Parameters<typeof sessionRig>[1]>, number, string]>([
    ['is refused where its parent issues none', { record: { sessions: false } }, 1, 'session_not_allowed'],
    ['may last a day', {}, 86_400, 'ok'],
    ['may not last longer', {}, 86_401, 'session_not_allowed'],
    ['may last as long as its parent allows', { record: { sessions: { maxLifetime: 60 } } }, 60, 'ok'],
    ['may not last longer than that', { record: { sessions: { maxLifetime: 60 } } }, 61, 'session_not_allowed'],
    ['may last as long as the verifier allows', { maxSessionLifetime: 100_000 }, 100_000, 'ok'],
    [
      'never lasts longer than the verifier allows',
      { maxSessionLifetime: 60, record: { sessions: { maxLifetime: 900 } } },
      61,
      'session_not_allowed',
    ],
  ])('%s', async (_, options, life, code) => {
    const at = sessionRig('countersign-v1', options);
    expect(await outcome(at, forged(at.parent, { ...plain, e: seconds + life }))).toBe(code);
  });

  it('cannot hide a life that is too long behind a shorter link', async () => {
    const at = sessionRig();
    const chain = forged(at.parent, { ...plain, e: seconds + 86_401 }, plain);
    expect(await outcome(at, chain)).toBe('session_not_allowed');
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['a later end', {}, { e: plain.e + 1 }],
    ['an earlier time of issue', {}, { b: plain.b - 1 }],
    ['another subject', { u: 'a' }, { u: 'b' }],
    ['another subject', {}, { u: 'admin' }],
    ['a scope more', { s: ['a'] }, { s: ['a', 'b'] }],
    ['a method more', { m: ['GET'] }, { m: ['GET', 'POST'] }],
    ['a path more', { p: ['/v1/a'] }, { p: ['/v1'] }],
    ['a path more', { p: ['/v1/a'] }, { p: ['/v1/a/b', '/v1/ab'] }],
    ['other origins', { o: ['https://a.example', 'https://b.example'] }, { o: ['https://a.example'] }],
  ])('is refused if a link has %s', async (found, first, second) => {
    const at = sessionRig();
    const result = await at.verifier.verify(
      received(at.signed(forged(at.parent, { ...plain, ...first }, { ...plain, ...second }))),
    );
    expect(outcomeOf(result)).toBe('malformed_field');
    expect(refusal(result).error.message).toContain(found);
  });

  it('has scopes with % and other letters than ASCII, each as its record spells it', async () => {
    const scopes = ['50%', '50%25', 'größe', 'plain'];
    const at = sessionRig('countersign-v1', { record: { scopes } });
    for (const scope of scopes) {
      const session = issueSession(at.parent, { expiresIn: 900, scopes: [scope], clock: at.clock });
      expect((await accepted(at.verifier, at.signed(session))).principal.scopes).toEqual([scope]);
    }
  });

  it('has the scopes alone that parent and session both name', async () => {
    const at = sessionRig();
    const session = forged(at.parent, { ...plain, s: ['admin', 'orders:read'] });
    const result = await accepted(at.verifier, at.signed(session));
    expect(result.principal.scopes).toEqual(['orders:read']);
    expect(await result.checkScope('orders:read')).toBeUndefined();
    for (const scope of ['admin', 'orders:write']) {
      expect((await result.checkScope(scope))?.error.code).toBe('insufficient_scope');
      const again = await at.verifier.verify(received(at.signed(session)), { scope });
      expect(outcomeOf(again)).toBe('insufficient_scope');
    }
  });

  it('is refused for a method that it does not name, and HEAD is not GET', async () => {
    const at = sessionRig();
    const session = forged(at.parent, { ...plain, m: ['GET'] });
    expect(await outcome(at, session, { method: 'GET' })).toBe('ok');
    for (const method of ['HEAD', 'POST', 'DELETE']) {
      expect(await outcome(at, session, { method })).toBe('session_not_allowed');
    }
  });

  it('is refused without one of its origins', async () => {
    const at = sessionRig();
    const session = forged(at.parent, { ...plain, o: ['https://a.example', 'https://b.example'] });
    for (const origin of ['https://a.example', 'https://b.example']) {
      expect(await outcome(at, session, { headers: { origin } })).toBe('ok');
    }
    const others = ['https://c.example', 'null', 'https://A.example', 'https://a.example, https://b.example', ''];
    expect(await outcome(at, session)).toBe('session_not_allowed');
    for (const origin of others)
      expect(await outcome(at, session, { headers: { origin } })).toBe('session_not_allowed');
  });

  it('names its code to its holder, and to nobody else', async () => {
    const at = sessionRig();
    const session = forged(at.parent, plain);
    at.time.now = noon + 900_000;
    const codeOf = async (of: { accessKey: string; secret: string }) =>
      JSON.parse(refusal(await at.verifier.verify(received(at.signed(of)))).response.body).code;
    expect(await codeOf(session)).toBe('expired_key');
    expect(await codeOf({ ...session, secret: 'another secret of 16 bytes' })).toBe('invalid_signature');
  });

  it('shares the budget of its parent', async () => {
    const keys: string[] = [];
    const byKey = { consume: async (key: string) => void keys.push(key) };
    const at = sessionRig('countersign-v1', { limits: { byKey } });
    await outcome(at, forged(at.parent, plain));
    expect(keys).toEqual([at.parent.accessKey]);
  });

  it('claims nonces for its parent, so that a chain of sessions evades no limit, and apart from its siblings', async () => {
    const claims: string[] = [];
    const seen = memoryReplay({ clock: () => noon });
    const replay = {
      claim(...given: Parameters<typeof seen.claim>) {
        claims.push(given[0]);
        return seen.claim(...given);
      },
    };
    const at = sessionRig('countersign-v1', { replay });
    const sessions = [plain, { ...plain, i: 'BBBBBBBBBBBBBBBB' }].map((claim) => forged(at.parent, claim));
    for (const session of [...sessions, at.parent]) {
      const signer = createSigner({ ...session, clock: at.clock, nonce: () => 'the-same-nonce-each-time' });
      const request = await signer.sign('https://api.example.com/v1/orders');
      expect(outcomeOf(await at.verifier.verify(request))).toBe('ok');
      expect(outcomeOf(await at.verifier.verify(request))).toBe('replayed_request');
    }
    expect(new Set(claims)).toEqual(new Set([at.parent.accessKey]));
  });

  it('costs one look-up, of the parent', async () => {
    const { accessKey, secret } = generateCredentials();
    const found: string[] = [];
    const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
    const at = sessionRig('countersign-v1', {
      keys: {
        find(name) {
          found.push(name);
          return keys.find(name);
        },
      },
    });
    expect(await outcome(at, forged({ accessKey, secret }, plain, plain))).toBe('ok');
    expect(found).toEqual([accessKey]);
  });
});

describe('a parent that can derive no secrets', () => {
  it('is refused if its secret is a CryptoKey', async () => {
    const bytes = new TextEncoder().encode('a secret of more than 16 bytes');
    const secret = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
      'verify',
    ]);
    const { accessKey } = generateCredentials();
    const at = sessionRig('countersign-v1', { record: { accessKey, secrets: [{ secret }] } });
    const session = forged({ accessKey, secret: 'a secret of more than 16 bytes' }, plain);
    const { error } = refusal(await at.verifier.verify(received(at.signed(session))));
    expect(error).toMatchObject({ code: 'signature_mismatch', message: expect.stringContaining('CryptoKey') });
    expect(() => issueSession({ accessKey, secret }, { expiresIn: 60 })).toThrow('CryptoKey');
  });

  it('is refused if its secret also signs strings that begin as others choose', async () => {
    const github = defineScheme(githubWebhooks);
    const { accessKey, secret } = generateCredentials();
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay({ clock: () => noon }),
      clock: () => noon,
      scheme: github,
      acceptFindings: ['no-timestamp'],
    });
    // A stranger has a body of its choice delivered, and the signature is the secret of a session.
    const name = `${accessKey}~s1.${encoded(plain)}`;
    const hooks = createSigner({ accessKey, secret, scheme: github });
    const url = 'https://hooks.example.com/';
    const delivered = await hooks.sign(url, { method: 'POST', body: `countersign-session1\n${name}` });
    const mac = delivered.headers.get('X-Hub-Signature-256')?.slice('sha256='.length) ?? '';
    const stolen = Buffer.from(mac, 'hex').toString('base64url');
    expect(stolen).toBe(derived(secret, name));
    const signer = createSigner({ accessKey: name, secret: stolen, scheme: github });
    const request = await signer.sign(url, { method: 'POST', body: '{}' });
    const { error } = refusal(await verifier.verify(request, { accessKey: name }));
    expect(error.code).toBe('signature_mismatch');
    expect(error.message).toContain('github-webhooks');
  });
});

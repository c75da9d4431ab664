import { createSigner, generateCredentials, issueBoundSession, issueSession } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import { countersignV1, createVerifier, memoryKeys, memoryReplay, memoryRevokedSessions } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { boundKey, boundRig, claimsFor, curves, newPair, tagOf } from './bound-rig.ts';
import { judge, noon, outcomeOf, received, refusal, rig } from './rig.ts';
import { accepted, derived, encoded, forged, plain } from './session-rig.ts';

describe.each(curves)('a session that is bound to a key pair of %s', (curve) => {
  it('is accepted as its parent, with what the session says', async () => {
    const at = boundRig();
    const pair = await newPair(curve);
    const options = { expiresIn: 900, subject: 'user-7', scopes: ['orders:read'], publicKey: pair.k, clock: at.clock };
    const session = issueBoundSession(at.parent, options);
    expect(Object.keys(session)).toEqual(['accessKey', 'expiresAt']);
    expect(session.expiresAt).toBe(noon + 900_000);
    const { principal } = await accepted(at.verifier, await at.sign(session.accessKey, pair.privateKey));
    expect(principal).toEqual({
      accessKey: at.parent.accessKey,
      service: 'shop',
      environment: undefined,
      scopes: ['orders:read'],
      session: {
        id: expect.stringMatching(/^[\w-]{16}$/),
        subject: 'user-7',
        issuedAt: noon,
        expiresAt: noon + 900_000,
        bound: true,
      },
    });
    expect(at.events[0]).toMatchObject({
      accessKey: at.parent.accessKey,
      sessionId: principal.session?.id,
      subject: 'user-7',
      secretId: 'first',
    });
  });

  it('has the tag that the design says', async () => {
    const at = boundRig();
    const { k } = await newPair(curve);
    const { accessKey } = issueBoundSession(at.parent, { expiresIn: 60, publicKey: k, clock: at.clock });
    const end = accessKey.lastIndexOf('.');
    expect(accessKey.slice(end + 1)).toBe(tagOf(at.parent.secret, accessKey.slice(0, end)));
    expect(JSON.parse(Buffer.from(accessKey.split('.')[1] ?? '', 'base64url').toString())).toEqual({
      i: expect.any(String),
      e: noon / 1000 + 60,
      b: noon / 1000,
      k,
    });
  });

  it('is accepted again and again, each request once', async () => {
    const at = boundRig();
    const pair = await newPair(curve);
    const accessKey = boundKey(at.parent, claimsFor(pair));
    const parts = await at.sign(accessKey, pair.privateKey);
    expect(await judge(at.verifier, parts)).toBe('ok');
    expect(await judge(at.verifier, parts)).toBe('replayed_request');
    expect(await at.outcome(accessKey, pair.privateKey)).toBe('ok');
  });

  it('is of no use without its private key', async () => {
    const at = boundRig();
    const [pair, same, other] = await Promise.all([
      newPair(curve),
      newPair(curve),
      newPair(curve === 'P-256' ? 'Ed25519' : 'P-256'),
    ]);
    const accessKey = boundKey(at.parent, claimsFor(pair));
    const tag = accessKey.slice(accessKey.lastIndexOf('.') + 1);
    const raw = Buffer.from(pair.k, 'base64url');
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
    for (const secret of [same.privateKey, other.privateKey, pair.k, raw, spki, tag, at.parent.secret]) {
      expect(await at.outcome(accessKey, secret)).toBe('signature_mismatch');
      expect(at.claimed).toEqual([]);
    }
    // As if it were an access key of a session that is not bound.
    const derivedSecret = derived(at.parent.secret, accessKey);
    expect(await at.outcome(accessKey, derivedSecret)).toBe('signature_mismatch');
    expect(await at.outcome(accessKey, pair.privateKey)).toBe('ok');
  });

  it('takes the algorithm from its key, never from the message', async () => {
    const at = boundRig();
    const pair = await newPair(curve);
    const accessKey = boundKey(at.parent, claimsFor(pair));
    const own = curve === 'P-256' ? 'ecdsa-p256-sha256' : 'ed25519';
    for (const alg of [own, 'hmac-sha256', 'ed25519', 'ecdsa-p256-sha256', 'ecdsa-p384-sha384', 'none']) {
      const parts = await at.sign(accessKey, pair.privateKey);
      const input = parts.headers['signature-input']?.replace(/;alg="[^"]*"|$/, `;alg="${alg}"`) ?? '';
      const changed = { ...parts, headers: { ...parts.headers, 'signature-input': input } };
      const isSame = input === parts.headers['signature-input'];
      expect(await judge(at.verifier, changed), alg).toBe(isSame ? 'ok' : 'signature_mismatch');
    }
  });

  it.each<[string, Record<string, unknown>]>([
    ['an end a second later', { e: plain.e + 1 }],
    ['a time of issue a second earlier', { b: plain.b - 1 }],
    ['another id', { i: 'AAAAAAAAAAAAAAAB' }],
    ['another subject', { u: 'user-8' }],
    ['a scope more', { s: ['orders:read', 'orders:write'] }],
    ['no scopes, which are all', { s: undefined }],
    ['a method more', { m: ['GET', 'POST'] }],
    ['a path above', { p: ['/'] }],
    ['no origins, which are all', { o: undefined }],
  ])('cannot have its claims changed to %s', async (_, change) => {
    const at = boundRig();
    const pair = await newPair(curve);
    const headers = { origin: 'https://app.example.com' };
    const claims = {
      ...plain,
      u: 'user-7',
      s: ['orders:read'],
      m: ['GET'],
      p: ['/v1'],
      o: [headers.origin],
      k: pair.k,
    };
    const honest = boundKey(at.parent, claims);
    expect(await at.outcome(honest, pair.privateKey, { headers })).toBe('ok');
    const tag = honest.slice(honest.lastIndexOf('.'));
    const changed = `${at.parent.accessKey}~p1.${encoded({ ...claims, ...change })}${tag}`;
    expect(await at.outcome(changed, pair.privateKey, { headers })).toBe('signature_mismatch');
  });

  it('cannot have its key exchanged, nor the tag of another session or parent', async () => {
    const at = boundRig();
    const [pair, thief, other] = await Promise.all([newPair(curve), newPair(curve), newPair('P-256')]);
    const honest = boundKey(at.parent, claimsFor(pair));
    const tag = honest.slice(honest.lastIndexOf('.'));
    for (const { k, privateKey } of [thief, other]) {
      const stolen = `${at.parent.accessKey}~p1.${encoded({ ...plain, k })}${tag}`;
      expect(await at.outcome(stolen, privateKey)).toBe('signature_mismatch');
    }
    const stranger = generateCredentials();
    const untagged = `${at.parent.accessKey}~p1.${encoded(claimsFor(thief))}`;
    for (const secret of [stranger.secret, thief.k, Buffer.from(thief.k, 'base64url'), new Uint8Array(32)]) {
      const accessKey = `${untagged}.${tagOf(secret, untagged)}`;
      expect(await at.outcome(accessKey, thief.privateKey)).toBe('signature_mismatch');
    }
    const domain = `${untagged}.${forged(at.parent, claimsFor(thief)).secret}`;
    expect(await at.outcome(domain, thief.privateKey)).toBe('signature_mismatch');
    const otherName = boundKey({ accessKey: stranger.accessKey, secret: at.parent.secret }, claimsFor(thief));
    expect(await at.outcome(otherName, thief.privateKey)).toBe('unknown_key');
    expect(at.claimed).toEqual([]);
  });

  it('begins at the tolerance before its time of issue, and ends at its end to the millisecond', async () => {
    const at = boundRig();
    const pair = await newPair(curve);
    for (const [now, expected] of [
      [noon - 301_000, 'inactive_key'],
      [noon - 300_000, 'ok'],
      [noon + 899_999, 'ok'],
      [noon + 900_000, 'expired_key'],
    ] as const) {
      at.time.now = now;
      expect(await at.outcome(boundKey(at.parent, claimsFor(pair)), pair.privateKey)).toBe(expected);
    }
  });
});

describe('a bound session', () => {
  it('ends with the secret that made its tag, and with its parent', async () => {
    const { accessKey } = generateCredentials();
    const [old, young] = ['an old secret of 16 bytes', 'a new secret of 16 bytes'] as const;
    const secrets = [
      { id: 'old', secret: old, expiresAt: noon + 60_000 },
      { id: 'new', secret: young },
    ];
    const at = boundRig({ record: { accessKey, secrets } });
    const pair = await newPair('Ed25519');
    const keys = [old, young].map((secret) => boundKey({ accessKey, secret }, claimsFor(pair)));
    const codes = async () => {
      const found: string[] = [];
      for (const key of keys) found.push(await at.outcome(key, pair.privateKey));
      return found;
    };
    expect(await codes()).toEqual(['ok', 'ok']);
    expect(at.events.map((event) => event.secretId)).toEqual(['old', 'new']);
    at.time.now = noon + 60_000;
    expect(await codes()).toEqual(['retired_secret', 'ok']);
    const states = [
      [{ revoked: true }, 'revoked_key'],
      [{ expiresAt: noon }, 'expired_key'],
      [{ notBefore: noon + 1 }, 'inactive_key'],
      [{ schemes: ['countersign-v1'] }, 'scheme_not_allowed'],
      [{ algorithms: ['hmac-sha256'] }, 'scheme_not_allowed'],
      [{ algorithms: ['ed25519'] }, 'ok'],
      [{ addresses: ['192.0.2.1'] }, 'address_not_allowed'],
      [{ sessions: false }, 'session_not_allowed'],
      [{ sessions: { maxLifetime: 899 } }, 'session_not_allowed'],
    ] as const;
    for (const [record, code] of states) {
      const own = boundRig({ record });
      expect(await own.outcome(boundKey(own.parent, claimsFor(pair)), pair.privateKey)).toBe(code);
    }
  });

  it('ends with a secret that ends in place, also if the session was used before', async () => {
    const { accessKey, secret } = generateCredentials();
    const stored = { secret, expiresAt: noon + 60_000 };
    const record = { accessKey, service: 'shop', secrets: [stored] };
    const at = boundRig({ keys: { find: () => record } });
    const pair = await newPair('Ed25519');
    const own = boundKey({ accessKey, secret }, claimsFor(pair));
    expect(await at.outcome(own, pair.privateKey)).toBe('ok');
    stored.expiresAt = noon;
    expect(await at.outcome(own, pair.privateKey)).toBe('retired_secret');
    Object.assign(stored, { secret: 'another secret of 16 bytes', expiresAt: noon + 60_000 });
    expect(await at.outcome(own, pair.privateKey)).toBe('signature_mismatch');
  });

  it('may be revoked alone', async () => {
    const revokedSessions = memoryRevokedSessions({ clock: () => noon });
    const at = boundRig({ revokedSessions });
    const pair = await newPair('Ed25519');
    const own = boundKey(at.parent, claimsFor(pair));
    const { principal } = await accepted(at.verifier, await at.sign(own, pair.privateKey));
    revokedSessions.revoke(principal);
    expect(await at.outcome(own, pair.privateKey)).toBe('revoked_key');
  });

  it('is refused outside of what it states', async () => {
    const at = boundRig();
    const pair = await newPair('Ed25519');
    for (const claims of [{ m: ['POST'] }, { p: ['/v2'] }, { o: ['https://a.example'] }, { e: plain.b + 86_401 }]) {
      expect(await at.outcome(boundKey(at.parent, claimsFor(pair, claims)), pair.privateKey)).toBe(
        'session_not_allowed',
      );
    }
    const narrow = await at.sign(boundKey(at.parent, claimsFor(pair, { s: ['orders:read'] })), pair.privateKey);
    expect(outcomeOf(await at.verifier.verify(received(narrow), { scope: 'orders:write' }))).toBe('insufficient_scope');
  });

  it('cannot be used by a scheme with shared secrets', async () => {
    const pair = await newPair('Ed25519');
    const at = rig({ scheme: [countersignV1, rfc9421()] });
    const own = boundKey(at, claimsFor(pair));
    for (const secret of [pair.k, at.secret, forged(at, claimsFor(pair)).secret]) {
      const request = await createSigner({ accessKey: own, secret, clock: () => noon }).sign(
        'https://api.example.com/',
      );
      const result = refusal(await at.verifier.verify(request));
      expect(result.error.code).toBe('signature_mismatch');
    }
    const sent = createSigner({ accessKey: own, secret: pair.privateKey, clock: () => noon, scheme: rfc9421() });
    expect(outcomeOf(await at.verifier.verify(await sent.sign('https://api.example.com/')))).toBe('ok');
    expect(() => createSigner({ accessKey: own, secret: pair.privateKey })).toThrow('Ed25519');
  });

  it('is refused where the secret may not sign by rfc9421, or also signs foreign texts', async () => {
    const { accessKey, secret } = generateCredentials();
    const pair = await newPair('Ed25519');
    const at = boundRig({
      scheme: [countersignV1, rfc9421()],
      record: { accessKey, secrets: [{ secret, scheme: 'countersign-v1' }] },
    });
    expect(await at.outcome(boundKey({ accessKey, secret }, claimsFor(pair)), pair.privateKey)).toBe(
      'signature_mismatch',
    );
  });

  it('is no session of a parent with a public key', async () => {
    const pair = await newPair('Ed25519');
    const publicKey = await crypto.subtle.importKey('raw', Buffer.from(pair.k, 'base64url'), 'Ed25519', true, [
      'verify',
    ]);
    const at = boundRig({ record: { secrets: [{ publicKey }] } });
    expect(await at.outcome(boundKey({ ...at.parent, secret: pair.k }, claimsFor(pair)), pair.privateKey)).toBe(
      'signature_mismatch',
    );
  });

  it('names its code to its holder, and to nobody else', async () => {
    const at = boundRig();
    const [pair, thief] = await Promise.all([newPair('Ed25519'), newPair('Ed25519')]);
    at.time.now = noon + 900_000;
    const own = boundKey(at.parent, claimsFor(pair));
    for (const [{ privateKey }, code] of [
      [pair, 'expired_key'],
      [thief, 'invalid_signature'],
    ] as const) {
      const { response } = refusal(await at.verifier.verify(received(await at.sign(own, privateKey))));
      expect(JSON.parse(response.body).code).toBe(code);
    }
  });

  it('has its responses signed by the key of the server alone', async () => {
    const pair = await newPair('Ed25519');
    const at = boundRig();
    const own = boundKey(at.parent, claimsFor(pair));
    const result = await at.verifier.verify(received(await at.sign(own, pair.privateKey)), { countersign: true });
    expect(outcomeOf(result)).toBe('internal_error');
    const server = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
    const verifier = createVerifier({
      scheme: rfc9421(),
      keys: memoryKeys([{ accessKey: at.parent.accessKey, service: 'shop', secrets: [at.parent] }]),
      replay: memoryReplay({ clock: at.clock }),
      clock: at.clock,
      responseKey: { accessKey: 'server', secret: server.privateKey },
    });
    const signed = await verifier.verify(received(await at.sign(own, pair.privateKey)), { countersign: true });
    if (!signed.ok) throw signed.error;
    const { headers } = await signed.countersign(new Response('ok'));
    expect(headers.get('signature-input')).toContain('keyid="server"');
  });
});

describe('issueBoundSession', () => {
  it('takes credentials of a parent alone, and no session narrows a bound one', async () => {
    const parent = generateCredentials();
    const { k, privateKey } = await newPair('Ed25519');
    const options = { expiresIn: 60, publicKey: k };
    const { accessKey } = issueBoundSession(parent, options);
    const refused = expect.objectContaining({ code: 'invalid_credentials' });
    expect(() => issueBoundSession(issueSession(parent, { expiresIn: 60 }), options)).toThrow(refused);
    expect(() => issueBoundSession({ accessKey, secret: parent.secret }, options)).toThrow(refused);
    expect(() => issueBoundSession({ ...parent, secret: privateKey }, options)).toThrow(refused);
    expect(() => issueSession({ accessKey, secret: parent.secret }, { expiresIn: 60 })).toThrow(refused);
    expect(() => issueSession({ accessKey, secret: privateKey }, { expiresIn: 60 })).toThrow(refused);
  });

  it.each<[string, object]>([
    ['no key', { publicKey: undefined }],
    ['an unknown option', { bound: true }],
    ['a life of no seconds', { expiresIn: 0 }],
    ['too many characters', { paths: ['/'.padEnd(700, 'a')] }],
  ])('refuses %s', async (_, change) => {
    const { k } = await newPair('Ed25519');
    expect(() => issueBoundSession(generateCredentials(), { expiresIn: 60, publicKey: k, ...change })).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
  });

  it('leaves publicKey to bound sessions', async () => {
    const { k } = await newPair('Ed25519');
    const options = { expiresIn: 60, publicKey: k };
    expect(() => issueSession(generateCredentials(), options)).toThrow('publicKey');
  });
});

import { generateCredentials, issueSession, SignatureError } from 'countersign';
import { derivedSecrets, managedKeys, memoryKeys, memoryKeyTable } from 'countersign/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSessionKey } from '../../src/core/session/access-key.ts';
import { type Claims, decodeClaims, encodeClaims } from '../../src/core/session/claims.ts';
import { judge, noon } from './rig.ts';
import { encoded, forged, outcome, plain, sessionRig } from './session-rig.ts';

const { i, e, b } = plain;
const whole = { i, e, b, u: 'u', s: ['a', 'b'], m: ['GET'], p: ['/v1'], o: ['https://a.example'] };
const honest = JSON.stringify(whole);

describe('claims have one spelling', () => {
  it.each<[string, string]>([
    ['white space', honest.replace(',', ', ')],
    ['a line break at the end', `${honest}\n`],
    ['another order', JSON.stringify({ e, i, b })],
    ['another order of later claims', JSON.stringify({ i, e, b, s: ['a'], u: 'u' })],
    ['a key twice', `{"i":"${i}","e":${e},"e":${e},"b":${b}}`],
    ['a key twice, with another value first', `{"i":"${i}","e":1,"e":${e},"b":${b}}`],
    ['a key that nobody knows', JSON.stringify({ i, e, b, x: 1 })],
    ['__proto__', `{"i":"${i}","e":${e},"b":${b},"__proto__":{"s":["a"]}}`],
    ['null', JSON.stringify({ i, e, b, u: null })],
    ['an empty subject', JSON.stringify({ i, e, b, u: '' })],
    ['an empty list', JSON.stringify({ i, e, b, s: [] })],
    ['an escaped letter', honest.replace('"u":"u"', '"u":"\\u0075"')],
    ['an escaped slash', honest.replace('/v1', '\\/v1')],
    ['an escaped key', honest.replace('"u"', '"\\u0075"')],
    ['a number with a fraction', honest.replace(`${e}`, `${e}.0`)],
    ['a number with an exponent', honest.replace(`${e}`, '1e10')],
    ['a negative number', JSON.stringify({ i, e, b: -1 })],
    ['minus zero', `{"i":"${i}","e":${e},"b":-0}`],
    ['a number as a string', JSON.stringify({ i, e: `${e}`, b })],
    ['a number of 13 digits', JSON.stringify({ i, e: 1e12, b })],
    ['an end at the time of issue', JSON.stringify({ i, e: b, b })],
    ['no id', JSON.stringify({ e, b })],
    ['no end', JSON.stringify({ i, b })],
    ['no time of issue', JSON.stringify({ i, e })],
    ['an id too short', JSON.stringify({ i: i.slice(1), e, b })],
    ['an id of other characters', JSON.stringify({ i: `${i.slice(1)}.`, e, b })],
    ['a subject too long', JSON.stringify({ i, e, b, u: 'u'.repeat(129) })],
    ['a subject that is not ASCII', JSON.stringify({ i, e, b, u: 'ü' })],
    ['a subject with a line break', JSON.stringify({ i, e, b, u: 'a\nb' })],
    ['a list as a string', JSON.stringify({ i, e, b, s: 'a' })],
    ['an unsorted list', JSON.stringify({ i, e, b, s: ['b', 'a'] })],
    ['an entry twice', JSON.stringify({ i, e, b, s: ['a', 'a'] })],
    ['an empty entry', JSON.stringify({ i, e, b, s: ['', 'a'] })],
    ['an entry that is no string', JSON.stringify({ i, e, b, s: [1] })],
    ['a nested list', JSON.stringify({ i, e, b, s: [['a']] })],
    ['a method in lower case', JSON.stringify({ i, e, b, m: ['get'] })],
    ['a method that is no token', JSON.stringify({ i, e, b, m: ['GET '] })],
    ['a relative path', JSON.stringify({ i, e, b, p: ['v1'] })],
    ['a path with a slash at its end', JSON.stringify({ i, e, b, p: ['/v1/'] })],
    ['a path with a query', JSON.stringify({ i, e, b, p: ['/v1?a'] })],
    ['a path with dot segments', JSON.stringify({ i, e, b, p: ['/v1/../a'] })],
    ['a path with an empty segment', JSON.stringify({ i, e, b, p: ['/v1//a'] })],
    ['a path with an escaped slash', JSON.stringify({ i, e, b, p: ['/v1%2Fa'] })],
    ['a path that is not normalised', JSON.stringify({ i, e, b, p: ['/%61'] })],
    ['an origin with a path', JSON.stringify({ i, e, b, o: ['https://a.example/'] })],
    ['an origin with its default port', JSON.stringify({ i, e, b, o: ['https://a.example:443'] })],
    ['an opaque origin', JSON.stringify({ i, e, b, o: ['null'] })],
    ['an array', '[]'],
    ['nothing', ''],
    ['null alone', 'null'],
    ['no JSON', '{'],
    ['a byte order mark', `\ufeff${honest}`],
  ])('not %s', async (_, text) => {
    const at = sessionRig();
    expect(await outcome(at, forged(at.parent, text))).toBe('malformed_field');
    expect(await outcome(at, forged(at.parent, plain, text))).toBe('malformed_field');
  });

  it('and base64url has one too', async () => {
    const at = sessionRig();
    const name = `${at.parent.accessKey}~s1.`;
    const claims = encoded({ ...plain, u: 'u' });
    // 62 bytes: the last character has two spare bits.
    const spare = claims.replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1));
    expect(Buffer.from(spare, 'base64url')).toEqual(Buffer.from(claims, 'base64url'));
    for (const text of [
      spare,
      `${claims}A`,
      `${claims}.`,
      `~${claims}`,
      `${claims}~`,
      `${claims}~~${claims}`,
      '',
      '~',
    ]) {
      expect(await outcome(at, { accessKey: name + text, secret: 'x'.repeat(43) }), text).toBe('malformed_field');
    }
  });

  it('of which quotes and backslashes are a part', async () => {
    const at = sessionRig();
    expect(await outcome(at, forged(at.parent, { ...plain, u: 'a "b" \\ c' }))).toBe('ok');
  });

  const list = (entry: fc.Arbitrary<string>) =>
    fc.option(
      fc.uniqueArray(entry, { minLength: 1, maxLength: 3 }).map((all) => all.sort()),
      { nil: undefined },
    );
  const printable = fc.string({
    unit: fc.constantFrom('a', ' ', '"', '\\', '/', '~', '%'),
    minLength: 1,
    maxLength: 5,
  });
  const claims: fc.Arbitrary<Claims> = fc.record({
    i: fc.constantFrom('AAAAAAAAAAAAAAAA', 'abc-_0123456789Z'),
    e: fc.integer({ min: 1001, max: 999_999_999_999 }),
    b: fc.integer({ min: 0, max: 1000 }),
    u: fc.option(printable, { nil: undefined }),
    s: list(printable),
    m: list(fc.constantFrom('GET', 'PUT', 'M-SEARCH')),
    p: list(fc.constantFrom('/', '/a', '/a/b', '/a.b', '/.well-known', '/a%C3%BCb')),
    o: list(fc.constantFrom('https://a.example', 'http://localhost:81', 'capacitor://localhost')),
  });

  it('reads what it writes, and no other text', () => {
    fc.assert(
      fc.property(claims, (given) => {
        const text = encodeClaims(given);
        expect(decodeClaims(text)).toEqual(JSON.parse(JSON.stringify(given)));
        // No two texts for the same claims.
        const other = Buffer.from(Buffer.from(text, 'base64url').toString().replace('{', '{ ')).toString('base64url');
        expect(decodeClaims(other)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it('and whatever it reads, it writes again to the byte', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '"i":',
      `"${i}"`,
      '"e":',
      '2000',
      '"b":',
      '1000',
      ',',
      '"u":"x"',
      '[',
      ']',
      ' ',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 14 }).map((all) => all.join('')),
        ),
        (json) => {
          const text = encoded(json);
          const read = decodeClaims(text);
          expect(read === undefined || encodeClaims(read) === text).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('and any access key is ordinary, a session, or malformed', () => {
    const piece = fc.constantFrom('k', '~s1.', '~p1.', '~', '.', encoded(plain), encoded({ ...plain, u: 'x' }), 's1.');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }).map((all) => all.join('')),
        (accessKey) => {
          try {
            const read = parseSessionKey(accessKey);
            if (read) expect(read.accessKeys.at(-1)).toBe(accessKey);
            else expect(/~[sp]1\./.test(accessKey)).toBe(false);
          } catch (error) {
            expect(error).toBeInstanceOf(SignatureError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('the access key of a session', () => {
  const secret = 'a secret of 16 bytes';
  const claims = { ...plain, u: 'u'.repeat(128), s: ['s'.repeat(300)] };
  const marked = forged({ accessKey: '', secret }, claims).accessKey.length;

  it('may have 1,024 characters', async () => {
    const accessKey = 'k'.repeat(1024 - marked);
    const at = sessionRig('countersign-v1', { record: { accessKey, secrets: [{ secret }] } });
    const session = forged({ accessKey, secret }, claims);
    expect(session.accessKey).toHaveLength(1024);
    expect(await outcome(at, session)).toBe('ok');
  });

  it('may not have more', () => {
    const { accessKey } = forged({ accessKey: 'k'.repeat(1025 - marked), secret }, claims);
    expect(() => parseSessionKey(accessKey)).toThrow('1024');
  });

  it('over-long, is refused by the verifier too', async () => {
    const at = sessionRig();
    const session = forged(at.parent, plain);
    const parts = at.signed(session);
    const long = `${session.accessKey}~${'A'.repeat(1100)}`;
    const headers = { ...parts.headers, 'x-api-key': long };
    const result = await at.verifier.verify({
      ...parts,
      headers: new Map(Object.entries(headers)) as unknown as { get(name: string): string | null },
    });
    expect(result.ok ? 'ok' : result.error.code).toBe('malformed_field');
    expect(() => parseSessionKey(`${'k'.repeat(512)}~s1.${'A'.repeat(600)}`)).toThrow('1024');
  });

  it('has at most 3 links', async () => {
    const at = sessionRig();
    expect(await outcome(at, forged(at.parent, plain, plain, plain))).toBe('ok');
    expect(await outcome(at, forged(at.parent, plain, plain, plain, plain))).toBe('malformed_field');
  });

  it('has a parent of 1 to 512 characters', () => {
    const key = (parent: string) => parseSessionKey(`${parent}~s1.${encoded(plain)}`);
    expect(key('k'.repeat(512))?.parent).toHaveLength(512);
    expect(() => key('k'.repeat(513))).toThrow(SignatureError);
    expect(() => key('')).toThrow(SignatureError);
  });

  it('bound to a key pair is refused, as are others in which that mark comes first', () => {
    for (const accessKey of [
      `shop~p1.${encoded(plain)}.AAAA`,
      `shop~p1.x~s1.${encoded(plain)}`,
      `shop~s1.${encoded(plain)}~p1.x`,
    ]) {
      expect(() => parseSessionKey(accessKey)).toThrow(expect.objectContaining({ code: 'malformed_field' }));
    }
  });
});

describe('an ordinary access key', () => {
  it.each(['a~s1.b', 'a~p1.b', '~s1.', `${generateCredentials().accessKey}~s1.${encoded(plain)}`])(
    'is never %s',
    async (accessKey) => {
      const secret = 'a secret of 16 bytes';
      expect(() => memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }])).toThrow('~s1.');
      const secrets = derivedSecrets({ master: new Uint8Array(32) });
      const keys = managedKeys({ table: memoryKeyTable(), secrets });
      await expect(keys.create({ service: 'shop', accessKey: accessKey.slice(0, 60) })).rejects.toThrow('~s1.');
    },
  );

  it('of more than 512 characters is refused', async () => {
    const at = sessionRig();
    expect(await outcome(at, { accessKey: 'k'.repeat(512), secret: 'x'.repeat(16) })).toBe('unknown_key');
    const parts = at.signed(at.parent);
    const long = { ...parts, headers: { ...parts.headers, 'x-api-key': 'k'.repeat(513) } };
    expect(await judge(at.verifier, long)).toBe('malformed_field');
    const record = { accessKey: 'k'.repeat(513), service: 's', secrets: [{ secret: 'x'.repeat(16) }] };
    expect(() => memoryKeys([record])).toThrow('512');
  });
});

describe('issueSession', () => {
  const parent = { accessKey: 'shop', secret: 'a secret of 16 bytes' };
  const clock = () => noon;

  it.each<[string, object, string]>([
    ['no lifetime', {}, 'expiresIn'],
    ['a lifetime of nothing', { expiresIn: 0 }, 'expiresIn'],
    ['a fraction of a second', { expiresIn: 0.5 }, 'expiresIn'],
    ['more than a year', { expiresIn: 31_536_001 }, 'expiresIn'],
    ['an unknown option', { expiresIn: 60, scope: 'a' }, 'no option scope'],
    ['an empty list', { expiresIn: 60, scopes: [] }, 'no list may be empty'],
    ['a list that is a string', { expiresIn: 60, scopes: 'a' }, 'scopes must be a list'],
    ['an empty subject', { expiresIn: 60, subject: '' }, 'subject'],
    ['a path with a slash at its end', { expiresIn: 60, paths: ['/v1/'] }, '"/v1/"'],
    ['a path with dot segments', { expiresIn: 60, paths: ['/v1/..'] }, '"/v1/.."'],
    ['an origin with a path', { expiresIn: 60, origins: ['https://a.example/x'] }, '"https://a.example/x"'],
    ['more than fits', { expiresIn: 60, scopes: ['s'.repeat(1000)] }, 'at most 1024'],
  ])('refuses %s', (_, options, message) => {
    const issue = () => issueSession(parent, { clock, ...options } as Parameters<typeof issueSession>[1]);
    expect(issue).toThrow(message);
    expect(issue).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });

  it.each<[string, object]>([
    ['no access key', { secret: parent.secret }],
    ['a malformed access key', { ...parent, accessKey: 'a b' }],
    ['malformed claims', { ...parent, accessKey: 'shop~s1.AAAA' }],
    ['a damaged parent', { ...parent, accessKey: 'csign_ak_live_0' }],
    ['no secret', { accessKey: 'shop' }],
    ['a short secret', { accessKey: 'shop', secret: 'short' }],
  ])('refuses credentials with %s', (_, credentials) => {
    const issue = () => issueSession(credentials as typeof parent, { expiresIn: 60 });
    expect(issue).toThrow(expect.objectContaining({ code: 'invalid_credentials' }));
  });

  it('sorts lists, leaves out what is twice, and percent-encodes what is not ASCII', () => {
    const { accessKey } = issueSession(parent, {
      expiresIn: 60,
      subject: 'Zoë \ud83d',
      scopes: ['b', 'ä', 'b', 'a'],
      methods: ['put', 'GET'],
      clock,
    });
    expect(JSON.parse(Buffer.from(accessKey.slice('shop~s1.'.length), 'base64url').toString())).toMatchObject({
      u: 'Zo%C3%AB %EF%BF%BD',
      s: ['%C3%A4', 'a', 'b'],
      m: ['GET', 'PUT'],
    });
  });

  it('narrows a session and never widens it', () => {
    const session = issueSession(parent, {
      expiresIn: 900,
      scopes: ['a', 'b'],
      methods: ['GET'],
      paths: ['/v1'],
      subject: 'u',
      origins: ['https://a.example'],
      clock,
    });
    expect(issueSession(session, { expiresIn: 900, scopes: ['a'], paths: ['/v1/x'], clock }).expiresAt).toBe(
      noon + 900_000,
    );
    for (const wider of [
      { expiresIn: 901 },
      { expiresIn: 60, scopes: ['a', 'c'] },
      { expiresIn: 60, methods: ['GET', 'PUT'] },
      { expiresIn: 60, paths: ['/v1', '/v2'] },
      { expiresIn: 60, subject: 'v' },
      { expiresIn: 60, origins: ['https://b.example'] },
    ]) {
      expect(() => issueSession(session, { ...wider, clock })).toThrow(
        expect.objectContaining({ code: 'invalid_configuration' }),
      );
    }
  });

  it('narrows a session also where the clock of its holder is slow', async () => {
    const at = sessionRig();
    const session = issueSession(at.parent, { expiresIn: 900, clock });
    const narrower = issueSession(session, { expiresIn: 60, clock: () => noon - 3_600_000 });
    expect(narrower.expiresAt).toBe(noon + 60_000);
    expect(await outcome(at, narrower)).toBe('ok');
  });

  it('gives credentials of which JSON has everything', () => {
    const session = issueSession(parent, { expiresIn: 60, clock });
    expect(JSON.parse(JSON.stringify(session))).toEqual(session);
    expect(Object.keys(session)).toEqual(['accessKey', 'secret', 'expiresAt']);
  });
});

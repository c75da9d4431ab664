import { createSigner, prepareRequest } from 'countersign';
import {
  combineSchemes,
  countersignV1,
  defineScheme,
  githubWebhooks,
  keyAndChallenge,
  larkWebhooks,
  rfc9421,
  type Scheme,
  type SchemeDefinition,
} from 'countersign/schemes';
import {
  createVerifier,
  derivedSecrets,
  type KeySecret,
  managedKeys,
  memoryKeys,
  memoryKeyTable,
  memoryReplay,
} from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/core/encoding.ts';
import { toMessage } from '../../src/core/message.ts';
import { macOf, noon, outcomeOf } from './rig.ts';

const accessKey = 'acme';
const secret = 'a secret of more than sixteen bytes';
const other = 'another secret of more than sixteen';
const clock = () => noon;
const github = defineScheme(githubWebhooks);
const url = 'https://api.example.com/v1/accounts/1';

function verifierOf(secrets: readonly KeySecret[], scheme: readonly Scheme[] = [countersignV1, github]) {
  const keys = memoryKeys([{ accessKey, service: 'shop', secrets }]);
  return createVerifier({ scheme, keys, replay: memoryReplay({ clock }), clock, acceptFindings: ['no-timestamp'] });
}

/** A request that nobody signed: its string to sign was the body of a webhook, which is signed for whoever chooses it. */
async function forged(): Promise<Request> {
  const prepared = countersignV1.prepare({
    message: toMessage({ method: 'DELETE', url }, new Headers()),
    accessKey,
    time: noon,
    nonce: '0123456789abcdef0123456789abcdef',
    body: { kind: 'none' },
    signedHeaders: [],
  });
  const hooks = createSigner({ accessKey, secret, scheme: github });
  const delivered = prepareRequest(hooks, {
    method: 'POST',
    url: 'https://hooks.example.com/',
    body: String(prepared.stringToSign),
  }).headers;
  const signature = delivered['X-Hub-Signature-256']?.slice('sha256='.length) ?? '';
  const bytes = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  expect(signature).toBe(macOf(secret, String(prepared.stringToSign)));
  return new Request(url, { method: 'DELETE', headers: prepared.headers(bytes) });
}

const judge = async (secrets: readonly KeySecret[], request: Request) =>
  outcomeOf(await verifierOf(secrets).verify(request, { accessKey }));

describe('one secret in two schemes, of which one signs what others choose', () => {
  it.each<[string, readonly KeySecret[]]>([
    ['in one entry for all', [{ secret }]],
    [
      'in an entry for each',
      [
        { secret, scheme: 'countersign-v1' },
        { secret, scheme: 'github-webhooks' },
      ],
    ],
    [
      'as text and as bytes',
      [
        { secret, scheme: 'countersign-v1' },
        { secret: utf8(secret), scheme: 'github-webhooks' },
      ],
    ],
    ['beside others', [{ secret: other, scheme: 'countersign-v1' }, { secret, scheme: 'github-webhooks' }, { secret }]],
  ])('is refused, so that no webhook becomes a request: %s', async (_, secrets) => {
    expect(await judge(secrets, await forged())).toBe('internal_error');
    const honest = await createSigner({ accessKey, secret, clock }).sign(new Request(url));
    expect(await judge(secrets, honest)).toBe('internal_error');
  });

  it('says to the provider which, and to the caller nothing', async () => {
    const result = await verifierOf([{ secret }]).verify(await forged(), { accessKey });
    if (result.ok) throw new Error('accepted');
    expect(String(result.error.cause)).toMatch(/github-webhooks.*countersign-v1/);
    expect(result.response.body).not.toContain('github');
  });

  it('is none where each scheme has its own', async () => {
    const secrets = [
      { secret: other, scheme: 'countersign-v1' },
      { secret, scheme: 'github-webhooks' },
    ];
    expect(await judge(secrets, await forged())).toBe('signature_mismatch');
    const honest = await createSigner({ accessKey, secret: other, clock }).sign(new Request(url));
    expect(await judge(secrets, honest)).toBe('ok');
    const hook = await createSigner({ accessKey, secret, scheme: github }).sign(
      new Request(url, { method: 'POST', body: 'x' }),
    );
    expect(await judge(secrets, hook)).toBe('ok');
  });

  it('is no matter where both begin their strings by themselves, nor where one verifies alone', async () => {
    const honest = () => createSigner({ accessKey, secret, clock }).sign(new Request(url));
    const both = verifierOf([{ secret }], [countersignV1, rfc9421()]);
    expect(outcomeOf(await both.verify(await honest()))).toBe('ok');
    expect(outcomeOf(await verifierOf([{ secret }], [countersignV1]).verify(await honest()))).toBe('ok');
  });

  it('is refused by a signer of both', () => {
    const parts = [{ scheme: countersignV1 }, { scheme: github }];
    expect(() => createSigner({ accessKey, secret, scheme: combineSchemes(parts) })).toThrow(/its own secret/);
  });
});

it('the finding is told of a string that begins with what others choose', () => {
  const codesOf = ({ findings = [] }: Scheme) => findings.map(({ code }) => code);
  const beginning = (stringToSign: string) =>
    codesOf(
      defineScheme({
        name: 'one',
        stringToSign,
        headers: { 'X-Key': '{accessKey}', 'X-Time': '{timestamp}', 'X-Sign': '{signature}' },
      }),
    );
  for (const open of [
    '{body}',
    '{query}{body}',
    '{path}\n{timestamp}',
    '[{header.x-a}]{body}',
    '{accessKey}{body}',
    '{body|hex}',
    '{timestamp}.{body}',
    '{accessKey}\n{body}',
    '{accessKey}:{timestamp}\n{header.x-a}',
    '{timestamp}.[{header.x-a}]{body}',
  ]) {
    expect(beginning(open), open).toContain('no-domain-separation');
  }
  for (const sound of [
    'v1\n{body}',
    'v1.{timestamp}.{body}',
    '{body|sha256|hex}\n{path}',
    '{method}\n{path}',
    '{timestamp}.{method}.{body}',
  ]) {
    expect(beginning(sound), sound).not.toContain('no-domain-separation');
  }
  expect(codesOf(github)).toContain('no-domain-separation');
  expect(codesOf(defineScheme(keyAndChallenge))).toContain('no-domain-separation');
  expect(codesOf(rfc9421())).not.toContain('no-domain-separation');
});

describe('a keyed hash, whose signatures may be parts of those of others', () => {
  const hashed = (name: string, change: Partial<SchemeDefinition> = {}) =>
    defineScheme({
      name,
      algorithm: 'sha256',
      stringToSign: 'v1\n{timestamp}\n{secret}\n{body}',
      headers: { [`X-${name}-Time`]: '{timestamp}', [`X-${name}-Sign`]: '{signature}' },
      ...change,
    });
  const lark = defineScheme(larkWebhooks);
  const outcome = async (schemes: readonly Scheme[], secrets: readonly KeySecret[], by: Scheme, own = secret) => {
    const verifier = createVerifier({
      scheme: schemes,
      keys: memoryKeys([{ accessKey, service: 'shop', secrets }]),
      replay: memoryReplay({ clock }),
      clock,
      acceptFindings: schemes.flatMap(({ findings = [] }) => findings.map(({ code }) => code)),
    });
    const request = new Request(url, { method: 'POST', body: '{}' });
    const signed = await createSigner({ accessKey, secret: own, scheme: by, clock }).sign(request);
    return outcomeOf(await verifier.verify(signed, { accessKey }));
  };

  it.each([
    ['an HMAC', countersignV1],
    ['an HMAC with another hash', hashed('mac', { algorithm: 'hmac-sha512', stringToSign: 'v1\n{timestamp}\n{body}' })],
    ['a keyed hash', hashed('one')],
    ['a keyed hash with another hash', hashed('two', { algorithm: 'sha512' })],
  ])('shares no secret with %s', async (_, other) => {
    for (const by of [lark, other]) {
      expect(await outcome([lark, other], [{ secret }], by)).toBe('internal_error');
      expect(await outcome([other, lark], [{ secret: utf8(secret) }], by)).toBe('internal_error');
    }
    const apart = [
      { secret, scheme: lark.name },
      { secret: 'a third secret of sixteen bytes', scheme: other.name },
    ];
    expect(await outcome([lark, other], apart, lark)).toBe('ok');
  });

  it('is refused by a signer of both', () => {
    const parts = [{ scheme: countersignV1 }, { scheme: lark }];
    expect(() => createSigner({ accessKey, secret, scheme: combineSchemes(parts) })).toThrow(/its own secret/);
  });
});

it('managed keys make a secret for each scheme, and a rotation ends those of its scheme alone', async () => {
  const time = { now: noon };
  const keys = managedKeys({
    table: memoryKeyTable(),
    secrets: derivedSecrets({ master: new Uint8Array(32).fill(7) }),
    clock: () => time.now,
  });
  const scheme = [countersignV1, github];
  const verifier = createVerifier({
    scheme,
    keys,
    replay: memoryReplay({ clock }),
    clock,
    acceptFindings: ['no-timestamp'],
  });
  const sent = async (by: Scheme, own: string | undefined) => {
    const signer = createSigner({ accessKey, secret: own ?? '', scheme: by, clock });
    const signed = await signer.sign(new Request(url, { method: 'POST', body: `${Math.random()}` }));
    return outcomeOf(await verifier.verify(signed, { accessKey }));
  };

  const request = await keys.create({ accessKey, service: 'shop', scheme: 'countersign-v1' });
  const hook = await keys.rotate(accessKey, { scheme: 'github-webhooks', overlap: 0 });
  expect(await sent(countersignV1, request.secret)).toBe('ok');
  expect(await sent(github, hook.secret)).toBe('ok');
  expect(await sent(countersignV1, hook.secret)).toBe('signature_mismatch');
  expect(await sent(github, request.secret)).toBe('signature_mismatch');

  const later = await keys.rotate(accessKey, { scheme: 'github-webhooks', overlap: 0 });
  expect(await sent(github, hook.secret)).toBe('retired_secret');
  expect(await sent(github, later.secret)).toBe('ok');
  expect(await sent(countersignV1, request.secret)).toBe('ok');
});

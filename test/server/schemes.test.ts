import { createSigner, type Signer } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import {
  type AuditEvent,
  allowUnsignedPayload,
  countersignV1,
  createVerifier,
  type Finding,
  type KeyRecord,
  memoryKeys,
  memoryReplay,
  type ReceivedRequest,
  type Scheme,
  type Verifier,
  type VerifierOptions,
} from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { bytesToSign } from '../../src/core/encoding.ts';
import type { PresentedSignature, ToSign } from '../../src/core/scheme.ts';
import { publicScheme } from './public-scheme.ts';
import { noon, outcomeOf, refusal, url } from './rig.ts';

const first = 'the secret for the first scheme';
const second = 'the secret for the second scheme';

/** Both under one access key, each for its scheme. */
const bothKeys: KeyRecord = {
  accessKey: 'partner',
  service: 'shop',
  secrets: [
    { secret: first, scheme: 'countersign-v1' },
    { secret: second, scheme: 'test-public' },
  ],
};

type World = { readonly verifier: Verifier; readonly events: AuditEvent[]; readonly claimed: string[] };

function worldOf(scheme: VerifierOptions['scheme'] & object, options: Partial<VerifierOptions> = {}): World {
  const events: AuditEvent[] = [];
  const claimed: string[] = [];
  const clock = () => noon;
  const seen = memoryReplay({ clock });
  const verifier = createVerifier({
    keys: memoryKeys([bothKeys, { accessKey: 'other', service: 'bank', secrets: [{ secret: second }] }]),
    replay: {
      claim(accessKey, nonce, expiresAt) {
        claimed.push(`${accessKey} ${nonce}`);
        return seen.claim(accessKey, nonce, expiresAt);
      },
    },
    scheme,
    clock,
    audit: (event) => void events.push(event),
    ...options,
  });
  return { verifier, events, claimed };
}

type Signing = {
  readonly scheme: Scheme;
  readonly secret: string;
  readonly accessKey?: string;
  readonly time?: number;
};
const signerOf = ({ scheme, secret, accessKey = 'partner', time = noon }: Signing): Signer =>
  createSigner({ accessKey, secret, scheme, clock: () => time });

const byFirst: Signing = { scheme: countersignV1, secret: first };
const bySecond: Signing = { scheme: publicScheme, secret: second };

/** A request that carries a signature by each. */
async function signedBy(signings: readonly Signing[], body = '{}'): Promise<Request> {
  let request = new Request(url, { method: 'POST', body });
  for (const signing of signings) request = await signerOf(signing).sign(request);
  return request;
}

const without = (request: Request, pattern: RegExp): Request => {
  const copy = request.clone();
  for (const name of [...copy.headers.keys()]) if (pattern.test(name)) copy.headers.delete(name);
  return copy;
};

const judge = async ({ verifier }: World, request: Request): Promise<string> => {
  const result = await verifier.verify(request);
  return result.ok ? `ok by ${result.scheme}` : result.error.code;
};

/** The default scheme under another name, in the same headers, with the name in the string to sign, or part of the body. */
function variant(name: string, changes: Partial<Scheme> & { readonly signed?: 'body' } = {}): Scheme {
  const { signed, ...rest } = changes;
  const named = (text: ToSign): ToSign => `${name}\n${text}`;
  return {
    ...countersignV1,
    name,
    prepare(input) {
      const prepared = countersignV1.prepare(input);
      return { ...prepared, stringToSign: named(prepared.stringToSign) };
    },
    read(message): PresentedSignature {
      const presented = countersignV1.read(message);
      const text = named(presented.stringToSign as string);
      return { ...presented, stringToSign: signed ? () => bytesToSign(text) : text };
    },
    ...rest,
  };
}

describe('several schemes', () => {
  it('each let in what is signed by it alone, and result and audit name the one', async () => {
    for (const scheme of [
      [countersignV1, publicScheme],
      [publicScheme, countersignV1],
    ]) {
      const world = worldOf(scheme);
      expect(await judge(world, await signedBy([byFirst]))).toBe('ok by countersign-v1');
      expect(await judge(world, await signedBy([bySecond]))).toBe('ok by test-public');
      expect(world.events.map((event) => [event.outcome, event.scheme, event.service])).toEqual([
        ['accepted', 'countersign-v1', 'shop'],
        ['accepted', 'test-public', 'shop'],
      ]);
    }
  });

  it('that share their headers are told apart by what was signed', async () => {
    const [one, two] = [variant('one'), variant('two')];
    const keys = memoryKeys([{ accessKey: 'partner', service: 'shop', secrets: [{ secret: first }] }]);
    const world = worldOf([one, two], { keys });
    expect(await judge(world, await signedBy([{ scheme: two, secret: first }]))).toBe('ok by two');
    expect(await judge(world, await signedBy([{ scheme: one, secret: first }]))).toBe('ok by one');
    expect(await judge(world, await signedBy([{ scheme: variant('three'), secret: first }]))).toBe(
      'signature_mismatch',
    );
    expect(world.events.map(({ scheme }) => scheme)).toEqual(['two', 'one', 'one']);
  });

  it('that even sign the same claim its nonce once, and the first of them is told', async () => {
    const twin: Scheme = { ...countersignV1, name: 'twin' };
    const keys = memoryKeys([{ accessKey: 'partner', service: 'shop', secrets: [{ secret: first }] }]);
    const world = worldOf([twin, countersignV1], { keys });
    const request = await signedBy([byFirst]);
    const again = request.clone();
    expect(await judge(world, request)).toBe('ok by twin');
    expect(world.claimed).toHaveLength(1);
    expect(await judge(world, again)).toBe('replayed_request');
  });

  it('are tried in order where a request has a signature by each', async () => {
    const both = () => signedBy([byFirst, bySecond]);
    expect(await judge(worldOf([countersignV1, publicScheme]), await both())).toBe('ok by countersign-v1');
    expect(await judge(worldOf([publicScheme, countersignV1]), await both())).toBe('ok by test-public');
  });
});

describe('one good signature is enough', () => {
  const scheme = [countersignV1, publicScheme];

  it('beside one that no key made, and the principal is who made the good one', async () => {
    const wrong = { ...byFirst, secret: 'a secret that nobody ever issued' };
    const world = worldOf(scheme);
    const result = await world.verifier.verify(await signedBy([wrong, { ...bySecond, accessKey: 'other' }]));
    expect(result).toMatchObject({
      ok: true,
      scheme: 'test-public',
      principal: { accessKey: 'other', service: 'bank' },
    });
    expect(world.events).toMatchObject([{ outcome: 'accepted', accessKey: 'other', scheme: 'test-public' }]);
    expect(world.claimed).toEqual([expect.stringMatching(/^other /)]);
  });

  it('beside one of an unknown access key, and beside a malformed one', async () => {
    const stranger = { ...byFirst, accessKey: 'nobody' };
    expect(await judge(worldOf(scheme), await signedBy([stranger, bySecond]))).toBe('ok by test-public');
    const request = await signedBy([byFirst, bySecond]);
    request.headers.set('x-api-timestamp', 'yesterday');
    expect(await judge(worldOf(scheme), request)).toBe('ok by test-public');
    const other = await signedBy([byFirst, bySecond]);
    other.headers.set('test-signature', 'nonsense');
    expect(await judge(worldOf(scheme), other)).toBe('ok by countersign-v1');
  });

  it('but none makes another good: neither of two halves', async () => {
    const wrong = [byFirst, bySecond].map((one) => ({ ...one, secret: 'a secret that nobody ever issued' }));
    expect(await judge(worldOf(scheme), await signedBy(wrong))).toBe('signature_mismatch');
    const crossed = [
      { ...byFirst, secret: second },
      { ...bySecond, secret: first },
    ];
    expect(await judge(worldOf(scheme), await signedBy(crossed))).toBe('signature_mismatch');
  });
});

describe('what a key may no longer do', () => {
  it('does not stand in the way of what it may: a retired secret, or a scheme that is not for it, beside a good one', async () => {
    const retired = { ...bothKeys, secrets: [{ secret: first, expiresAt: noon }, { secret: second }] };
    for (const record of [retired, { ...bothKeys, schemes: ['test-public'] }]) {
      const world = worldOf([countersignV1, publicScheme], { keys: memoryKeys([record]) });
      expect(await judge(world, await signedBy([byFirst, bySecond]))).toBe('ok by test-public');
      expect(await judge(world, await signedBy([byFirst]))).toMatch(/^(?:retired_secret|scheme_not_allowed)$/);
    }
  });
});

describe('a request with two good signatures', () => {
  it('is not to be had twice by taking it apart', async () => {
    for (const scheme of [
      [countersignV1, publicScheme],
      [publicScheme, countersignV1],
    ]) {
      const world = worldOf(scheme);
      const both = await signedBy([byFirst, bySecond]);
      const halves = [without(both, /^x-api-|^content-digest/), without(both, /^test-/)];
      expect(await judge(world, both)).toMatch(/^ok/);
      for (const half of halves) expect(await judge(world, half)).toBe('replayed_request');
    }
  });

  it('is refused where either half has been received, and where either is not fresh', async () => {
    const world = worldOf([countersignV1, publicScheme]);
    const both = await signedBy([byFirst, bySecond]);
    expect(await judge(world, without(both, /^x-api-|^content-digest/))).toBe('ok by test-public');
    expect(await judge(world, both)).toBe('replayed_request');
    const stale = await signedBy([byFirst, { ...bySecond, time: noon - 400_000 }]);
    expect(await judge(world, stale)).toBe('stale_timestamp');
    const early = await signedBy([{ ...byFirst, time: noon + 400_000 }, bySecond]);
    expect(await judge(world, early)).toBe('future_timestamp');
  });

  it('has nonces that are remembered no longer than the tolerance asks, whatever end it names', async () => {
    const patient: Scheme = {
      ...publicScheme,
      read: (message) => ({ ...publicScheme.read(message), expiresAt: Number.MAX_SAFE_INTEGER }),
    };
    const ends: number[] = [];
    const replay: VerifierOptions['replay'] = {
      claim(...given) {
        ends.push(given[2]);
        return 'fresh';
      },
    };
    expect(await judge(worldOf([countersignV1, patient], { replay }), await signedBy([byFirst, bySecond]))).toMatch(
      /ok/,
    );
    expect(ends).toEqual([noon + 605_000, noon + 605_000]);
  });
});

describe('a refusal', () => {
  const scheme = [countersignV1, publicScheme];

  it('says what is missing where there is no signature, and what is malformed where there is one', async () => {
    expect(await judge(worldOf(scheme), new Request(url))).toBe('missing_signature');
    const malformed = new Request(url, { headers: { 'Test-Signature': 'nonsense' } });
    expect(await judge(worldOf(scheme), malformed)).toBe('malformed_field');
  });

  it('tells how to sign by every scheme, and names the first that was tried', async () => {
    const asking = (name: string, header: string): Scheme => ({ ...variant(name), challenge: { [header]: name } });
    const { verifier } = worldOf([asking('one', 'Accept-One'), asking('two', 'Accept-Two')]);
    const { response } = refusal(await verifier.verify(new Request(url)));
    expect(response.headers).toMatchObject({ 'Accept-One': 'one', 'Accept-Two': 'two' });
    expect(response.headers['WWW-Authenticate']).toContain('scheme="one"');
    const unsigned = await signedBy([{ ...bySecond, secret: 'a secret that nobody ever issued' }]);
    const named = refusal(await worldOf(scheme).verifier.verify(unsigned)).response.headers;
    expect(named['WWW-Authenticate']).toContain('scheme="test-public"');
  });

  it('is told to the audit with the scheme by which the request seems to be signed', async () => {
    const world = worldOf(scheme);
    await judge(world, await signedBy([{ ...bySecond, secret: 'a secret that nobody ever issued' }]));
    await judge(world, new Request(url));
    expect(world.events.map((event) => [event.code, event.scheme])).toEqual([
      ['signature_mismatch', 'test-public'],
      ['missing_signature', undefined],
    ]);
  });

  it('is 500, and tells the caller nothing, where a scheme of somebody else throws; others serve on', async () => {
    const broken = variant('broken', {
      read: () => {
        throw new TypeError('cannot read properties of undefined');
      },
    });
    const world = worldOf([broken, publicScheme]);
    const { error, response } = refusal(await world.verifier.verify(new Request(url)));
    expect([error.code, response.status, response.body.includes('undefined')]).toEqual(['internal_error', 500, false]);
    expect(await judge(world, await signedBy([bySecond]))).toBe('ok by test-public');
  });
});

describe('where keys cannot be looked up', () => {
  const keysBut = (failing: string) => {
    const good = memoryKeys([bothKeys, { ...bothKeys, accessKey: 'other' }]);
    return {
      find(accessKey: string) {
        if (accessKey === failing) throw new Error('down');
        return good.find(accessKey);
      },
    };
  };

  it('nothing is accepted, because a signature that is not judged now could be sent alone later', async () => {
    for (const failing of ['partner', 'other']) {
      const { verifier, claimed } = worldOf([countersignV1, publicScheme], { keys: keysBut(failing) });
      const request = await signedBy([byFirst, { ...bySecond, accessKey: 'other' }]);
      const { error, response } = refusal(await verifier.verify(request));
      expect([error.code, response.status, claimed]).toEqual(['key_store_unavailable', 503, []]);
    }
  });

  it('those whose key is there are served', async () => {
    const world = worldOf([countersignV1, publicScheme], { keys: keysBut('other') });
    expect(await judge(world, await signedBy([bySecond]))).toBe('ok by test-public');
  });

  it('a secret that only one scheme can use stops the other only where it is not said which', async () => {
    const picky = variant('picky', {
      createKey(secret) {
        if (secret !== first) throw new TypeError('not for me');
        return countersignV1.createKey(secret);
      },
    });
    const secrets = [{ secret: first, scheme: 'picky' }, { secret: second }];
    const keys = (list: KeyRecord['secrets']) => memoryKeys([{ ...bothKeys, secrets: list }]);
    const request = () => signedBy([{ scheme: picky, secret: first }]);
    expect(await judge(worldOf([picky], { keys: keys(secrets) }), await request())).toBe('key_store_unavailable');
    const said = keys([
      { secret: first, scheme: 'picky' },
      { secret: second, scheme: 'test-public' },
    ]);
    const world = worldOf([picky, publicScheme], { keys: said });
    expect(await judge(world, await request())).toBe('ok by picky');
    expect(await judge(world, await signedBy([bySecond]))).toBe('ok by test-public');
  });
});

describe('a body', () => {
  /** Chunks that can be pulled once. */
  const streamed = (text: string) => {
    let pulls = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulls += 1;
        if (pulls > 1) controller.close();
        else controller.enqueue(new TextEncoder().encode(text));
      },
    });
    return { body, pulls: () => pulls };
  };
  const received = (request: Request, body: ReadableStream<Uint8Array>): ReceivedRequest => ({
    method: 'POST',
    authority: 'api.example.com',
    target: '/v1/orders',
    scheme: 'https',
    headers: request.headers,
    body,
  });

  it('is read once, however many schemes need it', async () => {
    const schemes = ['one', 'two', 'three'].map((name) => variant(name, { signed: 'body' }));
    const scheme = schemes[2] ?? countersignV1;
    const { verifier } = worldOf(schemes, {
      keys: memoryKeys([{ accessKey: 'partner', service: 'shop', secrets: [{ secret: first }] }]),
    });
    const { body, pulls } = streamed('{}');
    const result = await verifier.verify(received(await signedBy([{ scheme, secret: first }]), body));
    expect(outcomeOf(result)).toBe('ok');
    expect(result.ok && [result.scheme, new TextDecoder().decode(result.body)]).toEqual(['three', '{}']);
    expect(pulls()).toBeLessThanOrEqual(2);
  });

  it('that one scheme needed and the other leaves unsigned can still be read, and is not called verified', async () => {
    const reader = variant('reader', { signed: 'body' });
    const { verifier } = worldOf([reader, countersignV1], { [allowUnsignedPayload]: true });
    const signer = createSigner({
      accessKey: 'partner',
      secret: first,
      clock: () => noon,
      [allowUnsignedPayload]: true,
    });
    const request = await signer.sign(
      new Request(url, { method: 'POST', body: streamed('left out').body, duplex: 'half' } as RequestInit),
    );
    const result = await verifier.verify(request);
    expect(result).toMatchObject({ ok: true, scheme: 'countersign-v1', body: undefined });
    expect(result.ok && (await result.request.text())).toBe('left out');
  });
});

describe('at construction', () => {
  const finding = (code: Finding['code'], severity: Finding['severity']): Finding => ({
    code,
    severity,
    message: `leaves it open: ${code}`,
    attack: 'as anyone can think',
  });
  const open = (name: string, ...findings: Finding[]): Scheme => ({ ...variant(name), findings });

  it.each<readonly [says: string, scheme: () => Scheme | readonly Scheme[], message: RegExp]>([
    ['no scheme', () => [], /needs a scheme/],
    ['the name of a scheme', () => 'rfc9421' as never, /not something else/],
    ['a function that returns one', () => rfc9421 as never, /a function that was not called/],
    ['such a function in a list', () => [countersignV1, rfc9421 as never], /a function that was not called/],
    [
      'two schemes of one name',
      () => [countersignV1, variant('other'), countersignV1],
      /Two schemes are named countersign-v1/,
    ],
    [
      'a gap in the second scheme',
      () => [countersignV1, open('gap', finding('no-nonce', 'high'))],
      /gap has findings.*no-nonce/,
    ],
    [
      'one gap of two unnamed',
      () => open('gap', finding('path-unsigned', 'high'), finding('no-nonce', 'high')),
      /no-nonce \(leaves it open: no-nonce\)$/,
    ],
  ])('%s is refused', (_, scheme, message) => {
    expect(() => worldOf(scheme(), { acceptFindings: ['path-unsigned'] })).toThrow(
      expect.objectContaining({ code: 'invalid_configuration', message: expect.stringMatching(message) }),
    );
  });

  it('gaps that are named, and lesser ones, are accepted', async () => {
    const scheme = [open('one', finding('no-nonce', 'high'), finding('host-unsigned', 'low')), countersignV1];
    const world = worldOf(scheme, { acceptFindings: ['no-nonce'] });
    expect(await judge(world, await signedBy([byFirst]))).toBe('ok by countersign-v1');
  });
});

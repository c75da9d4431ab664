import { createSigner, type Scheme } from 'countersign';
import { explainRefusals } from 'countersign/explain';
import { createKitServer } from 'countersign/kit';
import { defineScheme, hubspotWebhooks } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, type ReceivedRequest } from 'countersign/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { combinations } from '../../src/explain/combinations.ts';
import { createEffort, createServerEffort, type Effort, spend } from '../../src/explain/effort.ts';
import { explainWithin } from '../../src/explain/explain.ts';
import { repairRequest } from '../../src/explain/forms.ts';
import { jsonForms } from '../../src/explain/json-forms.ts';
import { headerView } from '../../src/node/received.ts';
import { countersignV1 } from '../../src/schemes/countersign-v1/scheme.ts';
import type { SchemeDefinition } from '../../src/schemes/define/definition.ts';
import { watchOthers } from './watch-others.ts';

vi.setConfig({ testTimeout: 120_000 });
afterEach(() => void vi.restoreAllMocks());

const secret = 'a secret that the stranger does not know';
const noon = Date.UTC(2026, 10, 22, 12);

/** The scheme, counting how often it reads a request. */
function counted(bare: Scheme): { readonly scheme: Scheme; reads(): number } {
  let reads = 0;
  const read: Scheme['read'] = (message) => {
    reads++;
    return bare.read(message);
  };
  return { scheme: { ...bare, read }, reads: () => reads };
}

type Sent = { readonly headers: Readonly<Record<string, string>>; readonly body?: Uint8Array };

const received = ({ headers, body }: Sent): ReceivedRequest => ({
  ...{ method: 'POST', authority: 'a.example', target: '/v1/hook?b=1&a=2&c=%20x', scheme: 'https' },
  headers: headerView(Object.entries({ host: 'a.example', ...headers }).flat()),
  ...(body && { body }),
});

const keysOf = ({ name }: Scheme) =>
  memoryKeys([{ accessKey: name, service: 'shop', secrets: [{ secret }], explain: true }]);

describe('a budget', () => {
  it.each([Number.NaN, -1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])('spends no %d', (bytes) => {
    const effort = createEffort();
    expect(spend(effort, bytes)).toBe(false);
    expect(effort.left).toBe(effort.whole);
  });

  it('ends at once if its time is no number', () => {
    expect(spend(createServerEffort({ timeout: Number.NaN }), 1)).toBe(false);
  });

  // The string to sign contains the body, so each variation of the body is a combination more.
  const bodies = ['', ']', ']'.repeat(65_536), '{"a":[1]}]]]]]'];
  it.each(bodies)('only becomes less by a body such as %#', async (text) => {
    for (const { growth = 1 } of jsonForms(text)) expect(growth).toBeGreaterThanOrEqual(1);
    const { scheme, reads } = counted(defineScheme(hubspotWebhooks));
    const effort = falling(createServerEffort({ timeout: 1e9 }));
    const headers = {
      'x-hubspot-request-timestamp': `${noon}`,
      'x-hubspot-signature-v3': `${'A'.repeat(43)}=`,
      'x-forwarded-host': Array.from({ length: 300 }, (_, place) => `h${place}`).join(','),
    };
    const body = new TextEncoder().encode(text);
    await explainWithin(received({ headers, body }), { keys: keysOf(scheme), scheme, effort, clock: () => noon });
    expect(effort.left).toBeGreaterThanOrEqual(0);
    expect(reads()).toBeLessThan(5e4);
  });
});

/** An effort that fails the test if there ever is more of it than before. */
function falling(effort: Effort): Effort {
  let left = effort.left;
  return Object.defineProperty({ ...effort }, 'left', {
    get: () => left,
    set(value: number) {
      if (!(value <= left)) throw new Error(`${left} bytes became ${value}.`);
      left = value;
    },
  });
}

describe('a clock that stands still while code runs', () => {
  it.each(['', '{}'])('bounds the search for a body of %j, and others are served', async (text) => {
    const { scheme, reads } = counted(defineScheme(hubspotWebhooks));
    const acceptFindings = (scheme.findings ?? []).map(({ code }) => code);
    const verifier = createVerifier({
      ...{ scheme, acceptFindings, keys: keysOf(scheme), replay: memoryReplay(), clock: () => noon },
      explain: explainRefusals(),
    });
    const headers = { 'x-hubspot-request-timestamp': `${noon}`, 'x-hubspot-signature-v3': `${'A'.repeat(43)}=` };
    const still = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(still);
    let served = 0;
    const timer = setInterval(() => served++, 0);
    const body = new TextEncoder().encode(text);
    const result = await verifier.verify(received({ headers, body })).finally(() => clearInterval(timer));
    expect(result.ok ? undefined : result.error.code).toBe('signature_mismatch');
    expect(reads()).toBeLessThan(50_000);
    expect(served).toBeGreaterThan(5);
  });
});

describe('a search whose time is over', () => {
  it('asks no more combinations', async () => {
    const { scheme } = counted(countersignV1);
    const effort = createServerEffort({ timeout: 1e9 });
    const start = performance.now();
    let [asked, late] = [0, 0];
    vi.spyOn(performance, 'now').mockImplementation(() => {
      if (++asked < 5000) return start;
      late++;
      return start + 2e9;
    });
    const keys = memoryKeys([{ accessKey: 'partner', service: 'shop', secrets: [{ secret }] }]);
    const headers = {
      ...{ 'x-api-key': 'partner', 'x-api-timestamp': `${noon / 1000}`, 'x-api-nonce': 'n'.repeat(20) },
      'x-api-signature': `v1=${'0'.repeat(64)}`,
    };
    await explainWithin(received({ headers }), { keys, scheme, effort, clock: () => noon });
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThan(100);
  });
});

describe('combinations', () => {
  it('come in order, with one item of each kind', () => {
    const of = (size: number) =>
      [...combinations(['a1', 'a2', 'b1', 'c1'], { size, kindOf: ([kind = '']) => kind })].map((all) => all.join(' '));
    expect(of(1)).toEqual(['a1', 'a2', 'b1', 'c1']);
    expect(of(2)).toEqual(['a1 b1', 'a1 c1', 'a2 b1', 'a2 c1', 'b1 c1']);
    expect(of(3)).toEqual(['a1 b1 c1', 'a2 b1 c1']);
    expect(of(4)).toEqual([]);
  });

  it('of three are not searched among two kinds', () => {
    const items = Array.from({ length: 4000 }, (_, place) => place);
    let asked = 0;
    const kindOf = (place: number): string => {
      asked++;
      return place < 2000 ? 'a' : 'b';
    };
    expect([...combinations(items, { size: 3, kindOf })]).toEqual([]);
    expect(asked).toBeLessThanOrEqual(items.length);
  });
});

describe('a body of combining marks, which Unicode orders in quadratic time', () => {
  const credentials = { accessKey: 'partner', secret };
  const address = 'https://a.example/v1/hook?b=1&a=2&c=%20x';
  const marks = (bytes: number): Uint8Array =>
    new TextEncoder().encode(`a${'\u0301'.repeat(bytes / 4 - 1)}${'\u0327'.repeat(bytes / 4 - 1)}`);

  /** A request whose body was replaced by somebody in between. */
  async function replaced(body: Uint8Array): Promise<ReceivedRequest> {
    const signer = createSigner({ ...credentials, clock: () => noon });
    const { headers } = await signer.sign(address, { method: 'POST', body: 'signed' });
    return received({ headers: Object.fromEntries(headers), body });
  }

  it('lets others be served by a kit server', async () => {
    const kit = createKitServer({ credentials, clock: () => noon });
    const request = await replaced(marks(262_144));
    const { result, longest } = await watchOthers(() => kit.handle(request));
    expect(await result.text()).toContain('body-replaced');
    // A generous limit, for a busy machine: it was five seconds for each form.
    expect(longest).toBeLessThan(1500);
  });

  it('is not brought into normalisation forms, and that is said', async () => {
    const keys = memoryKeys([{ accessKey: 'partner', service: 'shop', secrets: [{ secret }] }]);
    const effort = createServerEffort({ timeout: 1e9 });
    const { leftOut } = await explainWithin(await replaced(marks(4096)), { keys, effort, clock: () => noon });
    expect(leftOut.map(({ code }) => code)).toContain('body-forms');
  });
});

describe('fields that no correction makes readable', () => {
  const mess = (count: number, mark: string): string => `"${mark}B, a;C ${'x, Y;'.repeat(count)}"`;
  const own = ['x-api-key', 'x-api-nonce', 'content-digest', 'x-api-signed-headers', 'x-api-payload'];
  const v1 = {
    ...Object.fromEntries(own.map((name, place) => [name, mess(150, `${place}`)])),
    ...{ 'x-api-timestamp': '1796066769.5', 'x-api-signature': 'A5'.repeat(32) },
  };
  const names = Array.from({ length: 24 }, (_, place) => `X-F-${place}`);
  const definition = {
    name: 'many',
    stringToSign: '{method}\n{authority}\n{target}\n{timestamp}\n{nonce}\n{accessKey}\n{body|sha256|hex}',
    headers: {
      'X-Sig': '{accessKey};{timestamp};{nonce};{signature}',
      ...Object.fromEntries(names.map((name, place) => [name, `c${place} {ignored}`])),
    },
  } as SchemeDefinition;
  const many = Object.fromEntries(['X-Sig', ...names].map((name) => [name.toLowerCase(), mess(1, 'z')]));

  it.each([
    ['countersign-v1', countersignV1, v1] as const,
    ['a scheme with 25 headers', defineScheme(definition), many] as const,
  ])('are read a limited number of times: %s', async (_, bare, headers) => {
    for (const [effort, most] of [
      [createServerEffort({ timeout: 1e9 }), 20_000],
      [createEffort(), 60_000],
    ] as const) {
      const { scheme, reads } = counted(bare);
      await explainWithin(received({ headers }), { keys: keysOf(scheme), scheme, effort });
      expect(reads()).toBeLessThan(most);
    }
  });

  it.each([['countersign-v1', undefined, v1] as const, ['a scheme with 25 headers', definition, many] as const])(
    'let others be served by a kit server: %s',
    async (_, definition, headers) => {
      const credentials = { accessKey: 'partner', secret };
      const kit = createKitServer({ credentials, clock: () => noon, ...(definition && { definition }) });
      const { result, longest } = await watchOthers(() => kit.handle(received({ headers })));
      expect(result.status).toBe(400);
      // A generous limit, for a busy machine: without a pause it was twenty seconds.
      expect(longest).toBeLessThan(1500);
    },
  );

  it('let no string to sign grow by what they replace', () => {
    const blank = `"${' '.repeat(1000)}"`;
    const short = `"${' '.repeat(1000)}a"`;
    const message = {
      method: 'GET',
      scheme: 'https',
      authority: 'a',
      target: '/',
      rawTarget: '/',
      headers: headerView(['x-api-key', short, 'x-api-nonce', blank, 'content-digest', blank, 'x-api-payload', short]),
    } as const;
    let longest = 0;
    for (const { written } of repairRequest(countersignV1, { message, body: new Uint8Array() })) {
      longest = Math.max(longest, written('a'.repeat(50) + 'b'.repeat(950)).length);
    }
    expect(longest).toBeGreaterThan(1000);
    expect(longest).toBeLessThan(300_000);
  });
});

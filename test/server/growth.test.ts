import { countersignV1, createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { expect, it } from 'vitest';
import { normaliseTarget, parseAddress } from '../../src/core/address.ts';
import { readBody } from '../../src/core/body.ts';
import { fieldValue, upperCaseMethod } from '../../src/core/message.ts';
import { createRequestResolver } from '../../src/server/verify/message.ts';
import type { ForwardingHeader } from '../../src/server/verify/proxies.ts';
import { noon, received, rig, signedParts } from './rig.ts';

type Work = () => unknown;

// What takes less is told from nothing by chance only (milliseconds).
const floor = 0.02;

/** The time in milliseconds that the work takes when nothing disturbs it. */
async function bestTime(work: Work): Promise<number> {
  let best = Infinity;
  for (let run = 0; run < 3; run += 1) {
    const start = performance.now();
    await work();
    best = Math.min(best, performance.now() - start);
  }
  return Math.max(best, floor);
}

/** Slope of the logarithm of y over that of x, by least squares. */
function exponentOf(points: ReadonlyArray<readonly [x: number, y: number]>): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const meanX = logs.reduce((sum, [x]) => sum + x, 0) / logs.length;
  const meanY = logs.reduce((sum, [, y]) => sum + y, 0) / logs.length;
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

/** The exponent with which time grows, over the largest sizes; what grows badly is stopped before it takes long. */
async function growth(make: (size: number) => Work, largest = 2 ** 17): Promise<number> {
  const points: Array<[number, number]> = [];
  for (let size = 2 ** 11; size <= largest; size *= 2) {
    const time = await bestTime(make(size));
    points.push([size, time]);
    if (time > 300) break;
  }
  return exponentOf(points.slice(-4));
}

/**
 * The least of up to five attempts: other load on the machine only ever adds time. Every second one goes on to larger sizes: on some
 * machines, texts of 64 KiB and more take ten times as long in the same function, which is a step and no growth.
 */
async function leastGrowth(make: (size: number) => Work): Promise<number> {
  let least = Infinity;
  for (let attempt = 0; attempt < 5 && !(least < 1.5); attempt += 1) {
    least = Math.min(least, await growth(make, attempt % 2 ? 2 ** 19 : 2 ** 17));
  }
  return least;
}

it('tells quadratic growth from linear', async () => {
  const loops = (count: number) => {
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum += i % 7;
    return sum;
  };
  const mostGrowth = async (make: (size: number) => Work) => {
    let most = 0;
    for (let attempt = 0; attempt < 4 && !(most > 1.5); attempt += 1) most = Math.max(most, await growth(make));
    return most;
  };
  expect(await leastGrowth((size) => () => loops(size * 20))).toBeLessThan(1.5);
  expect(await mostGrowth((size) => () => loops((size * size) / 64))).toBeGreaterThan(1.5);
  // Space in the middle, trimmed by an expression that begins anew at each of them.
  expect(await mostGrowth((size) => () => `a${' '.repeat(size)}b`.replace(/ +$/, ''))).toBeGreaterThan(1.5);
});

const repeated = (unit: string) => (size: number) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);

it.each([
  '%',
  '%%',
  '%4',
  '%41',
  '%%41',
  '%2f',
  '%e9',
  '?',
  '/?',
  '#',
  '/',
  '//',
  '.',
  '/..',
  'a',
  ' ',
  'é',
  '\ud800',
  '\udc00',
  '\u{1f600}',
  '\0',
  '~',
  '+',
  '&a=',
  '%\ud800',
  '\ud800a',
])('a target of %j in any number costs no more than in proportion', async (unit) => {
  const targets = repeated(unit);
  expect(
    await leastGrowth((size) => {
      const target = `/${targets(size)}`;
      return () => normaliseTarget(target);
    }),
  ).toBeLessThan(1.5);
});

it.each<[string, (size: number) => Work]>([
  ['a user name', (size) => urlWork(`http://${'a'.repeat(size)}@host/`)],
  ['a host', (size) => urlWork(`http://${'a'.repeat(size)}/`)],
  ['at signs', (size) => urlWork(`http://${'@'.repeat(size)}`)],
  ['colons', (size) => urlWork(`http://${':'.repeat(size)}`)],
  ['a path with at signs', (size) => urlWork(`http://host/${'@'.repeat(size)}`)],
  ['a scheme', (size) => urlWork('http'.repeat(size / 4))],
])('a URL with %s in any length', async (_, make) => {
  expect(await leastGrowth(make)).toBeLessThan(1.5);
});

function urlWork(url: string): Work {
  return () => {
    try {
      parseAddress(url);
    } catch {
      // Refusing must be as quick.
    }
  };
}

const units = [
  'a',
  'a;',
  ';',
  ' ',
  '\t',
  ', ',
  'v1=',
  `v1=${'0'.repeat(64)}, `,
  '1',
  'sha-256=:',
  '=',
  '\u00a0',
  '\ud800',
  '\0',
  '\n',
  'x ',
  '-',
];
const fields = [
  'x-api-key',
  'x-api-timestamp',
  'x-api-nonce',
  'x-api-signature',
  'x-api-signed-headers',
  'x-api-payload',
  'content-digest',
  'content-type',
];

it.each(fields)('%s, filled with anything', async (field) => {
  const { signer } = rig();
  const parts = signedParts(signer, { method: 'POST', body: 'x' });
  for (const unit of units) {
    const values = repeated(unit);
    const exponent = await leastGrowth((size) => {
      const { headers, ...rest } = received({ ...parts, headers: { ...parts.headers, [field]: values(size) } });
      const message = {
        scheme: 'https' as const,
        rawTarget: rest.target,
        ...rest,
        headers: { get: (name: string) => headers.get(name.toLowerCase()) },
      };
      return () => {
        try {
          countersignV1.read(message);
        } catch {
          // Refusing must be as quick.
        }
      };
    });
    expect(exponent, JSON.stringify(unit)).toBeLessThan(1.5);
  }
});

it.each([
  ['white space inside', (size: number) => `a${' '.repeat(size)}b`],
  ['white space at the end', (size: number) => `a${' '.repeat(size)}`],
  ['white space before', (size: number) => `${' \t'.repeat(size / 2)}a`],
  ['white space only', (size: number) => ' '.repeat(size)],
  ['a bad character at the end', (size: number) => `${'a '.repeat(size / 2)}\n`],
])('a signed value with %s', async (_, make) => {
  expect(
    await leastGrowth((size) => {
      const value = make(size);
      return () => {
        try {
          fieldValue({ get: () => value }, 'x');
        } catch {
          // Refusing must be as quick.
        }
      };
    }),
  ).toBeLessThan(1.5);
});

it('a method', async () => {
  expect(
    await leastGrowth((size) => {
      const method = 'A'.repeat(size);
      return () => expect(() => upperCaseMethod(method)).toThrow();
    }),
  ).toBeLessThan(1.5);
});

it.each([
  ['a host of letters', (size: number) => ({ authority: 'a'.repeat(size) })],
  ['a host of colons', (size: number) => ({ authority: ':80'.repeat(size / 3) })],
  ['a path of question marks', (size: number) => ({ target: `/${'?'.repeat(size)}` })],
  ['a path of hashes', (size: number) => ({ target: `/${'#'.repeat(size)}` })],
  ['a path of escapes', (size: number) => ({ target: `/${'%41'.repeat(size / 3)}` })],
])('the whole of verify, with audit and public path, for %s', async (_, change) => {
  const { signer, accessKey, secret } = rig();
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay({ clock: () => noon }),
    clock: () => noon,
    publicPath: '/v1',
    audit: () => undefined,
  });
  const parts = signedParts(signer);
  expect(
    await leastGrowth((size) => {
      const request = received({ ...parts, ...change(size) });
      return () => verifier.verify(request);
    }),
  ).toBeLessThan(1.5);
});

it('a body in single bytes', async () => {
  const byte = new Uint8Array(1);
  expect(
    await leastGrowth((size) => {
      const count = size / 32;
      return () => {
        let left = count;
        const stream = new ReadableStream<Uint8Array>({
          pull(controller) {
            left -= 1;
            if (left < 0) controller.close();
            else controller.enqueue(byte);
          },
        });
        return readBody(new Response(stream as BodyInit), size);
      };
    }),
  ).toBeLessThan(1.5);
});

it('nonces that are claimed, and forgotten again', async () => {
  expect(
    await leastGrowth((size) => () => {
      let now = 0;
      const replay = memoryReplay({ clock: () => now });
      for (let i = 0; i < size / 4; i += 1) {
        now += 10;
        replay.claim('key', `nonce-${i}`, now + 6000);
      }
    }),
  ).toBeLessThan(1.5);
});

const forwarding: readonly (readonly [ForwardingHeader, readonly string[]])[] = [
  [
    'forwarded',
    ['a', ' ', '\t', ',', ';', '"', '\\', '=', 'a=', 'a=b;', 'a="', 'for=10.0.0.8,', 'for="', 'for="10.0.0.8",'],
  ],
  [
    'x-forwarded-for',
    [' ', ',', '1', '.', ':', '1:', '::', '[', 'f', '_', '_:', '10.0.0.8,', '::ffff:10.0.0.8,', '1.1.1.1'],
  ],
  ['x-forwarded-host', ['a', ',', 'a,', ' ', 'a ', ':']],
  ['x-forwarded-prefix', ['/', '/a', 'a', '%', ',', ' ', '//a']],
];

it.each(forwarding)('%s of a trusted proxy, filled with anything', async (name, fillings) => {
  const headers: readonly ForwardingHeader[] = name === 'forwarded' ? [name] : ['x-forwarded-for', name];
  const arrivalOf = createRequestResolver({ trustedProxies: { addresses: ['10.0.0.0/8'], headers } });
  for (const unit of fillings) {
    const values = repeated(unit);
    const exponent = await leastGrowth((size) => {
      const fields = new Map([[name, `${values(size)}\0`]]);
      const view = { get: (field: string) => fields.get(field as ForwardingHeader) ?? null };
      return () => {
        try {
          arrivalOf({ method: 'GET', authority: 'a', target: '/', headers: view }, '10.0.0.7').message();
        } catch {
          // Refusing must be as quick.
        }
      };
    });
    expect(exponent, JSON.stringify(unit)).toBeLessThan(1.5);
  }
});

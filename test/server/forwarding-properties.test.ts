import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import forwardedParse from 'forwarded-parse';
import proxyAddr from 'proxy-addr';
import { describe, expect, it } from 'vitest';
import { SignatureError } from '../../src/core/errors.ts';
import { canonicalAddress, parseRanges } from '../../src/server/ranges.ts';
import { createConnectionReader, type ForwardingHeader, parseForwarded } from '../../src/server/verify/proxies.ts';

const runs = { numRuns: 2000 };

/** What a call returns, or the code of what it throws; anything but an error of ours is thrown on. */
function outcome<Result>(call: () => Result): Result | string {
  try {
    return call();
  } catch (error) {
    if (error instanceof SignatureError) return error.code;
    throw error;
  }
}

/** What somebody else's parser makes of it, undefined where it refuses. */
function otherwise<Result>(call: () => Result): Result | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

const elementsOf = (value: string) => outcome(() => parseForwarded(value).map((one) => Object.fromEntries(one)));

const token = fc.string({
  unit: fc.constantFrom('a', 'B', '1', '.', '_', '-', '~', '!', '%'),
  minLength: 1,
  maxLength: 5,
});
const text = fc.string({
  unit: fc.constantFrom('a', '1', ',', ';', '=', '"', '\\', ' ', '[', ':', ']', '\t'),
  maxLength: 8,
});
const pair = fc.oneof(
  token.map((value) => ({ value, written: value })),
  text.map((value) => ({ value, written: `"${value.replace(/["\\]/g, '\\$&')}"` })),
);
const element = fc.uniqueArray(fc.tuple(fc.constantFrom('for', 'By', 'HOST', 'proto', 'x-1'), pair), {
  minLength: 1,
  maxLength: 4,
  selector: ([name]) => name,
});
const written = (one: typeof element extends fc.Arbitrary<infer Value> ? Value : never): string =>
  one.map(([name, { written: value }]) => `${name}=${value}`).join(';');
const meant = (one: typeof element extends fc.Arbitrary<infer Value> ? Value : never) =>
  Object.fromEntries(one.map(([name, { value }]) => [name.toLowerCase(), value]));

// What a Forwarded field is made of, in whatever order.
const noise = fc.string({
  unit: fc.constantFrom(
    'for',
    '=',
    '"',
    ',',
    ';',
    '\\',
    ' ',
    '\t',
    'a',
    '[::1]',
    '10.0.0.8',
    'host',
    ':80',
    '_x',
    '\u00e9',
    '\n',
  ),
  maxLength: 14,
});

// What is well-formed, but for one place.
const damaged = fc
  .tuple(fc.array(element, { minLength: 1, maxLength: 3 }), fc.nat(60), fc.nat(2), noise)
  .map(([elements, at, removed, put]) => {
    const value = elements.map(written).join(',');
    return value.slice(0, at) + put.slice(0, 2) + value.slice(at + removed);
  });
const begun = fc.oneof(noise, damaged);

describe('Forwarded', () => {
  it('is read as it was written, also by forwarded-parse', () => {
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 4 }), (elements) => {
        const value = elements.map(written).join(', ');
        expect(elementsOf(value)).toEqual(elements.map(meant));
        expect(forwardedParse(value)).toEqual(elements.map(meant));
      }),
      runs,
    );
  });

  it('is never read in another way than by forwarded-parse, where both take it', () => {
    let both = 0;
    fc.assert(
      fc.property(begun, (value) => {
        const ours = elementsOf(value);
        const theirs = otherwise(() => forwardedParse(value).map((one) => ({ ...one })));
        if (ours === 'malformed_field' || !theirs) return;
        both += 1;
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 20_000 },
    );
    expect(both).toBeGreaterThan(1000);
  });

  it('ends in what the last proxy has added, or is malformed, whatever the caller has begun', () => {
    fc.assert(
      fc.property(begun, element, (value, added) => {
        const elements = elementsOf(`${value}, ${written(added)}`);
        if (elements !== 'malformed_field') expect(elements.at(-1)).toEqual(meant(added));
      }),
      { numRuns: 20_000 },
    );
  });
});

const byte = fc.constantFrom(0, 1, 9, 10, 11, 127, 128, 255);
const ipv4 = fc.tuple(fc.constantFrom(10, 11, 192), byte, byte, byte).map((bytes) => bytes.join('.'));
const ipv6 = fc
  .tuple(
    fc.constantFrom('2001:db8', 'fd00:1', '64:ff9b'),
    fc.constantFrom('::', ':1::', ':0:0:0:0:1:'),
    fc.constantFrom('1', 'aB', '0'),
  )
  .map((parts) => parts.join(''));
const mapped = ipv4.map((address) => `::ffff:${address}`);
const address = fc.oneof(ipv4, ipv6, mapped);
const range = fc.oneof(
  address,
  fc.tuple(ipv4, fc.integer({ min: 1, max: 32 })).map((parts) => parts.join('/')),
  fc.tuple(ipv6, fc.integer({ min: 1, max: 128 })).map((parts) => parts.join('/')),
  fc.tuple(mapped, fc.integer({ min: 97, max: 128 })).map((parts) => parts.join('/')),
);

describe('an address', () => {
  it('is in the ranges in which it is to proxy-addr', () => {
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 3 }), address, (ranges, one) => {
        expect(parseRanges(ranges)(one)).toBe(proxyAddr.compile(ranges)(one, 0));
      }),
      { numRuns: 10_000 },
    );
  });

  it('has one spelling, which is one of its own', () => {
    fc.assert(
      fc.property(address, (one) => {
        const canonical = canonicalAddress(one) ?? '';
        expect(canonicalAddress(canonical)).toBe(canonical);
        expect(parseRanges([one])(canonical)).toBe(true);
      }),
      runs,
    );
  });

  it('is nothing that Node would not connect to as it stands', () => {
    const unit = fc.constantFrom('0', '1', '10', '255', '.', ':', '::', 'f', 'ffff', 'x', '[', ']', ' ');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 9 }), (text) => {
        if (canonicalAddress(text) !== undefined)
          expect(URL.canParse(`http://[${text}]`) || isPlainIpv4(text)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });
});

// The URL Standard writes IPv4 in this one way, however it was spelled.
const isPlainIpv4 = (text: string): boolean =>
  URL.canParse(`http://${text}`) && new URL(`http://${text}`).hostname === text;

describe('the client', () => {
  const trusted = ['10.0.0.0/8', 'fd00::/16'];
  const entrance = (headers: readonly ForwardingHeader[], fields: Readonly<Record<string, string>>, peer: string) =>
    outcome(() =>
      createConnectionReader({ addresses: trusted, headers })({ get: (name) => fields[name] ?? null }, peer),
    );
  const addressOf = (seen: ReturnType<typeof entrance>) => (typeof seen === 'string' ? seen : seen.address);
  const lists = fc.array(address, { minLength: 1, maxLength: 6 });

  it('is whom proxy-addr takes for it', () => {
    fc.assert(
      fc.property(lists, address, (addresses, peer) => {
        const list = addresses.join(', ');
        const request = {
          headers: { 'x-forwarded-for': list },
          socket: { remoteAddress: peer },
          connection: { remoteAddress: peer },
        };
        const theirs = proxyAddr(request as unknown as IncomingMessage, trusted);
        const ours = entrance(['x-forwarded-for'], { 'x-forwarded-for': list }, peer);
        expect(ours).toMatchObject({ address: theirs === peer ? expect.anything() : canonicalAddress(theirs) });
        if (theirs === peer)
          expect(canonicalAddress((ours as { address: string }).address)).toBe(canonicalAddress(peer));
      }),
      runs,
    );
  });

  it('is the same by Forwarded as by X-Forwarded-For', () => {
    fc.assert(
      fc.property(lists, address, (addresses, peer) => {
        const list = addresses.join(', ');
        const forwarded = addresses.map((one) => `for="${one.includes(':') ? `[${one}]:80` : one}"`).join(',');
        const [byList, byForwarded] = [
          entrance(['x-forwarded-for'], { 'x-forwarded-for': list }, peer),
          entrance(['forwarded'], { forwarded }, peer),
        ];
        expect(addressOf(byForwarded)).toBe(addressOf(byList));
      }),
      runs,
    );
  });

  it('never is whom a caller names, as long as one proxy that is trusted has added where the caller is', () => {
    const caller = '203.0.113.9';
    fc.assert(
      fc.property(
        begun,
        lists,
        fc.array(ipv4.filter(parseRanges(trusted)), { maxLength: 3 }),
        (value, made, proxies) => {
          const behind = [caller, ...proxies];
          for (const forged of [value, made.join(', '), `${value}, ${made.join(',')}`]) {
            const seen = entrance(
              ['x-forwarded-for'],
              { 'x-forwarded-for': [forged, ...behind].join(', ') },
              '10.0.0.7',
            );
            expect(seen).toMatchObject({ address: caller });
            const forwarded = [forged, ...behind.map((one) => `for=${one}`)].join(', ');
            const standard = entrance(['forwarded'], { forwarded }, '10.0.0.7');
            if (standard !== 'malformed_field') expect(standard).toMatchObject({ address: caller });
          }
        },
      ),
      runs,
    );
  });

  it('is told or refused, whatever stands in the headers: nothing else is thrown', () => {
    fc.assert(
      fc.property(fc.oneof(begun, fc.string({ unit: 'binary' })), (value) => {
        for (const name of ['forwarded', 'x-forwarded-for'] as const) {
          const seen = entrance([name], { [name]: value }, '10.0.0.7');
          const address = typeof seen === 'string' ? undefined : seen.address;
          expect(address === undefined ? undefined : canonicalAddress(address)).toBe(address);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});

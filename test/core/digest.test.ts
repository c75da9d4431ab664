import { createHash, hash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sha256OfBody, sha256OfBodySync } from '../../src/core/digest.ts';

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, place) => place % 251);
const expected = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());

afterEach(() => vi.unstubAllGlobals());

describe('the digest of a body', () => {
  it.each([0, 1, 127, 128, 4095, 4096, 65_535, 65_536, 65_537, 200_000])('of %i bytes is right', async (length) => {
    const bytes = bytesOf(length);
    expect(await sha256OfBody(bytes)).toEqual(expected(bytes));
    expect(sha256OfBodySync(bytes)).toEqual(expected(bytes));
  });

  it('is there at once below 4 KiB, and comes from WebCrypto from there on', async () => {
    const digest = vi.spyOn(crypto.subtle, 'digest');
    expect(sha256OfBody(bytesOf(4095))).toBeInstanceOf(Uint8Array);
    expect(digest).not.toHaveBeenCalled();
    expect(sha256OfBody(bytesOf(4096))).toBeInstanceOf(Promise);
    expect(digest).toHaveBeenCalledOnce();
    digest.mockRestore();
  });

  it.each([{ crypto: undefined }, { crypto: {} }])(
    'lets others run in between without WebCrypto, %o',
    async (without) => {
      vi.stubGlobal('crypto', without.crypto);
      const bytes = bytesOf(65_536 * 3 + 1);
      let turns = 0;
      const counting = setInterval(() => {
        turns += 1;
      });
      const found = await sha256OfBody(bytes);
      clearInterval(counting);
      expect(found).toEqual(expected(bytes));
      expect(turns).toBeGreaterThan(1);
    },
  );
});

type Platform = (algorithm: string, data: Uint8Array, encoding: 'buffer') => unknown;

/** What a new copy of the module gives in a runtime whose `process` is this one. */
async function inRuntime<T>(
  process: unknown,
  use: (digest: typeof import('../../src/core/digest.ts')) => T,
): Promise<T> {
  vi.resetModules();
  const digest = await import('../../src/core/digest.ts');
  // Nothing of the test's own may run meanwhile: it needs its process.
  vi.stubGlobal('process', process);
  try {
    return use(digest);
  } finally {
    vi.unstubAllGlobals();
  }
}
const withHash = (own: Platform) => ({
  getBuiltinModule: (name: string) => (name === 'node:crypto' ? { hash: own } : undefined),
});

describe('the hash of the platform', () => {
  it('is taken from 128 bytes on, and looked for once', async () => {
    const own = vi.fn((algorithm: string, data: Uint8Array, encoding: 'buffer') => hash(algorithm, data, encoding));
    const getBuiltinModule = vi.fn(withHash(own).getBuiltinModule);
    const found = await inRuntime({ getBuiltinModule }, ({ sha256OfBodySync: digestOf }) => {
      const small = digestOf(bytesOf(127));
      const looked = getBuiltinModule.mock.calls.length;
      return { looked, digests: [small, digestOf(bytesOf(128)), digestOf(bytesOf(129))] };
    });
    expect(found).toEqual({ looked: 0, digests: [127, 128, 129].map((length) => expected(bytesOf(length))) });
    expect(getBuiltinModule).toHaveBeenCalledOnce();
    expect(own.mock.calls.map(([, data]) => data.length)).toEqual([0, 128, 129]);
  });

  it.each([
    ['no process', undefined],
    ['a process without modules', {}],
    ['modules without node:crypto', { getBuiltinModule: () => undefined }],
    ['node:crypto without hash', { getBuiltinModule: () => ({}) }],
    [
      'a hash that throws',
      withHash(() => {
        throw new Error('Not implemented.');
      }),
    ],
    ['a hash that ignores the encoding', withHash((algorithm, data) => hash(algorithm, data, 'hex'))],
    ['another hash', withHash((_, data) => hash('sha512', data, 'buffer'))],
    ['a hash that is shorter', withHash((algorithm, data) => hash(algorithm, data, 'buffer').subarray(0, 31))],
    ['a hash that ends as the right one does', withHash((...given) => Buffer.concat([Buffer.of(0), hash(...given)]))],
  ])('is not taken where there is %s', async (_, process) => {
    const found = await inRuntime(process, ({ nativeSha256, sha256OfBodySync: digestOf }) => [
      nativeSha256(),
      nativeSha256(),
      digestOf(bytesOf(300)),
    ]);
    expect(found).toEqual([undefined, undefined, expected(bytesOf(300))]);
  });

  it('is looked for once where there is none, too', async () => {
    const getBuiltinModule = vi.fn();
    await inRuntime({ getBuiltinModule }, ({ nativeSha256 }) => [nativeSha256(), nativeSha256()]);
    expect(getBuiltinModule).toHaveBeenCalledOnce();
  });

  it('is there on Node.js', async () => {
    vi.resetModules();
    const { nativeSha256 } = await import('../../src/core/digest.ts');
    expect(nativeSha256()?.(bytesOf(5))).toEqual(expected(bytesOf(5)));
  });
});

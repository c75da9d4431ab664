import { createHmac, randomBytes } from 'node:crypto';
import { createSigner, type SignatureError } from 'countersign';
import { describe, expect, it } from 'vitest';
import { hex } from '../../src/core/encoding.ts';
import { hmacSha256, type SigningKey } from '../../src/core/signing-key.ts';

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value);
const text = (value: string) => new TextEncoder().encode(value);

async function heldByWebCrypto(key: Uint8Array<ArrayBuffer>): Promise<SigningKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return hmacSha256(await crypto.subtle.importKey('raw', key, algorithm, false, ['sign', 'verify']));
}
const makers: ReadonlyArray<readonly [string, (key: Uint8Array<ArrayBuffer>) => SigningKey | Promise<SigningKey>]> = [
  ['a key of bytes', hmacSha256],
  ['a key that WebCrypto holds', heldByWebCrypto],
];

// RFC 4231, section 4. Of case 5 there are only the first 128 bits.
const rfc4231 = [
  {
    name: 'case 1',
    key: bytes(20, 0x0b),
    data: text('Hi There'),
    tag: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  },
  {
    name: 'case 2, a key shorter than the tag',
    key: text('Jefe'),
    data: text('what do ya want for nothing?'),
    tag: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  {
    name: 'case 3, more than a block in all',
    key: bytes(20, 0xaa),
    data: bytes(50, 0xdd),
    tag: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  },
  {
    name: 'case 4, the same with another key',
    key: Uint8Array.from({ length: 25 }, (_, i) => i + 1),
    data: bytes(50, 0xcd),
    tag: '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  },
  {
    name: 'case 5, truncated',
    key: bytes(20, 0x0c),
    data: text('Test With Truncation'),
    tag: 'a3b6167473100ee06e0c796c2955552b',
  },
  {
    name: 'case 6, a key longer than a block',
    key: bytes(131, 0xaa),
    data: text('Test Using Larger Than Block-Size Key - Hash Key First'),
    tag: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  },
  {
    name: 'case 7, key and data longer than a block',
    key: bytes(131, 0xaa),
    data: text(
      'This is a test using a larger than block-size key and a larger than block-size data. ' +
        'The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    tag: '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  },
];

// Around the edges of a block of SHA-256 (64 bytes), of what is left of one for padding (55), and of the tag (32).
const keySizes = [1, 15, 16, 31, 32, 33, 55, 56, 63, 64, 65, 66, 127, 128, 129, 131, 512];
const dataSizes = [0, 1, 16, 31, 32, 54, 55, 56, 57, 63, 64, 65, 118, 119, 120, 127, 128, 129, 191, 192, 1000, 65537];

const tagOf = (key: Uint8Array, data: Uint8Array) =>
  new Uint8Array(createHmac('sha256', key).update(data).digest().subarray());
const flipped = (tag: Uint8Array, at: number, mask: number) => tag.map((byte, i) => (i === at ? byte ^ mask : byte));

/** What a tag may be turned into, none of which may pass for it. */
function forged(tag: Uint8Array): ReadonlyArray<readonly [string, Uint8Array]> {
  const bits = [0, 1, 7, 31, 63, 64, 71, 77, 80, 96, 97, 103, 248, 254, 255];
  return [
    ...bits.map((bit) => [`bit ${bit} flipped`, flipped(tag, bit >> 3, 1 << (bit & 7))] as const),
    ['bits 0 and 64 flipped', flipped(flipped(tag, 0, 1), 8, 1)],
    ['first byte changed', flipped(tag, 0, 0xff)],
    ['last byte changed', flipped(tag, 31, 0xff)],
    ['all bits flipped', tag.map((byte) => byte ^ 0xff)],
    ['top bit of each byte flipped', tag.map((byte) => byte ^ 0x80)],
    ['low bit of each byte flipped', tag.map((byte) => byte ^ 1)],
    ['all zero', bytes(32, 0)],
    ['all ones', bytes(32, 0xff)],
    ['in reverse', tag.toReversed()],
    ['turned by a byte', new Uint8Array([...tag.subarray(1), tag[0] ?? 0])],
    ['truncated by a byte', tag.slice(0, 31)],
    ['truncated to half', tag.slice(0, 16)],
    ['truncated to a byte', tag.slice(0, 1)],
    ['empty', new Uint8Array()],
    ['with a zero added', new Uint8Array([...tag, 0])],
    ['with a zero before', new Uint8Array([0, ...tag])],
    ['twice', new Uint8Array([...tag, ...tag])],
  ];
}

describe.each(makers)('%s', (_, makeKey) => {
  it.each(rfc4231)('makes the tag of RFC 4231, $name', async ({ key, data, tag }) => {
    expect(hex(await (await makeKey(key)).sign(data)).slice(0, tag.length)).toBe(tag);
  });

  it.each(keySizes)('makes the tags of node:crypto with %i bytes', async (size) => {
    const secret = new Uint8Array(randomBytes(size));
    const key = await makeKey(secret);
    for (const length of dataSizes) {
      const data = randomBytes(length);
      expect(hex(await key.sign(data)), `${length} bytes of data`).toBe(hex(tagOf(secret, data)));
      expect(await key.verify(data, tagOf(secret, data)), `${length} bytes of data`).toBe(true);
    }
  });

  it.each(keySizes.filter((size) => size >= 16))('refuses every forged tag with %i bytes', async (size) => {
    const secret = new Uint8Array(randomBytes(size));
    const key = await makeKey(secret);
    for (const length of [0, 16, 64, 200]) {
      const data = randomBytes(length);
      for (const [change, tag] of forged(tagOf(secret, data))) {
        expect(await key.verify(data, tag), `${length} bytes of data, tag ${change}`).toBe(false);
      }
    }
  });

  it('refuses the tag of other data and of another key', async () => {
    const secret = bytes(32, 7);
    const key = await makeKey(secret);
    const data = text('countersign-v1-request');
    expect(await key.verify(data.slice(0, -1), tagOf(secret, data))).toBe(false);
    expect(await key.verify(new Uint8Array([...data, 0]), tagOf(secret, data))).toBe(false);
    expect(await key.verify(data, tagOf(bytes(32, 8), data))).toBe(false);
    expect(await key.verify(data, tagOf(new Uint8Array([...secret, 1]), data))).toBe(false);
  });

  it('keeps nothing of one message for the next', async () => {
    const secret = bytes(40, 9);
    const key = await makeKey(secret);
    const data = [text('one'), new Uint8Array(), bytes(100, 1), text('one')];
    const tags = await Promise.all(data.map(async (one) => hex(await key.sign(one))));
    expect(tags).toEqual(data.map((one) => hex(tagOf(secret, one))));
  });
});

describe('short keys', () => {
  it.each([0, 1, 8, 15])('of %i bytes are refused by the signer', (size) => {
    const make = () => createSigner({ accessKey: 'partner-1', secret: new Uint8Array(size) });
    expect(make).toThrowError(expect.objectContaining<Partial<SignatureError>>({ code: 'invalid_credentials' }));
  });
});

import { decodeKeyId, encodeKeyId } from 'countersign/schemes';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const unit = fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code));
const keyIds = fc.string({ unit, minLength: 1, maxLength: 100 }).filter((text) => !/["\\]/.test(text));

it('gives each keyId an access key of its own, and back', () => {
  fc.assert(
    fc.property(keyIds, (keyId) => {
      const accessKey = encodeKeyId(keyId);
      expect(accessKey).toMatch(/^[\w.~-]{1,512}$/);
      expect(decodeKeyId(accessKey)).toBe(keyId);
    }),
  );
});

it.each(['Test', 'csign_ak_live_1', 'a.b-c_d'])('leaves %s as it is', (keyId) => {
  expect(encodeKeyId(keyId)).toBe(keyId);
});

it.each(['', 'a"', 'a\\', 'é', 'a\n', 'a'.repeat(401), '/'.repeat(200)])('takes no keyId %j', (keyId) => {
  expect(() => encodeKeyId(keyId)).toThrow('keyId must be');
});

it.each(['', 'a~', 'a~2f', 'a~41', 'a~22', 'shop~s1.abc', 'a/b'])('takes no access key %j', (accessKey) => {
  expect(() => decodeKeyId(accessKey)).toThrow('no encoded keyId');
});

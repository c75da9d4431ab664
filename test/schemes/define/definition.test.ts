import { defineScheme, type SchemeDefinition } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { SignatureError } from '../../../src/core/errors.ts';
import { partner } from './rig.ts';

function refusal(change: object): string {
  try {
    defineScheme({ ...partner, ...change } as SchemeDefinition);
  } catch (error) {
    expect(error).toBeInstanceOf(SignatureError);
    expect(error).toMatchObject({ code: 'invalid_configuration' });
    return (error as SignatureError).message;
  }
  return 'none';
}

const headers = (Authorization: string) => ({ headers: { ...partner.headers, Authorization } });

it('is JSON', () => {
  expect(defineScheme(JSON.parse(JSON.stringify(partner))).name).toBe('partner');
});

describe('a definition is refused, and told why', () => {
  it.each<[object, string]>([
    [{ stringTosign: '' }, 'A definition has no key stringTosign; did you mean stringToSign?.'],
    [{ stringToSign: undefined }, 'The definition lacks stringToSign.'],
    [{ stringToSign: 1 }, 'stringToSign must be a string.'],
    [{ name: 'A b' }, 'name must be 1 to 64 of a-z 0-9 . _ -.'],
    [
      { algorithm: 'hmac-sha265' },
      'algorithm must be one of hmac-sha256, hmac-sha384, hmac-sha512, hmac-sha1, sha256, sha384, sha512, sha1, md5; did you mean hmac-sha256?.',
    ],
    [{ signature: 'constructor' }, 'signature must be one of hex, hex-upper, base64, base64url, base64-of-hex.'],
    [
      { nonce: { form: 'hex', min: 5, max: 4 } },
      'nonce: min and max must be whole numbers from 1 to 512, and min must not exceed max.',
    ],
    [{ headers: { 'X Y': '' } }, 'headers: "X Y" is not a valid name: a header name must be a token.'],
    [{ headers: { 'X-A': '{signature}', 'x-a': '{nonce}' } }, 'headers contains x-a twice.'],
    [{ headers: { ...partner.headers, Host: 'a' } }, 'headers.Host: a scheme cannot set this header.'],
    [{ headers: { 'X-Date': '{timestamp}' } }, 'No header or parameter contains the {signature}.'],
    [headers('{accessKey}:{signature}'), 'The nonce is signed, but no header or parameter carries it to the verifier.'],
    [{ key: { steps: [] } }, 'key.steps must be a list of strings.'],
  ])('%j', (change, message) => {
    expect(refusal(change)).toBe(message);
  });
});

describe('a definition is refused, and the character pointed at', () => {
  it.each<[object, string]>([
    [
      { stringToSign: '{method}\n{quary|sort}' },
      'stringToSign, character 11: there is no field quary; did you mean query?.\n  {quary|sort}\n   ^',
    ],
    [
      { stringToSign: '{query|sorted}' },
      'stringToSign, character 8: there is no filter sorted; did you mean sort?.\n  {query|sorted}\n         ^',
    ],
    [
      { stringToSign: '{constructor}' },
      'stringToSign, character 2: there is no field constructor.\n  {constructor}\n   ^',
    ],
    [
      { stringToSign: '{path|sort}' },
      'stringToSign, character 7: sort is only for the query.\n  {path|sort}\n        ^',
    ],
    [
      { stringToSign: '{query|sort:value}' },
      'stringToSign, character 8: sort takes name or text after a colon.\n  {query|sort:value}\n         ^',
    ],
    [
      { stringToSign: '{path|lower:a}' },
      'stringToSign, character 7: lower takes nothing after a colon.\n  {path|lower:a}\n        ^',
    ],
    [
      { headers: { ...partner.headers, 'X-Body': '{body|sha256}' } },
      'headers.X-Body, character 1: a digest is bytes, which only the string to sign can contain: add hex, base64 or base64url.\n  {body|sha256}\n  ^',
    ],
    [
      { stringToSign: '{body|lower}' },
      'stringToSign, character 7: lower is for text, but this is bytes.\n  {body|lower}\n        ^',
    ],
    [
      { stringToSign: '{header.a|lower|default:}' },
      'stringToSign, character 17: default must be the first filter.\n  {header.a|lower|default:}\n                  ^',
    ],
    [
      { stringToSign: '{signature}' },
      'stringToSign, character 2: signature is only for headers and query.\n  {signature}\n   ^',
    ],
    [
      { stringToSign: '{header.authorization}' },
      'stringToSign, character 2: header.authorization contains the signature itself.\n  {header.authorization}\n   ^',
    ],
    [
      { stringToSign: '{header.host}' },
      'stringToSign, character 2: clients cannot read the Host header: use authority.\n  {header.host}\n   ^',
    ],
    [
      { values: { a: '{value.b}!', b: '{value.a}!' } },
      'values.a, character 2: value.b contains itself.\n  {value.b}!\n   ^',
    ],
    [
      { stringToSign: '[{method}]' },
      'stringToSign, character 1: nothing in these brackets can be absent.\n  [{method}]\n  ^',
    ],
    [
      { stringToSign: '[{header.a}{body}]' },
      'stringToSign, character 1: only one value in brackets may be absent, not header.a and body: add a default to the others.\n  [{header.a}{body}]\n  ^',
    ],
    [
      headers('hmac {accessKey}{nonce}:{signature}'),
      'headers.Authorization, character 17: there is no separator between accessKey and nonce.\n  hmac {accessKey}{nonce}:{signature}\n                  ^',
    ],
    [
      headers('hmac {accessKey}-{nonce}:{signature}'),
      'headers.Authorization, character 17: this can be part of accessKey, so the end of accessKey is ambiguous.\n  hmac {accessKey}-{nonce}:{signature}\n                  ^',
    ],
    [
      headers('hmac {accessKey}:{nonce}:{signature}{path}'),
      'headers.Authorization, character 37: path cannot be read back by a verifier.\n  hmac {accessKey}:{nonce}:{signature}{path}\n                                      ^',
    ],
    [
      { query: { sig: '{signature}' } },
      'query.sig, character 1: signature can contain characters with a meaning in a query: add rfc3986.\n  {signature}\n  ^',
    ],
    [
      { timestamp: { pattern: '{YYYY}-{MM}-{dd}' } },
      'timestamp.pattern, character 13: a timestamp has no field dd, only YYYY MM MMM mmm DD ddd HH mm ss SSS fraction; did you mean DD?.\n  {YYYY}-{MM}-{dd}\n              ^',
    ],
    [
      { timestamp: { pattern: '{YYYY}-{MM}-{DD}' } },
      'timestamp.pattern, character 1: the pattern does not contain the hour.\n  {YYYY}-{MM}-{DD}\n  ^',
    ],
    [
      { key: { steps: ['{body|sha256|hex}'] } },
      'key.steps.0, character 1: a key cannot depend on the body.\n  {body|sha256|hex}\n  ^',
    ],
  ])('%j', (change, message) => {
    expect(refusal(change)).toBe(message);
  });
});

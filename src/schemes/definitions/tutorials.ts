import type { SchemeDefinition } from '../define/definition.ts';

/** As many tutorials have it: three headers, and a signature that says who calls and when, but not what for. */
export const accessKeyTimestamp: SchemeDefinition = {
  name: 'access-key-timestamp',
  timestamp: 'unix-milliseconds',
  stringToSign: '{accessKey}{timestamp}',
  headers: { 'X-API-Key': '{accessKey}', 'X-API-Timestamp': '{timestamp}', 'X-API-Signature': '{signature}' },
};

/** Three headers again, and the URL is signed with them. */
export const accessKeyTimestampUrl: SchemeDefinition = {
  name: 'access-key-timestamp-url',
  timestamp: 'unix-milliseconds',
  stringToSign: '{accessKey}{timestamp}{url}',
  headers: { 'X-API-Key': '{accessKey}', 'X-API-Timestamp': '{timestamp}', 'X-API-Signature': '{signature}' },
};

/** The caller signs what the server asked it to, and nothing of the request. */
export const keyAndChallenge: SchemeDefinition = {
  name: 'key-and-challenge',
  stringToSign: '{accessKey}{challenge}',
  headers: { 'X-API-Key': '{accessKey}', 'X-API-Challenge': '{challenge}', 'X-API-Signature': '{signature}' },
};

/** Method, target, time and nonce, joined by plus signs: `GET+/users/username/account+28jul201712:59:24+123456`. */
export const methodPlusPath: SchemeDefinition = {
  name: 'method-plus-path',
  signature: 'base64',
  timestamp: { pattern: '{DD}{mmm}{YYYY}{HH}:{mm}:{ss}' },
  nonce: { form: 'base64url', min: 6, max: 128 },
  stringToSign: '{method}+{target}+{timestamp}+{nonce}',
  headers: { Authentication: 'hmac {accessKey}:{nonce}:{signature}', Date: '{timestamp}' },
};

import type { SchemeDefinition } from '../define/definition.ts';

/** The scheme of many tutorials: three headers, and a signature over caller and time but not over the request. */
export const accessKeyTimestamp: SchemeDefinition = {
  name: 'access-key-timestamp',
  timestamp: 'unix-milliseconds',
  stringToSign: '{accessKey}{timestamp}',
  headers: { 'X-API-Key': '{accessKey}', 'X-API-Timestamp': '{timestamp}', 'X-API-Signature': '{signature}' },
};

/** Like {@link accessKeyTimestamp}, but the URL is signed too. */
export const accessKeyTimestampUrl: SchemeDefinition = {
  name: 'access-key-timestamp-url',
  timestamp: 'unix-milliseconds',
  stringToSign: '{accessKey}{timestamp}{url}',
  headers: { 'X-API-Key': '{accessKey}', 'X-API-Timestamp': '{timestamp}', 'X-API-Signature': '{signature}' },
};

/** The caller signs a challenge of the server, and nothing of the request. */
export const keyAndChallenge: SchemeDefinition = {
  name: 'key-and-challenge',
  stringToSign: '{accessKey}{challenge}',
  headers: { 'X-API-Key': '{accessKey}', 'X-API-Challenge': '{challenge}', 'X-API-Signature': '{signature}' },
};

/** Method, target, time and nonce, joined with plus signs: `GET+/users/username/account+28jul201712:59:24+123456`. */
export const methodPlusPath: SchemeDefinition = {
  name: 'method-plus-path',
  signature: 'base64',
  timestamp: { pattern: '{DD}{mmm}{YYYY}{HH}:{mm}:{ss}' },
  nonce: { form: 'base64url', min: 6, max: 128 },
  stringToSign: '{method}+{target}+{timestamp}+{nonce}',
  headers: { Authentication: 'hmac {accessKey}:{nonce}:{signature}', Date: '{timestamp}' },
};

import type { Scheme } from '../../core/scheme.ts';
import { nativeHmacSha256 } from '../native-hmac.ts';
import { readCountersignV1 } from './read.ts';
import { countersignV1Response } from './response.ts';
import { signCountersignV1 } from './sign.ts';

/**
 * The default scheme, `countersign-v1`: HMAC-SHA256 over access key, timestamp, nonce, method, authority,
 * target, content type and body digest, in headers that every runtime lets through. docs/protocol.md is
 * its specification.
 */
export const countersignV1: Scheme = /* @__PURE__ */ Object.assign(
  // Bundlers never drop a spread, but they do drop a call marked as pure: a client needs the signing half only.
  { read: readCountersignV1, response: countersignV1Response },
  signCountersignV1,
  { createKey: nativeHmacSha256 },
);

import type { Scheme } from '../../core/scheme.ts';
import { nativeHmacSha256 } from '../native-hmac.ts';
import { readCountersignV1 } from './read.ts';
import { countersignV1Response } from './response.ts';
import { signCountersignV1 } from './sign.ts';

/**
 * The default scheme, `countersign-v1`: HMAC-SHA256 over access key, timestamp, nonce, method, authority, target, content type and
 * body digest, carried in headers that every runtime allows. docs/protocol.md is its specification.
 */
export const countersignV1: Scheme = /* @__PURE__ */ Object.assign(
  // A pure-marked call, not a spread: bundlers drop the call from clients, which need the signing half only, but never a spread.
  { read: readCountersignV1, response: countersignV1Response },
  signCountersignV1,
  { createKey: nativeHmacSha256 },
);

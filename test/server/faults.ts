import type { KeyRecord, VerifyContext } from 'countersign/server';
import { noon, type Parts } from './rig.ts';

/** What can go wrong around one request; tests set it between signing and verifying. */
export type World = {
  now: number;
  record: KeyRecord | undefined;
  storeDown: boolean;
  addressSpent: boolean;
  keySpent: boolean;
  replayed: boolean;
  context: VerifyContext;
  parts: Parts;
};

export type Fault = {
  readonly step: number;
  readonly code: string;
  readonly status: number;
  /** What a caller who has not proved the key is told. @default the code */
  readonly hidden?: string;
  apply(world: World): void;
};

const keyFault = (code: string, change: Partial<KeyRecord>): Fault => ({
  step: 4,
  code,
  status: 401,
  hidden: 'invalid_signature',
  apply(world) {
    if (world.record) world.record = { ...world.record, ...change };
  },
});

function setHeaders(world: World, headers: Record<string, string | undefined>): void {
  const all = Object.entries({ ...world.parts.headers, ...headers });
  const present = all.filter((entry): entry is [string, string] => entry[1] !== undefined);
  world.parts = { ...world.parts, headers: Object.fromEntries(present) };
}

/** One for each code that can be told without a body, in the order of the steps. */
export const faults: readonly Fault[] = [
  {
    step: 0,
    code: 'rate_limited',
    status: 429,
    apply(world) {
      world.addressSpent = true;
    },
  },
  {
    step: 1,
    code: 'missing_signature',
    status: 401,
    apply: (world) => setHeaders(world, { 'x-api-key': undefined, 'x-api-signature': undefined }),
  },
  { step: 1, code: 'malformed_field', status: 400, apply: (world) => setHeaders(world, { 'x-api-nonce': 'short' }) },
  { step: 1, code: 'missing_header', status: 400, apply: (world) => setHeaders(world, { 'x-tenant': undefined }) },
  { step: 1, code: 'invalid_request', status: 400, apply: (world) => setHeaders(world, { 'x-tenant': 'caf\u00e9' }) },
  {
    step: 3,
    code: 'key_store_unavailable',
    status: 503,
    apply(world) {
      world.storeDown = true;
    },
  },
  {
    step: 3,
    code: 'unknown_key',
    status: 401,
    hidden: 'invalid_signature',
    apply(world) {
      world.record = undefined;
    },
  },
  keyFault('revoked_key', { revoked: true }),
  keyFault('expired_key', { expiresAt: noon - 10_000_000 }),
  keyFault('inactive_key', { notBefore: noon + 10_000_000 }),
  {
    step: 5,
    code: 'signature_mismatch',
    status: 401,
    hidden: 'invalid_signature',
    apply: (world) => setHeaders(world, { 'x-api-signature': `v1=${'0'.repeat(64)}` }),
  },
  {
    step: 6,
    code: 'stale_timestamp',
    status: 401,
    apply(world) {
      world.now = noon + 301_000;
    },
  },
  {
    step: 6,
    code: 'future_timestamp',
    status: 401,
    apply(world) {
      world.now = noon - 301_000;
    },
  },
  {
    step: 7,
    code: 'body_digest_mismatch',
    status: 401,
    apply(world) {
      world.parts = { ...world.parts, body: new Uint8Array([1]) };
    },
  },
  {
    step: 8,
    code: 'replayed_request',
    status: 401,
    apply(world) {
      world.replayed = true;
    },
  },
  {
    step: 9,
    code: 'rate_limited',
    status: 429,
    apply(world) {
      world.keySpent = true;
    },
  },
  {
    step: 10,
    code: 'insufficient_scope',
    status: 403,
    apply(world) {
      world.context = { ...world.context, scope: 'orders:write' };
    },
  },
];

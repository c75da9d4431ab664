import { hex } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import { longClaims } from './long-claims.ts';

/** The constructor argument of a Durable Object: the part of Cloudflare's `DurableObjectState` that this package uses. */
export type ReplayObjectState = {
  readonly storage: {
    readonly sql: {
      exec(query: string, ...values: Array<string | number>): { toArray(): Array<Record<string, unknown>> };
    };
    getAlarm(): Promise<number | null>;
    setAlarm(at: number): Promise<void>;
  };
};

/** Limits of one object, and its clock. */
export type ReplayObjectOptions = {
  /** Maximum number of nonces per object, of about 100 bytes each. When it is reached, requests are refused. @default 1000000 */
  readonly capacity?: number;
  /**
   * A nonce remembered for longer than this, in seconds, is long-lived. Long-lived nonces may use half of `capacity`. Set it above
   * twice the `tolerance` of the verifier. @default 3600
   */
  readonly longLived?: number;
  /** Maximum number of long-lived nonces per access key and object. @default a tenth of the capacity */
  readonly longLivedPerKey?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

/** The methods that your Durable Object class delegates to. */
export type ReplayObject = {
  /** Responds to a claim of `durableObjectReplay`. */
  fetch(request: { json(): Promise<unknown> }): Promise<Response>;
  /** Removes expired nonces. The object schedules its alarm itself. */
  alarm(): Promise<void>;
};

/** One claim, as sent to an object in JSON. */
export type ObjectClaim = {
  readonly id: string;
  /** A hash of the access key. `id` is a hash of access key and nonce. */
  readonly owner: string;
  /** The verifier's time and the expiry of the claim, in milliseconds since the epoch. */
  readonly now: number;
  readonly expiresAt: number;
};

/**
 * The result of a claim. `crowded`: the access key has reached its limit of long-lived nonces. `forgotten`: the object has removed
 * nonces that have not expired by the verifier's clock, so it cannot detect replays.
 */
export type ClaimResult = 'fresh' | 'seen' | 'full' | 'crowded' | 'forgotten';

/** The time between removals of expired nonces, in milliseconds. */
const rest = 60_000;
/** How long rows are kept after they expire, in milliseconds, so that clocks may differ by this much. */
const grace = 60_000;

const tables = `
create table if not exists countersign_nonces (id text primary key, expires_at integer not null) without rowid;
create table if not exists countersign_forgotten (id integer primary key, until integer not null);
insert into countersign_forgotten values (1, 0) on conflict do nothing`;

/**
 * The implementation of a Durable Object that remembers nonces in SQLite. Create it in the constructor of your class, and
 * delegate `fetch` and `alarm` to it. It uses tables of its own, and the alarm of the object.
 *
 * A claim is atomic: an object is single-threaded, and nothing here awaits between reading and writing. The platform holds the
 * response back until the data is stored. The only index is the primary key, because each further one costs a row written.
 *
 * @throws SignatureError `invalid_configuration`
 * @example
 * import { type ReplayObjectState, replayObject } from 'countersign/durable-object';
 *
 * export class Replay {
 *   private readonly replay;
 *   constructor(state: ReplayObjectState) {
 *     this.replay = replayObject(state);
 *   }
 *   fetch = (request: Request) => this.replay.fetch(request);
 *   alarm = () => this.replay.alarm();
 * }
 */
export function replayObject({ storage }: ReplayObjectState, options: ReplayObjectOptions = {}): ReplayObject {
  const { capacity = 1_000_000, longLived = 3600, clock = () => Date.now() } = options;
  const { longLivedPerKey = Math.ceil(capacity / 10) } = options;
  if (!(capacity >= 1)) fail('invalid_configuration', `capacity is ${capacity}, it must be at least 1.`);
  if (!(longLived > 0 && longLivedPerKey >= 1)) {
    fail('invalid_configuration', 'longLived must be a positive number of seconds, longLivedPerKey at least 1.');
  }
  const run = (query: string, ...values: Array<string | number>) => storage.sql.exec(query, ...values).toArray();
  run(tables);
  const long = longClaims(storage, {
    longLived,
    perOwner: longLivedPerKey,
    together: Math.ceil(capacity / 2),
  });
  let count = Number(run('select count(*) as count from countersign_nonces')[0]?.count);
  let forgotten = Number(run('select until from countersign_forgotten')[0]?.until);

  function claim(wanted: ObjectClaim): ClaimResult {
    const { id, now, expiresAt } = wanted;
    const [row] = run('select expires_at from countersign_nonces where id = ?', id);
    if (row && !(Number(row.expires_at) <= now)) return 'seen';
    if (!(forgotten <= now)) return 'forgotten';
    if (!row && count >= capacity) return 'full';
    const refusal = long.begin(wanted);
    if (refusal) return refusal;
    run('insert or replace into countersign_nonces values (?, ?)', id, expiresAt);
    if (!row) count++;
    return 'fresh';
  }

  // Both writes are atomic, because nothing awaits between them.
  function remove(digits: string, end: number): void {
    const over = 'from countersign_nonces where id between ? and ? and expires_at <= ?';
    const values = [digits, `${digits}g`, end];
    const [found] = run(`select count(*) as count, max(expires_at) as last ${over}`, ...values);
    if (!Number(found?.count)) return;
    forgotten = Math.max(forgotten, Number(found?.last));
    run('update countersign_forgotten set until = ?', forgotten);
    run(`delete ${over}`, ...values);
    count -= Number(found?.count);
  }

  return {
    async fetch(request) {
      const wanted = await request.json();
      if (!isClaim(wanted)) return new Response('This is not a claim.', { status: 400 });
      const result = claim(wanted);
      if (result === 'fresh' && (await storage.getAlarm()) === null) await storage.setAlarm(Date.now() + rest);
      return new Response(result);
    },
    async alarm() {
      // In parts, so that claims are processed in between.
      for (let part = 0; part < 256; part++) {
        const digits = hex(Uint8Array.of(part));
        remove(digits, clock() - grace);
        long.remove(digits, clock() - grace);
        await new Promise((resolve) => setTimeout(resolve));
      }
      if (count > 0 || long.total() > 0) await storage.setAlarm(Date.now() + rest);
    },
  };
}

function isClaim(value: unknown): value is ObjectClaim {
  const { id, owner, now, expiresAt } = (value ?? {}) as Partial<Record<keyof ObjectClaim, unknown>>;
  return isHash(id) && isHash(owner) && Number.isFinite(now) && Number.isSafeInteger(expiresAt);
}

const isHash = (value: unknown): boolean => typeof value === 'string' && /^[\da-f]{64}$/.test(value);

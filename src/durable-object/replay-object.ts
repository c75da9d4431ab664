import { hex } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import { longClaims } from './long-claims.ts';

/** What a Durable Object is constructed with: what this package uses of Cloudflare's `DurableObjectState`. */
export type ReplayObjectState = {
  readonly storage: {
    readonly sql: {
      exec(query: string, ...values: Array<string | number>): { toArray(): Array<Record<string, unknown>> };
    };
    getAlarm(): Promise<number | null>;
    setAlarm(at: number): Promise<void>;
  };
};

/** How much one object remembers, and by which clock it forgets. */
export type ReplayObjectOptions = {
  /** How many nonces one object remembers at most; about 100 bytes of storage each. Above it, requests are refused. @default 1000000 */
  readonly capacity?: number;
  /**
   * A nonce that is remembered for longer than this many seconds is long-lived: at most half of `capacity` is for those. Set it
   * above twice the `tolerance` of the verifier. @default 3600
   */
  readonly longLived?: number;
  /** How many long-lived nonces of one access key one object remembers at most. @default a tenth of the capacity */
  readonly longLivedPerKey?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

/** What the class of the object passes on. */
export type ReplayObject = {
  /** Answers a claim of `durableObjectReplay`. */
  fetch(request: { json(): Promise<unknown> }): Promise<Response>;
  /** Removes what need not be remembered any more. Sets itself up: the class needs no other call. */
  alarm(): Promise<void>;
};

/** One claim, as it is sent to an object in JSON. */
export type ObjectClaim = {
  readonly id: string;
  /** Whose it is: a hash of the access key, as `id` is of both. */
  readonly owner: string;
  /** The verifier's time, and until when to remember, in milliseconds since the epoch. */
  readonly now: number;
  readonly expiresAt: number;
};

/** `crowded`: the access key has as many long-lived nonces as it may. `forgotten`: the object cannot tell, for it has removed nonces that by the verifier's clock are not over yet. */
export type ObjectAnswer = 'fresh' | 'seen' | 'full' | 'crowded' | 'forgotten';

/** How long after a claim the object looks for what is over, and after that again (ms). */
const rest = 60_000;
/** How long rows stay beyond their end: clocks that differ by less never make an object refuse (ms). */
const grace = 60_000;

const tables = `
create table if not exists countersign_nonces (id text primary key, expires_at integer not null) without rowid;
create table if not exists countersign_forgotten (id integer primary key, until integer not null);
insert into countersign_forgotten values (1, 0) on conflict do nothing`;

/**
 * The inside of a Durable Object that remembers nonces, in SQLite. Make one in the constructor of a class, and let its
 * `fetch` and `alarm` call those of this one. The tables are its own, and so is the alarm of the object.
 *
 * An object has one thread, and nothing here waits between looking and writing, so a claim is atomic; the platform holds
 * the answer back until it is written. There is no index but the primary key: each would be another row written.
 *
 * @throws SignatureError `invalid_configuration`
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

  function claimed(claim: ObjectClaim): ObjectAnswer {
    const { id, now, expiresAt } = claim;
    const [row] = run('select expires_at from countersign_nonces where id = ?', id);
    if (row && !(Number(row.expires_at) <= now)) return 'seen';
    if (!(forgotten <= now)) return 'forgotten';
    if (!row && count >= capacity) return 'full';
    const refusal = long.begin(claim);
    if (refusal) return refusal;
    run('insert or replace into countersign_nonces values (?, ?)', id, expiresAt);
    if (!row) count++;
    return 'fresh';
  }

  // How far it has forgotten is written together with the removal, as all that is done without waiting in between.
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
      const claim = await request.json();
      if (!isClaim(claim)) return new Response('This is no claim.', { status: 400 });
      const answer = claimed(claim);
      if (answer === 'fresh' && (await storage.getAlarm()) === null) await storage.setAlarm(Date.now() + rest);
      return new Response(answer);
    },
    async alarm() {
      // In parts, so that claims get in between.
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

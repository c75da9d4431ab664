import type { ObjectClaim, ReplayObjectState } from './replay-object.ts';

/** Which nonces are long-lived, and the limits on their number in one object. */
export type LongClaimLimits = {
  /** Nonces remembered for longer than this, in seconds, are long-lived. */
  readonly longLived: number;
  /** Maximum for one access key. */
  readonly perOwner: number;
  /** Maximum for all access keys together. */
  readonly together: number;
};

/** The owner of a nonce, and how long it is remembered. */
type Claim = Pick<ObjectClaim, 'owner' | 'now' | 'expiresAt'>;

/** Counts the long-lived nonces of each access key, in the storage of an object. */
export type LongClaims = {
  /**
   * Counts a nonce, if it is long-lived.
   *
   * @returns `crowded` if the limit of the access key is reached, `full` if the limit of all access keys is.
   */
  begin(claim: Claim): 'crowded' | 'full' | undefined;
  /** Removes nonces from the count that expired by `end`, for owners whose hash starts with these digits. */
  remove(digits: string, end: number): void;
  /** The total count. */
  total(): number;
};

/** Width of the intervals that expiries are counted by, in milliseconds. One access key has few rows: 29 for the week of `presign`. */
const span = 21_600_000;

const table = `
create table if not exists countersign_long_claims (
  owner text not null, ends integer not null, count integer not null, primary key (owner, ends)
) without rowid`;

export function longClaims(
  { sql }: Pick<ReplayObjectState['storage'], 'sql'>,
  { longLived, perOwner, together }: LongClaimLimits,
): LongClaims {
  sql.exec(table);
  const countOf = (where: string, ...values: Array<string | number>): number => {
    const query = `select coalesce(sum(count), 0) as count from countersign_long_claims where ${where}`;
    return Number(sql.exec(query, ...values).toArray()[0]?.count);
  };
  let total = countOf('true');
  return {
    begin({ owner, now, expiresAt }) {
      if (!(expiresAt - now > longLived * 1000)) return undefined;
      if (countOf('owner = ? and ends > ?', owner, now) >= perOwner) return 'crowded';
      if (total >= together) return 'full';
      const ends = Math.ceil(expiresAt / span) * span;
      const insert = 'insert into countersign_long_claims values (?, ?, 1)';
      sql.exec(`${insert} on conflict do update set count = count + 1`, owner, ends);
      total++;
      return undefined;
    },
    remove(digits, end) {
      const over = 'owner between ? and ? and ends <= ?';
      const values = [digits, `${digits}g`, end];
      const count = countOf(over, ...values);
      if (count === 0) return;
      sql.exec(`delete from countersign_long_claims where ${over}`, ...values);
      total -= count;
    },
    total: () => total,
  };
}

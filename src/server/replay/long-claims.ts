import { fail } from '../../core/errors.ts';

/** Limits on the number of long-lived nonces. */
export type LongClaimLimits = {
  /** For one access key. */
  readonly perKey: number;
  /** For all access keys together. */
  readonly together: number;
};

/** Counts the long-lived nonces of each access key. */
export type LongClaims = {
  /**
   * Counts one more nonce.
   *
   * @returns the name under which it is counted, for `end`.
   * @throws SignatureError `replay_store_full` if a limit is reached.
   */
  begin(accessKey: string): string;
  /** Removes nonces from the count: one name for each, as `begin` returned it. */
  end(names: readonly string[]): void;
};

/** Limits long-lived nonces: otherwise the holder of one key could slowly fill the store without exceeding any rate limit. */
export function longClaims({ perKey, together }: LongClaimLimits): LongClaims {
  const counts = new Map<string, { readonly name: string; count: number }>();
  let all = 0;
  return {
    begin(accessKey) {
      const found = counts.get(JSON.stringify(accessKey));
      if (found && found.count >= perKey) {
        fail(
          'replay_store_full',
          `The access key has ${perKey} long-lived nonces, the maximum for one key: sign with a shorter lifetime, or raise longLivedPerKey.`,
          503,
        );
      }
      if (all >= together) {
        fail(
          'replay_store_full',
          `All ${together} long-lived nonces that the store can remember are in use: sign with shorter lifetimes, or raise capacity.`,
          503,
        );
      }
      // A new string: a slice of a header would keep the whole header in memory.
      const entry = found ?? { name: JSON.stringify(accessKey), count: 0 };
      entry.count++;
      all++;
      counts.set(entry.name, entry);
      return entry.name;
    },
    end(names) {
      all -= names.length;
      for (const name of names) {
        const entry = counts.get(name);
        if (entry && --entry.count === 0) counts.delete(name);
      }
    },
  };
}

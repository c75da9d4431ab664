import { fail } from '../../core/errors.ts';

/** How many long-lived nonces there may be. */
export type LongClaimLimits = {
  /** Of one access key. */
  readonly perKey: number;
  /** Of all access keys. */
  readonly together: number;
};

/** Counts the long-lived nonces of each access key. */
export type LongClaims = {
  /**
   * Counts one more.
   *
   * @returns the name under which it is counted.
   * @throws SignatureError `replay_store_full` where the access key, or all together, have as many as they may.
   */
  begin(accessKey: string): string;
  /** Counts these no more: a name for each, as `begin` returned it. */
  end(names: readonly string[]): void;
};

/** Bounds long-lived nonces, so that the holder of one key cannot fill the store at a pace that every limit lets through. */
export function longClaims({ perKey, together }: LongClaimLimits): LongClaims {
  const counts = new Map<string, { readonly name: string; count: number }>();
  let all = 0;
  return {
    begin(accessKey) {
      const found = counts.get(JSON.stringify(accessKey));
      if (found && found.count >= perKey) {
        fail(
          'replay_store_full',
          `The access key has ${perKey} long-lived nonces, as many as one may have: let its signatures end sooner, or raise longLivedPerKey.`,
          503,
        );
      }
      if (all >= together) {
        fail(
          'replay_store_full',
          `All ${together} long-lived nonces that may be remembered are in use: let signatures end sooner, or raise capacity.`,
          503,
        );
      }
      // A text of its own: one that was cut out of a header holds on to all of it.
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

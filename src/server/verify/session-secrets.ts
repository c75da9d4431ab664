import { withHiddenSecret } from '../../core/credentials.ts';
import type { Scheme } from '../../core/scheme.ts';
import type { SessionKey } from '../../core/session/access-key.ts';
import { deriveSessionSecret } from '../../core/session/derive.ts';
import { nativeHmacSha256 } from '../../schemes/native-hmac.ts';
import { signsForeignStrings } from '../../schemes/same-key.ts';
import type { KeySecret } from '../contracts.ts';
import { evictOldest } from '../keys/opened-keys.ts';
import type { PreparedKeys, PreparedSecret } from './prepared-keys.ts';
import { canUse } from './usable-key.ts';

/** Derives the secrets of sessions from those of their parents. */
export type SessionSecrets = {
  /**
   * Returns the secret of a session, with the validity of the parent's secret, prepared for one scheme; the reason in a sentence if
   * there is none.
   */
  derive(session: SessionKey, parent: KeySecret, keys: PreparedKeys): PreparedSecret | string;
  /** Keeps a derived secret that made a signature, so that the session's next request derives nothing. */
  keep(session: SessionKey, derived: KeySecret): void;
};

type Kept = { readonly parent: KeySecret; readonly from: unknown; readonly derived: KeySecret };

/** How many derived secrets are kept. */
const capacity = 5000;

/**
 * Creates the function that derives secrets. Only secrets that made a signature are kept, so that forged access keys cannot evict
 * others.
 */
export function createSessionSecrets(prepared: ReadonlyMap<Scheme, PreparedKeys>): SessionSecrets {
  const foreign = [...prepared].filter(([scheme]) => signsForeignStrings(scheme));
  const kept = new Map<string, Kept>();
  const parents = new WeakMap<KeySecret, KeySecret>();

  function reasonAgainst(parent: KeySecret): string | undefined {
    if (typeof parent.secret !== 'string' && !ArrayBuffer.isView(parent.secret)) {
      return 'The key is a CryptoKey or a public key, from which no session can be derived.';
    }
    // Its holder signs texts that begin as others choose: one of them could be what a session's secret is derived from.
    const scheme = foreign.find(([, keys]) => canUse(keys, parent))?.[0];
    return scheme && `The secret also signs by ${scheme.name}, without domain separation: it must not issue sessions.`;
  }

  function secretOf(session: SessionKey, parent: KeySecret): KeySecret | string {
    const found = kept.get(nameOf(session));
    if (found && found.parent === parent && found.from === parent.secret) return found.derived;
    const reason = reasonAgainst(parent);
    if (reason !== undefined) return reason;
    const text = deriveSessionSecret(parent.secret as string | Uint8Array, session.accessKeys, nativeHmacSha256);
    const derived: KeySecret = withHiddenSecret(validityOf(parent), text);
    parents.set(derived, parent);
    return derived;
  }

  return {
    derive(session, parent, keys) {
      const secret = secretOf(session, parent);
      if (typeof secret === 'string') return secret;
      try {
        const key = keys.get(secret);
        if (key) return { secret, key };
      } catch {
        // Such as a scheme whose secrets have a prefix.
      }
      return 'The scheme cannot use the secrets of sessions.';
    },
    keep(session, derived) {
      const parent = parents.get(derived);
      const name = nameOf(session);
      if (!parent || kept.get(name)?.derived === derived) return;
      // Deleted first, so that the entry becomes the newest.
      kept.delete(name);
      kept.set(name, { parent, from: parent.secret, derived });
      evictOldest(kept, capacity);
    },
  };
}

/** Reads the validity when it is needed: a store may end a secret in place, or have it in getters of a class. */
const validityOf = (parent: KeySecret): Omit<KeySecret, 'secret' | 'publicKey'> =>
  Object.defineProperties(
    {},
    Object.fromEntries(
      (['id', 'notBefore', 'expiresAt'] as const).map((name) => [name, { get: () => parent[name], enumerable: true }]),
    ),
  );

// A new string: a slice of a header would keep the whole header in memory.
const nameOf = ({ accessKeys }: SessionKey): string => JSON.stringify(accessKeys.at(-1));

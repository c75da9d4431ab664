import { type Awaitable, chain } from '../../core/awaitable.ts';
import { withHiddenSecret } from '../../core/credentials.ts';
import type { Scheme } from '../../core/scheme.ts';
import type { SessionKey } from '../../core/session/access-key.ts';
import type { Binding } from '../../core/session/bound.ts';
import { deriveSessionSecret } from '../../core/session/derive.ts';
import { nativeHmacSha256 } from '../../schemes/native-hmac.ts';
import { signsForeignStrings } from '../../schemes/same-key.ts';
import type { KeySecret } from '../contracts.ts';
import { evictOldest } from '../keys/opened-keys.ts';
import { importBoundKey, isTagOf } from './bound-key.ts';
import type { PreparedKeys, PreparedSecret } from './prepared-keys.ts';
import { canUse } from './usable-key.ts';

/** Derives the secrets of sessions from those of their parents. */
export type SessionSecrets = {
  /**
   * Returns the secret of a session, or the public key of a bound one if its tag is right, with the validity of the parent's secret,
   * prepared for one scheme. Returns undefined if the tag is not of this parent's secret, and otherwise the reason in a sentence if there
   * is no secret.
   */
  derive(session: SessionKey, parent: KeySecret, keys: PreparedKeys): Awaitable<PreparedSecret | string | undefined>;
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

  function secretOf(session: SessionKey, parent: KeySecret): Awaitable<KeySecret | string | undefined> {
    const found = kept.get(nameOf(session));
    if (found && found.parent === parent && found.from === parent.secret) return found.derived;
    const reason = reasonAgainst(parent);
    if (reason !== undefined) return reason;
    const { secret } = parent as { readonly secret: string | Uint8Array };
    if (session.binding) return boundSecret(session.binding, { parent, secret });
    const text = deriveSessionSecret(secret, session.accessKeys, nativeHmacSha256);
    return remember(withHiddenSecret(validityOf(parent), text), parent);
  }

  async function boundSecret(
    binding: Binding,
    { parent, secret }: { readonly parent: KeySecret; readonly secret: string | Uint8Array },
  ): Promise<KeySecret | string | undefined> {
    // Before anything is done with the public key, which a stranger may have chosen.
    if (!isTagOf(secret, binding)) return undefined;
    const publicKey = await importBoundKey(binding);
    if (!publicKey)
      return 'The public key of the session is no point of its curve, or the runtime does not support it.';
    return remember(Object.assign(validityOf(parent), { publicKey }), parent);
  }

  function remember(derived: KeySecret, parent: KeySecret): KeySecret {
    parents.set(derived, parent);
    return derived;
  }

  return {
    derive(session, parent, keys) {
      return chain(secretOf(session, parent), (secret) =>
        typeof secret === 'object' ? prepare(secret, keys) : secret,
      );
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

function prepare(secret: KeySecret, keys: PreparedKeys): PreparedSecret | string {
  try {
    const key = keys.get(secret);
    if (key) return { secret, key };
  } catch {
    // Such as a scheme whose secrets have a prefix.
  }
  return secret.publicKey
    ? 'The session is bound to a key pair, and the scheme has no public keys.'
    : 'The scheme cannot use the secrets of sessions.';
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

import { secretState } from '../../../server/keys/key-lifecycle.ts';
import type { StoredKey, StoredSecret } from '../../../server/keys/key-table.ts';
import { formatTime } from '../../times.ts';

/** A key for display: without sealed secrets, and with times in ISO 8601. */
export type ShownKey = Omit<
  StoredKey,
  'secrets' | 'version' | 'createdAt' | 'lastUsedAt' | 'notBefore' | 'expiresAt' | 'revoked' | 'revokedAt'
> & {
  readonly state: 'active' | 'inactive' | 'expired' | 'revoked';
  readonly createdAt: string;
  readonly lastUsedAt?: string;
  readonly revokedAt?: string;
  readonly notBefore?: string;
  readonly expiresAt?: string;
  readonly secrets: readonly ShownSecret[];
};

/** A secret of a key for display, without the secret itself. */
export type ShownSecret = {
  readonly id: string;
  readonly state: 'next' | 'active' | 'retiring' | 'revoked';
  /** The only scheme that it is for. */
  readonly scheme?: string;
  readonly kind: 'sealed' | 'derived' | 'public key';
  /** The name of the sealing key. */
  readonly sealedWith?: string;
  readonly createdAt: string;
  readonly notBefore?: string;
  readonly expiresAt?: string;
};

/** Converts a key for display. `now` is in milliseconds since the epoch. */
export function toShownKey(key: StoredKey, now: number): ShownKey {
  const {
    accessKey,
    service,
    environment,
    scopes,
    schemes,
    algorithms,
    addresses,
    explain,
    sessions,
    createdAt,
    lastUsedAt,
    revokedAt,
  } = key;
  return {
    accessKey,
    service,
    environment,
    state: stateOf(key, now),
    ...(scopes && { scopes }),
    ...(schemes && { schemes }),
    ...(algorithms && { algorithms }),
    ...(addresses && { addresses }),
    ...(explain && { explain }),
    ...(sessions !== undefined && { sessions }),
    createdAt: formatTime(createdAt),
    ...(lastUsedAt !== undefined && { lastUsedAt: formatTime(lastUsedAt) }),
    ...(revokedAt !== undefined && { revokedAt: formatTime(revokedAt) }),
    ...validity(key),
    secrets: key.secrets.map((secret) => shownSecret(secret, now)),
  };
}

function stateOf({ revoked, notBefore = -Infinity, expiresAt = Infinity }: StoredKey, now: number): ShownKey['state'] {
  if (revoked) return 'revoked';
  if (now >= expiresAt) return 'expired';
  return now >= notBefore ? 'active' : 'inactive';
}

function shownSecret(secret: StoredSecret, now: number): ShownSecret {
  const { id, createdAt, scheme, sealed, publicKey } = secret;
  const [, sealedWith] = /^sealed1\.([\w-]+)\./.exec(sealed ?? '') ?? [];
  return {
    id,
    state: secretState(secret, now),
    ...(scheme !== undefined && { scheme }),
    kind: publicKey ? 'public key' : sealed === undefined ? 'derived' : 'sealed',
    ...(sealedWith !== undefined && { sealedWith }),
    createdAt: formatTime(createdAt),
    ...validity(secret),
  };
}

const validity = ({
  notBefore,
  expiresAt,
}: Pick<StoredSecret, 'notBefore' | 'expiresAt'>): Pick<ShownSecret, 'notBefore' | 'expiresAt'> => ({
  ...(notBefore !== undefined && { notBefore: formatTime(notBefore) }),
  ...(expiresAt !== undefined && { expiresAt: formatTime(expiresAt) }),
});

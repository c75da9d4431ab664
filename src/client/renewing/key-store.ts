import type { PlatformKey } from '../../core/credentials.ts';

/** A session as a key store keeps it. */
export type KeptSession = {
  readonly accessKey: string;
  /** The private key that the session is bound to, or its secret. It cannot be exported. */
  readonly secret: PlatformKey;
  /** When the session was asked for, by the clock of this browser, in milliseconds since the epoch. */
  readonly askedAt: number;
  /** In milliseconds. */
  readonly lifetime: number;
};

/** A session to keep. `secret` is undefined if it is bound to the key pair of the store. */
export type NewSession = Omit<KeptSession, 'secret'> & { readonly secret: string | undefined };

/** Keeps the keys of `renewing` beyond a reload, and shares them among tabs. Made by `browserKeyStore`. */
export type SessionKeyStore = {
  /**
   * Returns the session that was kept last, if there is one. After `forget` was called it waits until the keys are gone.
   *
   * @throws SignatureError `session_unavailable`, also if the keys cannot be deleted; `invalid_configuration`
   */
  open(): Promise<KeptSession | undefined>;
  /**
   * Makes the key pair for the next session. Returns its raw public key, in base64url.
   *
   * @throws SignatureError `session_unavailable`
   */
  makePair(): Promise<string>;
  /**
   * Keeps a session, and returns it with a secret that cannot be exported.
   *
   * @param publicKey of the key pair with which the session was asked for.
   * @throws SignatureError `session_unavailable`, also if that key pair is gone, or is no longer the newest.
   */
  keep(session: NewSession, publicKey: string): Promise<KeptSession>;
  /**
   * Notifies the listeners of this store, deletes all that is kept, then notifies the other tabs, also if it cannot delete.
   *
   * @throws SignatureError `session_unavailable` if it cannot delete, or has to wait for longer than 5 seconds.
   */
  forget(): Promise<void>;
  /** Adds what to call when this store or another tab forgets. */
  onForget(listener: () => void): void;
  /** Waits until no other tab runs anything, then runs. Rejects with the reason of the signal if it aborts meanwhile. */
  alone<Result>(run: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
};

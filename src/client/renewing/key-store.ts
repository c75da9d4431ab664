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

/** What a key store holds. */
export type OpenedKeys = {
  /** The raw public key of the store's key pair, in base64url. */
  readonly publicKey: string;
  /** The session that was kept last, if there is one. */
  readonly session: KeptSession | undefined;
};

/** Keeps the keys of `renewing` beyond a reload, and shares them among tabs. Made by `browserKeyStore`. */
export type SessionKeyStore = {
  /**
   * Returns what is kept. Makes a key pair if there is none.
   *
   * @throws SignatureError `session_unavailable`, `invalid_configuration`
   */
  open(): Promise<OpenedKeys>;
  /**
   * Keeps a session, and returns it with a secret that cannot be exported.
   *
   * @param publicKey of the key pair with which the session was asked for.
   * @throws SignatureError `session_unavailable`, also if that key pair is gone.
   */
  keep(session: NewSession, publicKey: string): Promise<KeptSession>;
  /** Deletes all that is kept, then notifies the other tabs. */
  forget(): Promise<void>;
  /** Sets what to call when another tab has called `forget`. */
  onForget(listener: () => void): void;
  /** Waits until no other tab runs anything, then runs. Rejects with the reason of the signal if it aborts meanwhile. */
  alone<Result>(run: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
};

import type { Credentials, Fetch, Signer } from 'countersign';
import type { AuditEvent, ManagedKeys } from 'countersign/server';
import type { KyInstance } from 'ky';

/** What came of a call. */
export type Outcome = {
  readonly status: number;
  /** What a refused caller is told. */
  readonly code?: string | undefined;
  /** What an accepted call gave; of a refused one the precise reason, which only the server's audit event has. */
  readonly reason: string;
};

/** What calls are made with. */
export type Scene = {
  readonly origin: string;
  readonly credentials: Credentials;
  readonly signer: Signer;
  /** ky, with the signer's hooks. */
  readonly api: KyInstance;
  /** fetch, signing. */
  readonly fetch: Fetch;
  /** A signed request, to be sent more than once. */
  readonly signed: Request;
  /** Another key, which is revoked in the course of things. */
  readonly partner: Credentials;
  /** The server's keys. */
  readonly keys: ManagedKeys;
};

export type Call = {
  readonly name: string;
  readonly expected: Outcome;
  make(scene: Scene): Promise<Outcome>;
};

export type CheckedCall = Call & {
  readonly actual: Outcome;
  readonly asExpected: boolean;
};

/**
 * Makes a call, and holds what came of it against what was expected.
 *
 * @param events where the server puts its audit events.
 */
export async function check(call: Call, scene: Scene, events: AuditEvent[]): Promise<CheckedCall> {
  events.length = 0;
  const made = await call.make(scene).catch((error: unknown): Outcome => ({ status: 0, reason: String(error) }));
  const event = events.at(-1);
  const actual = event?.outcome === 'refused' ? { ...made, reason: String(event.code) } : made;
  const { expected } = call;
  const asExpected =
    event !== undefined &&
    actual.status === expected.status &&
    actual.code === expected.code &&
    actual.reason === expected.reason;
  return { ...call, actual, asExpected };
}

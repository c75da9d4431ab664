import type { Credentials, Fetch, Signer } from 'countersign';
import type { AuditEvent, ManagedKeys } from 'countersign/server';
import type { KyInstance } from 'ky';

/** The result of a call. */
export type Outcome = {
  readonly status: number;
  /** The code that a refused caller gets. */
  readonly code?: string | undefined;
  /** The result of an accepted call, or the precise reason of a refusal, which is only in the server's audit event. */
  readonly reason: string;
};

/** The means to make calls. */
export type Scene = {
  readonly origin: string;
  readonly credentials: Credentials;
  readonly signer: Signer;
  /** ky, with the signer's hooks. */
  readonly api: KyInstance;
  /** A fetch that signs. */
  readonly fetch: Fetch;
  /** Returns a signed request, which can be sent more than once. */
  readonly signed: Request;
  /** Another key, which the demo revokes. */
  readonly partner: Credentials;
  /** The keys of the server. */
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
 * Makes a call, and compares its result with the expected one.
 *
 * @param events the server appends its audit events to this list.
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

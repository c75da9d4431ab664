// A Worker whose objects remember nonces, with doors for tests: faults, clocks and alarms that come sooner.
import { SignatureError } from 'countersign';
import {
  durableObjectReplay,
  type ReplayNamespace,
  type ReplayObjectState,
  replayObject,
} from 'countersign/durable-object';
import { createVerifier, memoryKeys, protect } from 'countersign/server';

type State = ReplayObjectState & { abort(reason: string): void };

const nonces = (capacity?: number) =>
  class {
    readonly #state;
    readonly #replay;
    #ahead = 0;
    #held: Promise<void> | undefined;
    #waiting = 0;
    #release = () => {};

    constructor(state: State) {
      const { sql, getAlarm, setAlarm } = state.storage;
      this.#state = state;
      this.#replay = replayObject(
        {
          storage: {
            sql,
            getAlarm: () => getAlarm.call(state.storage),
            setAlarm: (at) => setAlarm.call(state.storage, at - 59_700),
          },
        },
        { clock: () => Date.now() + this.#ahead, ...(capacity !== undefined && { capacity }) },
      );
    }

    async fetch(request: Request): Promise<Response> {
      const { pathname } = new URL(request.url);
      const [, command, value] = pathname.split('/');
      if (command === 'claim') {
        this.#waiting += 1;
        await this.#held;
        this.#waiting -= 1;
        return this.#replay.fetch(request);
      }
      if (command === 'ahead') this.#ahead = Number(value);
      if (command === 'abort') this.#state.abort('aborted by the test');
      if (command === 'release') this.#release();
      if (command === 'hold') {
        this.#held = new Promise((resolve) => {
          this.#release = resolve;
        });
      }
      return new Response(String(this.#waiting));
    }

    alarm(): Promise<void> {
      return this.#replay.alarm();
    }
  };

export const Nonces = nonces();
export const Few = nonces(3);
/** Of long-lived nonces it remembers 20, and 4 of one access key. */
export const Forty = nonces(40);
export const Odd = nonces(Number.NaN);
/** Storage of this one is not SQLite. */
export const Old = nonces();
/** Does not pass on. */
export function Silent(this: { fetch(): Response }): void {
  this.fetch = () => new Response('hello');
}

type Bindings = Readonly<Record<string, ReplayNamespace>>;

/** A claim for `durableObjectReplay` to make here; numbers as texts, for JSON has no NaN. */
export type ClaimOrder = {
  readonly accessKey: string;
  readonly nonce: string;
  readonly expiresAt: string;
  readonly now?: string;
  readonly options?: { readonly shards?: number; readonly prefix?: string; readonly timeout?: number };
};

async function claimed(namespace: ReplayNamespace, order: ClaimOrder): Promise<Response> {
  const { accessKey, nonce, expiresAt, now, options } = order;
  const clock = now === undefined ? {} : { clock: () => Number(now) };
  try {
    const { claim } = durableObjectReplay(namespace, { ...options, ...clock });
    return Response.json({ claim: await claim(accessKey, nonce, Number(expiresAt)) });
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    const { code, status, message, cause } = error;
    return Response.json({ code, status, message, cause: String(cause) });
  }
}

const keys = memoryKeys([
  { accessKey: 'caller', service: 'shop', secrets: [{ secret: 'a secret of more than sixteen bytes' }] },
]);
let serve: ((request: Request) => Promise<Response>) | undefined;

export default {
  async fetch(request: Request, bindings: Bindings): Promise<Response> {
    const [, room, binding = '', name = '', ...command] = new URL(request.url).pathname.split('/');
    const namespace = bindings[binding];
    if (namespace && room === 'claim') return claimed(namespace, (await request.json()) as ClaimOrder);
    if (namespace && room === 'object') {
      const object = namespace.get(namespace.idFromName(name));
      const init = { method: 'POST', body: await request.text() };
      const answer = await object.fetch(`https://object.test/${command.join('/')}`, init);
      return new Response(await answer.text(), { status: answer.status });
    }
    const replay = bindings.NONCES;
    if (!replay) throw new Error('There is no binding.');
    serve ??= protect(
      createVerifier({ keys, replay: durableObjectReplay(replay, { timeout: 500 }) }),
      () => new Response('hello'),
    );
    return serve(request);
  },
};

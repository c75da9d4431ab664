import { createSigner } from 'countersign';
import { memoryKeys, type Refused, type Verified } from 'countersign/server';

const secret = 'a secret of more than sixteen bytes';
const signer = createSigner({ accessKey: 'caller', secret });

/** The key by which {@link signed} signs. */
export const callers = memoryKeys([{ accessKey: 'caller', service: 'shop', secrets: [{ secret }] }]);
export const signed = (): Promise<Request> => signer.sign(new Request('https://api.example.com/v1/orders'));
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
export const codeOf = (result: Verified<Request> | Refused): string => (result.ok ? 'accepted' : result.error.code);

export type Load = {
  /** What was accepted. */
  readonly accepted: readonly Request[];
  /** What came of what was sent for the first time, and of what had been accepted; in the order of events. */
  readonly codes: readonly string[];
  readonly replayed: readonly string[];
  stop(): Promise<void>;
};

/** Sends, and sends again all that was accepted, until told to stop. */
export function load(verify: (request: Request) => Promise<Verified<Request> | Refused>): Load {
  const accepted: Request[] = [];
  const codes: string[] = [];
  const replayed: string[] = [];
  let running = true;
  const worker = async () => {
    while (running) {
      const request = await signed();
      const result = await verify(request);
      codes.push(codeOf(result));
      if (result.ok) accepted.push(request);
      else if (result.error.status !== 503) throw result.error;
      // The last ones are the ones that a dying store is most likely to have lost.
      for (const old of accepted.slice(-3)) replayed.push(codeOf(await verify(old)));
      if (!result.ok) await pause(5);
    }
  };
  const workers = Promise.all(Array.from({ length: 8 }, worker));
  return {
    accepted,
    codes,
    replayed,
    async stop() {
      running = false;
      await workers;
    },
  };
}

/** Kills a store under load and starts it again with what it has written, twice: no replay may get in. */
export async function killedUnderLoad(
  store: { kill(): Promise<void>; restart(): Promise<void> },
  verify: (request: Request) => Promise<Verified<Request> | Refused>,
): Promise<Load> {
  const running = load(verify);
  const { accepted } = running;
  for (let round = 0; round < 2; round += 1) {
    const before = accepted.length;
    while (accepted.length < before + 30) await pause(20);
    await store.kill();
    await pause(300);
    await store.restart();
  }
  await pause(1500);
  const after = accepted.length;
  while (accepted.length < after + 30) await pause(20);
  await running.stop();
  return running;
}

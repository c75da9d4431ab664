import { durableObjectReplay } from 'countersign/durable-object';
import { createVerifier } from 'countersign/server';
import { afterEach, describe, expect, it } from 'vitest';
import { objectsAt, tell, worker } from './durable-object-access.ts';
import { callers, codeOf, killedUnderLoad, load, pause } from './load.ts';
import { startWorkerd, type Workerd, workerdPresent } from './workerd.ts';

describe.runIf(workerdPresent())('Durable Objects', () => {
  let server: Workerd | undefined;
  afterEach(() => server?.close());

  /** A verifier outside of workerd, which goes on while that is dead. */
  async function started(shards: number) {
    server = await startWorkerd(worker);
    const replay = durableObjectReplay(objectsAt(server.url), { shards, timeout: 5000 });
    const verifier = createVerifier({ keys: callers, replay });
    return { server, verify: (request: Request) => verifier.verify(request) };
  }

  it('that are killed under load let no replay in, and go on by themselves', async () => {
    const { server, verify } = await started(3);
    const { accepted, codes, replayed } = await killedUnderLoad(server, verify);
    expect(codes).toContain('replay_store_unavailable');
    expect(codes.slice(-20)).toContain('accepted');
    expect(replayed).toContain('replayed_request');
    expect(replayed.filter((code) => code === 'accepted')).toEqual([]);
    for (const request of accepted) expect(codeOf(await verify(request))).toBe('replayed_request');
  }, 60_000);

  it('that are thrown away under load let no replay in, and go on by themselves', async () => {
    const { server, verify } = await started(1);
    const { accepted, codes, replayed, stop } = load(verify);
    for (let round = 0; round < 20; round += 1) {
      const before = accepted.length;
      while (accepted.length < before + 10) await pause(5);
      await tell(server.url, 'abort');
    }
    await stop();
    expect(codes).toContain('replay_store_unavailable');
    expect(replayed.filter((code) => code === 'accepted')).toEqual([]);
    for (const request of accepted) expect(codeOf(await verify(request))).toBe('replayed_request');
  }, 60_000);
});

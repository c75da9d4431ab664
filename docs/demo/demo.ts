/**
 * Starts a server, makes signed calls to it, then calls that the server must refuse, and prints the result of each. The exit
 * status is 0 only if every result is as expected: `npm run demo -- --tolerance 3600` shows a server that is too tolerant.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Credentials, createSigner, signedFetch } from 'countersign';
import { signingHooks } from 'countersign/ky';
import type { AuditEvent } from 'countersign/server';
import ky from 'ky';
import { type Call, type CheckedCall, check, type Scene } from './call.ts';
import { honestCalls } from './honest-calls.ts';
import { callsAfterRestart, refusedCalls } from './refused-calls.ts';
import { startServer } from './server.ts';
import { tableOf } from './table.ts';

const { values: flags } = parseArgs({ options: { tolerance: { type: 'string', default: '300' } } });
const directory = mkdtempSync(join(tmpdir(), 'countersign-demo-'));
try {
  process.exitCode = await demonstrate(join(directory, 'demo.sqlite'), Number(flags.tolerance));
} finally {
  rmSync(directory, { recursive: true });
}

/** @returns the exit status. */
async function demonstrate(file: string, tolerance: number): Promise<number> {
  const events: AuditEvent[] = [];
  const options = { file, tolerance, audit: (event: AuditEvent) => void events.push(event) };
  const checkAll = async (calls: readonly Call[], scene: Scene): Promise<CheckedCall[]> => {
    const checked: CheckedCall[] = [];
    // One after the other, so that the last audit event belongs to the last call.
    for (const call of calls) checked.push(await check(call, scene, events));
    return checked;
  };

  let server = await startServer(options);
  const { origin, keys } = server;
  const issue = async (service: string): Promise<Credentials> => {
    const { accessKey, secret = '' } = await keys.create({ service, environment: 'demo' });
    return { accessKey, secret };
  };
  const credentials = await issue('shop');
  const signer = createSigner({ credentials });
  const scene: Scene = {
    origin,
    credentials,
    signer,
    api: ky.create({ prefix: origin, hooks: signingHooks(signer) }),
    fetch: signedFetch(signer),
    signed: await signer.sign(new Request(`${origin}/profile`)),
    partner: await issue('partner'),
    keys,
  };
  const accepted = await checkAll(honestCalls, scene);
  const refused = await checkAll(refusedCalls, scene);

  await server.stop();
  server = await startServer({ ...options, port: Number(new URL(origin).port) });
  const restarted = await checkAll(callsAfterRestart, { ...scene, keys: server.keys });
  await server.stop();

  const all = [...accepted, ...refused, ...restarted];
  const wrong = all.filter((call) => !call.asExpected).length;
  console.log(`Calls over HTTP to ${origin}, keys, nonces and audit events in ${file}\n`);
  console.log(
    tableOf({
      'must be accepted': accepted,
      'must be refused': refused,
      'after a restart of the server on the same file': restarted,
    }),
  );
  console.log(
    `\n${wrong ? `${wrong} of ${all.length} calls did not go` : `All ${all.length} calls went`} as expected.`,
  );
  return wrong ? 1 : 0;
}

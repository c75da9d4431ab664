// Runs in the runtime that is measured: ky end to end over loopback, to a server in another process.

import { AwsClient } from 'aws4fetch';
import { createSigner, signedFetch } from 'countersign';
import { signingHooks } from 'countersign/ky';
import ky, { type KyInstance } from 'ky';
import { accessKey, secret } from './inputs.ts';
import { insist } from './rows.ts';
import { median } from './targets.ts';

/** Microseconds for one call. */
export type KyFigure = {
  readonly operation: string;
  readonly row: string;
  /** Of this process, all threads. */
  readonly cpu: number;
  readonly wall: number;
  /** CPU time over plain ky: the median of what the rounds say. */
  readonly added: number;
};

const [prefix = '', rounds = '9', calls = '500'] = process.argv.slice(2);
const signer = createSigner({ accessKey, secret });
const aws = new AwsClient({
  accessKeyId: accessKey,
  secretAccessKey: secret,
  service: 'execute-api',
  region: 'eu-west-1',
});

const rows: Readonly<Record<string, KyInstance>> = {
  ky: ky.create({ prefix }),
  'ky + countersign hook': ky.create({ prefix, hooks: signingHooks(signer) }),
  'ky + countersign fetch': ky.create({ prefix, fetch: signedFetch(signer) }),
  'ky + aws4fetch hook': ky.create({ prefix, hooks: { beforeRequest: [({ request }) => aws.sign(request)] } }),
};
const body = { note: 'x'.repeat(1010) };
const send: Readonly<Record<string, (client: KyInstance) => Promise<unknown>>> = {
  'GET, one at a time': (client) => client.get('orders?limit=50&sort=-created').arrayBuffer(),
  'POST 1 KiB, one at a time': (client) => client.post('orders', { json: body }).arrayBuffer(),
};

/** The server says what it makes of a call: whether it verified, and how many bytes came. */
async function check(): Promise<void> {
  for (const [row, client] of Object.entries(rows)) {
    const seen = await client.post('check', { json: body }).text();
    const expected = /countersign/.test(row) ? 'verified' : /aws4/.test(row) ? 'aws4' : 'unsigned';
    insist(seen === `${expected} ${JSON.stringify(body).length}`, `${row}: the server says ${seen}`);
  }
}

type Sample = { readonly cpu: number; readonly wall: number };

async function sample(call: () => Promise<unknown>, together: number): Promise<Sample> {
  const count = Number(calls);
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  for (let done = 0; done < count; done += together) await Promise.all(Array.from({ length: together }, call));
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) / count, wall: ((performance.now() - start) / count) * 1000 };
}

async function measureKy(name: string, call: (client: KyInstance) => Promise<unknown>, together: number) {
  const found: Record<string, Sample[]> = {};
  for (let round = -1; round < Number(rounds); round++) {
    for (const [row, client] of Object.entries(rows)) {
      const one = await sample(() => call(client), together);
      found[row] ??= [];
      if (round >= 0) found[row].push(one);
    }
  }
  for (const [row, samples] of Object.entries(found)) {
    const figure: KyFigure = {
      operation: name,
      row,
      cpu: median(samples.map(({ cpu }) => cpu)),
      wall: median(samples.map(({ wall }) => wall)),
      added: median(samples.map(({ cpu }, i) => cpu - (found.ky?.[i]?.cpu ?? 0))),
    };
    console.log(JSON.stringify(figure));
  }
}

await check();
for (const [name, call] of Object.entries(send)) {
  await measureKy(name, call, 1);
  await measureKy(name.replace('one at a time', '50 in flight'), call, 50);
}
process.exit(0);

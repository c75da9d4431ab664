/** Starts the demo's server, prints a signed request that curl can send, and runs until Ctrl-C. */
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createSigner, prepareRequest } from 'countersign';
import type { AuditEvent } from 'countersign/server';
import { startServer } from './server.ts';

const { values: flags } = parseArgs({ options: { file: { type: 'string', default: '.cache/demo.sqlite' } } });
const file = resolve(flags.file);
mkdirSync(dirname(file), { recursive: true });

const server = await startServer({ file, audit: (event) => console.log(lineOf(event)) });
// The key of the previous run still exists. Its secret cannot be read again, so the key gets a new one.
const [known] = await server.keys.list({ limit: 1 });
const { accessKey, secret = '' } = known
  ? await server.keys.rotate(known.accessKey, { overlap: 0 })
  : await server.keys.create({ service: 'shop', environment: 'demo' });
const signer = createSigner({ accessKey, secret });

console.log(`Listening on ${server.origin}, keys, nonces and audit events in ${file}`);
console.log('This signed request works once, within 5 minutes. Sent again, it is refused as a replay:\n');
printCommand();
console.log('\nEnter prints another, Ctrl-C stops.\n');

createInterface({ input: process.stdin }).on('line', printCommand);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, async () => {
    await server.stop();
    console.log('Stopped.');
    process.exit();
  });
}

function printCommand(): void {
  const url = `${server.origin}/profile`;
  const headers = Object.entries(prepareRequest(signer, { url }).headers).map(
    ([name, value]) => `-H "${name}: ${value}"`,
  );
  console.log(['curl -i', ...headers, `"${url}"`].join(' '));
}

function lineOf({ outcome, code, method, path, service }: AuditEvent): string {
  const time = new Date().toISOString().slice(11, 19);
  return [time, outcome, code, method, path, service && `by ${service}`].filter(Boolean).join(' ');
}

/** Starts the example, prints what comes of each call, and runs until Ctrl-C. `PORT` is that of the page, by default 5173. */
import { resolve } from 'node:path';
import type { AuditEvent } from 'countersign/server';
import { startExample } from './servers.ts';

const lineOf = ({ outcome, code, method, path, subject, sessionId }: AuditEvent): string =>
  [outcome, code, method, path, subject && `by ${subject}`, sessionId].filter(Boolean).join(' ');

const example = await startExample({
  port: Number(process.env.PORT ?? 5173),
  folder: resolve('.cache/example'),
  expiresIn: 60, // short, to see sessions renewed
  audit: (event) => console.log(lineOf(event)),
});
console.log(`The page is at ${example.origin}, the API at ${example.apiOrigin}.`);
console.log('Log in as ada, password engine, or as bob, password builder, who may only read. Ctrl-C stops.');
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, async () => {
    await example.stop();
    process.exit();
  });
}

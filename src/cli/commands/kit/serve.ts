import type { IncomingMessage, ServerResponse } from 'node:http';
import { drainBody } from '../../../gateway/listener.ts';
import { throwAwayCredentials } from '../../../kit/credentials.ts';
import { createKitServer, type KitExchange, type KitServer } from '../../../kit/serve/kit-server.ts';
import type { ScenarioState } from '../../../kit/serve/scenarios.ts';
import { receivedFromNode } from '../../../node/received.ts';
import { command } from '../../command.ts';
import { formatExplanation } from '../../format-explanation.ts';
import { kitCredentials, kitDefinition } from '../../kit-options.ts';
import { jsonLine, print, printable } from '../../output.ts';
import { listenOptions, serve } from '../../serve.ts';
import { refuseMalformed } from './malformed.ts';

export const kitServe = command({
  name: 'kit serve',
  summary: 'Verifies requests of a client, explains each, and ticks off situations',
  options: {
    listen: { ...listenOptions.listen, help: 'Default: 127.0.0.1:9400. Port 0 selects a free port.' },
    credentials: {
      type: 'text',
      value: 'FILE',
      help: 'credentials.json of a kit. Default: that of a kit for api.example.com.',
    },
    definition: { type: 'text', value: 'FILE', help: 'A scheme definition in JSON. Default: countersign-v1.' },
    grace: listenOptions.grace,
  },
  details: [
    'Needs no database. GET /kit shows the situations and how far the client has come.',
    'Explains to each caller why a signature does not fit: use it with a pair that is worth nothing.',
    'At the end it prints what passed, and exits with 0 if all passed that are not optional, otherwise with 1.',
  ].join('\n'),
  examples: ['kit serve', 'kit serve --credentials acme-kit/credentials.json --listen 127.0.0.1:9400'],
  async run(given) {
    const definition = kitDefinition(given.definition);
    const found = await kitCredentials(given.credentials);
    const server = createKitServer({
      credentials: found ?? throwAwayCredentials('https://api.example.com', definition),
      ...(definition && { definition }),
      onRequest: (seen) => print(given.json ? jsonLine(seen) : describeExchange(seen)),
    });
    const report = (detail: string) =>
      print(given.json ? JSON.stringify({ status: 400, detail }) : `400 The request is not HTTP: ${detail}`);
    const more = { 'tls-certificate': undefined, 'tls-key': undefined };
    await serve(
      toListener(server),
      { ...given, ...more, listen: given.listen ?? '127.0.0.1:9400' },
      refuseMalformed(report),
    );
    const scenarios = server.scenarios();
    print(given.json ? jsonLine({ scenarios }) : summarise(scenarios));
    return scenarios.every(({ state, optional }) => state === 'passed' || optional) ? 0 : 1;
  },
});

function describeExchange({ method, target, status, explanation }: KitExchange): string {
  const line = printable(`${status} ${method} ${target}`);
  return explanation ? `${line}\n${formatExplanation(explanation)}\n` : line;
}

const marks = { open: ' ', passed: 'x', failed: '!' } as const;

function summarise(scenarios: readonly ScenarioState[]): string {
  const lines = scenarios.map(
    ({ name, task, state, note, optional }) =>
      `[${marks[state]}] ${name}: ${note ?? task}${optional && state === 'open' ? ' (optional)' : ''}`,
  );
  const passed = scenarios.filter(({ state }) => state === 'passed').length;
  return [...lines, `${passed} of ${scenarios.length} passed`].join('\n');
}

/** Makes a listener of Node. The rest of a body that is too large is discarded. */
function toListener(server: KitServer): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    try {
      const made = await server.handle(receivedFromNode(request));
      response.writeHead(made.status, [...made.headers].flat());
      const bytes = new Uint8Array(await made.arrayBuffer());
      if (request.complete) {
        response.end(bytes);
        return;
      }
      response.write(bytes);
      drainBody(request, () => response.end());
    } catch (error) {
      print(printable(`A request cannot be read: ${error}`));
      response.writeHead(400).end();
    }
  };
}

import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../tools.ts';
import { type PlacedClient, placed, prepareKits } from './kits.ts';
import { complete, type RawServer } from './raw-server.ts';

// Crates take minutes on a busy machine.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let server: RawServer;
beforeAll(async () => {
  const prepared = await prepareKits();
  server = prepared.server;
  return prepared.close;
});

const injected = ['a\r\nX-Injected: yes', 'a\nX-Injected: yes', 'a\r\n folded'];

describe.each(placed)('the client of $scheme in $language', (client) => {
  it('refuses a header that holds another line', async () => {
    const { command, place, env } = client;
    const outcomes: unknown[] = [];
    for (const type of ['text/plain', ...injected]) {
      server.respondWith(() => complete);
      const { status } = await run([...command, 'call', 'POST', `${server.origin}/orders`, type, '{}'], place, env);
      outcomes.push([type, status === 0, server.received.length]);
    }
    expect(outcomes).toEqual([['text/plain', true, 1], ...injected.map((type) => [type, false, 0])]);
  });

  it('sends no further line from an access key', async () => {
    const { command, place, env, kit } = client;
    for (const [form, lineBreak] of Object.entries({ escaped: '\\r\\n', raw: '\r\n' })) {
      server.respondWith(() => complete);
      const file = `${place}/${form}.json`;
      writeFileSync(file, `{"accessKey": "a${lineBreak}X-Injected: yes", "secret": "${kit.credentials.secret}"}`);
      await run([...command, 'call', 'GET', `${server.origin}/orders`], place, {
        ...env,
        COUNTERSIGN_CREDENTIALS: file,
      });
      expect(server.received.join('')).not.toMatch(/^X-Injected/im);
    }
  });
});

type Given = { readonly name: string; readonly value: string; readonly accessKey: string };

/** Programs of callers, for clients whose `call` takes no header but the content type. */
const scripts: Readonly<Record<string, (client: PlacedClient, given: Given) => readonly string[]>> = {
  python: (client, given) => [
    ...['python3', '-c'],
    `import countersign; countersign.send("GET", "${server.origin}/orders", [(${json(given.name)}, ${json(given.value)})], b"", ${own(client, given)})`,
  ],
  php: (client, given) => [
    ...['php', '-r'],
    `require 'countersign.php'; ${client.scheme === 'countersign-v1' ? 'countersign_send' : 'Countersign\\send'}('GET', '${server.origin}/orders', [[${json(given.name)}, ${json(given.value)}]], '', ${own(client, given)});`,
  ],
  node: (client, given) => [
    ...[process.execPath, '--input-type=module', '-e'],
    `import { send } from './countersign.mjs';
    const [accessKey, secret] = [${own(client, given)}];
    await send({ method: 'GET', url: '${server.origin}/orders', headers: [[${json(given.name)}, ${json(given.value)}]], accessKey, secret });`,
  ],
  ruby: (client, given) => [
    ...['ruby', '-I.', '-rcountersign', '-e'],
    `Countersign.send_request('GET', '${server.origin}/orders', [[${json(given.name)}, ${json(given.value)}]], '', ${own(client, given)})`,
  ],
  perl: (client, given) => [
    ...['perl', '-I.', '-MCountersign', '-e'],
    `Countersign::send_request('GET', '${server.origin}/orders', [[${json(given.name)}, ${json(given.value)}]], '', ${own(client, given)})`,
  ],
  bash: (_, { name, value, accessKey }) => [
    ...['bash', '-c'],
    `. ./countersign.sh; COUNTERSIGN_SECRET_FILE=../../secret COUNTERSIGN_ACCESS_KEY=${ansi(accessKey)} countersign_curl GET ${server.origin}/orders /dev/null ${ansi(`${name}: ${value}`)}`,
  ],
};

const json = (text: string): string => JSON.stringify(text);
const ansi = (text: string): string => `$'${text.replace(/\r/g, '\\r').replace(/\n/g, '\\n')}'`;
const own = ({ kit }: PlacedClient, { accessKey }: Given): string =>
  `${json(accessKey)}, ${json(kit.credentials.secret)}`;

describe.each(placed.filter(({ language }) => scripts[language]))('a caller of $scheme in $language', (client) => {
  it('gets an error for each header that holds another line, its own or one that is added', async () => {
    writeFileSync(`${client.kit.path}/secret`, client.kit.credentials.secret);
    const plain: Given = { name: 'X-Note', value: 'plain', accessKey: 'partner' };
    const given = [
      plain,
      ...injected.flatMap((text) => [
        { ...plain, value: text },
        { ...plain, accessKey: text },
        { ...plain, name: text },
      ]),
    ];
    const outcomes: unknown[] = [];
    for (const one of given) {
      server.respondWith(() => complete);
      const { status } = await run(scripts[client.language]?.(client, one) ?? [], client.place);
      outcomes.push([one, status === 0, server.received.length]);
    }
    const [good, ...bad] = given;
    expect(outcomes).toEqual([[good, true, 1], ...bad.map((one) => [one, false, 0])]);
  });
});

import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { present } from '../../vectors/present.ts';
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

const own = ({ kit }: PlacedClient): string => `'partner', '${kit.credentials.secret}'`;
const php = ({ scheme }: PlacedClient): string =>
  `require 'countersign.php'; ${scheme === 'countersign-v1' ? 'countersign_send' : 'Countersign\\send'}`;

/** Programs of callers that send a header twice, once in another case. */
const twice: Readonly<Record<string, (client: PlacedClient) => readonly string[]>> = {
  python: (client) => [
    ...['python3', '-c'],
    `import countersign; countersign.send('GET', '${server.origin}/', [('X-Note', 'a'), ('x-note', 'b')], b'', ${own(client)})`,
  ],
  php: (client) => [
    ...['php', '-r'],
    `${php(client)}('GET', '${server.origin}/', [['X-Note', 'a'], ['x-note', 'b']], '', ${own(client)});`,
  ],
  node: (client) => [
    ...[process.execPath, '--input-type=module', '-e'],
    `import { send } from './countersign.mjs';
    const [accessKey, secret] = [${own(client)}];
    await send({ method: 'GET', url: '${server.origin}/', headers: [['X-Note', 'a'], ['x-note', 'b']], accessKey, secret });`,
  ],
  ruby: (client) => [
    ...['ruby', '-I.', '-rcountersign', '-e'],
    `Countersign.send_request('GET', '${server.origin}/', [['X-Note', 'a'], ['x-note', 'b']], '', ${own(client)})`,
  ],
  perl: (client) => [
    ...['perl', '-I.', '-MCountersign', '-e'],
    `Countersign::send_request('GET', '${server.origin}/', [['X-Note', 'a'], ['x-note', 'b']], '', ${own(client)})`,
  ],
  bash: (client) => [
    ...['bash', '-c'],
    `. ./countersign.sh; COUNTERSIGN_SECRET_FILE=../../secret COUNTERSIGN_ACCESS_KEY=${client.language} countersign_curl GET ${server.origin}/ /dev/null 'X-Note: a' 'x-note: b'`,
  ],
};

describe.each(placed.filter(({ language }) => twice[language]))('the client of $scheme in $language', (client) => {
  it('sends all values of a header that the caller repeats', async () => {
    writeFileSync(`${client.kit.path}/secret`, client.kit.credentials.secret);
    server.respondWith(() => complete);
    await run(twice[client.language]?.(client) ?? [], client.place);
    const values = server.received.flatMap((text) => text.match(/^x-note: .*$/gim) ?? []);
    expect(values.map((line) => line.replace(/^.*: /, '')).join(', ')).toBe('a, b');
  });
});

describe.each(placed)('the command of the client of $scheme in $language', ({ command, env, place }) => {
  it('sends nothing without the file of the body', async () => {
    server.respondWith(() => complete);
    const given = ['call', 'POST', `${server.origin}/`, 'text/plain', '@no-such-file'];
    const { status } = await run([...command, ...given], place, env);
    expect([status === 0, server.received]).toEqual([false, []]);
  });
});

describe.each(placed.filter(({ language }) => language === 'bash'))('a caller of $scheme in bash', (client) => {
  it.each(['no-such-file', '<(echo a)', "''"])('gets an error for a body that is no file: %s', async (body) => {
    writeFileSync(`${client.kit.path}/secret`, client.kit.credentials.secret);
    server.respondWith(() => complete);
    const script = `. ./countersign.sh; COUNTERSIGN_SECRET_FILE=../../secret COUNTERSIGN_ACCESS_KEY=partner countersign_curl POST ${server.origin}/ ${body}`;
    const { status, output } = await run(['bash', '-c', script], client.place);
    expect([status, output, server.received]).toEqual([1, expect.stringContaining('no file for the body'), []]);
  });
});

describe.each(placed.filter(({ language }) => language === 'php'))('a caller of $scheme in php', (client) => {
  it.each(["['Content-Type' => 'text/plain']", "['Content-Type: text/plain']"])(
    'gets an error for headers that are no pairs: %s',
    async (headers) => {
      server.respondWith(() => complete);
      const script = `${php(client)}('POST', '${server.origin}/', ${headers}, 'a', ${own(client)});`;
      const { status, output } = await run(['php', '-r', script], client.place);
      expect([status === 0, output, server.received]).toEqual([false, expect.stringContaining('headers as pairs'), []]);
    },
  );
});

const hooked = placed.filter(({ language, scheme }) => language === 'python' && scheme === 'countersign-v1');

describe.runIf(present('python3', '-c', 'import requests')).each(hooked)('the hook for requests', (client) => {
  it.each([
    ["'Köln'", 'Köln'],
    ["bytearray(b'ab')", 'ab'],
    ["io.BytesIO(b'ab')", 'ab'],
    ["(one for one in (b'a', b'b'))", 'ab'],
  ])('signs the body that it sends, of %s', async (data, body) => {
    server.respondWith(() => complete);
    const script = `import io; from with_requests import *; SignedSession(${own(client)}).post('${server.origin}/', data=${data})`;
    expect(await run(['python3', '-c', script], client.place)).toEqual({ status: 0, output: '' });
    const [text = ''] = server.received;
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(body))).toString('base64');
    expect(text).toContain(`Content-Digest: sha-256=:${digest}:`);
    expect(text).toMatch(new RegExp(`\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`));
    expect(text).not.toMatch(/transfer-encoding/i);
  });
});

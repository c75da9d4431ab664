import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { countersign, folder, type Ran } from './run.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Sets the title of a terminal, clears it, and, with one byte in the place of two, turns it red. */
const hostile = '\u001b]0;title\u0007\u001b[2J\u009b31m\u202e';

const { path, remove } = folder();
afterAll(remove);
const file = (name: string, text: string): string => {
  writeFileSync(join(path, name), text);
  return join(path, name);
};
const credentials = file('pair.json', JSON.stringify({ accessKey: 'partner', secret: 'a secret of 20 bytes' }));

/** What a terminal would obey. */
const commands = ({ stdout, stderr }: Ran) => (stdout + stderr).match(/[^\P{C}\n]/gu) ?? [];

/** A server that is probed. */
async function probed(respond: RequestListener, ...more: readonly string[]): Promise<Ran> {
  const server = createServer(respond);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const ran = await countersign(['kit', 'probe', url, '--credentials', credentials, ...more]);
  server.closeAllConnections();
  server.close();
  return ran;
}

it.each([[], ['--json']])('a server that is probed writes nothing that a terminal obeys: %j', async (...more) => {
  const ran = await probed((_, response) => response.writeHead(401).end(JSON.stringify({ code: hostile })), ...more);
  expect(ran.stdout).toContain('a good request');
  expect(commands(ran)).toEqual([]);
});

it('of the response of a server that is probed little is shown, and a mebibyte is read', async () => {
  let written = 0;
  const ran = await probed((_, response) => {
    response.on('error', () => {});
    const more = (): void => {
      while (response.writable && !response.closed && written < 2 ** 28) {
        written += 65_536;
        if (!response.write('x'.repeat(65_536))) return;
      }
      response.end();
    };
    response.writeHead(401).on('drain', more);
    more();
  });
  expect(ran.stdout).toContain('the same request again: 401\n');
  expect(written).toBeLessThan(2 ** 27);
  const long = await probed((_, response) => response.end(JSON.stringify({ code: 'c'.repeat(9999) })));
  expect(long.stdout).toContain('... (9999 characters)');
});

it.each([
  ['the name of a header', { url: 'https://a.example/', headers: { [hostile]: {} } }],
  ['a path', { url: `https://a.example/${hostile}`, headers: { 'x-api-key': 'partner' } }],
  ['an access key', { url: 'https://a.example/', headers: { 'x-api-key': hostile, 'x-api-signature': hostile } }],
  ['a value', { url: 'https://a.example/', headers: { 'content-type': hostile, 'x-api-signed-headers': hostile } }],
])('a record writes nothing that a terminal obeys, as %s', async (_, record) => {
  const given = file('record.json', JSON.stringify(record));
  for (const command of ['explain', 'verify']) {
    const ran = await countersign([command, given, '--credentials', credentials]);
    expect(ran.status).not.toBe(70);
    expect(commands(ran)).toEqual([]);
  }
});

it.each([
  ['no JSON', hostile],
  ['a string to sign', JSON.stringify({ headers: { 'x-a': hostile }, stringToSign: hostile })],
  ['a refusal', JSON.stringify({ refused: hostile })],
])('a signer that is checked writes nothing that a terminal obeys, as %s', async (_, line) => {
  const kitCase = {
    ...{ name: hostile, rule: hostile, method: 'GET', url: 'http://a.example/', headers: [], body: '', time: 1 },
    ...{ accessKey: 'partner', secret: 'a secret of 20 bytes', nonce: 'n'.repeat(16), signedHeaders: [] },
    expected: { stringToSign: 'a', headers: {}, url: 'http://a.example/' },
  };
  const cases = file('cases.json', JSON.stringify({ cases: [kitCase] }));
  const written = file('line.txt', `${line}\n`);
  const ran = await countersign(['kit', 'check', '--cases', cases, '--', 'cat', written]);
  expect(ran.stdout + ran.stderr).toMatch(/is not JSON|0 of 1 cases agree/);
  expect(commands(ran)).toEqual([]);
});

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { expect, it } from 'vitest';
import { normaliseTarget } from '../../src/core/address.ts';
import { startBridge } from '../server-bridge.ts';
import { bytesOf } from './format.ts';
import { partner } from './oracle.ts';
import { present } from './present.ts';
import { vectors } from './read.ts';

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
const section = (heading: string) => page.split('\n## ').find((part) => part.startsWith(heading)) ?? '';
const blocks = (text: string, language: string) =>
  [...text.matchAll(/^```(\w+)\n(.*?)\n```$/gms)].filter(([, name]) => name === language).map(([, , code]) => code);

const hexOfSha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const lines = (pairs: readonly (readonly string[])[]) => pairs.map((pair) => pair.join(': ')).join('\n');

it('works the example through to the byte', () => {
  const sign = vectors.sign.find(({ name }) => name === 'example');
  const respond = vectors.respond.find(({ name }) => name === 'response-example');
  if (!sign || !respond) throw new Error('The example is not among the vectors.');
  const { request, stages } = sign;
  const body = bytesOf(request.body);
  const text = section('An example');
  const line = `${request.method} ${request.target} HTTP/1.1\nHost: ${request.host}`;
  expect(blocks(text, 'http')).toEqual([
    `${line}\n${lines(request.headers)}\n\n${Buffer.from(body)}`,
    lines(stages.headers),
    lines(respond.stages.headers),
  ]);
  expect(blocks(text, 'text')).toEqual([
    `${hexOfSha256(body)}\n${stages.contentDigest}`,
    stages.stringToSign,
    respond.stages.stringToSign,
  ]);
  const digest = hexOfSha256(stages.stringToSign).slice(0, 8);
  expect(text).toContain(`The body has ${body.length} bytes.`);
  expect(text).toContain(`has ${stages.stringToSign.length} bytes; their SHA-256 begins with \`${digest}\``);
});

it('shows targets as they are normalised', () => {
  const rows = [...section('Normalising').matchAll(/^\| `(\/[^ ]*)` +\| `(\/[^ ]*)` +\|/gm)];
  expect(rows.length).toBeGreaterThan(5);
  for (const [, sent = '', normalised = ''] of rows) {
    expect(normaliseTarget(sent.replaceAll('\\|', '|'))).toBe(normalised.replaceAll('\\|', '|'));
  }
});

it('names every code that a verify case expects, with its status', () => {
  const told = [...section('Verifying').matchAll(/`([a-z_]+)`(, hidden)? +\| (\d{3}) +\|$/gm)];
  const expected = vectors.verify.flatMap(({ outcome }) => (outcome.accepted ? [] : [outcome]));
  const statuses = new Map(told.map(([, code, , status]) => [code, Number(status)]));
  expect(expected.filter(({ code, status }) => statuses.get(code) !== status)).toEqual([]);
  const hidden = told.flatMap(([, code, mark]) => (mark ? [code] : []));
  expect(expected.filter(({ code, publicCode }) => code !== publicCode && !hidden.includes(code))).toEqual([]);
});

it.runIf(present('curl', '--version') && present('openssl', 'version'))(
  'has a command that a server accepts',
  async () => {
    const [script = ''] = blocks(section('With curl'), 'sh');
    const keys = memoryKeys([
      { accessKey: partner.accessKey, service: 'shop', secrets: [{ secret: partner.secret.utf8 }] },
    ]);
    const server = await startBridge({ verifier: createVerifier({ keys, replay: memoryReplay() }) });
    const local = script.replace('https://api.example.com', server.origin);
    const { stdout } = await promisify(execFile)('sh', ['-c', local]);
    await server.close();
    expect(JSON.parse(stdout)).toMatchObject({ method: 'POST', target: '/v1/orders?dry-run', text: '{"sku":"A-1"}' });
  },
);

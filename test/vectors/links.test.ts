import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkChecks } from '../runtimes/suite/links.ts';
import { text } from './generate-links.ts';
import type { LinkCase } from './link-format.ts';
import { present } from './present.ts';
import { linkVectors } from './read-links.ts';

const run = promisify(execFile);
const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const { sign, verify } = linkVectors;

it('is what the generator writes, to the byte', () => {
  const published = readFileSync(fileOf('./links.json'), 'utf8');
  expect(published === text, 'npx tsx test/vectors/generate-links.ts writes it anew').toBe(true);
});

it('names each case once', () => {
  const names = [sign, verify].map((cases) => cases.map(({ name }) => name));
  expect(names.map((all) => new Set(all).size)).toEqual(names.map((all) => all.length));
});

it('has a request for each outcome, and none that only looks changed', () => {
  expect(new Set(verify.map(({ outcome }) => outcome)).size).toBe(8);
  const requests = verify.map(({ name, rule, outcome, ...request }) => JSON.stringify(request));
  expect(new Set(requests).size).toBe(requests.length);
});

it('has the example of docs/protocol.md', () => {
  const page = readFileSync(fileOf('../../docs/protocol.md'), 'utf8');
  const text = page.split('\n## ').find((part) => part.startsWith('Signed links')) ?? '';
  const { url, stringToSign, link } = sign.find(({ name }) => name === 'example') ?? {};
  const blocks = [...text.matchAll(/^```text\n(.*?)\n```$/gms)].map(([, block]) => block);
  expect(text).toContain(`\`${url}\``);
  expect(blocks.slice(1)).toEqual([
    stringToSign,
    link?.replace('https://api.example.com', '').replace('&csign-signature', '\n&csign-signature'),
  ]);
});

it.each(linkChecks)('$name', async ({ run: check }) => {
  await check({ runtime: 'node', realm: 'process', base: '', other: '', accessKey: '', secret: '' });
});

describe.runIf(present('python3', '--version'))('an implementation in Python, with the standard library alone', () => {
  it('agrees on all vectors', async () => {
    const all = sign.length + verify.length;
    const { stdout } = await run('python3', [fileOf('./partner-links.py'), fileOf('./links.json')]);
    expect(stdout).toBe(`${all} of ${all} cases agree\n`);
  });

  it.each<[string, (json: string) => string]>([
    ['string to sign', (json) => json.replace('countersign-v1-link\\nshop', 'countersign-v1-link\\n\\nshop')],
    ['link', (json) => json.replace('#page=3', '')],
    ['outcome', (json) => json.replace('"outcome": "signature_mismatch"', '"outcome": "ok"')],
  ])('disagrees if one %s is wrong', async (_, change) => {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
    await writeFile(join(folder, 'wrong.json'), change(text));
    const wrong = run('python3', [fileOf('./partner-links.py'), join(folder, 'wrong.json')]);
    await expect(wrong).rejects.toMatchObject({ code: 1 });
    await rm(folder, { recursive: true });
  });
});

const shell = present('bash', '--version') && present('openssl', 'version');

describe.runIf(shell)('an implementation with bash and openssl, written from docs/protocol.md', () => {
  let folder = '';

  async function describeCase({ name, accessKey, secret, now, expiresIn, nonce = '', method, url }: LinkCase) {
    const [, scheme = '', host = '', target = ''] = /^(\w+):\/\/([^/?#]+)([^#]*)/.exec(url) ?? [];
    const files = {
      ...{ 'access-key': accessKey, secret, until: `${now + expiresIn}`, nonce, method, host, target },
      scheme: scheme.replace('ws', 'http'),
    };
    await mkdir(join(folder, name));
    await Promise.all(Object.entries(files).map(([file, content]) => writeFile(join(folder, name, file), content)));
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-'));
    await Promise.all(sign.map(describeCase));
    await run('bash', [fileOf('./partner-openssl.sh'), ...sign.map(({ name }) => join(folder, name))]);
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true }));

  it.each(sign)('agrees on $name', async ({ name, stringToSign, link }) => {
    expect(await readFile(join(folder, name, 'string-to-sign'), 'utf8')).toBe(stringToSign);
    const target = link.replace(/^\w+:\/\/[^/?#]+/, '').replace(/#.*/, '');
    expect(await readFile(join(folder, name, 'signed'), 'utf8')).toBe(target);
  });
});

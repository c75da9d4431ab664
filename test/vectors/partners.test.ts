import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, type Pairs, type SignCase } from './format.ts';
import { present } from './present.ts';
import { vectors } from './read.ts';

const run = promisify(execFile);
const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

describe.runIf(present('python3', '--version'))('an implementation in Python, written from docs/protocol.md', () => {
  it('agrees on all vectors', async () => {
    const all = vectors.sign.length + vectors.verify.length + vectors.respond.length + vectors.check.length;
    const { stdout } = await run('python3', [fileOf('./partner.py'), fileOf('./countersign-v1.json')]);
    expect(stdout).toBe(`${all} of ${all} cases agree\n`);
  });

  it('disagrees with vectors that are wrong', async () => {
    const wrong = join(await mkdtemp(join(tmpdir(), 'countersign-')), 'wrong.json');
    await writeFile(wrong, JSON.stringify(vectors).replace('countersign-v1-request', 'countersign-v2-request'));
    await expect(run('python3', [fileOf('./partner.py'), wrong])).rejects.toMatchObject({ code: 1 });
    await rm(join(wrong, '..'), { recursive: true });
  });
});

const shell = present('bash', '--version') && present('openssl', 'version');

describe.runIf(shell)('an implementation with bash and openssl, written from docs/protocol.md', () => {
  let folder = '';
  const lines = (pairs: Pairs) => pairs.map((pair) => `${pair.join(': ')}\n`).join('');

  async function describeCase({ name, request, credentials, ...rest }: SignCase): Promise<void> {
    const files = {
      'access-key': credentials.accessKey,
      secret: bytesOf(credentials.secret),
      time: String(rest.time),
      nonce: rest.nonce,
      method: request.method,
      scheme: request.scheme,
      host: request.host,
      target: request.target,
      body: bytesOf(request.body),
      headers: lines(request.headers),
      names: rest.signedHeaders.map((header) => `${header}\n`).join(''),
      ...(request.unsignedBody && { unsigned: '' }),
    };
    await mkdir(join(folder, name));
    await Promise.all(Object.entries(files).map(([file, content]) => writeFile(join(folder, name, file), content)));
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-'));
    await Promise.all(vectors.sign.map(describeCase));
    await run('bash', [fileOf('./partner-openssl.sh'), ...vectors.sign.map(({ name }) => join(folder, name))]);
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true }));

  it.each(vectors.sign)('agrees on $name', async ({ name, stages }) => {
    expect(await readFile(join(folder, name, 'string-to-sign'), 'utf8')).toBe(stages.stringToSign);
    expect(await readFile(join(folder, name, 'signed'), 'utf8')).toBe(lines(stages.headers));
  });
});

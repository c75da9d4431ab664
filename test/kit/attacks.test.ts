import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { createKit } from 'countersign/kit';
import type { SchemeDefinition } from 'countersign/schemes';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { kitLanguages } from '../../src/kit/languages.ts';
import { partner } from '../schemes/define/rig.ts';
import { clients, run, unpack } from './tools.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const origin = 'https://api.example.com';
const able = clients.filter(({ language }) => kitLanguages(partner).includes(language));

/** Signs a challenge, and carries it in the query. */
const answering: SchemeDefinition = {
  name: 'answering',
  stringToSign: '{accessKey}\n{method}\n{authority}\n{target}\n{body|sha256|hex}',
  headers: { 'X-Key': '{accessKey}', 'X-Signature': '{signature}' },
  query: { challenge: '{challenge}' },
};

describe.each(able)('a client of a defined scheme in $language', ({ language, command, build, env }) => {
  const folder = unpack(createKit({ origin, definition: answering, languages: [language] }));
  const place = `${folder.path}/clients/${language}`;
  beforeAll(async () => void (build && (await run(build, place, env))));
  afterAll(() => folder.remove());

  it.each(['a&admin=1', 'a\nDELETE', 'a b', 'a'.repeat(513)])(
    'signs no challenge of a form that no server issues: %j',
    async (challenge) => {
      const [one = ''] = readdirSync(`${folder.path}/vectors/plain`);
      writeFileSync(`${folder.path}/vectors/plain/${one}/challenge`, challenge);
      const { output } = await run([...command, 'check', `../../vectors/plain/${one}`], place, env);
      expect(output).toMatch(/the challenge has/i);
    },
  );

  // An HTTP library drops a line break, or escapes a blank or a letter: it sends another URL than the signed one.
  it.each([
    ...['/orders/7/refund\n{"amount":1}', '/a\rb', '/a\tb', '/a b', '/a\u007fb', '/Köln', '/a?b\nc'].map(
      (target) => origin + target,
    ),
    ...['a\nb', 'a b', 'a\u0001b'].map((host) => `https://${host}/`),
  ])('signs no URL that is sent in another spelling: %j', async (url) => {
    const [one = ''] = readdirSync(`${folder.path}/vectors/plain`);
    writeFileSync(`${folder.path}/vectors/plain/${one}/challenge`, 'a-challenge-of-the-server');
    writeFileSync(`${folder.path}/vectors/plain/${one}/url`, url);
    const { output } = await run([...command, 'check', `../../vectors/plain/${one}`], place, env);
    expect(output).toMatch(/must be printable ASCII/i);
  });

  it('sends no method that contains a request', async () => {
    let received = '';
    const server = createServer((socket) => {
      socket
        .on('error', () => {})
        .on('data', (data) => {
          received += data;
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`;
    const { status } = await run([...command, 'call', 'GET / HTTP/1.1\r\nX-More: 1\r\nX-Rest:', url], place, env);
    server.close();
    expect(received).toBe('');
    expect(status).not.toBe(0);
  });
});

describe.runIf(clients.some(({ language }) => language === 'bash'))('a client in Bash', () => {
  it.each([
    ['countersign-v1', undefined],
    ['a defined scheme', partner],
    ['a scheme that derives keys', { ...partner, name: 'derived', key: { prefix: 'P', steps: ['{date}', 'end'] } }],
    ['a long digest', { ...partner, name: 'long', algorithm: 'hmac-sha512' }],
  ] as const)(
    'passes no secret as an argument, which others on the machine can read, and leaves no file: %s',
    async (_, definition) => {
      // Longer than a block of SHA-256, so that HMAC hashes it first.
      const secret = `a secret of more than sixty-four bytes ${'x'.repeat(140)}`;
      const credentials = { accessKey: 'partner', secret };
      const kit = createKit({ origin, credentials, languages: ['bash'], ...(definition && { definition }) });
      const folder = unpack(kit);
      const log = `${folder.path}/arguments`;
      mkdirSync(`${folder.path}/bin`);
      mkdirSync(`${folder.path}/tmp`);
      writeFileSync(log, '');
      for (const program of ['openssl', 'od', 'tr', 'sed', 'awk', 'cat', 'head', 'cut', 'paste', 'sort']) {
        const found = (await run(['bash', '-c', `type -P ${program}`], '/')).output.trim();
        writeFileSync(
          `${folder.path}/bin/${program}`,
          `#!/bin/bash\nprintf '%s\\n' "${program} $*" >>'${log}'\nexec ${found} "$@"\n`,
        );
        chmodSync(`${folder.path}/bin/${program}`, 0o755);
      }
      const cases = readdirSync(`${folder.path}/vectors/plain`).slice(0, 4);
      const { output } = await run(
        ['bash', 'kit.sh', 'check', ...cases.map((one) => `../../vectors/plain/${one}`)],
        `${folder.path}/clients/bash`,
        { PATH: `${folder.path}/bin:${process.env.PATH}`, TMPDIR: `${folder.path}/tmp` },
      );
      const given = readFileSync(log, 'utf8');
      const left = readdirSync(`${folder.path}/tmp`);
      folder.remove();
      expect(output).toBe('4 of 4 cases agree\n');
      expect(left).toEqual([]);
      expect(given).toContain('openssl dgst');
      expect(given).not.toContain(secret);
      expect(given).not.toContain(Buffer.from(secret).toString('hex'));
      expect(given).not.toMatch(/hmac|hexkey/i);
    },
  );
});

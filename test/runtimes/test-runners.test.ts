// The CommonJS blocks of docs/testing.md, in the test runners that they are written for.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build as bundle } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';
import { isCommonJs } from '../docs/generate.ts';
import { blocksOf, pageNamed } from '../docs/markdown.ts';
import { root } from '../package/project.ts';
import { describeRuntime } from './described.ts';
import { byApt, byNpm, installed, outputOf } from './hosts/host.ts';
import { createProject } from './receivers/project.ts';

const chromium = '/usr/bin/chromium';
const node24 = installed('node24/bin/node');
const blocks = blocksOf(pageNamed('docs/testing.md'))
  .map(({ code }) => code)
  .filter(isCommonJs);
const isConfig = (code: string): boolean => code.startsWith('module.exports');
const isForPlaywright = (code: string): boolean => code.includes("'@playwright/test'");
const forJest = blocks.filter((code) => !isConfig(code) && !isForPlaywright(code));

let folder: string;
beforeAll(async () => {
  const project = await createProject({
    'package.json': '{ "type": "commonjs" }\n',
    ...Object.fromEntries(forJest.map((code, place) => [`block-${place}.test.js`, code])),
  });
  folder = project.folder;
  return project.remove;
}, 120_000);

const testsIn = (codes: readonly string[]): number => codes.join('\n').match(/^test\(/gm)?.length ?? 0;

type JestReport = { readonly numPassedTests: number; readonly numFailedTests: number };

async function jest(node: string, flags: readonly string[], config: string): Promise<JestReport> {
  writeFileSync(`${folder}/jest.config.js`, config);
  const output = `${folder}/jest.json`;
  const program = installed('jest/bin/jest.js');
  await outputOf(node, [
    ...flags,
    program,
    '--rootDir',
    folder,
    '--config',
    `${folder}/jest.config.js`,
    '--ci',
    '--outputFile',
    output,
    '--json',
  ]);
  return (await import(output, { with: { type: 'json' } })).default as JestReport;
}

describeRuntime(
  { name: 'jest 30', needs: [installed('jest/bin/jest.js'), installed('supertest/package.json'), node24], from: byNpm },
  () => {
    it('there is a configuration and a test on the page', () => {
      expect(blocks.filter(isConfig)).toHaveLength(1);
      expect(testsIn(forJest)).toBe(2);
    });

    it('passes the tests of the page as CommonJS, with the configuration of the page', {
      timeout: 180_000,
    }, async () => {
      const config = blocks.find(isConfig) ?? expect.fail('no configuration');
      expect(await jest(process.execPath, [], config)).toMatchObject({ numPassedTests: 2, numFailedTests: 0 });
    });

    it('passes them without configuration on Node 24', { timeout: 180_000 }, async () => {
      const report = await jest(node24, ['--experimental-vm-modules'], 'module.exports = {};');
      expect(report).toMatchObject({ numPassedTests: 2, numFailedTests: 0 });
    });
  },
);

/** A page that makes a signed call to another origin, and shows what came of it. */
const page = `
import { createSigner, signedFetch } from 'countersign';
const signer = createSigner({ ...CREDENTIALS, expiresAt: Date.now() + 900_000 });
const response = await signedFetch(signer)('https://api.example.com/orders?q=a b', { method: 'POST', body: '{"sku":"Ä"}' });
const result = await response.json();
const text = response.ok ? JSON.stringify(result) : result.code === 'expired_key' ? 'Please log in again.' : result.code;
document.body.append(text);
`;

async function startApp(): Promise<Server> {
  const { testCredentials } = await import('countersign/testing');
  const built = await bundle({
    stdin: { contents: page.replace('CREDENTIALS', JSON.stringify(testCredentials)), resolveDir: folder },
    bundle: true,
    format: 'esm',
    write: false,
  });
  const [script] = built.outputFiles;
  const html =
    '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body><script type="module" src="/app.js"></script>';
  const server = createServer((request, response) => {
    const isScript = request.url === '/app.js';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html').end(isScript ? script?.text : html);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

// What the page shows to a page that signs wrongly, in a browser that really sends.
const refused = `
const { requireSignature, toRoute } = require('countersign/testing');
const { expect, test } = require('@playwright/test');
test('refuses a page whose key is not known', async ({ page }) => {
  const reports = [];
  const keys = [{ accessKey: 'another', secret: 'a secret of another app' }];
  await page.route('https://api.example.com/**', toRoute(requireSignature({ keys, report: (text) => reports.push(text) })));
  await page.goto('/');
  await expect(page.getByText('invalid_signature')).toBeVisible();
  expect(reports).toEqual([expect.stringContaining('Refused POST https://api.example.com/orders?q=a%20b: unknown_key')]);
});
`;

describeRuntime(
  {
    name: 'Playwright in Chromium',
    needs: [installed('@playwright/test/package.json'), chromium],
    from: `${byNpm}; ${byApt('chromium')}`,
  },
  () => {
    it('passes the tests of the page against a page that signs', { timeout: 180_000 }, async () => {
      const app = await startApp();
      const { port } = app.address() as AddressInfo;
      const tests = [...blocks.filter(isForPlaywright), refused];
      writeFileSync(`${folder}/page.spec.js`, `${tests.map((code) => `{\n${code}\n}`).join('\n')}\n`);
      const config = {
        testMatch: 'page.spec.js',
        reporter: 'line',
        workers: 1,
        use: {
          baseURL: `http://127.0.0.1:${port}/`,
          launchOptions: { executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] },
        },
      };
      writeFileSync(`${folder}/playwright.config.js`, `module.exports = ${JSON.stringify(config)};\n`);
      const program = installed('@playwright/test/cli.js');
      const printed = await outputOf(process.execPath, [program, 'test', '--config', `${folder}/playwright.config.js`]);
      app.close();
      expect(testsIn(tests)).toBe(3);
      expect(printed).toContain('3 passed');
    });
  },
);

const typed = `
import { type Page } from '@playwright/test';
import { expect } from 'expect';
import { requireSignature, serverResponse, type SignatureMatchers, signatureMatchers, testCredentials, toRoute } from 'countersign/testing';
declare module 'expect' {
  interface Matchers<R extends void | Promise<void>> extends SignatureMatchers<Promise<void>> {}
}
export async function call(page: Page, request: Request): Promise<void> {
  await page.route('https://api.example.com/**', toRoute(requireSignature()));
  await page.route('**', toRoute(({ request }) => serverResponse('expired_key', { request })));
  expect.extend(signatureMatchers);
  await expect(request).toBeSignedBy(testCredentials);
}
`;

describeRuntime(
  {
    name: 'the types of Playwright and jest',
    needs: [installed('@playwright/test/package.json'), installed('expect/package.json')],
    from: byNpm,
  },
  () => {
    it('fit the functions and the matcher', { timeout: 120_000 }, async () => {
      writeFileSync(`${folder}/typed.ts`, typed);
      const config = {
        extends: `${root}/test/tsconfig.json`,
        include: ['typed.ts'],
        compilerOptions: { noEmit: true },
      };
      writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
      const compiler = `${root}/node_modules/typescript/bin/tsc`;
      expect(await outputOf(process.execPath, [compiler, '-p', folder])).toBe('');
      // Without the matcher declared, the same does not compile.
      writeFileSync(`${folder}/typed.ts`, typed.replace(/declare module[^}]*}\s*}/, ''));
      await expect(outputOf(process.execPath, [compiler, '-p', folder])).rejects.toThrow('toBeSignedBy');
    });
  },
);

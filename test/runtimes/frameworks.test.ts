// The recipes of docs/adapters.md for frameworks that are installed for these tests alone, in apps as they are built and started.
import { createServer } from 'node:http';
import { createSigner, prepareRequest } from 'countersign';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, listening } from '../adapters/adapter.ts';
import { type Answered, sendHttp1 } from '../adapters/wire.ts';
import { isForFramework } from '../docs/generate.ts';
import { blocksOf, pages } from '../docs/markdown.ts';
import { root } from '../package/project.ts';
import { describeRuntime } from './described.ts';
import { outputOf } from './hosts/host.ts';
import { installRuntimes } from './install.ts';
import { describeReceiver, type Receiver } from './receivers/contract.ts';
import { elysia, type Framework, nitro2, nitro3, svelteKit } from './receivers/frameworks.ts';
import { credentials, type Project } from './receivers/project.ts';
import type { Served } from './receivers/served.ts';

installRuntimes();

const signer = createSigner(credentials);
let backend: App;
beforeAll(async () => {
  backend = await listening(createServer((_, response) => void response.end('passed on')));
});
afterAll(() => backend.close());

type Opened = { readonly receiver: () => Receiver; readonly folder: () => string };

/** Declares the tests that each recipe passes, and more. */
function describeFramework(
  framework: Framework,
  publicOrigin: (origin: string) => string,
  more: (opened: Opened) => void,
) {
  describeRuntime(framework, () => {
    let project: Project;
    let app: Served;
    beforeAll(async () => {
      project = await framework.create();
      app = await framework.start(project);
    }, 300_000);
    afterAll(async () => {
      await app?.close();
      project?.remove();
    });
    const receiver = (): Receiver => ({ origin: app.origin, publicOrigin: publicOrigin(app.origin) });
    describeReceiver(receiver);
    more({ receiver, folder: () => project.folder });
  });
}

const same = (origin: string): string => origin;
const get = (receiver: Receiver, target: string): Promise<Answered> =>
  sendHttp1(receiver.origin, { method: 'GET', target, headers: {} });
const textOf = ({ status, bytes }: Answered): string => `${status} ${bytes}`;

/** The errors of the compiler in these files of a project. */
const complaintsAbout = (folder: string, files: readonly string[]): Promise<string> => {
  const options =
    '--noEmit --strict --skipLibCheck --target es2022 --module esnext --moduleResolution bundler --types node';
  const args = [`${root}/node_modules/typescript/bin/tsc`, ...options.split(' '), ...files];
  return outputOf(process.execPath, args, { cwd: folder }).catch(({ message }) => message);
};

it('every recipe that is run here alone is one of docs/adapters.md', () => {
  const blocks = pages.flatMap(blocksOf).filter(({ code }) => isForFramework(code));
  expect(blocks.map(({ page }) => page)).toEqual(Array(4).fill('docs/adapters.md'));
});

describeFramework(
  svelteKit,
  (origin) => origin.replace('http:', 'https:'),
  ({ receiver, folder }) => {
    it('is typed', { timeout: 120_000 }, async () => {
      expect(await complaintsAbout(folder(), ['src/app.d.ts', 'src/hooks.server.ts'])).toBe('');
    });

    it('serves other routes to all, and lets them fetch nothing that must be signed', async () => {
      expect(textOf(await get(receiver(), '/open'))).toBe('200 401');
    });

    it('refuses plain text from callers that are no pages, before the hook', async () => {
      const { origin, publicOrigin } = receiver();
      const given = { method: 'POST', url: `${publicOrigin}/v1/orders`, body: '{"sku":"A-1"}' };
      const { headers } = prepareRequest(signer, given);
      const body = new TextEncoder().encode(given.body);
      const refused = await sendHttp1(origin, { method: 'POST', target: '/v1/orders', headers, body });
      expect(textOf(refused)).toMatch(/^403 Cross-site/);
    });
  },
);

describeFramework(elysia, same, ({ folder }) => {
  it('is typed', { timeout: 120_000 }, async () => {
    expect(await complaintsAbout(folder(), ['server.ts'])).toBe('');
  });
});

describe.each([
  ['Nitro 3', nitro3, ['200 passed on', '307', '200 kept']],
  ['Nitro 2', nitro2, ['200 passed on', '307', '401']],
] as const)('%s', (_, framework, served) => {
  describeFramework(
    framework(() => backend.origin),
    same,
    ({ receiver, folder }) => {
      it('is typed', { timeout: 120_000 }, async () => {
        expect(await complaintsAbout(folder(), ['server/middleware/gate.ts'])).toBe('');
      });

      it.each(['passed', 'moved', 'kept'].map((name, place) => [`/v1/${name}`, served[place] ?? '']))(
        'responds to an unsigned request to %s, for which there is a rule, with %s',
        async (target, expected) => {
          expect(textOf(await get(receiver(), target)).startsWith(expected)).toBe(true);
        },
      );
    },
  );
});

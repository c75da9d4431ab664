import { symlinkSync } from 'node:fs';
import { byNpm, installed, outputOf } from '../hosts/host.ts';
import { createProject, type Files, type Project, recipes } from './project.ts';
import { type Served, startServer } from './served.ts';

/** A framework, and an app in it by the recipe of docs/adapters.md under its name. */
export type Framework = {
  readonly name: string;
  readonly needs: readonly string[];
  readonly from: string;
  /** Creates the project, and builds it where that is needed. */
  create(): Promise<Project>;
  start(project: Project): Promise<Served>;
};

// SvelteKit needs 22.17.
const node = installed('node24/bin/node');
const bun = installed('@oven/bun-linux-x64/bin/bun');
const nitro = installed('nitro/dist/cli/index.mjs');
const nitropack = installed('nitropack/dist/cli/index.mjs');
const vite = installed('vite/bin/vite.js');

const manifest: Files = { 'package.json': '{ "private": true, "type": "module" }\n' };

/** Creates a project of these files, and builds it with this program. */
async function built(files: Files, args: readonly string[], prepare?: (project: Project) => void): Promise<Project> {
  const project = await createProject({ ...manifest, ...files });
  prepare?.(project);
  await outputOf(node, args, { cwd: project.folder, variables: { NODE_ENV: 'production' } });
  return project;
}

const startNode =
  (path: string, variables = {}) =>
  ({ folder: cwd }: Project): Promise<Served> =>
    startServer({ file: node, args: [path], cwd, variables });

export const svelteKit: Framework = {
  name: 'SvelteKit',
  needs: [node, vite, installed('@sveltejs/kit/package.json'), installed('@sveltejs/adapter-node/package.json')],
  from: byNpm,
  create: () => {
    const [hooks = ''] = recipes('SvelteKit');
    return built(
      {
        'vite.config.js': `
import adapter from '@sveltejs/adapter-node';
import { sveltekit } from '@sveltejs/kit/vite';
export default { plugins: [sveltekit({ adapter: adapter() })] };
`,
        'src/app.html': '<!doctype html><title>%sveltekit.head%</title><body>%sveltekit.body%</body>\n',
        'src/app.d.ts': `
import type { Caller } from 'countersign/server';
declare global {
  namespace App {
    interface Locals {
      caller: Caller;
    }
  }
}
`,
        'src/hooks.server.ts': hooks,
        'src/routes/(signed)/v1/orders/+server.js': `
export const GET = ({ locals }) => Response.json({ hello: locals.caller.principal.service });
export const POST = async ({ locals, request }) =>
  Response.json({ hello: locals.caller.principal.service, order: await request.json() });
`,
        'src/routes/open/+server.js':
          "export const GET = async ({ fetch }) => new Response(String((await fetch('/v1/orders')).status));\n",
      },
      [vite, 'build'],
    );
  },
  start: startNode('build/index.js'),
};

export const elysia: Framework = {
  name: 'Elysia',
  needs: [bun, installed('elysia/package.json')],
  from: byNpm,
  create: () => createProject({ ...manifest, 'server.ts': recipes('Elysia')[0] ?? '' }),
  start: ({ folder: cwd }) => startServer({ file: bun, args: ['server.ts'], cwd }),
};

const rules = (backend: string): string => `{
  '/v1/passed': { proxy: '${backend}' },
  '/v1/moved': { redirect: '/v1/orders' },
  '/v1/kept': { swr: 60 },
}`;

/** Nitro 3, on h3 2. The rules for routes pass requests on to a backend. */
export const nitro3 = (backend: () => string): Framework => ({
  name: 'Nitro',
  needs: [node, nitro],
  from: byNpm,
  create: () =>
    built(
      {
        'nitro.config.mjs': `export default { serverDir: 'server', compatibilityDate: '2026-11-01', routeRules: ${rules(backend())} };\n`,
        'server/middleware/gate.ts': recipes('Nitro and Nuxt')[0] ?? '',
        'server/routes/v1/orders.ts': `
import { defineHandler, readBody } from 'nitro/h3';
export default defineHandler(async (event) => {
  const hello = event.context.caller.principal.service;
  return event.req.method === 'POST' ? { hello, order: await readBody(event) } : { hello };
});
`,
        'server/routes/v1/kept.ts': "export default () => 'kept';\n",
      },
      [nitro, 'build'],
    ),
  start: startNode('.output/server/index.mjs'),
});

/** Nitro 2, on h3 1: the server of Nuxt 4. */
export const nitro2 = (backend: () => string): Framework => ({
  name: 'Nitro 2',
  needs: [node, nitropack],
  from: byNpm,
  create: () =>
    built(
      {
        'nitro.config.mjs': `export default { srcDir: 'server', compatibilityDate: '2026-11-01', routeRules: ${rules(backend())} };\n`,
        'server/middleware/gate.ts': recipes('Nitro and Nuxt')[1] ?? '',
        'server/routes/v1/orders.ts': `
import { callerOf } from 'countersign/node';
import { defineEventHandler, readBody } from 'h3';
export default defineEventHandler(async (event) => {
  const hello = callerOf(event.node.req).principal.service;
  return event.method === 'POST' ? { hello, order: await readBody(event) } : { hello };
});
`,
        'server/routes/v1/kept.ts': "export default defineEventHandler(() => 'kept');\n",
      },
      [nitropack, 'build'],
      // Beside it another version is installed.
      ({ folder }) => symlinkSync(installed('nitropack/node_modules/h3'), `${folder}/node_modules/h3`),
    ),
  start: startNode('.output/server/index.mjs'),
});

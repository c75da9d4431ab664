import { root } from '../../package/project.ts';
import { installed, outputOf } from '../hosts/host.ts';
import { createProject, type Files, type Project } from './project.ts';
import { type Served, startServer } from './served.ts';

const program = installed('next/dist/bin/next');
const variables = { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' };

/** A project of Next.js that is not built yet. Packages may come from anywhere in the repository. */
export const createNextProject = (files: Files): Promise<Project> =>
  createProject({
    'package.json': '{ "private": true, "type": "module" }\n',
    'next.config.mjs': `export default {
  cacheComponents: true,
  partialPrefetching: true,
  turbopack: { root: ${JSON.stringify(root)} },
};\n`,
    ...files,
  });

/** `next build`. Rejects with what it printed, when it fails. */
export const buildNext = ({ folder }: Project): Promise<string> =>
  outputOf(process.execPath, [program, 'build'], { variables, cwd: folder });

/** `next start`. */
export const startNext = ({ folder }: Project): Promise<Served> =>
  startServer({ file: process.execPath, args: [program, 'start', '--hostname', '127.0.0.1'], variables, cwd: folder });

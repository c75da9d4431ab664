import { spawn } from 'node:child_process';
import { root } from '../../package/project.ts';
import { killable } from '../../stores/killable.ts';
import { freePort } from '../../stores/port.ts';
import { installed, outputOf } from '../hosts/host.ts';
import { createProject, type Files, type Project } from './project.ts';

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
  outputOf(process.execPath, [program, 'build', folder], variables);

/** `next start`. */
export async function startNext({ folder }: Project): Promise<{ readonly port: number; close(): Promise<void> }> {
  const port = await freePort();
  const args = [program, 'start', folder, '--hostname', '127.0.0.1', '--port', `${port}`];
  const env = { ...process.env, ...variables };
  const { kill: close } = await killable(() => spawn(process.execPath, args, { env, stdio: 'ignore' }), port);
  return { port, close };
}

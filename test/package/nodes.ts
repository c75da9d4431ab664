import { existsSync } from 'node:fs';
import { root } from './project.ts';

export type NodeRuntime = { readonly name: string; readonly path: string; readonly found: boolean };

const installed = (major: number): string => `${root}/test/runtimes/node_modules/node${major}/bin/node`;

/** The Node that runs the tests, and the other lines that are supported. */
export const nodes: readonly NodeRuntime[] = [
  { name: `Node ${process.versions.node}`, path: process.execPath, found: true },
  ...[20, 22, 24, 26].map((major) => ({
    name: `Node ${major}`,
    path: installed(major),
    found: existsSync(installed(major)),
  })),
];

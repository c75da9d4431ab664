import { byNpm, type Host, here, installed, outputOf, reportIn } from './host.ts';

const command = here('.cache/command.mjs');

type Binary = { readonly name: string; readonly runtime: Host['runtime']; readonly path: string };

const running = ({ name, runtime, path }: Binary): Host => {
  const binary = installed(path);
  return {
    name,
    runtime,
    realm: 'process',
    needs: [binary],
    from: byNpm,
    run: async (context) => ({
      version: (await outputOf(binary, ['--version'])).trim(),
      report: reportIn(await outputOf(binary, [command, JSON.stringify(context)])),
    }),
  };
};

const node = (major: number): Host =>
  running({ name: `Node ${major}`, runtime: 'node', path: `node${major}/bin/node` });

// The package "bun" moves this file in an install script; it is here without one.
const bun = running({ name: 'Bun', runtime: 'bun', path: '@oven/bun-linux-x64/bin/bun' });

const deno: Host = {
  name: 'Deno',
  runtime: 'deno',
  realm: 'process',
  needs: [installed('@deno/linux-x64-glibc/deno')],
  from: byNpm,
  async run(context) {
    const binary = installed('@deno/linux-x64-glibc/deno');
    const variables = { DENO_DIR: here('.cache/deno'), DENO_NO_UPDATE_CHECK: '1' };
    const args = ['run', '--no-remote', '--allow-net=127.0.0.1', command, JSON.stringify(context)];
    const report = reportIn(await outputOf(binary, args, { variables }));
    return { version: (await outputOf(binary, ['--version'], { variables })).split('\n')[0] ?? '', report };
  },
};

const workerd: Host = {
  name: 'workerd',
  runtime: 'workerd',
  realm: 'process',
  needs: [installed('@cloudflare/workerd-linux-64/bin/workerd')],
  from: byNpm,
  async run(context) {
    const binary = installed('@cloudflare/workerd-linux-64/bin/workerd');
    const variables = { CONTEXT: JSON.stringify(context) };
    const output = await outputOf(binary, ['test', here('hosts/workerd.capnp')], { variables });
    return { version: (await outputOf(binary, ['--version'])).trim(), report: reportIn(output) };
  },
};

const edge: Host = {
  name: 'edge-runtime',
  runtime: 'edge',
  realm: 'process',
  needs: [installed('@edge-runtime/vm/package.json'), installed('node24/bin/node')],
  from: byNpm,
  async run(context) {
    const args = [here('hosts/edge.mjs'), here('.cache/global.js'), JSON.stringify(context)];
    const output = await outputOf(installed('node24/bin/node'), args);
    return { version: /^VERSION (.*)$/m.exec(output)?.[1] ?? '', report: reportIn(output) };
  },
};

export const processes: readonly Host[] = [node(20), node(22), node(24), node(26), bun, deno, workerd, edge];

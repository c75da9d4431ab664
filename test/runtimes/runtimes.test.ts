// The same checks, bundled from one source (suite/), in every runtime that can be run here, against one real server that
// verifies. docs/client.md lists the runtimes and how they differ.
import { generateCredentials } from 'countersign';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleSuite } from './bundle.ts';
import { describeRuntime } from './described.ts';
import { compiler, type Engine, engines } from './hosts/engines.ts';
import { type Host, missingOf, type Ran } from './hosts/host.ts';
import { pages } from './hosts/pages.ts';
import { processes } from './hosts/processes.ts';
import { chromium, closeBrowsers, firefox } from './hosts/puppeteer.ts';
import { webKitHosts } from './hosts/webkit.ts';
import { installRuntimes } from './install.ts';
import { type Server, startServer } from './server/server.ts';
import type { Context, Outcome } from './suite/check.ts';
import { prepareOne } from './suite/prepared.ts';
import { checks } from './suite/suite.ts';
import { stageChecks } from './suite/vector-stages.ts';

installRuntimes();

// The hosts of a lane run one after the other, the lanes side by side.
const lanes: readonly (readonly Host[])[] = [
  [...processes, ...chromium],
  [...firefox, ...webKitHosts],
];
const runs = new Map<string, Promise<Ran>>();
const servers: Server[] = [];

beforeAll(async () => {
  await bundleSuite();
  const { accessKey, secret } = generateCredentials();
  const options = { accessKey, secret, files: pages() };
  const [first, second] = [await startServer(options), await startServer(options)];
  servers.push(first, second);
  const contextOf = ({ runtime, realm }: Host): Context => {
    // A name instead of an address makes a page on plain http insecure. WebKitGTK's is resolved by a proxy (see there).
    const name = realm === 'insecure page' && runtime !== 'webkit' ? 'insecure.test' : '127.0.0.1';
    const [base, other] = [`http://${name}:${first.port}`, `http://127.0.0.1:${second.port}`];
    return { runtime, realm, base, other, accessKey, secret };
  };
  for (const lane of lanes) {
    let before: Promise<unknown> = Promise.resolve();
    for (const host of lane.filter((one) => !missingOf(one).length)) {
      const run = before.then(() => host.run(contextOf(host)));
      runs.set(host.name, run);
      before = run.catch(() => {});
    }
  }
}, 60_000);

afterAll(async () => {
  await Promise.allSettled(runs.values());
  await closeBrowsers();
  for (const server of servers) server.close();
}, 60_000);

const problemOf = (outcomes: readonly Outcome[], name: string): string => {
  const outcome = outcomes.find((one) => one.name === name);
  return outcome ? outcome.detail : 'The runtime did not report this check.';
};

let strings: readonly string[] | undefined;

for (const host of lanes.flat()) {
  describeRuntime(host, () => {
    let ran: Ran;
    beforeAll(async () => {
      ran = (await runs.get(host.name)) as Ran;
      console.info(`${host.name}: ${ran.version}`);
    }, 180_000);

    const here = checks.filter(({ where }) => !where || where(host));
    it.each(here.map(({ name }) => name))('%s', (name) => {
      expect(problemOf(ran.report.outcomes, name)).toBe('');
    });

    it('makes the same strings to sign and signatures of 400 random requests as the others (FormData left out: each draws its own boundary)', () => {
      strings ??= ran.report.strings;
      expect(ran.report.strings.length).toBeGreaterThan(300);
      expect(ran.report.strings).toEqual(strings);
    });
  });
}

const reported = (output: string): Outcome[] =>
  [...output.matchAll(/^CHECK (.*)$/gm)].map(([, outcome = '']) => JSON.parse(outcome) as Outcome);

for (const engine of engines) {
  describeRuntime(engine, () => {
    let output: string;
    let outcomes: readonly Outcome[];
    beforeAll(async () => {
      output = await engine.run();
      outcomes = reported(output);
    }, 60_000);
    it.each(stageChecks.map(({ name }) => name))('%s', (name) => {
      expect(problemOf(outcomes, name)).toBe('');
    });

    it('signs a request by prepareRequest as Node does, with nothing of a platform but TextEncoder, btoa and Headers', () => {
      const [, prepared = ''] = /^PREPARED (.*)$/m.exec(output) ?? [];
      expect(JSON.parse(prepared)).toEqual(prepareOne());
    });
  });
}

describeRuntime(compiler satisfies Engine, () => {
  it('compiles signer and ky hooks as they are shipped', async () => {
    await expect(compiler.run()).resolves.toBe('');
  }, 60_000);
});

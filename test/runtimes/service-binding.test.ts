// The example of docs/clients.md for a service binding, in a real workerd with two Workers.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { bundleExample, examplesUnder } from '../clients/examples.ts';
import { killable } from '../stores/killable.ts';
import { freePort } from '../stores/port.ts';
import { workerdPresent } from '../stores/workerd.ts';
import { here, installed } from './hosts/host.ts';
import { installRuntimes } from './install.ts';

installRuntimes();

const service = (name: string, bindings: string): string => `(name = "${name}", worker = (
  modules = [(name = "worker", esModule = embed "${name}.js")],
  compatibilityDate = "2026-11-01",
  bindings = [${bindings}],
))`;

it.runIf(workerdPresent())('a Worker signs what it sends to the Worker of a binding', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-binding-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [example = ''] = examplesUnder('A service binding of Workers', 'https://api.example.com');
  const main = `export default {
    fetch: ({ url }, env) => (url.endsWith('/unsigned') ? env.PARTNER.fetch('https://api.example.com/') : recipe.ordersOf(env)),
  };`;
  writeFileSync(join(folder, 'main.js'), `${await bundleExample(example)}\n${main}`);
  const partner = 'let handle; export default { fetch: (request) => (handle ??= recipe.createPartner())(request) };';
  writeFileSync(join(folder, 'partner.js'), `${await bundleExample(here('entries/partner.ts'))}\n${partner}`);
  const port = await freePort();
  writeFileSync(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${service('main', '(name = "PARTNER", service = "partner")')}, ${service('partner', '')}],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`,
  );
  const binary = installed('@cloudflare/workerd-linux-64/bin/workerd');
  const start = () => spawn(binary, ['serve', join(folder, 'config.capnp')], { stdio: 'ignore' });
  const { kill } = await killable(start, port);
  onTestFinished(kill);
  const call = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  expect(await call('/')).toBe('POST https://api.example.com/v1/orders: {"sku":"A-1"}');
  expect(await call('/')).toBe('POST https://api.example.com/v1/orders: {"sku":"A-1"}');
  expect(await call('/unsigned')).toContain('missing_signature');
});

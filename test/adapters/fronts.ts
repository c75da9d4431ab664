import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blocksOf, pageNamed } from '../docs/markdown.ts';
import { killable } from '../stores/killable.ts';
import { freePort } from '../stores/port.ts';
import type { Adapter, App } from './adapter.ts';
import { selfSigned } from './certificate.ts';
import { startNginx } from './nginx-server.ts';
import { type Connect, connectTls, type Send, sendHttp2Tls, sendTls } from './wire.ts';

/** A proxy that ends TLS, and passes on to an app by HTTP/1.1. */
export type Front = {
  readonly name: string;
  /** How to see whether it is installed. */
  readonly version: readonly [command: string, ...args: string[]];
  /** Starts it in front of an app at `host`, as in `127.0.0.1:40001`. */
  start(host: string): Promise<App>;
};

type Replaced = Readonly<Record<string, string>>;

/** A configuration that docs/proxies.md has, with the places of a test in it. */
export function documented(language: 'nginx' | 'haproxy' | 'caddyfile', replaced: Replaced, index = 0): string {
  const blocks = blocksOf(pageNamed('docs/proxies.md')).filter((block) => block.language === language);
  return Object.entries(replaced).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`docs/proxies.md no longer says ${from}.`);
    return text.replaceAll(from, to);
  }, blocks[index]?.code ?? '');
}

/** nginx as documented: the block of that index, as `change` changes it. */
export const nginxFront = (index = 0, change = (text: string) => text): Front => ({
  name: 'nginx',
  version: ['/usr/sbin/nginx', '-v'],
  async start(host) {
    const { port, close } = await startNginx(({ port, certificate, certificateKey }) => {
      const places = {
        'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
        '/etc/ssl/api.example.com.pem': certificate,
        '/etc/ssl/api.example.com.key': certificateKey,
        '127.0.0.1:8080': host,
      };
      return change(documented('nginx', places, index));
    });
    return { origin: `https://127.0.0.1:${port}`, close };
  },
});

/** HAProxy as documented, as `change` changes it. */
export const haproxyFront = (change = (text: string) => text): Front => ({
  name: 'HAProxy',
  version: ['haproxy', '-v'],
  start: (host) =>
    startProgram((folder, port) => {
      const { cert, key } = selfSigned();
      writeFileSync(join(folder, 'both.pem'), cert + key);
      const places = {
        'bind :443': `bind 127.0.0.1:${port}`,
        '/etc/ssl/api.example.com.pem': join(folder, 'both.pem'),
        '127.0.0.1:8080': host,
        '127.0.0.1:8081': host,
      };
      writeFileSync(join(folder, 'haproxy.cfg'), `${change(documented('haproxy', places))}\n`);
      return ['haproxy', '-db', '-f', join(folder, 'haproxy.cfg')];
    }),
});

/** Caddy as documented, as `change` changes it. */
export const caddyFront = (change = (text: string) => text): Front => ({
  name: 'Caddy',
  version: ['caddy', 'version'],
  start: (host) =>
    startProgram((folder, port) => {
      const { cert, key } = selfSigned();
      const [certificate, certificateKey] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
      writeFileSync(certificate, cert);
      writeFileSync(certificateKey, key);
      // For any name. Caddy would make certificates of its own for names that this one lacks, and have the system trust them.
      const site = `https://:${port} {\n  bind 127.0.0.1\n  tls ${certificate} ${certificateKey}`;
      const text = documented('caddyfile', { 'api.example.com {': site, '127.0.0.1:8080': host });
      const settings = '{\n  admin off\n  auto_https off\n  skip_install_trust\n}\n';
      writeFileSync(join(folder, 'Caddyfile'), `${settings}${change(text)}\n`);
      return ['caddy', 'run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'];
    }),
});

/** Starts a program on a free port, in a folder of its own; `prepare` writes what it needs, and says how it is called. */
async function startProgram(
  prepare: (folder: string, port: number) => readonly [command: string, ...args: string[]],
): Promise<App> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-front-'));
  const port = await freePort();
  const [command, ...args] = prepare(folder, port);
  const places = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const start = () => spawn(command, args, { cwd: folder, stdio: 'ignore', env: { ...process.env, ...places } });
  const { kill } = await killable(start, port);
  return {
    origin: `https://127.0.0.1:${port}`,
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** How callers reach a front: by one version of HTTP. */
export type Reached = { readonly name: string; readonly send: Send; readonly connect?: Connect };

export const byHttp1: Reached = {
  name: '',
  send: (...given) => sendTls(selfSigned().cert)(...given),
  connect: (...given) => connectTls(selfSigned().cert)(...given),
};

export const byHttp2: Reached = {
  name: ', by HTTP/2',
  send: (...given) => sendHttp2Tls(selfSigned().cert)(...given),
};

/** An adapter that is called through a proxy. */
export const behind = (front: Front, { name, ...reached }: Reached, adapter: Adapter): Adapter => {
  const { connect: _, ...rest } = adapter;
  return {
    ...rest,
    ...reached,
    name: `${adapter.name} behind ${front.name}${name}`,
    front: true,
    async start(options) {
      const app = await adapter.start(options);
      const { origin, close } = await front.start(new URL(app.origin).host);
      return {
        origin,
        async close() {
          await close();
          await app.close();
        },
      };
    },
  };
};

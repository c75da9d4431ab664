import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export const webKitDriver = '/usr/bin/WebKitWebDriver';
export const miniBrowser = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';
export const xvfb = '/usr/bin/Xvfb';

export type WebKit = {
  readonly version: string;
  visit(url: string): Promise<void>;
  /** Runs the body of an async function that takes `context`, in the page. */
  evaluate(script: string, context: string): Promise<string>;
  close(): Promise<void>;
};

/** @param options.proxy host and port of an HTTP proxy for all that the browser loads. */
export async function openWebKit({ proxy }: { readonly proxy?: string } = {}): Promise<WebKit> {
  const home = mkdtempSync(join(tmpdir(), 'webkit-'));
  const screen = await startScreen();
  const port = await freePort();
  const folders = ['HOME', 'XDG_RUNTIME_DIR', 'XDG_CACHE_HOME', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME'];
  const driver = spawn(webKitDriver, [`--port=${port}`, '--host=127.0.0.1'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      ...Object.fromEntries(folders.map((name) => [name, home])),
      DISPLAY: screen.display,
      GDK_BACKEND: 'x11',
      LIBGL_ALWAYS_SOFTWARE: '1',
      NO_AT_BRIDGE: '1',
      GSETTINGS_BACKEND: 'memory',
      GIO_USE_VFS: 'local',
    },
  });
  const command = commandsAt(`http://127.0.0.1:${port}`);
  await answering(() => command('GET', '/status'));
  const { sessionId, capabilities } = (await command('POST', '/session', {
    capabilities: {
      alwaysMatch: {
        ...(proxy && { proxy: { proxyType: 'manual', httpProxy: proxy } }),
        timeouts: { script: 150_000, pageLoad: 30_000 },
        'webkitgtk:browserOptions': { binary: miniBrowser, args: ['--automation'] },
      },
    },
  })) as { readonly sessionId: string; readonly capabilities: { readonly browserVersion: string } };
  const session = `/session/${sessionId}`;
  return {
    version: `WebKitGTK ${capabilities.browserVersion}`,
    async visit(url) {
      await command('POST', `${session}/url`, { url });
    },
    async evaluate(script, context) {
      const async = `const [context, done] = arguments;
        (async () => { ${script} })().then(done, (error) => done('Error: ' + (error && error.stack || error)));`;
      const result = String(await command('POST', `${session}/execute/async`, { script: async, args: [context] }));
      if (result.startsWith('Error: ')) throw new Error(result);
      return result;
    },
    async close() {
      await command('DELETE', session).catch(() => {});
      driver.kill();
      screen.stop();
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

type Command = (method: string, path: string, body?: object) => Promise<unknown>;

/** WebDriver's commands (W3C WebDriver, section 6.3). */
const commandsAt =
  (origin: string): Command =>
  async (method, path, body) => {
    const response = await fetch(origin + path, { method, ...(body && { body: JSON.stringify(body) }) });
    const { value } = (await response.json()) as { readonly value: unknown };
    if (!response.ok) throw new Error(`WebKitWebDriver: ${JSON.stringify(value)}`);
    return value;
  };

async function answering(ask: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await ask();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A screen that nobody sees: WebKitGTK starts without one only to wait forever. */
async function startScreen(): Promise<{ readonly display: string; stop(): void }> {
  // It picks a free display, and writes its number to the fourth stream.
  const args = ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'];
  const screen = spawn(xvfb, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const number = await new Promise<string>((resolve, reject) => {
    (screen.stdio[3] as Readable).once('data', (text) => resolve(String(text).trim()));
    screen.once('exit', (status) => reject(new Error(`Xvfb ended with ${status}`)));
  });
  return { display: `:${number}`, stop: () => void screen.kill() };
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

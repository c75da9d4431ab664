import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { run, unpack } from '../tools.ts';
import { kits, noncesOf, placed, prepareKits } from './kits.ts';
import { complete, cut, type RawServer, unavailable } from './raw-server.ts';

// Crates take minutes on a busy machine.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let server: RawServer;
beforeAll(async () => {
  const prepared = await prepareKits();
  server = prepared.server;
  return prepared.close;
});

const failure = [expect.toSatisfy((code) => code !== 0), expect.not.stringMatching(/^200\n/)];

describe.each(placed)('the client of $scheme in $language', ({ command, env, place, language }) => {
  // ureq 2 hands over a chunk that is cut like a whole one, and shows nothing of the difference.
  const cuts = Object.entries(cut).flatMap(([kind, text]) => (language === 'rust' && kind === 'chunk' ? [] : [text]));
  const call = async (...args: readonly string[]) => {
    const { status, output } = await run([...command, 'call', ...args], place, env);
    return [status, output];
  };

  it('takes no response whose body is cut', async () => {
    server.respondWith(() => complete);
    expect(await call('GET', `${server.origin}/orders`)).toEqual([0, '200\nok\n']);
    for (const text of cuts) {
      server.respondWith(() => text);
      expect([text, ...(await call('GET', `${server.origin}/orders`))]).toEqual([text, ...failure]);
    }
  });

  it('takes no interim response for the response', async () => {
    const failed = 'HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfail';
    server.respondWith(() => `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${failed}`);
    const [status, output] = await call('GET', `${server.origin}/orders`);
    expect([status, output]).toEqual([failure[0], expect.not.stringMatching(/^103\n/)]);
  });

  it('sends no nonce a second time when a connection that was kept breaks', async () => {
    server.respondWith((count) => [unavailable, undefined][count - 1] ?? complete);
    await call('GET', `${server.origin}/orders`);
    expect(server.received.length).toBeGreaterThan(1);
    expect(new Set(noncesOf(server.received)).size).toBe(server.received.length);
  });

  it('sends a POST once, whatever becomes of it', async () => {
    for (const text of [undefined, unavailable, ...cuts]) {
      server.respondWith((count) => (count === 1 ? text : complete));
      const [status] = await call('POST', `${server.origin}/orders`, 'application/json', '{}');
      expect([text, server.received.length, status]).toEqual([text, 1, failure[0]]);
    }
  });

  it('follows no redirect', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const text = `HTTP/1.1 ${status} Moved\r\nLocation: ${server.origin}/elsewhere\r\nContent-Length: 2\r\n\r\nno`;
      server.respondWith((count) => (count === 1 ? text : complete));
      const [, output] = await call('GET', `${server.origin}/orders`);
      expect([output, server.received.length]).toEqual([expect.stringMatching(`^${status}\n`), 1]);
    }
  });
});

describe.each(kits)('the client of $scheme', ({ path }) => {
  it.each(['cut', 'none'])('in node rejects with an error that the caller can catch (%s)', async (kind) => {
    server.respondWith(() => (kind === 'cut' ? cut.length : undefined));
    const script = `
      import { send } from './countersign.mjs';
      const call = send({ method: 'GET', url: '${server.origin}/orders', accessKey: 'partner', secret: 's'.repeat(32) });
      await call.then(() => console.log('response'), () => console.log('caught'));`;
    const outcome = await run([process.execPath, '--input-type=module', '-e', script], `${path}/clients/node`);
    expect(outcome).toEqual({ status: 0, output: 'caught\n' });
  });
});

/** Programs that keep a client, and with it its connections. Each is built beside the file of the client alone. */
const programs: Readonly<Record<string, { readonly build: readonly string[]; readonly run: readonly string[] }>> = {
  go: { build: ['go', 'build', '-o', 'kept', '.'], run: ['./kept'] },
  csharp: {
    build: ['mcs', '-out:kept.exe', '-r:System.Net.Http', 'Countersign.cs', 'Kept.cs'],
    run: ['mono', 'kept.exe'],
  },
};

const kept = fileURLToPath(new URL('kept', import.meta.url));

describe.each(placed.filter(({ language }) => programs[language]))('a caller of $scheme in $language', (client) => {
  it('repeats nothing on a connection that was kept', async () => {
    const { language, kit } = client;
    const own = Object.entries(kit.files).filter(
      ([path]) => path.startsWith(`clients/${language}/`) && !/\/kit\.\w+$/i.test(path),
    );
    const folder = unpack(Object.fromEntries(own));
    const place = `${folder.path}/clients/${language}`;
    cpSync(kept, place, { recursive: true });
    const { build = [], run: command = [] } = programs[language] ?? {};
    expect(await run(build, place)).toEqual({ status: 0, output: '' });
    server.respondWith((count) => (count % 2 ? complete : undefined));
    const { output } = await run([...command, `${server.origin}/orders`], place);
    folder.remove();
    expect(output).toBe('200\nerror\n200\nerror\n');
    expect(server.received.map((text) => text.slice(0, 4))).toEqual(['GET ', 'GET ', 'POST', 'POST']);
    expect(new Set(noncesOf(server.received)).size).toBe(4);
    expect(server.received.join()).not.toMatch(/transfer-encoding/i);
  });
});

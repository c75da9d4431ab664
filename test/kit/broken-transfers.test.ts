import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { createKit, type KitCredentials } from 'countersign/kit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { clients, run, unpack } from './tools.ts';

// Crates take minutes on a busy machine.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 });

const kit = createKit({ origin: 'https://api.example.com' });
const folder = unpack(kit);
afterAll(() => folder.remove());
const { accessKey, secret }: KitCredentials = JSON.parse(kit['credentials.json'] ?? '');

// What arrived, and what is sent for each request in turn.
const received: string[] = [];
let respond: (count: number) => string | undefined = () => undefined;
let server: Server;
let origin = '';
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      if (!/^[A-Z]+ \S+ HTTP/.test(`${data}`)) return;
      received.push(`${data}`);
      const text = respond(received.length);
      // Undefined ends the connection without a byte.
      if (text === undefined) socket.destroy();
      else if (text.includes('Content-Length: 100')) socket.end(text);
      else socket.write(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const complete = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const cut = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab';

describe.each(clients)('the client in $language', ({ language, command, build, env }) => {
  const place = `${folder.path}/clients/${language}`;

  it('takes no response whose body is cut', async () => {
    if (build) await run(build, place);
    respond = () => complete;
    expect((await run([...command, 'call', 'GET', `${origin}/orders`], place, env)).output).toBe('200\nok\n');
    respond = () => cut;
    const { status, output } = await run([...command, 'call', 'GET', `${origin}/orders`], place, env);
    expect([status, output]).toEqual([expect.toSatisfy((code) => code !== 0), expect.not.stringMatching(/^200\n/)]);
  });
});

describe('the client in node', () => {
  it.each(['cut', 'none'] as const)('rejects with an error that the caller can catch (%s)', async (kind) => {
    respond = () => (kind === 'cut' ? cut : undefined);
    const script = `
      import { send } from './countersign.mjs';
      const call = send({ method: 'GET', url: '${origin}/orders', accessKey: 'partner', secret: 's'.repeat(32) });
      await call.then(() => console.log('response'), () => console.log('caught'));`;
    const place = `${folder.path}/clients/node`;
    expect(await run([process.execPath, '--input-type=module', '-e', script], place)).toEqual({
      status: 0,
      output: 'caught\n',
    });
  });
});

const isThere = (language: string) => clients.some((one) => one.language === language);

describe('a header that holds another line is refused', () => {
  const injected = ['a\r\nX-Injected: yes', 'a\nX-Injected: yes', 'a\r\n folded'];
  const scripts: Readonly<Record<string, (value: string) => readonly string[]>> = {
    python: (value) => [
      'python3',
      '-c',
      `import countersign; countersign.send("GET", "${origin}/orders", [("X-Note", ${JSON.stringify(value)})], b"", "${accessKey}", "${secret}")`,
    ],
    php: (value) => [
      'php',
      '-r',
      `require 'countersign.php'; countersign_send('GET', '${origin}/orders', [['X-Note', ${JSON.stringify(value)}]], '', '${accessKey}', '${secret}');`,
    ],
    node: (value) => [
      process.execPath,
      '--input-type=module',
      '-e',
      `import { send } from './countersign.mjs'; await send({ method: 'GET', url: '${origin}/orders', headers: [['X-Note', ${JSON.stringify(value)}]], accessKey: '${accessKey}', secret: '${secret}' });`,
    ],
    ruby: (value) => [
      'ruby',
      '-I.',
      '-rcountersign',
      '-e',
      `Countersign.send_request('GET', '${origin}/orders', [['X-Note', ${JSON.stringify(value)}]], '', '${accessKey}', '${secret}')`,
    ],
    perl: (value) => [
      'perl',
      '-I.',
      '-MCountersign',
      '-e',
      `Countersign::send_request('GET', '${origin}/orders', [['X-Note', ${JSON.stringify(value)}]], '', '${accessKey}', '${secret}')`,
    ],
    bash: (value) => [
      'bash',
      '-c',
      `. ./countersign.sh; COUNTERSIGN_SECRET_FILE=../../secret COUNTERSIGN_ACCESS_KEY=${accessKey} countersign_curl GET ${origin}/orders /dev/null $'X-Note: ${value.replace(/\r/g, '\\r').replace(/\n/g, '\\n')}'`,
    ],
  };
  writeFileSync(`${folder.path}/secret`, secret);

  it.each(Object.keys(scripts).filter(isThere))('by the client in %s', async (language) => {
    respond = () => complete;
    const place = `${folder.path}/clients/${language}`;
    const outcomes: unknown[] = [];
    for (const value of ['plain', ...injected]) {
      received.length = 0;
      const { status } = await run(scripts[language]?.(value) ?? [], place);
      outcomes.push([value, status === 0, received.length]);
    }
    expect(outcomes).toEqual([['plain', true, 1], ...injected.map((value) => [value, false, 0])]);
  });
});

describe.runIf(isThere('go'))('the client in go', () => {
  it('sends no nonce a second time when a connection that was kept breaks', async () => {
    received.length = 0;
    respond = (count) => (count === 2 ? undefined : complete);
    const place = unpack({
      ...Object.fromEntries(Object.entries(kit).filter(([path]) => /^clients\/go\/(go\.mod|countersign\/)/.test(path))),
      'clients/go/main.go': `package main
import ("fmt"; "io"; "kit/countersign")
func main() {
	client := countersign.Client(countersign.Transport{AccessKey: "partner", Secret: []byte("ssssssssssssssssssssssssssssssss")})
	for i := 0; i < 3; i++ {
		response, err := client.Get("${origin}/orders")
		if err != nil { fmt.Println("error"); continue }
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		fmt.Println(response.StatusCode)
	}
}`,
    });
    const { output } = await run(['go', 'run', '.'], `${place.path}/clients/go`);
    place.remove();
    expect(output).toBe('200\nerror\n200\n');
    const nonces = received.map((text) => /x-api-nonce: (\w+)/i.exec(text)?.[1]);
    expect(new Set(nonces).size).toBe(3);
    expect(received.join()).not.toMatch(/transfer-encoding/i);
  });
});

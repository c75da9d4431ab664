import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { arrayBuffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createKit, createKitServer, type KitCredentials, type KitServer } from 'countersign/kit';
import { receivedFromNode } from 'countersign/node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { selfSigned } from '../adapters/certificate.ts';
import { bytesOf } from '../vectors/format.ts';
import { present } from '../vectors/present.ts';
import { vectors } from '../vectors/read.ts';
import { buildRust, clients, run, unpack } from './tools.ts';

// Crates, and a process for each request, take minutes on a busy machine.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const kit = createKit({ origin: 'https://api.example.com' });
const credentials: KitCredentials = JSON.parse(kit['credentials.json'] ?? '');

/** All cases of the vectors, as plain files. */
const all = Object.fromEntries(
  vectors.sign.flatMap(({ name, credentials, request, stages, ...given }) => {
    const lines = (pairs: typeof request.headers) => pairs.map((pair) => `${pair.join(': ')}\n`).join('');
    const files = {
      method: request.method,
      url: `${request.scheme}://${request.host}${request.target}`,
      headers: lines(request.headers),
      body: bytesOf(request.body),
      'access-key': credentials.accessKey,
      secret: bytesOf(credentials.secret),
      time: `${given.time}`,
      nonce: given.nonce,
      'signed-headers': given.signedHeaders.map((one) => `${one}\n`).join(''),
      ...(request.unsignedBody && { 'unsigned-body': '' }),
      'string-to-sign': stages.stringToSign,
      'added-headers': lines(stages.headers),
    };
    return Object.entries(files).map(([file, content]) => [`vectors/plain/${name}/${file}`, content] as const);
  }),
);

const folder = unpack({ ...kit, ...all });
afterAll(() => folder.remove());
const cases = readdirSync(`${folder.path}/vectors/plain`).sort();
writeFileSync(`${folder.path}/large`, 'x'.repeat(2 ** 20));

let server: KitServer;
let listening: Server;
let origin = '';
beforeAll(async () => {
  listening = createServer(async (request, response) => {
    const body = new Uint8Array(await arrayBuffer(request));
    const made = await server.handle(receivedFromNode(request, { body }));
    response.writeHead(made.status, [...made.headers].flat());
    response.end(new Uint8Array(await made.arrayBuffer()));
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
});
afterAll(() => listening.close());

describe.each(clients)('the client in $language', ({ language, command, build, env }) => {
  const place = `${folder.path}/clients/${language}`;
  const call = (...args: readonly string[]) => run([...command, 'call', ...args], place, env);

  beforeAll(async () => {
    server = createKitServer({ credentials });
    if (build) expect(await run(build, place)).toEqual({ status: 0, output: '' });
  });

  it('makes what the vectors say, and refuses what must be refused', async () => {
    const { output, status } = await run(
      [...command, 'check', ...cases.map((one) => `../../vectors/plain/${one}`)],
      place,
      env,
    );
    expect(output).toBe(`${cases.length} of ${cases.length} cases agree\n`);
    expect(status).toBe(0);
  });

  it.each(['a\nb', 'a b', 'a\u0001b', 'köln.example'])(
    'refuses to sign a host that no server has: %j',
    async (host) => {
      const changed = unpack({
        ...all,
        'vectors/plain/get/url': `https://${host}/orders`,
        'vectors/plain/get/refused': '',
      });
      const { output } = await run([...command, 'check', `${changed.path}/vectors/plain/get`], place, env);
      changed.remove();
      expect(output).toBe('1 of 1 cases agree\n');
    },
  );

  it('disagrees with a case that is wrong', async () => {
    const wrong = unpack({ ...all, 'vectors/plain/get/string-to-sign': 'countersign-v2-request' });
    const { output, status } = await run([...command, 'check', `${wrong.path}/vectors/plain/get`], place, env);
    wrong.remove();
    expect(output).toContain('get: string-to-sign');
    expect(status).toBe(1);
  });

  it('sends nothing to a server whose certificate nobody knows', async () => {
    let requests = 0;
    const stranger = createSecureServer(selfSigned(), (_, response) => {
      requests++;
      response.end();
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const { port } = stranger.address() as AddressInfo;
    const { output } = await call('GET', `https://127.0.0.1:${port}/orders`);
    await new Promise((resolve) => stranger.close(resolve));
    expect([requests, output]).toEqual([0, expect.not.stringMatching(/^200\n/)]);
  });

  it('is accepted in every situation', async () => {
    const json = 'application/json';
    const accepted = [
      ['GET', '/orders?q=a%20b&r=a%2Bb&city=K%C3%B6ln&ids[]=1'],
      ['GET', "/orders?q='a'&a=1&a=2&b="],
      ['GET', '/files/a%2Fb'],
      ['GET', '?q=1'],
      ['POST', '/orders', json, '{"city":"Köln"}'],
      ['POST', '/orders', 'application/x-www-form-urlencoded', 'a=b+c&d=%26'],
      [
        'POST',
        '/files',
        'multipart/form-data; boundary=b1',
        '--b1\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b1--\r\n',
      ],
      ['POST', '/orders'],
      ['PUT', '/files/1', 'text/plain', '@../../large'],
      ['GET', '/kit/retry'],
    ];
    for (const [method = '', target = '', ...rest] of accepted) {
      // The URI class of Java refuses brackets that are not escaped.
      const sent = language === 'java' ? target.replace('[]', '%5B%5D') : target;
      const { status, output } = await call(method, origin + sent, ...rest);
      expect([target, status, output]).toEqual([target, 0, expect.stringMatching(/^200\n/)]);
    }
    // A POST may have been carried out.
    expect((await call('POST', `${origin}/kit/retry`, json, '{}')).output).toMatch(/^503\n/);
    for (const name of ['same', 'other']) {
      expect(await call('GET', `${origin}/kit/redirect-${name}`)).toMatchObject({
        status: expect.anything(),
        output: expect.stringMatching(/^307/),
      });
    }
    await Promise.all([call('GET', `${origin}/kit/parallel`), call('GET', `${origin}/kit/parallel`)]);
    const open = server.scenarios().filter(({ state, optional }) => state !== 'passed' && !optional);
    expect(open).toEqual([]);
  });
});

// Bash keeps no headers of responses.
describe.each(clients.filter(({ language }) => language !== 'bash'))(
  'the client in $language',
  ({ language, command, env }) => {
    beforeAll(() => {
      server = createKitServer({ credentials });
    });

    it('takes countersigned responses, and no others', async () => {
      const place = `${folder.path}/clients/${language}`;
      const checking = { ...env, COUNTERSIGN_CHECK_RESPONSE: 'yes' };
      const check = (path: string) => run([...command, 'call', 'GET', origin + path], place, checking);
      expect(await check('/orders')).toMatchObject({ status: 0 });
      for (const path of ['/kit/forged', '/kit/unsigned']) {
        const { status, output } = await check(path);
        expect(status).not.toBe(0);
        expect(output).toMatch(/not countersigned/);
        // What net/http of Go logs of a response beside an error.
        expect(output).not.toMatch(/RoundTripper returned/);
      }
    });
  },
);

/** Scripts that use the hooks for other HTTP libraries; each prints the status of its responses. */
const hooks = [
  {
    library: 'requests',
    script: `
from with_requests import SignedSession
session = SignedSession(access_key, secret, check_response=True)
print(session.get(origin + "/orders", params={"q": "a b", "r": "a+b", "city": "Köln", "ids[]": ["1", "2"], "n": "'"}).status_code)
print(session.post(origin + "/orders", json={"city": "Köln"}).status_code)
print(session.post(origin + "/orders", data={"a": "b c"}).status_code)
print(session.post(origin + "/files", files={"a": ("a.txt", b"1")}).status_code)
print(session.post(origin + "/orders").status_code)
print(session.get(origin + "/kit/retry").status_code)
session.check_response = False
print(session.get(origin + "/kit/redirect-same").status_code, session.get(origin + "/kit/redirect-other").status_code)
`,
    checking: 'from with_requests import *; s = SignedSession(access_key, secret, check_response=True)',
  },
  {
    library: 'httpx',
    script: `
import httpx
from with_httpx import SignedTransport
transport = SignedTransport(access_key, secret, check_response=True)
session = httpx.Client(transport=transport)
print(session.get(origin + "/orders", params={"q": "a b", "r": "a+b", "city": "Köln", "ids[]": ["1", "2"], "n": "'"}).status_code)
print(session.post(origin + "/orders", json={"city": "Köln"}).status_code)
print(session.post(origin + "/orders", data={"a": "b c"}).status_code)
print(session.post(origin + "/files", files={"a": ("a.txt", b"1")}).status_code)
print(session.post(origin + "/orders").status_code)
print(session.get(origin + "/kit/retry").status_code)
transport.check_response = False
print(session.get(origin + "/kit/redirect-same").status_code, session.get(origin + "/kit/redirect-other").status_code)
`,
    checking:
      'import httpx; from with_httpx import *; s = httpx.Client(transport=SignedTransport(access_key, secret, check_response=True))',
  },
].filter(({ library }) => present('python3', '-c', `import ${library}`));

describe.runIf(clients.some(({ language }) => language === 'csharp'))('the hook for HttpClient', () => {
  it('signs what the library sends, each attempt, and follows no redirect', async () => {
    server = createKitServer({ credentials });
    const place = `${folder.path}/clients/csharp`;
    const hook = fileURLToPath(new URL('Hook.cs', import.meta.url));
    const built = await run(['mcs', '-out:hook.exe', '-r:System.Net.Http', 'Countersign.cs', hook], place);
    expect(built).toEqual({ status: 0, output: '' });
    const { accessKey, secret } = credentials;
    const { output } = await run(['mono', 'hook.exe', accessKey, secret, origin], place);
    expect(output).toBe(`${'200\n'.repeat(6)}307 307\n`);
    expect(server.scenarios().filter(({ state }) => state === 'failed')).toEqual([]);
  });
});

describe.runIf(clients.some(({ language }) => language === 'rust'))('the client for ureq', () => {
  it('signs headers and addresses as ureq sends them', async () => {
    const place = `${folder.path}/clients/rust`;
    mkdirSync(`${place}/examples`);
    copyFileSync(new URL('hook.rs', import.meta.url), `${place}/examples/hook.rs`);
    expect(await run(buildRust('examples/hook', '--example', 'hook'), place)).toEqual({ status: 0, output: '' });
    const { accessKey, secret } = credentials;
    const { output } = await run(['./target/debug/examples/hook', accessKey, secret, origin], place);
    expect(output).toBe('200\n200\nThe request lacks x-account\n');
  });
});

describe.each(hooks)('the hook for $library', ({ script, checking }) => {
  beforeAll(() => {
    server = createKitServer({ credentials });
  });

  const runScript = (text: string) => {
    const { accessKey, secret } = credentials;
    const names = `access_key, secret, origin = ${JSON.stringify([accessKey, secret, origin]).slice(1, -1)}`;
    return run(['python3', '-c', `${names}\n${text}`], `${folder.path}/clients/python`);
  };

  it('takes countersigned responses, and no others', async () => {
    const script = `${checking}
print(s.get(origin + "/orders").status_code)
for path in ("/kit/forged", "/kit/unsigned"):
    try: print(s.get(origin + path).status_code)
    except Exception as problem: print(problem)`;
    const refused = 'The response is not countersigned.\n';
    expect((await runScript(script)).output).toBe(`200\n${refused}${refused}`);
  });

  it('signs what the library sends, each attempt, and follows no redirect', async () => {
    const { output } = await runScript(script);
    expect(output).toBe(`${'200\n'.repeat(6)}307 307\n`);
    expect(server.scenarios().filter(({ state }) => state === 'failed')).toEqual([]);
  });
});

import { createServer, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { countersignedFetch, createSigner, generateCredentials, prepareRequest } from 'countersign';
import { protect } from 'countersign/node';
import { type AuditEvent, createVerifier, memoryKeys, memoryReplay, type VerifierOptions } from 'countersign/server';
import { afterEach, describe, expect, it } from 'vitest';
import { pageNamed } from '../docs/markdown.ts';
import { present } from '../vectors/present.ts';
import { type App, listening } from './adapter.ts';
import { selfSigned } from './certificate.ts';
import { caddyFront, documented, type Front, haproxyFront, nginxFront } from './fronts.ts';
import { startNginx } from './nginx-server.ts';
import { type Answered, fetchOver, type Send, type Sent, sendHttp2Tls, sendTls } from './wire.ts';

const opened: Array<{ close(): Promise<void> }> = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});
const kept = <Opened extends { close(): Promise<void> }>(one: Opened): Opened => {
  opened.push(one);
  return one;
};

const tls = present('openssl', 'version');
const nginxHere = tls && present(...nginxFront().version);
const haproxyHere = tls && present(...haproxyFront().version);
const caddyHere = tls && present(...caddyFront().version);
const fronts = [nginxFront(), haproxyFront(), caddyFront()].filter(
  ({ name }) => ({ nginx: nginxHere, HAProxy: haproxyHere, Caddy: caddyHere })[name],
);

/** Where callers of these tests are: not where the proxies are. */
const client = '127.0.0.2';
const many: VerifierOptions['trustedProxies'] = {
  addresses: ['127.0.0.1'],
  headers: ['x-forwarded-for', 'x-forwarded-proto'],
};

type Opened = App & {
  readonly events: AuditEvent[];
  /** Signs for a URL of https://api.example.com, and calls the proxy with it. */
  call(target: string, change?: Partial<Sent> & { readonly send?: Send }): Promise<Answered>;
  readonly secret: string;
  readonly accessKey: string;
};

/** A proxy in front of a server of Node's. */
async function open(front: Pick<Front, 'start'>, options: Partial<VerifierOptions>): Promise<Opened> {
  const { accessKey, secret } = generateCredentials();
  const events: AuditEvent[] = [];
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
    audit: (event) => void events.push(event),
    ...options,
  });
  const handle = protect(verifier, (_, response) => void response.end('x'.repeat(1000)), { countersign: 'always' });
  const app = kept(await listening(createServer(handle)));
  const { origin, close } = kept(await front.start(new URL(app.origin).host));
  const signer = createSigner({ accessKey, secret });
  return {
    origin,
    close,
    events,
    accessKey,
    secret,
    call(target, { send = sendTls(selfSigned().cert, client), ...change } = {}) {
      const added = prepareRequest(signer, { method: 'GET', url: `https://api.example.com${target}` }).headers;
      const headers = { host: 'api.example.com', ...added, ...change.headers };
      return send(origin, { method: 'GET', target, ...change, headers });
    },
  };
}

const outcomesOf = ({ events }: Opened) =>
  events.splice(0).map(({ code, address, path }) => ({ outcome: code ?? 'ok', address, path }));

/** The rows of the table on the page that has this heading among those of its columns, without code marks. */
function tableWith(column: string): readonly (readonly string[])[] {
  const lines = pageNamed('docs/proxies.md').text.split('\n');
  const first = lines.findIndex((line) => line.startsWith('| ') && line.includes(column));
  const last = lines.findIndex((line, i) => i > first && !line.startsWith('| '));
  return lines.slice(first, last).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/`/g, '')),
  );
}

const forgeries = {
  'x-forwarded-for': '192.0.2.66',
  'x-forwarded-proto': 'http',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-prefix': '/admin',
  forwarded: 'for="192.0.2.66,',
};

describe.each(fronts)('$name as documented', (front) => {
  it('tells where requests come from and by which protocol, whatever the caller has written', async () => {
    const app = await open(front, { trustedProxies: many });
    for (const headers of [
      {},
      { host: 'api.example.com:443' },
      forgeries,
      { 'x-forwarded-for': ['127.0.0.1', 'a"'] },
    ]) {
      expect((await app.call('/v1/orders', { headers })).status).toBe(200);
      expect(outcomesOf(app)).toMatchObject([{ outcome: 'ok', address: client }]);
    }
  });

  it('is not believed where it is not trusted', async () => {
    const app = await open(front, { publicOrigin: 'https://api.example.com' });
    await app.call('/v1/orders');
    expect(outcomesOf(app)).toMatchObject([{ outcome: 'ok', address: '127.0.0.1' }]);
  });

  it('cannot be made to leave out what it tells', async () => {
    const app = await open(front, { trustedProxies: many });
    const connection = 'close, X-Forwarded-For, X-Forwarded-Proto';
    await app.call('/v1/orders', { headers: { connection, 'x-forwarded-for': '192.0.2.66' } });
    expect(outcomesOf(app)).toMatchObject([{ outcome: 'ok', address: client }]);
  });

  it('does with headers that its configuration does not mention what the page says', async () => {
    const received: IncomingHttpHeaders[] = [];
    const echo = createServer((request, response) => {
      received.push(request.headers);
      response.end();
    });
    const silent = /^ *(?:proxy_set_header|http-request set-header) X-Forwarded.*\n/gm;
    const bare = {
      nginx: nginxFront(0, (text) => text.replace(silent, '')),
      Caddy: front,
      HAProxy: haproxyFront((text) => text.replace(silent, '')),
    };
    const { origin } = kept(
      await bare[front.name as keyof typeof bare].start(new URL(kept(await listening(echo)).origin).host),
    );
    await sendTls(selfSigned().cert, client)(origin, { method: 'GET', target: '/', headers: forgeries });
    const [[, ...names] = [], ...rows] = tableWith('`Forwarded`');
    const [, ...said] = rows.find(([name]) => name === front.name) ?? [];
    const done = names.map((name) => {
      const key = name.toLowerCase() as keyof typeof forgeries;
      return received[0]?.[key] === forgeries[key] ? 'passes on' : 'sets';
    });
    expect(names).toHaveLength(5);
    expect(done).toEqual(said);
  });
});

const targets = [
  '/a%2Fb',
  '/a%2fb%20c',
  '//double//slash',
  '/?a=1&a=2&b',
  "/it's(a)*;x=1",
  '/a?b=c+d%2Bd',
  '/x?url=http://y//z',
  '/%7Eme/~',
  '/a%25b',
  '/a?q=%F0%25zz',
];

describe.runIf(nginxHere)('nginx', () => {
  /** The location `/api/` of the documented configuration, with these lines in place of its `proxy_pass`. */
  const apiBy = (passing: (host: string) => string) =>
    nginxFront(0, (text) =>
      text
        .replace('location / {', 'location /api/ {')
        .replace(/proxy_pass (http:\/\/[\d.:]+);/, (_, host: string) => passing(host)),
    );

  it('changes paths where it takes off a prefix by the path in proxy_pass, as the page says', async () => {
    const app = await open(
      apiBy((host) => `proxy_pass ${host}/;`),
      {
        publicOrigin: 'https://api.example.com',
        publicPath: '/api',
      },
    );
    const [, , ...rows] = tableWith('received');
    expect(rows).toHaveLength(5);
    for (const [called = '', arrives = '', verifies] of rows) {
      await app.call(called);
      const outcome = verifies === 'yes' ? 'ok' : 'signature_mismatch';
      expect(outcomesOf(app)).toMatchObject([{ outcome, path: arrives.replace(/\?.*/, '') }]);
    }
  });

  it.each<[what: string, passing: (host: string) => string]>([
    ['the same path in proxy_pass', (host) => `proxy_pass ${host}/api/;`],
    ['rewrite', (host) => `rewrite ^(/api/.*)$ $1 break; proxy_pass ${host};`],
  ])('changes paths by %s too', async (_, passing) => {
    const app = await open(apiBy(passing), { publicOrigin: 'https://api.example.com' });
    for (const target of ['/api/a', '/api/a%2Fb']) await app.call(target);
    expect(outcomesOf(app)).toMatchObject([{ outcome: 'ok' }, { outcome: 'signature_mismatch', path: '/api/a/b' }]);
  });

  it('takes off a prefix as documented, and nothing else', async () => {
    const app = await open(nginxFront(1), { publicOrigin: 'https://api.example.com', publicPath: '/api' });
    for (const target of targets) {
      expect((await app.call(`/api${target}`)).status).toBe(200);
      expect(outcomesOf(app)).toMatchObject([{ outcome: 'ok', path: target.replace(/\?.*/, '') }]);
    }
    for (const target of ['//api/a', '/x/../api/a', '/%61pi/a']) {
      expect((await app.call(target)).status).toBe(404);
    }
    expect(app.events).toEqual([]);
  });

  it('presents the host of its own configuration where it is told no other, which publicOrigin makes good', async () => {
    const front = nginxFront(0, (text) => text.replace(/proxy_set_header Host .*/, ''));
    for (const [options, outcome] of [
      [{ publicOrigin: 'https://api.example.com' }, 'ok'],
      [{ trustedProxies: many }, 'signature_mismatch'],
    ] as const) {
      const app = await open(front, options);
      await app.call('/v1/orders');
      expect(outcomesOf(app)).toMatchObject([{ outcome }]);
    }
  });

  it('writes Forwarded as documented', async () => {
    const app = await open(nginxFront(2), { trustedProxies: { addresses: ['127.0.0.1'], headers: ['forwarded'] } });
    for (const headers of [{}, { host: 'api.example.com:443' }, forgeries]) {
      expect((await app.call('/v1/orders', { headers })).status).toBe(200);
      expect(outcomesOf(app)).toMatchObject([{ outcome: 'ok', address: client }]);
    }
  });

  it('lets the caller say where it is, if the host that it names is written into Forwarded', async () => {
    const host = 'x",for=10.9.9.9;proto=https;host="api.example.com';
    const trap = nginxFront(2, (text) =>
      text.replace('proto=$scheme', 'proto=$scheme;host=\\"$http_host\\"').replace(/proxy_set_header Host .*/, ''),
    );
    const trustedProxies: VerifierOptions['trustedProxies'] = { addresses: ['127.0.0.1'], headers: ['forwarded'] };
    const fooled = await open(trap, { trustedProxies });
    await fooled.call('/v1/orders', { headers: { host } });
    expect(outcomesOf(fooled)).toMatchObject([{ outcome: 'ok', address: '10.9.9.9' }]);
    const safe = await open(nginxFront(2), { trustedProxies });
    await safe.call('/v1/orders', { headers: { host } });
    expect(outcomesOf(safe)).toMatchObject([{ outcome: 'ok', address: client }]);
  });

  it('lets others move a request, if X-Forwarded-Prefix is believed that it passes on', async () => {
    const trustedProxies: VerifierOptions['trustedProxies'] = {
      addresses: ['127.0.0.1'],
      headers: ['x-forwarded-for', 'x-forwarded-prefix'],
    };
    const options = { publicOrigin: 'https://api.example.com', trustedProxies };
    const moved = { target: '/keys/1', headers: { 'x-forwarded-prefix': '/drafts' } };
    const fooled = await open(nginxFront(), options);
    await fooled.call('/drafts/keys/1', moved);
    expect(outcomesOf(fooled)).toMatchObject([{ outcome: 'ok', path: '/keys/1' }]);
    const setting = (text: string) =>
      text.replace('proxy_http_version', 'proxy_set_header X-Forwarded-Prefix ""; proxy_http_version');
    const safe = await open(nginxFront(0, setting), options);
    await safe.call('/drafts/keys/1', moved);
    expect(outcomesOf(safe)).toMatchObject([{ outcome: 'signature_mismatch', path: '/keys/1' }]);
  });

  const asIs = (text: string) => text;
  // With a prefix the page has one public origin, and tells the server neither protocol nor address.
  const telling = (text: string) =>
    text
      .replace('proxy_set_header Host', 'proxy_set_header X-Forwarded-Proto $scheme; $&')
      .replace('proxy_set_header Host', 'proxy_set_header X-Forwarded-For $remote_addr; $&');
  const byForwarded = { addresses: ['127.0.0.1'], headers: ['forwarded'] } as const;
  it.each<[string, number, Partial<VerifierOptions>, (text: string) => string]>([
    ['X-Forwarded-Proto', 0, { trustedProxies: many }, asIs],
    ['$host', 0, { trustedProxies: many }, (text) => text.replaceAll('$server_name;', '$host;')],
    ['a prefix taken off', 1, { trustedProxies: many, publicPath: '/api' }, telling],
    ['Forwarded', 2, { trustedProxies: byForwarded }, asIs],
  ])('moves no request to another server, with %s', async (_, index, options, change) => {
    const both = (text: string) => {
      const server = text.slice(text.indexOf('server {'));
      return `${text}\n${server.replaceAll('api.example.com', 'admin.example.com')}`;
    };
    const app = await open(
      nginxFront(index, (text) => both(change(text))),
      options,
    );
    const target = '/api/keys/1';
    for (const [address, host] of [
      ['https://admin.example.com', 'api.example.com'],
      ['', 'admin.example.com'],
    ] as const) {
      await app.call(target, { target: address + target, headers: { host } });
      expect(outcomesOf(app)).toMatchObject([{ outcome: 'signature_mismatch' }]);
    }
    const moved = { ':authority': 'admin.example.com', host: 'api.example.com' };
    await app.call(target, { send: sendHttp2Tls(selfSigned().cert), headers: moved });
    expect(app.events.splice(0).filter(({ outcome }) => outcome === 'accepted')).toEqual([]);
    expect((await app.call(target)).status).toBe(200);
  });

  it('tells of the client behind another nginx', async () => {
    const inner = (text: string) =>
      text.replace('$remote_addr', '$proxy_add_x_forwarded_for').replace(/.*X-Forwarded-Proto.*/, '');
    const outer = (text: string) =>
      text.replace('proxy_pass http:', 'proxy_bind 127.0.0.3; proxy_ssl_verify off; proxy_pass https:');
    const chain: Pick<Front, 'start'> = {
      async start(host) {
        const { origin } = kept(await nginxFront(0, inner).start(host));
        return nginxFront(0, outer).start(new URL(origin).host);
      },
    };
    for (const [addresses, address] of [
      [['127.0.0.1', '127.0.0.3'], client],
      [['127.0.0.1'], '127.0.0.3'],
    ] as const) {
      const app = await open(chain, { trustedProxies: { ...many, addresses } });
      expect((await app.call('/v1/orders', { headers: forgeries })).status).toBe(200);
      expect(outcomesOf(app)).toMatchObject([{ outcome: 'ok', address }]);
    }
  });

  it('may compress countersigned answers', async () => {
    const gzip = (text: string) =>
      text.replace('location / {', 'gzip on; gzip_types *; gzip_proxied any; gzip_min_length 1;\n location / {');
    const app = await open(nginxFront(0, gzip), { trustedProxies: many });
    const send = sendTls(selfSigned().cert);
    const codings: (string | null)[] = [];
    const api = countersignedFetch(createSigner({ accessKey: app.accessKey, secret: app.secret }), {
      // As the platform's fetch does.
      fetch: fetchOver(async (_, sent) => {
        const answered = await send(app.origin, { ...sent, headers: { ...sent.headers, 'accept-encoding': 'gzip' } });
        codings.push(answered.headers.get('content-encoding'));
        return { ...answered, bytes: gunzipSync(answered.bytes) };
      }),
    });
    expect(await (await api('https://api.example.com/v1/orders')).text()).toBe('x'.repeat(1000));
    expect(codings).toEqual(['gzip']);
  });

  it('is believed over a Unix socket where the gate says who is at its other end', async () => {
    const { accessKey, secret } = generateCredentials();
    const events: AuditEvent[] = [];
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay(),
      audit: (event) => void events.push(event),
      trustedProxies: many,
    });
    const send = sendTls(selfSigned().cert, client);
    const signer = createSigner({ accessKey, secret });
    for (const address of [undefined, '127.0.0.1']) {
      const gate = { ...(address !== undefined && { address: () => address }) };
      const server = createServer(protect(verifier, (_, response) => void response.end(), gate));
      let path = '';
      const nginx = kept(
        await startNginx((places) => {
          path = join(places.folder, 'app.sock');
          return documented('nginx', {
            'listen 443 ssl': `listen 127.0.0.1:${places.port} ssl`,
            '/etc/ssl/api.example.com.pem': places.certificate,
            '/etc/ssl/api.example.com.key': places.certificateKey,
            'http://127.0.0.1:8080': `http://unix:${path}`,
          });
        }),
      );
      await new Promise<void>((resolve) => server.listen(path, resolve));
      const added = prepareRequest(signer, { method: 'GET', url: 'https://api.example.com/' }).headers;
      const headers = { host: 'api.example.com:443', ...added };
      await send(`https://127.0.0.1:${nginx.port}`, { method: 'GET', target: '/', headers });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    expect(events).toMatchObject([
      { outcome: 'accepted', address: undefined },
      { outcome: 'accepted', address: client },
    ]);
  });
});

it.runIf(haproxyHere)('HAProxy takes off a prefix as documented, and nothing else', async () => {
  const app = await open(haproxyFront(), { publicOrigin: 'https://api.example.com', publicPath: '/api' });
  for (const target of targets) {
    expect((await app.call(`/api${target}`)).status).toBe(200);
    expect(outcomesOf(app)).toMatchObject([{ outcome: 'ok', path: target.replace(/\?.*/, '') }]);
  }
});

it.runIf(caddyHere)('Caddy changes paths by handle_path, as the page says', async () => {
  const front = caddyFront((text) => text.replace(/reverse_proxy .*/, 'handle_path /api/* {\n    $&\n  }'));
  const app = await open(front, { publicOrigin: 'https://api.example.com', publicPath: '/api' });
  for (const target of ['/a%2Fb', '/a//b', "/it's"]) await app.call(`/api${target}`);
  expect(outcomesOf(app)).toMatchObject([
    { outcome: 'ok', path: '/a%2Fb' },
    { outcome: 'signature_mismatch', path: '/a/b' },
    { outcome: 'signature_mismatch', path: '/it%27s' },
  ]);
});

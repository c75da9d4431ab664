import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { arrayBuffer } from 'node:stream/consumers';
import { createSigner } from 'countersign';
import { createKitServer } from 'countersign/kit';
import { receivedFromNode } from 'countersign/node';
import { describe, expect, it } from 'vitest';
import { nginx, startNginx } from '../adapters/nginx-server.ts';
import { sendTls } from '../adapters/wire.ts';
import { present } from '../vectors/present.ts';

const credentials = { accessKey: 'partner-1', secret: 'a secret of more than sixteen bytes' };
const publicOrigin = 'https://sandbox.example.com';
const signer = createSigner(credentials);

/** What a kit server returns for a request to the public origin that arrives under another scheme, host and port. */
async function forward(options: { readonly publicOrigin?: string }, target: string) {
  const { headers } = await signer.sign(publicOrigin + target);
  return createKitServer({ credentials, ...options }).handle(new Request(`http://10.0.0.7:8080${target}`, { headers }));
}

describe('a kit server with a public origin', () => {
  it('verifies what callers sign, which a server without one refuses', async () => {
    expect((await forward({}, '/orders')).status).toBe(401);
    expect((await forward({ publicOrigin }, '/orders')).status).toBe(200);
    expect((await forward({ publicOrigin: 'https://api.example.com' }, '/orders')).status).toBe(401);
  });

  it('verifies the request for the late clock at it too', async () => {
    const ahead = createSigner({ ...credentials, clock: () => Date.now() + 600_000 });
    const { headers } = await ahead.sign(`${publicOrigin}/kit/clock`);
    const server = createKitServer({ credentials, publicOrigin });
    expect((await server.handle(new Request('http://10.0.0.7:8080/kit/clock', { headers }))).status).toBe(200);
  });

  it('explains by it', async () => {
    const { headers } = await signer.sign(`${publicOrigin}/orders`);
    const server = createKitServer({ credentials, publicOrigin });
    const response = await server.handle(new Request('http://10.0.0.7:8080/orders/', { headers }));
    const { explanation } = (await response.json()) as { explanation: { stringToSign: string; differences: object[] } };
    expect(explanation.stringToSign).toContain('\nsandbox.example.com\n/orders/\n');
    expect(explanation.differences).toMatchObject([{ code: 'path-slash' }]);
  });

  it('redirects to another origin without naming the host behind the proxy', async () => {
    const { status, headers } = await forward({ publicOrigin }, '/kit/redirect-other');
    expect([status, headers.get('location')]).toEqual([307, 'http://localhost/kit/elsewhere']);
  });

  it('refuses one with a path', () => {
    expect(() => createKitServer({ credentials, publicOrigin: `${publicOrigin}/v1` })).toThrow('publicOrigin');
  });
});

describe.runIf(present(nginx, '-v'))('a kit server behind nginx that ends TLS', () => {
  it.each([
    [{ publicOrigin }, 200],
    [{}, 401],
  ])('with %j responds with %i', async (options, status) => {
    const server = createKitServer({ credentials, ...options });
    const listening = createServer(async (request, response) => {
      const body = new Uint8Array(await arrayBuffer(request));
      const made = await server.handle(receivedFromNode(request, { body }));
      response.writeHead(made.status, [...made.headers].flat());
      response.end(new Uint8Array(await made.arrayBuffer()));
    });
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const upstream = (listening.address() as AddressInfo).port;
    // Without a setting for the host, nginx presents that of proxy_pass.
    const proxy = await startNginx(
      ({ port, certificate, certificateKey }) => `server {
        listen 127.0.0.1:${port} ssl;
        ssl_certificate ${certificate};
        ssl_certificate_key ${certificateKey};
        location / { proxy_pass http://127.0.0.1:${upstream}; }
      }`,
    );
    const signed = await signer.sign(`${publicOrigin}/orders?q=a%20b`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    const sent = await sendTls(proxy.ca)(`https://127.0.0.1:${proxy.port}`, {
      method: 'POST',
      target: '/orders?q=a%20b',
      headers: { ...Object.fromEntries(signed.headers), host: 'sandbox.example.com' },
      body: new TextEncoder().encode('{}'),
    });
    await proxy.close();
    listening.close();
    expect(sent.status).toBe(status);
  });
});

import { createServer } from 'node:http';
import { createSigner, generateCredentials, prepareRequest } from 'countersign';
import { protect } from 'countersign/node';
import { createVerifier, memoryKeys, memoryReplay, type VerifierOptions } from 'countersign/server';
import { createServer as createVite, type ProxyOptions } from 'vite';
import { expect, it } from 'vitest';
import { freePort } from '../stores/port.ts';
import { listening } from './adapter.ts';

const removesPrefix = { rewrite: (path: string) => path.replace(/^\/api/, '') };
type Remedy = Pick<VerifierOptions, 'publicOrigin' | 'publicPath'>;
const origin = (port: number): Remedy => ({ publicOrigin: `http://localhost:${port}` });

it.each<[name: string, proxy: Omit<ProxyOptions, 'target'>, remedy: (port: number) => Remedy, without: number]>([
  ['as it is', {}, () => ({}), 200],
  ['with changeOrigin', { changeOrigin: true }, origin, 401],
  ['with rewrite', removesPrefix, () => ({ publicPath: '/api' }), 401],
  ['with both', { ...removesPrefix, changeOrigin: true }, (port) => ({ ...origin(port), publicPath: '/api' }), 401],
])("a request through Vite's server.proxy %s verifies with the remedy of the page on proxies", async (...row) => {
  const [, proxy, remedy, without] = row;
  const { accessKey, secret } = generateCredentials();
  const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
  const signer = createSigner({ accessKey, secret });
  const port = await freePort();
  const statusWith = async (address: Remedy) => {
    const verifier = createVerifier({ keys, replay: memoryReplay(), ...address });
    const app = await listening(createServer(protect(verifier, (_, response) => void response.end('ok'))));
    const vite = await createVite({
      configFile: false,
      logLevel: 'silent',
      optimizeDeps: { noDiscovery: true },
      server: { port, strictPort: true, hmr: false, ws: false, proxy: { '/api': { target: app.origin, ...proxy } } },
    });
    await vite.listen();
    const { url, headers } = prepareRequest(signer, { url: `http://localhost:${port}/api/v1/orders?q=a%20b` });
    const { status } = await fetch(url, { headers });
    await vite.close();
    await app.close();
    return status;
  };
  expect([await statusWith({}), await statusWith(remedy(port))]).toEqual([without, 200]);
});

import hawk from 'hawk';
import { type Oracle, sentOf, urlOf } from './attempt.ts';

/** The library of Hawk's author. */
export const hawkOracle: Oracle = {
  async sign({ accessKey, secret, time, nonce, ...request }) {
    const { method, body, headers } = request;
    const { hostname, port, pathname, protocol } = new URL(urlOf(request));
    const { header } = hawk.client.header(
      // Its own parser rewrites what the URL Standard leaves.
      { hostname, port, protocol, pathname, search: request.target.slice(pathname.length) },
      method,
      {
        credentials: { id: accessKey, key: secret, algorithm: 'sha256' },
        timestamp: time / 1000,
        nonce,
        ...(body.length && { payload: Buffer.from(body), contentType: headers['content-type'] ?? '' }),
      },
    );
    return { ...sentOf(request), headers: { ...headers, authorization: header } };
  },
  async accepts({ method, scheme, authority, target, headers, body, accessKey, secret }) {
    const { hostname, port } = new URL(`${scheme}://${authority}`);
    const find = async (id: string) =>
      id === accessKey ? ({ id, key: secret, algorithm: 'sha256' } as const) : undefined;
    try {
      await hawk.server.authenticate({ method, url: target, headers: { ...headers, host: authority } }, find, {
        host: hostname,
        port: Number(port) || (scheme === 'https' ? 443 : 80),
        timestampSkewSec: 2 ** 40,
        // Without it, a hash in the header is held against nothing.
        ...((body.length || /hash=/.test(headers.authorization ?? '')) && { payload: Buffer.from(body) }),
      });
      return true;
    } catch {
      return false;
    }
  },
};

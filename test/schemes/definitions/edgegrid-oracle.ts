import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Oracle, sentOf, urlOf } from './attempt.ts';

type Request = { path: string; method: string; body: string | undefined; headersToSign?: Record<string, string> };
type Authenticate = {
  generateAuth(
    request: Request,
    clientToken: string,
    clientSecret: string,
    accessToken: string,
    host: string,
    maxBody: number | undefined,
    nonce: string,
    timestamp: string,
  ): { headers: { Authorization: string } };
};

const require = createRequire(import.meta.url);
// Its door takes no time and no nonce.
const { generateAuth }: Authenticate = require(join(dirname(require.resolve('akamai-edgegrid')), 'src/auth.js'));

/** As in `20140321T19:34:21+0000`. */
export const edgeGridTime = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 19).replaceAll('-', '')}+0000`;

/** Akamai's own library. */
export const edgeGridOracle = (clientToken: string): Oracle => {
  const oracle: Oracle = {
    async sign({ accessKey, secret, time, nonce, ...request }) {
      const { method, target, body, headers, scheme, authority } = request;
      const text = body.length ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(body) : undefined;
      const described = { path: urlOf({ scheme, authority, target }), method, body: text };
      const host = `${scheme}://${authority}`;
      const stamp = edgeGridTime(time);
      const signed = generateAuth(described, clientToken, secret, accessKey, host, undefined, nonce, stamp);
      return { ...sentOf(request), headers: { ...headers, authorization: signed.headers.Authorization } };
    },
    async accepts({ secret, accessKey, ...sent }) {
      const given = sent.headers.authorization ?? '';
      const [, stamp = '', nonce = ''] = /timestamp=([^;]+);nonce=([^;]+);/.exec(given) ?? [];
      const time = Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)(.*)\+0000$/, '$1-$2-$3$4Z'));
      // Its servers are not to be had: what they do is to sign the request again.
      const again = await oracle.sign({ ...sent, accessKey, secret, time, nonce, challenge: '' });
      return again.headers.authorization === given;
    },
  };
  return oracle;
};

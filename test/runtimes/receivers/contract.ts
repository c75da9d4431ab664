// What an app must do that was made by a recipe of docs/adapters.md, by real requests to the server of its framework.
import { createSigner, formQuery, prepareRequest } from 'countersign';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Answered, type Sent, sendHttp1 } from '../../adapters/wire.ts';
import { credentials } from './project.ts';

/** A started app that responds below `/v1/orders` to GET with `hello`, and to POST also with the JSON it was sent, as `order`. */
export type Receiver = {
  /** Where it listens, as in `http://127.0.0.1:40001`. */
  readonly origin: string;
  /** What callers sign. @default origin */
  readonly publicOrigin?: string;
  /** The framework spells the query anew, before the gate: callers use `formQuery`. */
  readonly respells?: true;
};

const signer = createSigner(credentials);
const json = { 'content-type': 'application/json' };
const order = { sku: 'A-1 ü', text: 'x'.repeat(300_000) };
const queries = [
  '?q=a%20b',
  '?x',
  "?q=it's&r=%22a%22",
  '?a=(1)&b=~',
  '?a=c+d%2Bd&a=',
  '?q=%C3%A4,b/c&q=2',
  '?a=1&&b',
  '?',
];

/** What a router or a gate could take for the path of the app. */
const spellings = [
  '/%761/orders',
  '/v1/%6frders',
  '/v1/orders/',
  '/v1/orders?x',
  '//v1/orders',
  '/v1//orders',
  '/v1/./orders',
  '/x/../v1/orders',
  '/x/%2e%2e/v1/orders',
  '/v1%2forders',
  '/v1/orders;x',
  '/V1/orders',
  '/v1\\orders',
  '/v1/orders.json',
  '/v1/orders/__data.json',
];

type Described = {
  readonly method?: string;
  readonly target?: string;
  readonly body?: string;
  readonly pieces?: number;
};

/** Declares the tests of a receiver that `receiver` returns once the hooks before have run. */
export function describeReceiver(receiver: () => Receiver): void {
  let respells: Receiver['respells'];
  beforeAll(() => {
    respells = receiver().respells;
  });

  const send = (sent: Sent): Promise<Answered> => sendHttp1(receiver().origin, sent);

  function signed({ method = 'GET', target = '/v1/orders', body, pieces }: Described = {}): Sent {
    const { origin, publicOrigin = origin } = receiver();
    const headers = body === undefined ? {} : json;
    const url = publicOrigin + (respells ? formQuery(target) : target);
    const added = prepareRequest(signer, { method, url, headers, ...(body !== undefined && { body }) });
    const bytes = body === undefined ? undefined : new TextEncoder().encode(body);
    return {
      method,
      target: added.url.slice(publicOrigin.length),
      headers: { ...headers, ...added.headers },
      body: bytes,
      ...(pieces && { pieces }),
    };
  }

  const told = ({ status, bytes }: Answered): unknown => ({ status, ...JSON.parse(bytes.toString()) });
  const codeOf = ({ status, bytes }: Answered): string => `${status} ${JSON.parse(bytes.toString()).code}`;

  describe('the app', () => {
    it('lets a signed request through, once, and learns whose it is', async () => {
      const sent = signed();
      expect(told(await send(sent))).toEqual({ status: 200, hello: 'shop' });
      expect(codeOf(await send(sent))).toBe('401 replayed_request');
    });

    it('refuses what is unsigned, with problem details', async () => {
      for (const method of ['GET', 'POST']) {
        const refused = await send({ method, target: '/v1/orders', headers: method === 'POST' ? json : {} });
        expect(codeOf(refused)).toBe('401 missing_signature');
        expect(refused.headers.get('content-type')).toBe('application/problem+json');
        expect(refused.headers.get('www-authenticate')).toContain('missing_signature');
      }
    });

    it.each([
      ['with its length', 0],
      ['in pieces', 7],
    ])('can read a body that comes %s', async (_, pieces) => {
      const sent = signed({ method: 'POST', body: JSON.stringify(order), pieces });
      expect(told(await send(sent))).toEqual({ status: 200, hello: 'shop', order });
      expect(codeOf(await send(sent))).toBe('401 replayed_request');
    });

    it('gets no body that was changed, added or taken away', async () => {
      const sent = signed({ method: 'POST', body: '{"to":"A"}' });
      const body = new TextEncoder().encode('{"to":"B"}');
      expect(codeOf(await send({ ...sent, body }))).toBe('401 body_digest_mismatch');
      expect(codeOf(await send({ ...sent, body: undefined }))).toBe('401 body_digest_mismatch');
      expect(codeOf(await send({ ...signed({ method: 'POST', body: '' }), body }))).toBe('401 missing_body_digest');
      expect(told(await send(sent))).toEqual({ status: 200, hello: 'shop', order: { to: 'A' } });
    });

    it('gets no request whose method or path was changed', async () => {
      const wrong = '401 invalid_signature';
      expect(codeOf(await send({ ...signed({ method: 'DELETE' }), method: 'GET' }))).toBe(wrong);
      expect(codeOf(await send({ ...signed({ target: '/v1/others' }), target: '/v1/orders' }))).toBe(wrong);
    });

    it.each(spellings)('is reached by no unsigned request to %s', async (target) => {
      expect((await send({ method: 'GET', target, headers: {} })).status).not.toBe(200);
    });

    it.each(queries)('is sent the query %s as it was signed', async (query) => {
      const target = `/v1/orders${query}`;
      expect(told(await send(signed({ target })))).toEqual({ status: 200, hello: 'shop' });
      const sent = signed({ target });
      const more = `${sent.target}${sent.target.includes('?') ? '&' : '?'}z=1`;
      expect(codeOf(await send({ ...sent, target: more }))).toBe('401 invalid_signature');
    });
  });
}

import { type Check, equal, errorOf, refuses } from './check.ts';
import { accepted, attemptsAt, equalBody, freshPath, waysFor } from './client.ts';

const bytes = new TextEncoder().encode('{"a":1}');

export const methods: readonly Check[] = [
  ...(['get', 'Post', 'put', 'patch', 'pAtCh', 'delete', 'QUERY'].map((method) => ({
    name: `signedFetch sends the method ${method} in upper case`,
    async run(context) {
      const { signedFetch } = waysFor(context);
      const body = method === 'get' ? {} : { body: bytes };
      const receipt = await accepted(await signedFetch(`${context.base}/methods`, { method, ...body }));
      equal(receipt.method, method.toUpperCase(), 'the method on the wire');
      if (method !== 'get') equalBody(receipt, bytes);
    },
  })) satisfies Check[]),
  {
    name: 'sign sends the method patch of a Request in upper case',
    async run(context) {
      const { sign } = waysFor(context);
      const send = () => sign(`${context.base}/methods`, { method: 'patch', body: bytes });
      // edge-runtime makes no such Request.
      if (context.runtime === 'edge') equal((await errorOf(send, 'patch')).name, 'TypeError', 'the error');
      else equal((await accepted(await send())).method, 'PATCH', 'the method on the wire');
    },
  },
  {
    name: 'a method that the runtime does not know is never sent as another',
    async run(context) {
      const { base, runtime } = context;
      const path = freshPath('unknown-method');
      const send = () => waysFor(context).signedFetch(base + path, { method: 'foo' });
      if (runtime === 'bun') await refuses('invalid_request', send);
      else if (runtime === 'workerd') equal((await errorOf(send, 'FOO')).name, 'TypeError', 'the error');
      // Node's HTTP server knows it no more, so it is refused before it is verified.
      else equal((await send()).status, 400, 'the status');
      equal(await attemptsAt(context, path), 0, 'requests that the server took for something else');
    },
  },
  {
    // Bun makes such a Request, and refuses to fetch it.
    name: 'a GET with a body is refused by the runtime',
    async run(context) {
      for (const send of Object.values(waysFor(context))) {
        const get = () => send(`${context.base}/get-with-body`, { method: 'GET', body: 'query' });
        equal((await errorOf(get, 'GET with body')).name, 'TypeError', 'the error');
      }
    },
  },
];

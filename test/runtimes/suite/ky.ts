import { type Fetch, signedFetch } from 'countersign';
import { signingHooks } from 'countersign/ky';
import ky2 from 'ky';
import ky1 from 'ky1';
import type { Receipt } from '../server/receipt.ts';
import { type Check, type Context, equal } from './check.ts';
import { freshPath, headerOf, signerFor, textOf } from './client.ts';

type Options = { readonly json?: unknown; readonly body?: BodyInit; readonly searchParams?: Record<string, string> };
type Client = (method: 'get' | 'post' | 'patch', path: string, options?: Options) => Promise<Receipt>;

const retry = { limit: 2, delay: () => 1, methods: ['get', 'post'] as Array<'get' | 'post'> };

/** Every way to sign with ky: by hooks or by its fetch option, in both versions. */
const clients: Readonly<Record<string, (context: Context) => Client>> = {
  'ky 2 with hooks': ({ base, ...context }) => {
    const api = ky2.create({ prefix: base, retry, hooks: signingHooks(signerFor({ base, ...context })) });
    return (method, path, options) => api[method](path.slice(1), options).json();
  },
  'ky 2 with the fetch option': ({ base, ...context }) => {
    const api = ky2.create({ prefix: base, retry, fetch: signedFetch(signerFor({ base, ...context })) as Fetch });
    return (method, path, options) => api[method](path.slice(1), options).json();
  },
  'ky 1 with hooks': ({ base, ...context }) => {
    const api = ky1.create({ prefixUrl: base, retry, hooks: signingHooks(signerFor({ base, ...context })) });
    return (method, path, options) => api[method](path.slice(1), options).json();
  },
  'ky 1 with the fetch option': ({ base, ...context }) => {
    const api = ky1.create({ prefixUrl: base, retry, fetch: signedFetch(signerFor({ base, ...context })) as Fetch });
    return (method, path, options) => api[method](path.slice(1), options).json();
  },
};

export const kyChecks: readonly Check[] = Object.entries(clients).flatMap(([name, clientOf]): Check[] => [
  {
    name: `${name} signs a GET with search parameters`,
    async run(context) {
      const receipt = await clientOf(context)('get', '/ky/%7Eitems', { searchParams: { q: 'ä b+(c)', empty: '' } });
      equal(receipt.target.split('?')[1], 'q=%C3%A4+b%2B%28c%29&empty=', 'the query on the wire');
    },
  },
  {
    name: `${name} signs JSON, text, a form and a lower-case method`,
    async run(context) {
      const client = clientOf(context);
      const form = new FormData();
      form.set('a', 'b');
      equal(textOf(await client('post', '/ky/json', { json: { sku: 'Ä-1' } })), '{"sku":"Ä-1"}', 'the JSON received');
      equal(textOf(await client('patch', '/ky/text', { body: 'plain' })), 'plain', 'the text received');
      equal(textOf(await client('post', '/ky/form', { body: form })).includes('\r\n\r\nb\r\n'), true, 'the form');
    },
  },
  {
    name: `${name} signs every attempt anew`,
    async run(context) {
      const receipt = await clientOf(context)('post', freshPath('flaky'), { json: { again: true } });
      equal(textOf(receipt), '{"again":true}', 'the body of the third attempt');
      equal(headerOf(receipt, 'x-api-signature')?.split(',').length, 1, 'the signatures of the third attempt');
    },
  },
]);

import { type Check, type Context, equal, errorOf, isBrowser, refuses } from './check.ts';
import { accepted, attemptsAt, equalBody, freshPath, headerOf, waysFor } from './client.ts';

const bytes = new TextEncoder().encode('moved');
const secretive = ['x-api-key', 'x-api-signature', 'x-api-nonce', 'content-digest', 'authorization', 'cookie'];

const from = ({ base }: Context, status: number, to: string): string =>
  `${base}${freshPath('redirect')}?status=${status}&to=${encodeURIComponent(to)}`;

export const redirectChecks: readonly Check[] = [
  ...([307, 308].map((status) => ({
    name: `signedFetch signs a ${status} on the same origin anew; browsers do not tell where it leads`,
    async run(context) {
      const path = freshPath('moved');
      const post = () => waysFor(context).signedFetch(from(context, status, path), { method: 'POST', body: bytes });
      if (isBrowser(context)) await refuses('redirect_refused', post);
      else {
        const receipt = await accepted(await post());
        equal([receipt.method, receipt.target], ['POST', path], 'the request after the redirect');
        equalBody(receipt, bytes);
      }
    },
  })) satisfies Check[]),
  ...([301, 302, 303].map((status) => ({
    name: `signedFetch makes a GET of a POST after a ${status}, signed anew and without digest`,
    async run(context) {
      const post = () =>
        waysFor(context).signedFetch(from(context, status, '/moved?a'), { method: 'POST', body: bytes });
      if (isBrowser(context)) await refuses('redirect_refused', post);
      else {
        const receipt = await accepted(await post());
        equal([receipt.method, receipt.size], ['GET', 0], 'the request after the redirect');
        equal(headerOf(receipt, 'content-digest'), undefined, 'Content-Digest');
      }
    },
  })) satisfies Check[]),
  {
    name: 'signedFetch follows a GET to another origin without access key, signature and Authorization',
    async run(context) {
      const headers = { authorization: 'Bearer secret', 'x-tag': 'kept' };
      const url = from(context, 302, `${context.other}/open/elsewhere`);
      const get = () => waysFor(context).signedFetch(url, { headers });
      if (isBrowser(context)) await refuses('redirect_refused', get);
      else {
        const receipt = await accepted(await get());
        for (const name of secretive) equal(headerOf(receipt, name), undefined, name);
        equal(headerOf(receipt, 'x-tag'), 'kept', 'X-Tag');
      }
    },
  },
  {
    name: 'signedFetch sends no body to another origin',
    async run(context) {
      const path = freshPath('open');
      const url = from(context, 307, context.other + path);
      await refuses('redirect_refused', () => waysFor(context).signedFetch(url, { method: 'POST', body: bytes }));
      equal(await attemptsAt({ ...context, base: context.other }, path), 0, 'requests to the other origin');
    },
  },
  {
    name: "redirect: 'manual' hands the redirect to the caller",
    async run(context) {
      for (const send of Object.values(waysFor(context))) {
        const response = await send(from(context, 307, '/moved'), { redirect: 'manual' });
        equal(response.status, isBrowser(context) ? 0 : 307, 'the status');
        equal(response.type === 'opaqueredirect', isBrowser(context), 'whether the redirect is opaque');
      }
    },
  },
  {
    name: "redirect: 'error' makes an error of it",
    async run(context) {
      const path = freshPath('moved');
      for (const send of Object.values(waysFor(context)))
        await errorOf(() => send(from(context, 307, path), { redirect: 'error' }), 'a redirect');
      equal(await attemptsAt(context, path), 0, 'requests after the redirect');
    },
  },
  {
    // Without a body, because Node 20 and 22 cannot send one a second time.
    name: 'a redirect that the platform follows by itself carries an old signature, which no server accepts',
    async run(context) {
      const { sign } = waysFor(context);
      for (const origin of ['', context.other]) {
        const response = await sign(from(context, 307, `${origin}/moved`), { method: 'DELETE' });
        equal(response.status, 401, 'the status after the redirect');
        await response.text();
      }
    },
  },
];

import { redirectFetch } from 'countersign';
import { type Check, type Context, equal, errorOf, isBrowser, refuses } from './check.ts';
import { accepted, attemptsAt, equalBody, freshPath, headerOf, signerFor, waysFor } from './client.ts';

const bytes = new TextEncoder().encode('moved');

const followed = (context: Context) => redirectFetch(signerFor(context), { methods: ['GET', 'POST'] });

const from = ({ base }: Context, status: number, to: string): string =>
  `${base}${freshPath('redirect')}?status=${status}&to=${encodeURIComponent(to)}`;

export const redirectChecks: readonly Check[] = [
  ...([301, 302, 303, 307, 308].map((status) => ({
    name: `signedFetch refuses a ${status}, and sends nothing more`,
    async run(context) {
      const path = freshPath('moved');
      const { signedFetch } = waysFor(context);
      for (const method of ['GET', 'POST'])
        await refuses('redirect_refused', () => signedFetch(from(context, status, path), { method }));
      equal(await attemptsAt(context, path), 0, 'requests after the redirect');
    },
  })) satisfies Check[]),
  ...([307, 308].map((status) => ({
    name: `redirectFetch signs a ${status} on the same origin anew; browsers hide where it leads`,
    async run(context) {
      const path = freshPath('moved');
      const post = () => followed(context)(from(context, status, path), { method: 'POST', body: bytes });
      if (isBrowser(context)) await refuses('redirect_refused', post);
      else {
        const receipt = await accepted(await post());
        equal([receipt.method, receipt.target], ['POST', path], 'the request after the redirect');
        equalBody(receipt, bytes);
      }
    },
  })) satisfies Check[]),
  ...([301, 302, 303].map((status) => ({
    name: `redirectFetch makes a GET of a POST after a ${status}, signed anew and without digest`,
    async run(context) {
      const post = () => followed(context)(from(context, status, '/moved?a'), { method: 'POST', body: bytes });
      if (isBrowser(context)) await refuses('redirect_refused', post);
      else {
        const receipt = await accepted(await post());
        equal([receipt.method, receipt.size], ['GET', 0], 'the request after the redirect');
        equal(headerOf(receipt, 'content-digest'), undefined, 'Content-Digest');
      }
    },
  })) satisfies Check[]),
  {
    name: 'redirectFetch sends nothing to another origin',
    async run(context) {
      const path = freshPath('open');
      for (const method of ['GET', 'POST'])
        await refuses('redirect_refused', () =>
          followed(context)(from(context, 307, context.other + path), { method }),
        );
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

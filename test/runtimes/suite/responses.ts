import { countersignedFetch } from 'countersign';
import { type Check, equal, errorOf } from './check.ts';
import { accepted, attemptsAt, freshPath, signerFor, waysFor } from './client.ts';

export const responseChecks: readonly Check[] = [
  {
    name: 'a response is handed over while it is still coming, untouched',
    async run(context) {
      const id = freshPath('id');
      const response = await waysFor(context).signedFetch(`${context.base}/halves/x?id=${encodeURIComponent(id)}`);
      const reader = response.body?.getReader();
      let size = 0;
      for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
        const half = size < 65_536;
        size += part.value.length;
        if (half && size >= 65_536) await fetch(`${context.base}/open/release?id=${encodeURIComponent(id)}`);
      }
      equal(size, 131_072, 'the bytes received');
    },
  },
  {
    name: 'a signal that was aborted before sends nothing',
    async run(context) {
      const path = freshPath('aborted');
      for (const send of Object.values(waysFor(context))) {
        const init = { method: 'POST', body: 'x', signal: AbortSignal.abort() };
        equal(
          (await errorOf(() => send(context.base + path, init), 'an aborted request')).name,
          'AbortError',
          'the error',
        );
      }
      equal(await attemptsAt(context, path), 0, 'requests that reached the server');
    },
  },
  {
    name: 'a signal that is aborted on the way ends the request',
    async run(context) {
      for (const send of Object.values(waysFor(context))) {
        const controller = new AbortController();
        const init = { method: 'POST', body: new Blob(['x']), signal: controller.signal };
        const read = async () => (await send(context.base + freshPath('slow'), init)).text();
        const error = errorOf(read, 'an aborted request');
        setTimeout(() => controller.abort(), 100);
        equal((await error).name, 'AbortError', 'the error');
      }
    },
  },
  {
    name: 'a page of another origin can call the API and check its countersignature',
    async run(context) {
      const init = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', 'x-tag': 'a' } };
      const { other } = context;
      await accepted(await waysFor(context, { signedHeaders: ['x-tag'] }).signedFetch(`${other}/cors?a=%7e`, init));
      await accepted(
        await countersignedFetch(signerFor(context))(`${other}/countersigned`, { method: 'POST', body: 'x' }),
      );
      const late = waysFor(context, { clock: () => Date.now() - 3_600_000 });
      const response = await late.signedFetch(`${other}/late`);
      equal([response.status, response.headers.has('x-api-signature')], [401, true], 'the refusal and its signature');
      await response.text();
    },
  },
];

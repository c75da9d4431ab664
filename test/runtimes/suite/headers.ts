import { type Check, equal, isBrowser, refuses } from './check.ts';
import { accepted, headerOf, waysFor } from './client.ts';

export const headerChecks: readonly Check[] = [
  {
    name: 'signing Date works where it is sent, and is refused in browsers, which drop it',
    async run(context) {
      const headers = { date: 'Sun, 22 Nov 2026 08:00:00 GMT' };
      for (const send of Object.values(waysFor(context, { signedHeaders: ['date'] }))) {
        const get = () => send(`${context.base}/date`, { headers });
        if (isBrowser(context)) await refuses('missing_header', get);
        else equal(headerOf(await accepted(await get()), 'date'), headers.date, 'Date on the wire');
      }
    },
  },
  {
    name: 'repeated headers are signed, on one line or several on the wire',
    async run(context) {
      const headers = new Headers({ 'x-tag': 'one' });
      headers.append('x-tag', '');
      headers.append('X-Tag', ' two  and a half ');
      for (const send of Object.values(waysFor(context, { signedHeaders: ['x-tag'] }))) {
        const receipt = await accepted(await send(`${context.base}/repeated`, { headers }));
        equal(headerOf(receipt, 'x-tag'), 'one, , two  and a half', 'X-Tag on the wire');
      }
    },
  },
  {
    name: 'white space around a signed header does not matter, and an empty one is signed',
    async run(context) {
      for (const value of [' \t padded \t', '', '"quoted,  \\"text\\""']) {
        for (const send of Object.values(waysFor(context, { signedHeaders: ['x-tag'] })))
          await accepted(await send(`${context.base}/padded`, { headers: { 'x-tag': value } }));
      }
    },
  },
  {
    name: 'a signed header that is not ASCII is refused, because runtimes send it as different bytes',
    async run(context) {
      const headers = { 'x-tag': 'caf\u00e9' };
      for (const send of Object.values(waysFor(context, { signedHeaders: ['x-tag'] })))
        await refuses('invalid_request', () => send(`${context.base}/latin1`, { headers }));
    },
  },
  {
    name: 'Authorization and other headers of the caller arrive beside the signature',
    async run(context) {
      const headers = { authorization: 'Bearer a.b', 'accept-language': 'de', 'x-tag': 'kept' };
      for (const send of Object.values(waysFor(context))) {
        const receipt = await accepted(await send(`${context.base}/beside`, { headers }));
        for (const [name, value] of Object.entries(headers)) equal(headerOf(receipt, name), value, name);
      }
    },
  },
  {
    name: 'a Host header for another host is not sent, or refused where the runtime would send it',
    async run(context) {
      const headers = { host: 'other.example' };
      for (const send of Object.values(waysFor(context))) {
        const get = () => send(`${context.base}/host`, { headers });
        if (/^(bun|edge)$/.test(context.runtime)) await refuses('invalid_request', get);
        else equal(headerOf(await accepted(await get()), 'host'), new URL(context.base).host, 'Host on the wire');
      }
    },
  },
  {
    // Only browsers do; the others have the mode in name, if at all.
    name: 'mode no-cors, which drops the headers of a signature, is refused where it does',
    async run(context) {
      for (const send of Object.values(waysFor(context))) {
        const get = () => send(`${context.base}/no-cors`, { mode: 'no-cors' });
        if (isBrowser(context)) await refuses('invalid_request', get);
        else await accepted(await get());
      }
    },
  },
];

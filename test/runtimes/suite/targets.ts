import { explainSigning, prepareRequest } from 'countersign';
import { type Check, equal, errorOf, refuses } from './check.ts';
import { accepted, signerFor, waysFor } from './client.ts';

/** As a caller writes it, and how it is signed: the same in all runtimes, whatever they send of it. */
const targets: ReadonlyArray<readonly [written: string, signed: string]> = [
  ['/%41%7E%2d/x?%41%7e=%2D', '/A~-/x?A~=-'],
  ['/a%2fb%2F%3a?x=%2f%3A%2b', '/a%2Fb%2F%3A?x=%2F%3A%2B'],
  ['/%c3%bc/ü/€/😀?q=%c3%bc&ü=€', '/%C3%BC/%C3%BC/%E2%82%AC/%F0%9F%98%80?q=%C3%BC&%C3%BC=%E2%82%AC'],
  ['/a^b|c?^|', '/a%5Eb%7Cc?%5E%7C'],
  ["/'()*!$&,;=:@+~[]`{}", "/'()*!$&,;=:@+~[]%60%7B%7D"],
  ['/?\'()*!$,;:@+~[]`{}\\"<>', '/?%27()*!$,;:@+~[]%60%7B%7D%5C%22%3C%3E'],
  ['/a b+c%20d?q=a b+c%20d', '/a%20b+c%20d?q=a%20b+c%20d'],
  ['/%zz/100%?q=%&r=%4', '/%25zz/100%25?q=%25&r=%254'],
  ['/a/./b/../c/%2e%2e/d', '/a/d'],
  ['/x?', '/x'],
  ['/x?#fragment', '/x'],
  ['/x??', '/x??'],
  ['/?b=2&a=1&a=&&=', '/?b=2&a=1&a=&&='],
  ['/a//b///c/?//', '/a//b///c/?//'],
];

export const targetChecks: readonly Check[] = [
  ...(targets.map(([written, signed]) => ({
    name: `the target ${written} is signed as ${signed} and accepted`,
    async run(context) {
      const url = context.base + written;
      const { message } = await explainSigning(signerFor(context), url);
      equal(message.target, signed, 'the target signed');
      for (const send of Object.values(waysFor(context))) await accepted(await send(url));
      const prepared = prepareRequest(signerFor(context), { url });
      // A runtime sends `%zz` as it is, which a verifier refuses.
      const sent = written.includes('%zz') ? prepared.url : url;
      await accepted(await fetch(sent, { headers: prepared.headers }));
    },
  })) satisfies Check[]),
  {
    name: 'a path that begins with // is sent as it is, and refused in Bun, which sends one slash',
    async run(context) {
      for (const send of Object.values(waysFor(context))) {
        const get = () => send(`${context.base}//x//y`);
        if (context.runtime === 'bun') await refuses('invalid_request', get);
        else equal((await accepted(await get())).target, '//x//y', 'the target on the wire');
      }
    },
  },
  {
    name: 'a relative URL is one of the page, where there is a page',
    async run(context) {
      const get = () => waysFor(context).signedFetch('/relative?a=b');
      if (context.realm === 'process') equal((await errorOf(get, 'a relative URL')).name, 'TypeError', 'the error');
      else equal((await accepted(await get())).target, '/relative?a=b', 'the target on the wire');
    },
  },
  {
    name: 'a URL with a user name is never sent',
    async run(context) {
      const url = context.base.replace('//', '//user:password@');
      for (const send of Object.values(waysFor(context))) {
        const { name } = await errorOf(() => send(url), 'a user name');
        // Where the runtime makes a Request of it, we refuse.
        equal(/^(bun|deno|workerd)$/.test(context.runtime) ? 'SignatureError' : 'TypeError', name, 'the error');
      }
    },
  },
];

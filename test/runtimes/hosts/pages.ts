import { readFileSync } from 'node:fs';
import type { Files } from '../server/server.ts';
import type { Realm } from '../suite/check.ts';
import { here } from './host.ts';

/** What browsers load: a page, the suite, and a service worker that runs it on demand. */
export const pages = (): Files => ({
  '/suite/page.html': {
    type: 'text/html',
    text: '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script src="/suite/global.js"></script>',
  },
  '/suite/global.js': { type: 'text/javascript', text: readFileSync(here('.cache/global.js'), 'utf8') },
  '/service-worker.js': {
    type: 'text/javascript',
    text: `importScripts('/suite/global.js');
let context;
oninstall = () => skipWaiting();
onactivate = (event) => event.waitUntil(clients.claim());
onfetch = (event) => {
  if (event.request.url.includes('/relay/')) event.respondWith(relay(context, event.request));
};
onmessage = ({ data: { task, context: given }, ports }) => {
  context = given;
  const done = task === 'run' ? runSuite(context) : Promise.resolve('');
  done.catch(String).then((report) => ports[0].postMessage(report));
};`,
  },
});

const inPage = 'return runSuite(context);';

const inServiceWorker = `
await navigator.serviceWorker.register('/service-worker.js');
const { active } = await navigator.serviceWorker.ready;
const ask = (task, context) => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => resolve(data);
  active.postMessage({ task, context }, [port2]);
});
while (!navigator.serviceWorker.controller) await new Promise((resolve) => setTimeout(resolve, 10));
await ask('listen', context);
const relayed = [];
for (const [path, init] of toRelay) relayed.push(await (await fetch(path, init)).text());
return ask('run', JSON.stringify({ ...JSON.parse(context), relayed }));`;

/** The body of an async function of the page, that takes the context as JSON and returns the report as JSON. */
export const scriptFor = (realm: Realm): string => (realm === 'service worker' ? inServiceWorker : inPage);

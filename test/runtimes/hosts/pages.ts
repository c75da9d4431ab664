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
  '/suite/service-worker.js': {
    type: 'text/javascript',
    text: `importScripts('/suite/global.js');
oninstall = () => skipWaiting();
onmessage = ({ data, ports }) =>
  runSuite(data).catch((error) => JSON.stringify({ error: String(error) })).then((report) => ports[0].postMessage(report));`,
  },
});

const inPage = 'return runSuite(context);';

const inServiceWorker = `
await navigator.serviceWorker.register('/suite/service-worker.js');
const { active } = await navigator.serviceWorker.ready;
const { port1, port2 } = new MessageChannel();
return new Promise((resolve) => {
  port1.onmessage = ({ data }) => resolve(data);
  active.postMessage(context, [port2]);
});`;

/** The body of an async function of the page, that takes the context as JSON and returns the report as JSON. */
export const scriptFor = (realm: Realm): string => (realm === 'service worker' ? inServiceWorker : inPage);

import type { Realm } from '../suite/check.ts';
import { byApt, type Host } from './host.ts';
import { scriptFor } from './pages.ts';
import type { TabHost } from './puppeteer.ts';
import { miniBrowser, openWebKit, webKitDriver, xvfb } from './webkit-driver.ts';

const hostOf = (realm: Realm): Host => ({
  name: `WebKitGTK (${realm})`,
  runtime: 'webkit',
  realm,
  needs: [webKitDriver, miniBrowser, xvfb],
  from: byApt('webkit2gtk-driver', 'xvfb'),
  async run(context) {
    const { base } = context;
    // WebKitGTK cannot be told to resolve a name, so the server plays its proxy for origins without a port.
    const proxied = realm === 'insecure page';
    const browser = await openWebKit(proxied ? { proxy: new URL(base).host } : {});
    try {
      const seen = proxied ? { ...context, base: 'http://insecure.test', other: 'http://other.test' } : context;
      await browser.visit(`${seen.base}/suite/page.html`);
      const report = await browser.evaluate(scriptFor(realm), JSON.stringify(seen));
      return { version: browser.version, report: JSON.parse(report) };
    } finally {
      await browser.close();
    }
  },
});

export const webKitHosts: readonly Host[] = (['page', 'service worker', 'insecure page'] as const).map(hostOf);

/** Each tab is a browser of its own: what one keeps, no other sees. */
export const webKitTabs: TabHost = {
  name: 'WebKitGTK',
  needs: [webKitDriver, miniBrowser, xvfb],
  from: byApt('webkit2gtk-driver', 'xvfb'),
  async openTab() {
    const browser = await openWebKit();
    return {
      goto: (url) => browser.visit(url),
      evaluate: async (script, context) => JSON.parse(await browser.evaluate(script, JSON.stringify(context))),
      close: () => browser.close(),
    };
  },
};

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Realm } from '../suite/check.ts';
import type { Report } from '../suite/suite.ts';
import { byApt, type Host, here, installed } from './host.ts';
import { scriptFor } from './pages.ts';

// As much of puppeteer-core as is used here: its own types are there only once it is installed.
type Page = {
  goto(url: string): Promise<unknown>;
  evaluate(script: string): Promise<unknown>;
  close(): Promise<void>;
};
type Browser = { newPage(): Promise<Page>; version(): Promise<string>; close(): Promise<void> };
type Puppeteer = { launch(options: Readonly<Record<string, unknown>>): Promise<Browser> };

const launchers = {
  chromium: {
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP *.test 127.0.0.1',
    ],
  },
  firefox: {
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    extraPrefsFirefox: { 'network.dns.localDomains': 'insecure.test,other.test' },
  },
} as const;

const packages = { chromium: 'chromium', firefox: 'firefox-esr' };

/** A script for a page, as the body of an async function of `context`, which is a JSON text. */
type Visit = { readonly url: string; readonly script: string; readonly context: unknown };

/** A browser in which pages can be opened from here. */
export type Visitor = Pick<Host, 'name' | 'needs' | 'from'> & {
  /** Opens a page and runs the script there, which returns JSON. */
  visit(given: Visit): Promise<{ readonly version: string; readonly result: unknown }>;
};

const visitorOf = (runtime: keyof typeof launchers): Visitor => ({
  name: runtime === 'chromium' ? 'Chromium' : 'Firefox',
  needs: [launchers[runtime].executablePath, installed('puppeteer-core/package.json')],
  from: byApt(packages[runtime]),
  async visit({ url, script, context }) {
    const browser = await sharedBrowser(runtime);
    const page = await browser.newPage();
    await page.goto(url);
    const argument = JSON.stringify(JSON.stringify(context));
    const result = await page.evaluate(`(async (context) => { ${script} })(${argument})`);
    await page.close();
    return { version: await browser.version(), result: JSON.parse(String(result)) };
  },
});

/** A page that stays open. */
export type Tab = {
  /** Loads a page, also the same one again. */
  goto(url: string): Promise<void>;
  /** Runs the body of an async function of `context`, which is a JSON text. */
  evaluate(script: string, context: unknown): Promise<unknown>;
  close(): Promise<void>;
};

export type TabHost = Pick<Host, 'name' | 'needs' | 'from'> & { openTab(): Promise<Tab> };

const tabsOf = (runtime: keyof typeof launchers): TabHost => {
  const { name, needs, from } = visitorOf(runtime);
  return {
    name,
    needs,
    from,
    async openTab() {
      const page = await (await sharedBrowser(runtime)).newPage();
      return {
        goto: async (url) => void (await page.goto(url)),
        async evaluate(script, context) {
          const argument = JSON.stringify(JSON.stringify(context));
          return JSON.parse(String(await page.evaluate(`(async (context) => { ${script} })(${argument})`)));
        },
        close: () => page.close(),
      };
    },
  };
};

const hostOf = (runtime: keyof typeof launchers, realm: Realm): Host => {
  const { name, visit, ...rest } = visitorOf(runtime);
  return {
    ...rest,
    name: `${name} (${realm})`,
    runtime,
    realm,
    async run(context) {
      const url = `${context.base}/suite/page.html`;
      const { version, result } = await visit({ url, script: scriptFor(realm), context });
      return { version, report: result as Report };
    },
  };
};

const launched: Partial<Record<keyof typeof launchers, Promise<Browser>>> = {};

// Firefox takes seconds to start.
function sharedBrowser(runtime: keyof typeof launchers): Promise<Browser> {
  const browser = launched[runtime] ?? launch(runtime);
  launched[runtime] = browser;
  return browser;
}

export async function closeBrowsers(): Promise<void> {
  for (const browser of Object.values(launched)) await (await browser).close();
}

async function launch(runtime: keyof typeof launchers): Promise<Browser> {
  const path = createRequire(here('package.json')).resolve('puppeteer-core');
  const { default: puppeteer } = (await import(pathToFileURL(path).href)) as { readonly default: Puppeteer };
  return puppeteer.launch({ headless: true, protocolTimeout: 150_000, ...launchers[runtime] });
}

export const visitors: readonly Visitor[] = [visitorOf('chromium'), visitorOf('firefox')];

export const tabHosts: readonly TabHost[] = [tabsOf('chromium'), tabsOf('firefox')];

const realms = ['page', 'service worker', 'insecure page'] as const;

export const chromium: readonly Host[] = realms.map((realm) => hostOf('chromium', realm));
export const firefox: readonly Host[] = realms.map((realm) => hostOf('firefox', realm));

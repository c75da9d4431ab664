import type { Reporter } from 'vitest/node';

/** What `npm test` leaves out unless CI is set: files by glob, and what they need beside Node and npm. */
const needs: Readonly<Record<string, readonly string[]>> = {
  'runtimes and browsers (1.3 GB)': ['test/runtimes/*.test.ts', 'test/stores/durable-object*.test.ts'],
  'Redis, PostgreSQL and MariaDB': [
    'test/stores/redis*.test.ts',
    'test/stores/sql-{mariadb,postgres}.test.ts',
    'test/cli/{keys-servers,gateway,sessions}.test.ts',
    'test/docs/servers.test.ts',
  ],
  'nginx, HAProxy and Caddy': [
    'test/adapters/{fronts,proxies}.test.ts',
    'test/gateway/nginx.test.ts',
    'test/kit/behind-proxy.test.ts',
  ],
  'Python and OpenSSL': [
    'test/schemes/sigv4/store.test.ts',
    'test/schemes/definitions/oracles.test.ts',
    'test/vectors/partners.test.ts',
  ],
  'Python, Go, PHP, Ruby, Java, Perl, Mono, Rust, curl and Newman': [
    'test/kit/{clients,defined,postman}.test.ts',
    'test/kit/transfers/*.test.ts',
  ],
  'several minutes': [
    'test/expressions/*.test.ts',
    'test/package/{package,readme}.test.ts',
    'test/server/{growth,cost,forwarding-properties}.test.ts',
    'test/adapters/targets.test.ts',
    'test/explain/{bounds,schemes}.test.ts',
    'test/cli/{explain,issued,kit,sign,usage,verify}.test.ts',
    'test/gateway/{reverse-proxy-bodies,reverse-proxy-faults,smuggling}.test.ts',
    'test/server/echoes.test.ts',
  ],
};

export const leftOut: string[] = Object.values(needs).flat();

/** The tests that take minutes and measure no time: they may run beside others. */
const patient = [
  'test/expressions/*.test.ts',
  'test/adapters/targets.test.ts',
  'test/kit/{clients,defined,postman}.test.ts',
  'test/kit/transfers/*.test.ts',
];

/** What runs alone on a build server: it starts services and browsers, or measures time and memory. */
export const alone: string[] = leftOut.filter((pattern) => !patient.includes(pattern));

/** Says in the last line what was left out, and how to run it. */
export const leftOutReporter: Reporter = {
  onTestRunEnd() {
    const what = Object.keys(needs).join('; ');
    console.log(`\nLEFT OUT: the tests that need ${what}. npm run test:all runs everything.`);
  },
};

import { expect, it } from 'vitest';
import { present } from '../vectors/present.ts';
import { describeAdapter } from './contract.ts';
import { frameworkApps } from './framework-apps.ts';
import { behind, byHttp1, byHttp2, caddyFront, documented, haproxyFront, nginxFront } from './fronts.ts';
import { nodeApps } from './node-apps.ts';

it('the page has a configuration for every proxy that is run', () => {
  for (const language of ['nginx', 'haproxy', 'caddyfile'] as const) {
    expect(documented(language, {})).toContain('127.0.0.1:8080');
  }
});

// Proxies call by HTTP/1.1.
const apps = [...nodeApps, ...frameworkApps].filter(({ connect }) => connect);
const here = present('openssl', 'version');

/** Under the name and the port by which these tests call it. */
const nginxCalled = nginxFront(0, (text) =>
  text
    .replaceAll('server_name api.example.com;', 'server_name 127.0.0.1;')
    .replaceAll('$server_name;', '$server_name:$server_port;'),
);

for (const front of [nginxCalled, haproxyFront(), caddyFront()]) {
  if (!present(...front.version) || !here) continue;
  for (const [place, app] of apps.entries()) {
    // One proxy with all the others; the others, and HTTP/2, with one.
    if (front.name === 'nginx' || !place) describeAdapter(behind(front, byHttp1, app));
    if (!place) describeAdapter(behind(front, byHttp2, app));
  }
}

import { createServer, type RequestListener } from 'node:http';
import { createSigner, issueSession, signedFetch } from 'countersign';
import { forwardAuth, reverseProxy } from 'countersign/gateway';
import { afterEach, expect, it } from 'vitest';
import { type App, listening } from '../adapters/adapter.ts';
import { sendHttp1 } from '../adapters/wire.ts';
import { nginxHeaders, parties, signed } from './calls.ts';

const opened: App[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

async function open(listener: RequestListener): Promise<string> {
  const app = await listening(createServer(listener));
  opened.push(app);
  return app.origin;
}

class Restrictions {
  get scope() {
    return 'admin';
  }
}

class NoSessions {
  get sessions(): false {
    return false;
  }
}

it.each([Restrictions, NoSessions])('reverseProxy enforces the getters of %o', async (Base) => {
  const backend = await open((_, response) => void response.end('backend'));
  class Options extends Base {
    get upstream() {
      return backend;
    }
  }
  const { accessKey, secret, verifier } = parties();
  const proxy = await open(reverseProxy(verifier, new Options()));
  const credentials = issueSession({ accessKey, secret }, { expiresIn: 60 });
  const response = await signedFetch(createSigner({ credentials }))(`${proxy}/orders`);
  expect([response.status, await response.text()]).not.toContain('backend');
  expect(response.status).toBe(403);
});

it.each([Restrictions, NoSessions])('forwardAuth enforces the getters of %o', async (Base) => {
  class Options extends Base {
    get dialect() {
      return 'nginx' as const;
    }
  }
  const { accessKey, secret, verifier } = parties();
  const origin = await open(forwardAuth(verifier, new Options()));
  const credentials = issueSession({ accessKey, secret }, { expiresIn: 60 });
  const sent = signed({ signer: createSigner({ credentials }) });
  const headers = nginxHeaders(sent);
  expect((await sendHttp1(origin, { method: 'GET', target: '/', headers })).status).toBe(403);
});

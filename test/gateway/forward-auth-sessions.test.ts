import { createServer } from 'node:http';
import { createSigner, issueSession, type SessionOptions } from 'countersign';
import { type ForwardAuthOptions, forwardAuth } from 'countersign/gateway';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, listening } from '../adapters/adapter.ts';
import { sendHttp1 } from '../adapters/wire.ts';
import { nginxHeaders, parties, signed } from './calls.ts';

const opened: App[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

/** The response to the auth request of a proxy, for a request of the key or of a session. */
async function asked(options: Partial<ForwardAuthOptions>, granted?: Omit<SessionOptions, 'expiresIn'>) {
  const { accessKey, secret, signer, verifier } = parties();
  const app = await listening(createServer(forwardAuth(verifier, { dialect: 'nginx', ...options })));
  opened.push(app);
  const session = issueSession({ accessKey, secret }, { expiresIn: 900, ...granted });
  const sent = signed({ signer: granted ? createSigner({ credentials: session }) : signer });
  const described = nginxHeaders(sent);
  const { status, headers } = await sendHttp1(app.origin, { method: 'GET', target: '/', headers: described });
  const claims = JSON.parse(Buffer.from(session.accessKey.split('~s1.')[1] ?? '', 'base64url').toString());
  return { status, get: (name: string) => headers.get(`x-countersign-${name}`), accessKey, id: claims.i };
}

describe('forward-auth for sessions', () => {
  it('names the session that signed, and for whom it is', async () => {
    const { status, get, accessKey, id } = await asked({}, { scopes: ['orders:read'], subject: 'Größe 7' });
    expect([status, get('access-key'), get('scopes'), get('session')]).toEqual([200, accessKey, 'orders:read', id]);
    // The subject as the access key has it, percent-encoded like every value.
    expect(get('subject')).toBe('Gr%25C3%25B6%25C3%259Fe%207');
  });

  it('names neither where there is none', async () => {
    const own = await asked({});
    expect([own.status, own.get('session'), own.get('subject')]).toEqual([200, '', '']);
    const { status, get, id } = await asked({}, {});
    expect([status, get('session'), get('subject')]).toEqual([200, id, '']);
  });

  it('refuses them where it is set to, and not their parent', async () => {
    const { status, get } = await asked({ sessions: false }, {});
    expect([status, get('status'), get('session')]).toEqual([403, '403', null]);
    expect(get('problem')).toContain('session_not_allowed');
    expect((await asked({ sessions: false })).status).toBe(200);
  });
});

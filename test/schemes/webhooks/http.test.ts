import { createSigner, signedFetch } from 'countersign';
import { generateWebhookSecret, standardWebhooks } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, protect, type Verifier } from 'countersign/server';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../server/rig.ts';
import { type Bridge, startBridge } from '../../server-bridge.ts';

const tenants = ['acme', 'globex'].map((accessKey) => ({ accessKey, secret: generateWebhookSecret() }));
const [acme = { accessKey: '', secret: '' }, globex = acme] = tenants;
const formOf = (fields: Readonly<Record<string, string>>) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
};
const signerOf = ({ accessKey, secret }: typeof acme) =>
  createSigner({ accessKey, secret, scheme: standardWebhooks() });
const verifierOf = (): Verifier =>
  createVerifier({
    keys: memoryKeys([
      { accessKey: 'standard-webhooks', service: 'only', secrets: [{ secret: acme.secret }] },
      ...tenants.map(({ accessKey, secret }) => ({ accessKey, service: accessKey, secrets: [{ secret }] })),
    ]),
    replay: memoryReplay(),
    scheme: standardWebhooks(),
  });

let bridge: Bridge;
afterEach(() => bridge?.close());

describe('a webhook over HTTP', () => {
  it.each<[string, BodyInit | undefined]>([
    ['JSON', '{"paid":true}'],
    ['bytes that are no UTF-8', Uint8Array.of(0xff, 0x00, 0xfe)],
    ['a form', new URLSearchParams({ paid: 'yes' })],
    ['a multipart form', formOf({ paid: 'yes' })],
    ['a Blob', new Blob(['a', Uint8Array.of(0x80)])],
    ['nothing', undefined],
  ])('with %s is sent by signedFetch and accepted once', async (_, body) => {
    bridge = await startBridge({ verifier: verifierOf() });
    const url = `${bridge.origin}/webhooks`;
    const response = await signedFetch(signerOf(acme))(url, { method: 'POST', ...(body !== undefined && { body }) });
    expect(response.status).toBe(200);
    const [exchange] = bridge.exchanges;
    if (!exchange) throw new Error('Nothing was received.');
    expect(outcomeOf(exchange.result)).toBe('ok');
    const headers = Object.fromEntries(exchange.fields.map(([name, value]) => [name.toLowerCase(), value]));
    const again = await fetch(url, { method: 'POST', headers, body: new Uint8Array(exchange.request.body) });
    expect(await again.json()).toMatchObject({ code: 'replayed_request' });
  });

  it('is accepted from the peer, and refused with problem details once it is changed', async () => {
    bridge = await startBridge({ verifier: verifierOf() });
    const now = new Date();
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': `${Math.floor(now.getTime() / 1000)}`,
      'webhook-signature': new Webhook(acme.secret).sign('msg_1', now, '{"paid":true}'),
    };
    const changed = await fetch(bridge.origin, { method: 'POST', headers, body: '{"paid":false}' });
    expect(changed.status).toBe(401);
    expect(await changed.json()).toMatchObject({ code: 'invalid_signature' });
    expect((await fetch(bridge.origin, { method: 'POST', headers, body: '{"paid":true}' })).status).toBe(200);
  });
});

describe('protect for schemes without an access key', () => {
  const gate = () =>
    protect(verifierOf(), (_, { principal }) => Response.json(principal.service), {
      accessKey: (request) => /^\/webhooks\/(\w+)$/.exec(new URL(request.url).pathname)?.[1],
    });
  const send = async (tenant: typeof acme, path: string) => {
    const url = `https://example.com${path}`;
    const response = await gate()(await signerOf(tenant).sign(new Request(url, { method: 'POST', body: '{}' })));
    const { code, ...rest } = Object(await response.json());
    return code ?? `${response.status} ${Object.values(rest).join('')}`;
  };

  it('takes the key that the request is said to be for', async () => {
    expect(await send(acme, '/webhooks/acme')).toBe('200 acme');
    expect(await send(globex, '/webhooks/globex')).toBe('200 globex');
  });

  it('refuses the message of one tenant at the address of another', async () => {
    expect(await send(acme, '/webhooks/globex')).toBe('invalid_signature');
    expect(await send(acme, '/webhooks/nobody')).toBe('invalid_signature');
  });

  it('takes the key that is named like the scheme where none is said', async () => {
    expect(await send(acme, '/webhooks')).toBe('200 only');
    expect(await send(globex, '/webhooks')).toBe('invalid_signature');
  });

  it('believes a signature that names its own access key', async () => {
    const { accessKey } = acme;
    const secret = 'a secret of countersign-v1';
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay(),
    });
    const handle = protect(verifier, () => new Response('ok'), { accessKey: () => 'somebody else' });
    const request = await createSigner({ accessKey, secret }).sign(new Request('https://example.com/'));
    expect((await handle(request)).status).toBe(200);
  });
});

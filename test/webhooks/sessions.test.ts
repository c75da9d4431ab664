import { createSigner } from 'countersign';
import { countersignV1 } from 'countersign/schemes';
import { issueSession } from 'countersign/server';
import { verifyWebhook } from 'countersign/webhooks';
import { expect, it } from 'vitest';

const parent = { accessKey: 'sender', secret: 'a secret of the sender, for tests' };
const url = 'https://example.com/hooks';
const init = { method: 'POST', body: '{"paid":true}', headers: { 'content-type': 'application/json' } };

it('accepts a delivery that the sender has signed', async () => {
  const request = await createSigner(parent).sign(url, init);
  expect(await verifyWebhook(request, { scheme: countersignV1, secret: parent.secret })).toMatchObject({ ok: true });
});

// The result names no session, so its scopes could not be checked, and nothing could revoke it.
it('refuses a delivery by the holder of a session of the sender', async () => {
  const session = issueSession(parent, { expiresIn: 600, scopes: ['orders:read'] });
  const request = await createSigner(session).sign(url, init);
  const event = await verifyWebhook(request, { scheme: countersignV1, secret: parent.secret });
  expect(event).toMatchObject({ ok: false, error: { code: 'session_not_allowed' } });
});

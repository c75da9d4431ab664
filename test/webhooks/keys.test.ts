import { createHmac } from 'node:crypto';
import { defineScheme, githubWebhooks, type Scheme } from 'countersign/schemes';
import { verifyWebhook, type WebhookOptions } from 'countersign/webhooks';
import { expect, it } from 'vitest';

const body = '{"zen":"Design for failure."}';
const macOf = (key: string | Uint8Array) => createHmac('sha256', key).update(body).digest('hex');
const deliver = (key: string | Uint8Array, options: Omit<WebhookOptions, 'scheme'>, scheme: WebhookOptions['scheme']) =>
  verifyWebhook(
    { method: 'POST', headers: { 'x-hub-signature-256': `sha256=${macOf(key)}` }, body },
    { ...options, scheme },
  );

/** The scheme of GitHub, which counts the keys that it derives. */
function counted(): { readonly scheme: Scheme; count(): number } {
  const scheme = defineScheme(githubWebhooks);
  let keys = 0;
  return {
    scheme: {
      ...scheme,
      createKey(...given) {
        keys++;
        return scheme.createKey(...given);
      },
    },
    count: () => keys,
  };
}

it('derives the key of a text once for all deliveries', async () => {
  const { scheme, count } = counted();
  const secret = 'a secret of GitHub, for tests.';
  for (let i = 0; i < 3; i++)
    expect(await deliver(secret, { secret: `${secret}` }, scheme)).toMatchObject({ ok: true });
  expect(count()).toBe(1);
});

it('derives the key of bytes once for each delivery, and never takes those that were overwritten', async () => {
  const { scheme, count } = counted();
  const secret = new Uint8Array(32).fill(1);
  const old = secret.slice();
  expect(await deliver(old, { secret }, scheme)).toMatchObject({ ok: true });
  expect(count()).toBe(1);
  secret.fill(2);
  expect(await deliver(old, { secret }, scheme)).toMatchObject({ error: { code: 'signature_mismatch' } });
  expect(await deliver(secret, { secret }, scheme)).toMatchObject({ ok: true });
  expect(count()).toBe(3);
});

it('keeps the keys of two schemes and of many secrets apart', async () => {
  const prefixed = defineScheme({ ...githubWebhooks, name: 'prefixed', key: { prefix: 'P', steps: ['x'] } });
  const secrets = Array.from({ length: 100 }, (_, i) => `a secret of tenant ${i}, for tests.`);
  for (const secret of [...secrets, ...secrets]) {
    expect(await deliver(secret, { secret }, githubWebhooks)).toMatchObject({ ok: true });
    expect(await deliver(secret, { secret: `${secret}!` }, githubWebhooks)).toMatchObject({ ok: false });
    expect(await deliver(secret, { secret }, prefixed)).toMatchObject({ ok: false });
  }
});

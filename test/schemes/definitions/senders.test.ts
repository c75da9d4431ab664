import { createHash, createHmac } from 'node:crypto';
import { defineScheme, larkWebhooks, slackWebhooks, twitchEventsub } from 'countersign/schemes';
import { memoryReplay } from 'countersign/server';
import { verifyWebhook } from 'countersign/webhooks';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { anyBody, sendable } from './attempt.ts';
import { hold } from './hold.ts';
import { published, textBytes } from './published.ts';
import { python, pythonOracle } from './python.ts';
import { notificationUrl, readyWebhooks } from './ready-webhooks.ts';
import { signWith } from './sign.ts';

// These are held against others: in webhooks.test.ts, shopify-oauth.test.ts and shopify-app-proxy.test.ts.
const others = ['github-webhooks', 'stripe-webhooks', 'shopify-oauth', 'shopify-app-proxy'];
const deliveries = fc.tuple(sendable, anyBody).map(([attempt, body]) => ({ ...attempt, method: 'POST', body }));

describe.runIf(python).each(readyWebhooks.filter(({ definition }) => !others.includes(definition.name)))(
  '$exported',
  ({ definition }) => {
    const sender = definition.name.replace(/-(?:webhooks|connect)$/, '');
    const oracle = pythonOracle('webhooks', { sender, notificationUrl });
    afterAll(oracle.close);

    hold({ definition, oracle, attempts: deliveries });
  },
);

it('twitchEventsub reads nanoseconds, as Twitch sends them, and takes a message once', async () => {
  const secret = 's3cRe7 of some length';
  const [id, at, body] = ['befa7b53-d79d-478f-86b9-120f112b044e', '2026-11-22T12:00:00.634234626Z', '{"event":{}}'];
  const mac = createHmac('sha256', secret).update(`${id}${at}${body}`).digest('hex');
  const headers = {
    'twitch-eventsub-message-id': id,
    'twitch-eventsub-message-timestamp': at,
    'twitch-eventsub-message-signature': `sha256=${mac}`,
  };
  const delivery = { method: 'POST', url: 'https://example.com/eventsub', headers, body };
  const now = Date.UTC(2026, 10, 22, 12, 0, 0, 634);
  const options = { scheme: twitchEventsub, secret, clock: () => now, replay: memoryReplay({ clock: () => now }) };
  expect(await verifyWebhook(delivery, options)).toMatchObject({ ok: true, signedAt: now, duplicate: false });
  expect(await verifyWebhook(delivery, options)).toMatchObject({ ok: true, duplicate: true });
  const late = { ...options, clock: () => now + 301_000 };
  expect(await verifyWebhook(delivery, late)).toMatchObject({ error: { code: 'stale_timestamp' } });
});

it('larkWebhooks hashes as Feishu documents it, and takes an event once', async () => {
  const secret = 'an encrypt key of some length';
  const [nonce, at, body] = ['cd5c7bd1-f1ac-4e6a-a0f3-4b3b9d7c1e58', '1795348800', '{"encrypt":"3q2+7w=="}'];
  const headers = {
    'x-lark-request-timestamp': at,
    'x-lark-request-nonce': nonce,
    'x-lark-signature': createHash('sha256').update(`${at}${nonce}${secret}${body}`).digest('hex'),
  };
  const delivery = { method: 'POST', url: 'https://example.com/lark', headers, body };
  const clock = () => Number(at) * 1000;
  const options = { scheme: larkWebhooks, secret, clock, replay: memoryReplay({ clock }) };
  await expect(verifyWebhook(delivery, options)).rejects.toThrow(/keyed-hash/);
  const accepting = { ...options, acceptFindings: ['keyed-hash'] as const };
  expect(await verifyWebhook(delivery, accepting)).toMatchObject({ ok: true, duplicate: false });
  expect(await verifyWebhook(delivery, accepting)).toMatchObject({ ok: true, duplicate: true });
  const changed = { ...delivery, body: body.replace('3q2', '4q2') };
  expect(await verifyWebhook(changed, accepting)).toMatchObject({ error: { code: 'signature_mismatch' } });
});

it('slackWebhooks makes the signature of the documentation of Slack', () => {
  const parameters = {
    ...{ token: 'xyzz0WbapA4vBCDEFasx0q6G', team_id: 'T1DC2JH3J', team_domain: 'testteamnow' },
    ...{ channel_id: 'G8PSS9T3V', channel_name: 'foobar', user_id: 'U2CERLKJA', user_name: 'roadrunner' },
    ...{ command: '/webhook-collect', text: '' },
    response_url: 'https://hooks.slack.com/commands/T1DC2JH3J/397700885554/96rGlfmibIGlgcZRskXaIFfN',
    trigger_id: '398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  };
  const command = published({
    method: 'POST',
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    time: 1_531_420_618_000,
    body: textBytes(`${new URLSearchParams(parameters)}`),
  });
  expect(signWith(defineScheme(slackWebhooks), command).headers).toMatchObject({
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  });
});

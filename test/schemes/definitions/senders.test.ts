import { defineScheme, slackWebhooks } from 'countersign/schemes';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { anyBody, sendable } from './attempt.ts';
import { hold } from './hold.ts';
import { published, textBytes } from './published.ts';
import { python, pythonOracle } from './python.ts';
import { notificationUrl, readyWebhooks } from './ready-webhooks.ts';
import { signWith } from './sign.ts';

// These two are held against the packages of their providers, in webhooks.test.ts.
const others = ['github-webhooks', 'stripe-webhooks'];
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

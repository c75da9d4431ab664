import { createHmac } from 'node:crypto';
import { validateSignature } from '@line/bot-sdk';
import { Mux } from '@mux/mux-node';
import { verifyWebhookSignature } from '@notionhq/client';
import { Paddle } from '@paddle/paddle-node-sdk';
import { WorkOS } from '@workos-inc/node';
import {
  defineScheme,
  lineWebhooks,
  muxWebhooks,
  notionWebhooks,
  paddleWebhooks,
  razorpayWebhooks,
  type Scheme,
  standardWebhooks,
  workosWebhooks,
} from 'countersign/schemes';
import Razorpay from 'razorpay';
import { Webhook } from 'svix';
import { describe, expect, it } from 'vitest';
import { published, textBytes } from './published.ts';
import { signWith } from './sign.ts';

type Delivery = { readonly headers: Readonly<Record<string, string>>; readonly body: string; readonly secret: string };

type Peer = {
  readonly name: string;
  readonly scheme: Scheme;
  readonly secret?: string;
  /** Throws, or returns false, for a delivery that it refuses. */
  accepts(delivery: Delivery): unknown;
};

const peers: readonly Peer[] = [
  {
    name: '@line/bot-sdk',
    scheme: defineScheme(lineWebhooks),
    accepts: ({ headers, body, secret }) => validateSignature(body, secret, headers['x-line-signature'] ?? ''),
  },
  {
    name: '@mux/mux-node',
    scheme: defineScheme(muxWebhooks),
    accepts: ({ headers, body, secret }) =>
      new Mux({ tokenId: 'id', tokenSecret: 'secret' }).webhooks.verifySignature(body, headers, secret),
  },
  {
    name: '@notionhq/client',
    scheme: defineScheme(notionWebhooks),
    accepts: ({ headers, body, secret }) =>
      verifyWebhookSignature({ body, signature: headers['x-notion-signature'] ?? '', verificationToken: secret }),
  },
  {
    name: '@paddle/paddle-node-sdk',
    scheme: defineScheme(paddleWebhooks),
    accepts: ({ headers, body, secret }) =>
      new Paddle('key').webhooks.isSignatureValid(body, secret, headers['paddle-signature'] ?? ''),
  },
  {
    name: '@workos-inc/node',
    scheme: defineScheme(workosWebhooks),
    accepts: ({ headers, body, secret }) =>
      new WorkOS('sk_test_1').webhooks.verifyHeader({
        payload: JSON.parse(body),
        sigHeader: headers['workos-signature'] ?? '',
        secret,
      }),
  },
  {
    name: 'razorpay',
    scheme: defineScheme(razorpayWebhooks),
    accepts: ({ headers, body, secret }) =>
      Razorpay.validateWebhookSignature(body, headers['x-razorpay-signature'] ?? '', secret),
  },
  {
    name: 'svix, for Clerk, Resend and others',
    scheme: standardWebhooks({ prefixes: ['svix'] }),
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    accepts: ({ headers, body, secret }) => new Webhook(secret).verify(body, { ...headers }),
  },
];

const isAccepted = async (peer: Peer, delivery: Delivery): Promise<boolean> => {
  try {
    return (await peer.accepts(delivery)) !== false;
  } catch {
    return false;
  }
};

describe.each(peers)('the package of the provider: $name', (peer) => {
  const { scheme, secret = 'a secret of thirty-two bytes, ok.' } = peer;
  const text = JSON.stringify({ type: 'paid', name: 'Größe 😀' });
  const sign = () => {
    const attempt = published({
      method: 'POST',
      secret,
      body: textBytes(text),
      time: Math.floor(Date.now() / 1000) * 1000,
    });
    return { headers: signWith(scheme, { ...attempt, nonce: 'msg_1' }).headers, body: text, secret };
  };

  it('accepts what we sign', async () => {
    expect(await isAccepted(peer, sign())).toBe(true);
  });

  it('refuses another body, secret or signature', async () => {
    const good = sign();
    expect(await isAccepted(peer, { ...good, body: text.replace('paid', 'lost') })).toBe(false);
    expect(await isAccepted(peer, { ...good, secret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' })).toBe(false);
    const other = createHmac('sha256', secret).update('other').digest('hex');
    const headers = Object.fromEntries(Object.keys(good.headers).map((name) => [name, other]));
    expect(await isAccepted(peer, { ...good, headers })).toBe(false);
  });
});

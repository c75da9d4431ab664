import { createHmac } from 'node:crypto';
import { countersignV1, defineScheme, githubWebhooks, presign, rfc9421, type Scheme, sigv4 } from 'countersign/schemes';
import { memoryReplay, type ReplayStore } from 'countersign/server';
import { type VerifiedWebhook, verifyWebhook, type WebhookOptions, type WebhookRequest } from 'countersign/webhooks';
import { describe, expect, it } from 'vitest';
import type { Attempt, Sent } from '../schemes/definitions/attempt.ts';
import { published, textBytes } from '../schemes/definitions/published.ts';
import { ready } from '../schemes/definitions/ready.ts';
import { signWith } from '../schemes/definitions/sign.ts';

const secret = Buffer.from('a secret of 32 bytes, for tests.').toString('base64');
const headers = { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update('{}').digest('hex')}` };
const delivery = { method: 'POST', url: 'https://example.com/hooks', headers, body: '{}' };

async function accepted(request: WebhookRequest, options: Partial<WebhookOptions>): Promise<VerifiedWebhook> {
  const event = await verifyWebhook(request, { scheme: githubWebhooks, secret, ...options });
  if (!event.ok) throw event.error;
  return event;
}

describe('a delivery that comes again', () => {
  it('is reported as a duplicate', async () => {
    const replay = memoryReplay();
    expect((await accepted(delivery, { replay })).duplicate).toBe(false);
    expect((await accepted(delivery, { replay })).duplicate).toBe(true);
  });

  it('is none at another endpoint', async () => {
    const replay = memoryReplay();
    expect((await accepted(delivery, { replay })).duplicate).toBe(false);
    expect((await accepted(delivery, { replay, endpoint: 'other' })).duplicate).toBe(false);
    expect((await accepted(delivery, { replay, endpoint: 'other' })).duplicate).toBe(true);
  });
});

const now = Date.UTC(2026, 10, 22, 12);
const attempt: Attempt = published({
  method: 'POST',
  target: '/hooks',
  headers: { 'content-type': 'application/json' },
  body: textBytes('{"pay":100}'),
  accessKey: 'recorded',
  secret,
  time: now,
});
const clock = () => now;
const described = ({ scheme, authority, target, ...rest }: Sent): WebhookRequest => ({
  ...rest,
  url: `${scheme}://${authority}${target}`,
});
/** The same request, which states another access key where it stated its own. */
const renamed = (sent: Sent, accessKey: string): Sent => ({
  ...JSON.parse(JSON.stringify(sent).replaceAll(attempt.accessKey, accessKey)),
  body: sent.body,
});

type Carrying = Pick<WebhookOptions, 'acceptFindings'> & { readonly name: string; readonly scheme: Scheme };

const defined: readonly Carrying[] = ready
  .filter(({ definition }) => JSON.stringify(definition).includes('{accessKey}'))
  .filter(({ definition }) => !definition.stringToSign.includes('{challenge'))
  .map(({ exported: name, definition, acceptFindings }) => ({
    name,
    scheme: defineScheme(definition),
    acceptFindings,
  }));
const inCode: readonly Carrying[] = [
  { name: 'sigv4', scheme: sigv4({ service: 'execute-api', region: 'eu-west-1' }) },
  { name: 'presign', scheme: presign({ service: 'execute-api', region: 'eu-west-1' }) },
  { name: 'rfc9421', scheme: rfc9421() },
  { name: 'countersignV1', scheme: countersignV1 },
];
const isUnbound = ({ scheme }: Carrying) => scheme.findings?.some(({ code }) => code === 'access-key-unbound');
const unbound = [...defined, ...inCode].filter(isUnbound);
const bound = [...defined, ...inCode].filter((one) => !isUnbound(one));

describe('a recorded delivery with another access key', () => {
  it('is tried with every scheme that carries one', () => {
    expect(unbound.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'azureAppConfiguration',
        'cavageSignatures',
        'hawkHeader',
        'huaweiCloud',
        'kongHmacAuth',
        'sigv4',
      ]),
    );
    expect(bound.length).toBeGreaterThan(3);
  });

  it.each(unbound)('is a duplicate where that is unsigned: $name', async ({ scheme, acceptFindings = [] }) => {
    const sent = signWith(scheme, attempt);
    const options = { scheme, acceptFindings, clock, replay: memoryReplay({ clock }) };
    expect((await accepted(described(sent), options)).duplicate).toBe(false);
    for (const accessKey of ['other', scheme.name, 'x']) {
      expect((await accepted(described(renamed(sent, accessKey)), options)).duplicate).toBe(true);
    }
  });

  it.each(bound)('is refused where that is signed: $name', async ({ scheme, acceptFindings = [] }) => {
    const sent = signWith(scheme, attempt);
    const options = { scheme, secret, acceptFindings, clock, replay: memoryReplay({ clock }) };
    expect((await accepted(described(sent), options)).duplicate).toBe(false);
    expect(await verifyWebhook(described(renamed(sent, 'other')), options)).toMatchObject({ ok: false });
  });

  it('is claimed for the endpoint, with all that the store is given', async () => {
    const scheme = sigv4({ service: 'execute-api', region: 'eu-west-1' });
    const claims: Parameters<ReplayStore['claim']>[] = [];
    const memory = memoryReplay({ clock });
    const replay: ReplayStore = {
      claim(...claim) {
        expect(this).toBe(replay);
        claims.push(claim);
        return memory.claim(...claim);
      },
    };
    await accepted(described(signWith(scheme, attempt)), { scheme, clock, replay, endpoint: 'orders' });
    expect(claims).toEqual([['orders', expect.any(String), expect.any(Number), expect.any(Number)]]);
  });

  it.each([{}, 'memory', { claim: true }])('throws for a replay store that is none: %o', async (replay) => {
    await expect(accepted(delivery, { replay: replay as never })).rejects.toMatchObject({
      code: 'invalid_configuration',
    });
  });
});

import { type SignUrlOptions, signUrl } from 'countersign';
import { type ExplainOptions, explainSignature } from 'countersign/explain';
import { countersignV1, signedLinks } from 'countersign/schemes';
import { memoryKeys } from 'countersign/server';
import { describe, expect, it } from 'vitest';

const credentials = { accessKey: 'shop', secret: 'a secret of the shop, 32 bytes..' };
const keys = memoryKeys([{ accessKey: 'shop', service: 'shop', secrets: [credentials] }]);
const noon = Date.UTC(2026, 10, 22, 12);
const scheme = signedLinks({ maxLifetime: 3600 });

const sign = (more: Partial<SignUrlOptions> = {}) =>
  signUrl(credentials, 'https://api.example.com/v1/orders?b=2&a=1', { expiresIn: 600, clock: () => noon, ...more });
const explain = (link: string, more: Partial<ExplainOptions> = {}, init: RequestInit = {}) =>
  explainSignature(new Request(link, init), { keys, scheme, clock: () => noon, ...more });
const codes = async (...given: Parameters<typeof explain>) =>
  (await explain(...given)).differences.map(({ code }) => code);

describe('the explanation of a link', () => {
  it('shows what is signed, and all of the link but its signature', async () => {
    const link = await sign({ once: true });
    const explanation = await explain(link);
    expect(explanation).toMatchObject({ verified: true, differences: [], key: { secrets: [{ fits: true }] } });
    expect(explanation.message.target).toMatch(
      /^\/v1\/orders\?b=2&a=1&csign-key=shop&csign-until=\d{10}&csign-nonce=\w{32}&csign-signature=…$/,
    );
    expect(JSON.stringify(explanation)).not.toContain(link.slice(-64));
  });

  it('keeps a signature to itself that is malformed, or not in its place', async () => {
    const link = await sign();
    for (const changed of [`${link}&utm_source=mail`, link.slice(0, -1), link.replace('csign-sig', 'csign%2Dsig')])
      expect(JSON.stringify(await explain(changed))).not.toContain(link.slice(-60, -2));
  });

  it.each<[string, (link: string) => string, string[]]>([
    ['a prefix of the path', (link) => link.replace('/v1', ''), ['path-prefix']],
    ['a slash at the end', (link) => link.replace('orders', 'orders/'), ['path-slash']],
    ['a port', (link) => link.replace('.com', '.com:8443'), ['port']],
    ['a parameter that a proxy adds', (link) => link.replace('?', '?from=proxy&'), ['query-parameter']],
    ['a parameter behind the signature', (link) => `${link}&utm_source=mail`, ['field-form']],
  ])('names %s', async (_, change, expected) => {
    expect(await codes(change(await sign()))).toEqual(expected);
  });

  it('names the method', async () => {
    expect(await codes(await sign(), {}, { method: 'POST' })).toEqual(['method']);
  });

  it('names an end that has passed, and one that is too late', async () => {
    const link = await sign();
    const ended = await explain(link, { clock: () => noon + 700_000 });
    expect(ended).toMatchObject({ code: 'expired_signature', differences: [{ code: 'ended', proven: true }] });
    expect(ended.differences[0]?.message).toContain('100 seconds before');
    const long = await explain(link, { scheme: signedLinks({ maxLifetime: 60 }) });
    expect(long).toMatchObject({ code: 'lifetime_too_long', differences: [{ code: 'lifetime', proven: true }] });
    expect(long.differences[0]?.message).toContain('10 minutes after');
  });

  it('names the scheme where another was expected', async () => {
    const { differences } = await explain(await sign(), { scheme: countersignV1, otherSchemes: [scheme] });
    expect(differences).toMatchObject([{ code: 'scheme', message: expect.stringContaining('countersign-v1-link') }]);
  });
});

import { countersignV1, signedLinks } from 'countersign/schemes';
import { createVerifier, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { judge } from '../../server/rig.ts';
import { address, forgeLink, linkRig, partsOf, seconds, swap } from './link-rig.ts';

describe('a link that works once', () => {
  it('works once', async () => {
    const { sign, use, claimed } = linkRig();
    const link = await sign(address, { once: true });
    expect(await use(link)).toBe('ok');
    expect(claimed).toEqual([/csign-nonce=([\da-f]{32})&/.exec(link)?.[1]]);
    expect(await use(link)).toBe('replayed_request');
    expect(await use(link, { method: 'HEAD' })).toBe('replayed_request');
    expect(await use(swap(link, 'csign-nonce', 'csign%2Dnonce'))).toBe('replayed_request');
    expect(await use(swap(link, 'v1=', 'v1%3D'))).toBe('replayed_request');
  });

  it('works for one of many that use it at the same time', async () => {
    const { sign, use } = linkRig();
    const link = await sign(address, { once: true });
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => use(link)));
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'replayed_request')).toHaveLength(49);
  });

  it('is remembered until its end, when everything else is forgotten', async () => {
    const { sign, use, time } = linkRig({ tolerance: 10, links: { maxLifetime: 86_400 } });
    const link = await sign(address, { once: true, expiresIn: 86_400 });
    expect(await use(link)).toBe('ok');
    for (const later of [21_000, 3_600_000, 82_000_000]) {
      time.now += later;
      expect(await use(link)).toBe('replayed_request');
    }
    time.now = (seconds + 86_400) * 1000;
    expect(await use(link)).toBe('expired_signature');
  });

  it('stays a link that works once without its nonce, or with another', async () => {
    const { sign, use } = linkRig();
    const link = await sign(address, { once: true });
    expect(await use(swap(link, /&csign-nonce=\w+/, ''))).toBe('signature_mismatch');
    expect(await use(swap(link, /csign-nonce=\w+/, `csign-nonce=${'0'.repeat(32)}`))).toBe('signature_mismatch');
    expect(await use(link)).toBe('ok');
  });

  it('is not spent by a request that is refused', async () => {
    const { sign, verifier, use } = linkRig({ record: { scopes: [] } });
    const link = await sign(address, { once: true });
    expect(await use(swap(link, 'page=2', 'page=3'))).toBe('signature_mismatch');
    expect(await use(link, { method: 'POST' })).toBe('signature_mismatch');
    expect(await use(link, { body: new TextEncoder().encode('x') })).toBe('missing_body_digest');
    expect(await judge(verifier, partsOf(link))).toBe('ok');
  });

  it('is refused by a full store, and by one that fails', async () => {
    const full = linkRig({ replay: { claim: () => Promise.reject(new Error('down')) } });
    expect(await full.use(await full.sign(address, { once: true }))).toBe('replay_store_unavailable');
    // A link that works until its end needs no store.
    expect(await full.use(await full.sign())).toBe('ok');
  });

  it('is bounded in number for each key, like every long-lived nonce', async () => {
    const replay = memoryReplay({ clock: () => seconds * 1000, longLivedPerKey: 2 });
    const { sign, use } = linkRig({ replay });
    const links = await Promise.all([1, 2, 3].map(() => sign(address, { once: true, expiresIn: 3600 })));
    expect([await use(links[0] ?? ''), await use(links[1] ?? '')]).toEqual(['ok', 'ok']);
    expect(await use(links[2] ?? '')).toBe('replay_store_full');
  });
});

describe('a provider of links that work once alone', () => {
  it('need not accept the finding, and refuses others', async () => {
    const { sign, use, claimed } = linkRig({ links: { once: true }, acceptFindings: [] });
    expect(await use(await sign())).toBe('insufficient_coverage');
    expect(await use(await sign(address, { once: true }))).toBe('ok');
    expect(claimed).toHaveLength(1);
  });

  it('must accept it for others, by name', () => {
    const { accessKey, secret } = linkRig();
    const scheme = [countersignV1, signedLinks({ maxLifetime: 60 })];
    const keys = { find: () => ({ accessKey, service: 'shop', secrets: [{ secret }] }) };
    expect(() => createVerifier({ keys, replay: memoryReplay(), scheme })).toThrow(
      expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining('no-nonce') }),
    );
  });
});

it('takes nonces as countersign-v1 has them', async () => {
  const { accessKey, secret, use } = linkRig();
  const judged = (nonce: string) => use(`https://api.example.com${forgeLink({ accessKey, secret, nonce })}`);
  for (const nonce of ['0123456789abcdef', '_-'.repeat(64)]) expect(await judged(nonce)).toBe('ok');
  for (const nonce of ['0123456789abcde', 'a'.repeat(129), `${'a'.repeat(16)}.`, `${'a'.repeat(16)}%20`])
    expect(await judged(nonce)).toBe('malformed_field');
});

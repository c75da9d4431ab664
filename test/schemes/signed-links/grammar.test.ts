import { describe, expect, it } from 'vitest';
import { address, forgeLink, linkRig, seconds, swap } from './link-rig.ts';

const mark = (link: string) => link.indexOf('csign-key');

describe('the grammar of a link', () => {
  const malformed: ReadonlyArray<readonly [string, (link: string) => string]> = [
    ['a parameter after the signature', (link) => `${link}&utm_source=mail`],
    ['an empty parameter after the signature', (link) => `${link}&`],
    ['the signature once more', (link) => `${link}&${link.slice(link.indexOf('csign-signature'))}`],
    ['the key once more', (link) => swap(link, 'csign-key', 'csign-key=shop&csign-key')],
    ['the key once more, in front', (link) => swap(link, '?', '?csign-key=shop&')],
    ['the key once more, escaped', (link) => swap(link, '?', '?csign%2Dkey=shop&')],
    ['the key once more, all escaped', (link) => swap(link, '?', '?%63%73%69%67%6E%2d%6Bey=shop&')],
    ['the end once more', (link) => swap(link, '&csign-sig', `&csign-until=${seconds + 600}&csign-sig`)],
    ['the whole twice', (link) => `${link}&${link.slice(mark(link))}`],
    ['another reserved name', (link) => swap(link, '?', '?csign-scope=all&')],
    ['another order', (link) => swap(link, /(csign-key=[^&]+)&(csign-until=\d+)/, '$2&$1')],
    ['the signature not last', (link) => swap(link, /(csign-until=\d+)&(csign-sig.*)/, '$2&$1')],
    ['no key', (link) => swap(link, /csign-key=[^&]+&/, '')],
    ['no end', (link) => swap(link, /csign-until=\d+&/, '')],
    ['an empty key', (link) => swap(link, /csign-key=[^&]+/, 'csign-key=')],
    ['a key without a value', (link) => swap(link, /csign-key=[^&]+/, 'csign-key')],
    ['a key with an escape', (link) => swap(link, 'csign-key=', 'csign-key=%2F')],
    ['an empty nonce', (link) => swap(link, '&csign-sig', '&csign-nonce=&csign-sig')],
    ['a short nonce', (link) => swap(link, '&csign-sig', '&csign-nonce=0123456789abcde&csign-sig')],
    ['a signature in upper case', (link) => swap(link, /[\da-f]{64}$/, 'A'.repeat(64))],
    ['a short signature', (link) => link.slice(0, -1)],
    ['a long signature', (link) => `${link}0`],
    ['a signature of another version', (link) => swap(link, 'v1=', 'v2=')],
    ['two signatures', (link) => `${link},${link.slice(-67)}`],
  ];

  it.each(malformed)('takes none with %s', async (_, change) => {
    const { sign, use } = linkRig();
    expect(await use(change(await sign()))).toBe('malformed_field');
  });

  it('takes an escaped name as that name, and the equals sign of the signature escaped, as form encoders write it', async () => {
    const { sign, use } = linkRig();
    const link = await sign('https://api.example.com/v1/orders?q=1');
    expect(await use(swap(swap(link, 'csign-key', 'csign%2Dkey'), 'csign-until', 'csig%6e-until'))).toBe('ok');
    const rewritten = new URL(link);
    rewritten.search = new URLSearchParams(rewritten.searchParams).toString();
    expect(rewritten.href).toContain('csign-signature=v1%3D');
    expect(await use(rewritten.href)).toBe('ok');
    expect(await use(swap(link, 'v1=', 'v1%253D'))).toBe('malformed_field');
  });

  it('finds no signature where it is cut off, or the name is written in another case', async () => {
    const { sign, use } = linkRig();
    const link = await sign();
    expect(await use(link.slice(0, link.indexOf('&csign-signature')))).toBe('missing_signature');
    expect(await use(swap(link, 'csign-signature', 'Csign-Signature'))).toBe('missing_signature');
    expect(await use(address)).toBe('missing_signature');
  });

  it('takes no other spelling of the end, although its signature is right', async () => {
    const { accessKey, secret, use } = linkRig();
    const at = seconds + 600;
    const judged = (until: string) => use(`https://api.example.com${forgeLink({ accessKey, secret, until })}`);
    expect(await judged(`${at}`)).toBe('ok');
    const spellings = [
      `0${at}`,
      `+${at}`,
      `${at}.0`,
      `${at}.5`,
      `${at / 1e3}e3`,
      `0x${at.toString(16)}`,
      `${at} `,
      `-${at}`,
    ].concat(['', '0', 'NaN', 'Infinity', `${at}000000`, `%3${`${at}`.slice(1)}`]);
    for (const until of spellings) {
      const found = await judged(until);
      // An escaped digit is that digit. It was signed as it is written, not as it is normalised.
      expect([until, found]).toEqual([until, until.startsWith('%') ? 'signature_mismatch' : 'malformed_field']);
    }
  });
});

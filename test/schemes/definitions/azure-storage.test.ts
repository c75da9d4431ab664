import { azureStorage, defineScheme } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { judge, judgeOf } from './judge.ts';
import { published, textBytes } from './published.ts';
import { signWith, stringSigned } from './sign.ts';

const secret = Buffer.from('the key of nobody, in 32 bytes..').toString('base64');

describe('azureStorage', () => {
  it('makes the string to sign of the documentation of Microsoft', async () => {
    const call = published({
      target: '/mycontainer?restype=container&comp=metadata&timeout=20',
      headers: { 'x-ms-version': '2015-02-21' },
      accessKey: 'myaccount',
      secret,
      time: Date.UTC(2015, 5, 26, 23, 39, 12),
    });
    const { text } = await stringSigned(defineScheme(azureStorage()), call);
    expect(text).toBe(
      `GET${'\n'.repeat(12)}x-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20`,
    );
  });

  const headers = {
    'content-type': 'text/plain',
    'content-md5': 'Q2h1Y2sgSW50ZWdyaXR5IQ==',
    'x-ms-blob-type': 'BlockBlob',
    'x-ms-meta-b': '2',
    'x-ms-meta-a': 'x  y',
  };
  const upload = published({
    method: 'PUT',
    target: '/box/a%20b?include=tags&include=%C3%A9%2Cd&comp=a%3Ab',
    headers,
    body: textBytes('hé'),
    accessKey: 'acct',
    secret,
    time: Date.UTC(2026, 10, 22, 12),
  });
  const scheme = defineScheme(
    azureStorage({ signedHeaders: ['x-ms-meta-b', 'x-ms-version', 'x-ms-meta-a', 'x-ms-blob-type'] }),
  );

  it('sorts headers and parameters, decodes these, and counts the bytes of the body', async () => {
    const { text } = await stringSigned(scheme, upload);
    expect(String(text).split('\n').slice(3)).toEqual([
      ...['3', headers['content-md5'], 'text/plain', '', '', '', '', '', ''],
      ...['x-ms-blob-type:BlockBlob', 'x-ms-date:Sun, 22 Nov 2026 12:00:00 GMT', 'x-ms-meta-a:x  y', 'x-ms-meta-b:2'],
      ...['/acct/box/a%20b', 'comp:a:b', 'include:tags,é,d'],
    ]);
  });

  it.each([
    ['another byte of the body, which only Content-MD5 signs', { body: textBytes('he!') }, 'ok'],
    ['another length of the body', { body: textBytes('he') }, 'signature_mismatch'],
    ['no body', { body: new Uint8Array() }, 'signature_mismatch'],
    [
      'a parameter that becomes two',
      { target: '/box/a%20b?include=tags&include=%C3%A9&comp=a%3Ab&d' },
      'signature_mismatch',
    ],
    ['a parameter with a colon in its name', { target: '/box/a%20b?comp%3Aa=b' }, 'invalid_request'],
    ['a parameter with a line break', { target: '/box/a%20b?comp=a%0Ab' }, 'invalid_request'],
    ['several values as one', { target: '/box/a%20b?include=tags%2C%C3%A9%2Cd&comp=a%3Ab' }, 'ok'],
  ])('for %s', async (_, change, outcome) => {
    const sent = signWith(scheme, upload);
    const server = judgeOf({ ...upload, scheme, acceptFindings: ['body-unsigned'], clock: () => upload.time });
    expect(await judge(server, { ...sent, ...change })).toBe(outcome);
  });

  it.each(Object.keys(headers))('refuses another value of %s, and its absence', async (name) => {
    const sent = signWith(scheme, upload);
    const { [name]: value = '', ...others } = sent.headers;
    const server = judgeOf({ ...upload, scheme, acceptFindings: ['body-unsigned'], clock: () => upload.time });
    for (const changed of [others, { ...others, [name]: `${value}x` }]) {
      expect(await judge(server, { ...sent, headers: changed })).toBe('signature_mismatch');
    }
  });
});

// What tests of client apps run in: a document, and classes of its own for Blob, File and FormData.
import { createSigner, generateCredentials, prepareRequest, signedFetch } from 'countersign';
import { Window } from 'happy-dom';
import { JSDOM } from 'jsdom';
import { describe, expect, it, vi } from 'vitest';
import { rig } from './rig.ts';

const { accessKey, secret } = generateCredentials();
const { window: jsdom } = new JSDOM('', { url: 'https://shop.example/' });
const happyDom = new Window({ url: 'https://shop.example/' });

type Classes = { readonly Blob: typeof Blob; readonly File: typeof File; readonly FormData: typeof FormData };

const documents: ReadonlyArray<[string, string, Classes]> = [
  ['jsdom', jsdom.navigator.userAgent, jsdom as unknown as Classes],
  ['happy-dom', happyDom.navigator.userAgent, happyDom as unknown as Classes],
];

describe.each(documents)('under %s', (_, userAgent, classes) => {
  it('a secret of the test is no secret in a page', () => {
    vi.stubGlobal('navigator', { userAgent });
    const signer = createSigner({ accessKey, secret });
    expect(prepareRequest(signer, { url: 'https://api.example.com/' }).headers).toHaveProperty('X-API-Signature');
    vi.unstubAllGlobals();
  });

  const form = () => {
    const data = new classes.FormData();
    data.append('note', 'x');
    data.append('file', new classes.File(['file'], 'a.txt'));
    return data;
  };

  it.each<[string, () => BodyInit]>([
    ['Blob', () => new classes.Blob(['blob'], { type: 'a/b' })],
    ['File', () => new classes.File(['file'], 'a.txt')],
    ['FormData', form],
  ])('a %s is sent as it was signed, or refused by an error of its own', async (_, body) => {
    const { signer, origin, outcomes, exchanges } = await rig();
    const call = signedFetch(signer)(origin, { method: 'POST', body: body() });
    const error = await call.then(
      () => undefined,
      (cause: unknown) => cause,
    );
    if (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/^body_(parsed|unreadable)$/) });
      expect(exchanges).toEqual([]);
    } else {
      expect(outcomes()).toEqual(['ok']);
      expect(Buffer.from(exchanges[0]?.request.body ?? []).toString()).toMatch(/blob|file/);
    }
  });
});

it('a page of any browser still refuses a long-lived secret', () => {
  vi.stubGlobal('navigator', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36' });
  expect(() => createSigner({ accessKey, secret })).toThrow(/browser/);
  vi.unstubAllGlobals();
});

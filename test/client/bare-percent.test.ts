import { createServer } from 'node:http';
import { createSigner, generateCredentials, prepareRequest, signedFetch, signUrl } from 'countersign';
import { signingHooks } from 'countersign/ky';
import { protect } from 'countersign/node';
import { countersignV1, presign, rfc9421, signedLinks } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import ky from 'ky';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, listening } from '../adapters/adapter.ts';

const pair = generateCredentials();
const written = '/rates/100%/%%41?q=50%%20off&r=%zz&s=%4';
const sent = '/rates/100%25/%25%41?q=50%25%20off&r=%25zz&s=%254';
const schemes = [countersignV1, rfc9421(), presign({ region: 'r', service: 'execute-api', reusable: true })];
const links = signedLinks({ maxLifetime: 60 });

let app: App;
const targets: string[] = [];
beforeAll(async () => {
  const verifier = createVerifier({
    scheme: [...schemes, links],
    keys: memoryKeys([{ accessKey: pair.accessKey, service: 'shop', secrets: [pair] }]),
    replay: memoryReplay(),
    acceptFindings: ['no-nonce'],
  });
  const seen = createServer(protect(verifier, (_, response) => void response.end('seen')));
  seen.prependListener('request', ({ url = '' }) => targets.push(url.replace(/[?&](?:X-Amz|csign)-.*/, '')));
  app = await listening(seen);
});
afterAll(() => app.close());

const arrived = async (response: Promise<Response>): Promise<readonly [number, string | undefined]> => {
  targets.length = 0;
  const { status } = await response;
  return [status, targets[0]];
};

describe.each(schemes)('A % that begins no escape is sent as it is signed, by $name:', (scheme) => {
  const signer = createSigner({ credentials: pair, scheme });
  const api = signedFetch(signer);
  const url = () => app.origin + written;

  it('of a string, a URL, and a Request without body', async () => {
    for (const address of [url(), new URL(url()), new Request(url())]) {
      expect(await arrived(api(address))).toEqual([200, sent]);
      expect(await arrived(signer.sign(address).then((request) => fetch(request)))).toEqual([200, sent]);
    }
    expect(await arrived(api(new Request(url()), { method: 'DELETE' }))).toEqual([200, sent]);
  });

  it('with a body', async () => {
    for (const body of ['text', new Blob(['text'])]) {
      expect(await arrived(api(url(), { method: 'POST', body }))).toEqual([200, sent]);
    }
  });

  it('by prepareRequest and ky', async () => {
    const prepared = prepareRequest(signer, { url: url() });
    expect(await arrived(fetch(prepared.url, { headers: prepared.headers }))).toEqual([200, sent]);
    const client = ky.create({ hooks: signingHooks(signer), retry: 0 });
    expect(await arrived(client.get(url()))).toEqual([200, sent]);
  });

  it('and refused by the verifier where the Request has a body, which is not copied', async () => {
    expect(await arrived(api(new Request(url(), { method: 'POST', body: 'text' })))).toEqual([400, written]);
  });
});

it('A % that begins no escape is sent as it is signed in a link', async () => {
  const link = await signUrl(pair, app.origin + written, { expiresIn: 60 });
  expect(await arrived(fetch(link))).toEqual([200, sent]);
});

it('Other Requests stay the same', async () => {
  const request = new Request(`${app.origin}/a%25?q=%41`);
  expect(await createSigner(pair).sign(request)).toBe(request);
});

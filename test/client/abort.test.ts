import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type Credentials,
  challengeFetch,
  clockFetch,
  correctedClock,
  countersignedFetch,
  createSigner,
  generateCredentials,
  redirectFetch,
  retirementFetch,
  signedFetch,
} from 'countersign';
import { describe, expect, it } from 'vitest';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const url = 'https://api.example.com/orders';
const reason = new Error('The user left.');
const never = new Promise<Credentials>(() => {});
const { accessKey, secret } = generateCredentials();

const sends: string[] = [];
const fetch = async () => {
  sends.push('sent');
  return new Response();
};

describe.each([
  ['signedFetch', signedFetch],
  ['countersignedFetch', countersignedFetch],
])('%s', (_, wrap) => {
  it('rejects at once with the reason of the signal while credentials are waited for', async () => {
    const controller = new AbortController();
    const api = wrap(createSigner({ credentials: () => never }), { fetch });
    const calls = [api(url, { signal: controller.signal }), api(new Request(url, { signal: controller.signal }))];
    setTimeout(() => controller.abort(reason), 5);
    for (const call of calls) await expect(call).rejects.toBe(reason);
  });

  it('rejects with a signal that was aborted before', async () => {
    const api = wrap(createSigner({ credentials: () => never }), { fetch });
    await expect(api(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('sends nothing when the credentials come after all', async () => {
    let arrive = (_: Credentials) => {};
    const late = new Promise<Credentials>((resolve) => {
      arrive = resolve;
    });
    const api = wrap(createSigner({ credentials: () => late }), { fetch });
    const controller = new AbortController();
    const call = api(url, { signal: controller.signal });
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    arrive({ accessKey, secret });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(sends).toEqual([]);
  });
});

it('rejects while a body is read, and cancels its stream', async () => {
  const controller = new AbortController();
  let cancelled: unknown;
  const body = new ReadableStream({
    cancel: (why) => {
      cancelled = why;
    },
  });
  const api = signedFetch(createSigner({ accessKey, secret }), { fetch });
  const call = api(url, { method: 'POST', body, duplex: 'half', signal: controller.signal } as RequestInit);
  setTimeout(() => controller.abort(reason), 5);
  await expect(call).rejects.toBe(reason);
  expect(cancelled).toBe(reason);
  expect(sends).toEqual([]);
});

it('rejects in signer.sign, and above other wrappers', async () => {
  const signer = createSigner({ credentials: () => never });
  await expect(signer.sign(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await expect(redirectFetch(signer)(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

it('keeps a time-out that nobody else holds, also when memory is collected', async () => {
  const api = signedFetch(createSigner({ credentials: () => never }), { fetch });
  const call = api(url, { signal: AbortSignal.timeout(100) });
  await new Promise((resolve) => setTimeout(resolve));
  collectGarbage();
  await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
});

// In Node.js, the signal of a Request follows the caller's only as long as somebody holds that Request, and the signal of a clone not
// even then.
describe('a signal in a Request aborts also after memory was collected', () => {
  const waiting = createSigner({ credentials: () => never });
  const ready = createSigner({ accessKey, secret });
  const clock = correctedClock();
  const wrappers = {
    signedFetch,
    countersignedFetch,
    redirectFetch,
    challengeFetch,
    clockFetch: (signer: typeof ready) => clockFetch(signer, { clock }),
    retirementFetch: (signer: typeof ready) => retirementFetch(signer, { onRetirement: () => {} }),
  };
  const cases = Object.entries(wrappers);

  /** The Request is made here, so that only what is called can hold it. */
  const call = (api: typeof globalThis.fetch, address: string, signal: AbortSignal, init: RequestInit) =>
    api(new Request(address, { signal, ...init }));

  async function expectAbort(api: typeof globalThis.fetch, address: string, init: RequestInit = {}): Promise<void> {
    const controller = new AbortController();
    const called = call(api, address, controller.signal, init);
    const rejected = expect(called).rejects.toBe(reason);
    await new Promise((resolve) => setTimeout(resolve, 50));
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 5));
    collectGarbage();
    controller.abort(reason);
    await rejected;
  }

  it.each(cases)('%s while credentials are waited for', async (_, wrap) => {
    await expectAbort(wrap(waiting), url);
    await expectAbort(wrap(waiting), url, { method: 'PUT', body: 'x' });
  });

  it('signer.sign, also with changed headers', async () => {
    await expectAbort((input) => waiting.sign(input) as Promise<never>, url);
    await expectAbort((input) => waiting.sign(input, { headers: { a: 'b' } }) as Promise<never>, url);
  });

  it.each(cases)('%s while the response is waited for', async (name, wrap) => {
    const server = createServer((request, response) => {
      if (request.url === '/') response.writeHead(307, { location: '/silent' }).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name === 'redirectFetch' ? '' : 'silent'}`;
    try {
      await expectAbort(wrap(ready), address);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

it('is not aborted by the signal of a Request that null replaces', async () => {
  const controller = new AbortController();
  const credentials = async (): Promise<Credentials> => {
    controller.abort(reason);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { accessKey, secret };
  };
  const api = signedFetch(createSigner({ credentials }), { fetch: async () => new Response() });
  const call = api(new Request(url, { signal: controller.signal }), { signal: null });
  await expect(call).resolves.toMatchObject({ status: 200 });
});

import { countersignedFetch, createSigner, generateCredentials, prepareRequest, type Signer } from 'countersign';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { afterEach, describe, expect, it } from 'vitest';
import { type Adapter, type App, type AppOptions, modified } from './adapter.ts';
import { type Answered, fetchOver, type Sent } from './wire.ts';

type Opened = App & { readonly signer: Signer };
type Described = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** What every adapter must do with headers that change what a request asks for, or a response says; over real sockets. */
export function describeModifiers(adapter: Adapter): void {
  const { send } = adapter;
  const opened: App[] = [];
  afterEach(async () => {
    for (const app of opened.splice(0)) await app.close();
  });

  async function open(options: Omit<AppOptions, 'verifier'> = {}): Promise<Opened> {
    const { accessKey, secret } = generateCredentials();
    const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
    const app = await adapter.start({ verifier: createVerifier({ keys, replay: memoryReplay() }), ...options });
    opened.push(app);
    return { ...app, signer: createSigner({ accessKey, secret }) };
  }

  function signed({ signer, origin }: Opened, { method = 'GET', headers = {}, body }: Described = {}): Sent {
    const target = '/v1/orders';
    const parts = { method, url: origin + target, headers, ...(body !== undefined && { body }) };
    const added = prepareRequest(signer, parts).headers;
    const bytes = body === undefined ? undefined : new TextEncoder().encode(body);
    return { method, target, headers: { ...headers, ...added }, body: bytes };
  }

  const codeOf = ({ status, bytes }: Answered): string => `${status} ${JSON.parse(bytes.toString()).code}`;

  describe(`${adapter.name}, with modifiers`, () => {
    it.each([
      ['Range', 'bytes=0-0'],
      ['If-Match', '"a"'],
      ['Content-Encoding', 'identity'],
      ['Content-Range', 'bytes 0-1/2'],
    ])('refuses a signed request to which somebody has added %s, or from which it is gone', async (name, value) => {
      const app = await open();
      const described: Described = { method: 'PUT', body: '{}' };
      const bare = signed(app, described);
      expect(codeOf(await send(app.origin, { ...bare, headers: { ...bare.headers, [name]: value } }))).toBe(
        '401 insufficient_coverage',
      );
      const whole = signed(app, { ...described, headers: { [name]: value } });
      const { [name]: _, ...rest } = whole.headers;
      expect(codeOf(await send(app.origin, { ...whole, headers: rest }))).toBe('400 missing_header');
      expect(codeOf(await send(app.origin, { ...whole, headers: { ...whole.headers, [name]: `${value}0` } }))).toBe(
        '401 invalid_signature',
      );
      expect((await send(app.origin, whole)).status).toBe(200);
    });

    it('lets caches of browsers ask whether what they hold is still valid', async () => {
      const app = await open();
      const sent = signed(app);
      const headers = { ...sent.headers, 'If-None-Match': '"a"', 'If-Modified-Since': new Date(0).toUTCString() };
      expect((await send(app.origin, { ...sent, headers })).status).toBe(200);
    });

    it.each(Object.entries(modified))('signs %s with its answers', async (name, value) => {
      const app = await open({ countersign: 'always' });
      const meddling = (change: (headers: Headers) => void) => {
        const fetch: typeof globalThis.fetch = async (...given) => {
          const { body, status, headers } = await fetchOver(send)(...given);
          const changed = new Headers(headers);
          change(changed);
          return new Response(body, { status, headers: changed });
        };
        return countersignedFetch(app.signer, { fetch })(`${app.origin}/v1/orders`).then(
          (answer) => answer.headers.get(name),
          ({ code }) => code,
        );
      };
      expect(await meddling(() => {})).toBe(value);
      expect(await meddling((headers) => headers.delete(name))).toBe('response_mismatch');
      expect(await meddling((headers) => headers.set(name, `${value}0`))).toBe('response_mismatch');
      expect(await meddling((headers) => headers.append(name, value))).toBe('response_mismatch');
    });
  });
}

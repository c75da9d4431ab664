import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner, prepareRequest, signedFetch } from 'countersign';
import { presign, sigv4 } from 'countersign/schemes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

type Store = { run(): Promise<AddressInfo>; close(): Promise<void> };
type StoreOptions = {
  readonly address: string;
  readonly port: number;
  readonly silent: boolean;
  readonly directory: string;
  readonly configureBuckets: ReadonlyArray<{ readonly name: string }>;
};

// CommonJS without types.
const S3rver: new (options: StoreOptions) => Store = createRequire(import.meta.url)('s3rver');

const scope = { region: 'us-east-1', service: 's3' };
const account = { accessKey: 'S3RVER', secret: 'S3RVER-secret-of-the-tests' };
const keys = ['a b', 'a%2Bb', '%C3%BC', "it's%20(1)!*~", 'a/b=c&d', '100%25', 'a:b@c,d;e$'];

/** s3rver checks the form, scope and time of signatures of version 4, but does not compute them. */
describe('A store of npm that speaks S3 (s3rver)', () => {
  let directory = '';
  let origin = '';
  let store: Store;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-'));
    const configureBuckets = [{ name: 'photos' }];
    store = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory, configureBuckets });
    origin = `http://127.0.0.1:${(await store.run()).port}`;
  });
  afterAll(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });

  const linkOf = (method: string, url: string, clock = () => Date.now()) =>
    prepareRequest(createSigner({ ...account, clock, scheme: presign({ ...scope, expires: 60 }) }), { method, url })
      .url;

  it.each(keys)('takes an object by header, and gives it back by a presigned address: %s', async (key) => {
    const url = `${origin}/photos/${key}`;
    const client = signedFetch(createSigner({ ...account, scheme: sigv4(scope) }));
    expect((await client(url, { method: 'PUT', body: `content of ${key}` })).status).toBe(200);
    expect(await (await fetch(linkOf('GET', url))).text()).toBe(`content of ${key}`);
    const listed = await (
      await client(`${origin}/photos?prefix=${encodeURIComponent(decodeURIComponent(key))}`)
    ).text();
    expect(listed).toContain(`<Size>${`content of ${key}`.length}</Size>`);
  });

  it('takes an object by a presigned address', async () => {
    const url = `${origin}/photos/presigned`;
    expect((await fetch(linkOf('PUT', url), { method: 'PUT', body: 'content' })).status).toBe(200);
    expect(await (await fetch(linkOf('GET', url))).text()).toBe('content');
  });

  it('refuses a presigned address that has ended, and an access key that it does not know', async () => {
    const ended = await fetch(linkOf('GET', `${origin}/photos/presigned`, () => Date.now() - 61_000));
    expect(await ended.text()).toContain('Request has expired');
    const stranger = signedFetch(createSigner({ ...account, accessKey: 'STRANGER', scheme: sigv4(scope) }));
    expect((await stranger(`${origin}/photos/presigned`)).status).toBe(403);
  });
});

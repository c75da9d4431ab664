import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createSigner, prepareRequest, signedFetch } from 'countersign';
import { presign, sigv4 } from 'countersign/schemes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../vectors/present.ts';
import { secret as knownSecret } from './peers.ts';

const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const scope = { region: 'us-east-1', service: 's3' };

/** As AWS tells to encode a key: all but the unreserved characters, and the slash. */
const encoded = (key: string) =>
  encodeURIComponent(key)
    .replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%2F/g, '/');
const keys = ['plain.txt', 'a b', 'a+b', 'ü€😀', "it's (1)!*", '~', 'a//b', 'a/b=c&d', '100%', 'a:b@c,d;e$'];

// Of these moto makes the canonical path that botocore signs; of others it refuses what botocore itself sends.
const keysOfMoto = ['plain.txt', 'a b', '~', 'a//b'];

// Neither npm nor Debian has it, so nobody can be asked to install it: where it is, it is used.
const hasMoto = spawnSync('python3', ['-c', 'import boto3, moto.server']).status === 0;
if (!hasMoto)
  console.warn('SKIPPED: python3 has no moto, a store of objects that checks signatures (pip install moto[server]).');

(hasMoto ? describe : () => {})('A store that checks signatures (moto)', () => {
  let python: ChildProcessByStdio<Writable, Readable, null>;
  let store: { readonly origin: string; readonly accessKey: string; readonly secret: string };
  beforeAll(async () => {
    python = spawn('python3', [fileOf('./store.py')], { stdio: ['pipe', 'pipe', 'ignore'] });
    const [line] = await once(python.stdout, 'data');
    store = JSON.parse(String(line));
  }, 60_000);
  afterAll(async () => {
    python.stdin.end();
    await once(python, 'exit');
  });

  const clientOf = (secret: string) =>
    signedFetch(createSigner({ accessKey: store.accessKey, secret, scheme: sigv4(scope) }));

  it.each(keysOfMoto)('takes and gives back an object whose key is %j', async (key) => {
    const client = clientOf(store.secret);
    const url = `${store.origin}/photos/${encoded(key)}`;
    expect((await client(url, { method: 'PUT', body: `content of ${key}` })).status).toBe(200);
    expect(await (await client(url)).text()).toBe(`content of ${key}`);
  });

  it('lists what it holds, by a query that is not in order', async () => {
    const client = clientOf(store.secret);
    const list = async (query: string) => (await client(`${store.origin}/photos?${query}`)).text();
    expect(await list('list-type=2&prefix=a%20')).toContain('<Key>a b</Key>');
    expect(await list('prefix=~&list-type=2&delimiter=')).toContain('<Key>~</Key>');
  });

  it('refuses another secret, and an object that was changed on the way', async () => {
    const client = clientOf(`${store.secret}x`);
    const answer = await client(`${store.origin}/photos/plain.txt`);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>SignatureDoesNotMatch</Code>');
    const signer = createSigner({ accessKey: store.accessKey, secret: store.secret, scheme: sigv4(scope) });
    const headers = prepareRequest(signer, { url: `${store.origin}/photos/plain.txt` }).headers;
    expect((await fetch(`${store.origin}/photos/plain.txt`, { headers })).status).toBe(200);
    expect((await fetch(`${store.origin}/photos/other.txt`, { headers })).status).toBe(403);
  });
});

describe.runIf(present('python3', '-c', 'import botocore'))('botocore', () => {
  it('gives the same signatures to presigned addresses, as they go on the wire', () => {
    const links = createSigner({ accessKey: 'AKIDEXAMPLE', secret: knownSecret, scheme: presign(scope) });
    const addresses = keys.flatMap((key) =>
      ['GET', 'PUT'].map((method) => ({
        method,
        url: prepareRequest(links, {
          method,
          url: `https://photos.s3.amazonaws.com/${encoded(key)}?versionId=a%2Fb&response-expires=${encoded(key).replaceAll('/', '%2F')}`,
        }).url,
      })),
    );
    const input = JSON.stringify({ secret: knownSecret, addresses });
    const printed = execFileSync('python3', [fileOf('./presigned.py')], { input, encoding: 'utf8' });
    expect(addresses.map(({ url }) => url.split('&X-Amz-Signature=')[1])).toEqual(JSON.parse(printed));
  });
});

import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { azureStorage, defineScheme } from 'countersign/schemes';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Sent } from './attempt.ts';
import { judge, judgeOf } from './judge.ts';
import { recordRequests } from './record-requests.ts';
import { signWith } from './sign.ts';
import { type Tampered, tamperings } from './tampering.ts';

const accessKey = 'acct';
const secret = Buffer.from('the key of nobody, in 32 bytes..').toString('base64');
/** With names that Azure's servers do not sort by bytes. */
const metadata = { a1: 'one', a_b: 'two  words', ab: '3', 'a-b': '4', 'a-c': '5', a_: '6', z: '' };

/** Every header of the calls below that begins with `x-ms-`. */
const signedHeaders = [
  ...['client-request-id', 'version', 'blob-type', 'blob-content-type', 'blob-content-language', 'blob-public-access'],
  ...['access-tier', 'range', 'range-get-content-md5', 'delete-snapshots', 'if-tags', 'lease-id', 'tags'],
  ...Object.keys(metadata).map((name) => `meta-${name}`),
].map((name) => `x-ms-${name}`);
const scheme = defineScheme(azureStorage({ signedHeaders }));

async function callAll(origin: string): Promise<void> {
  const credential = new StorageSharedKeyCredential(accessKey, secret);
  const service = new BlobServiceClient(origin, credential, { retryOptions: { maxTries: 1 } });
  const box = service.getContainerClient('box');
  const blob = box.getBlockBlobClient('a folder/ä+b%20&?=#~.txt');
  const block = Buffer.from('block 1').toString('base64');
  const since = new Date(Date.UTC(2026, 0, 1));
  const calls: readonly (() => Promise<unknown>)[] = [
    () => box.create({ access: 'blob' }),
    () =>
      blob.upload('Grüße 😀', Buffer.byteLength('Grüße 😀'), {
        metadata,
        tags: { 'a b': 'c/d' },
        tier: 'Cool',
        blobHTTPHeaders: { blobContentType: 'text/plain; charset=utf-8', blobContentLanguage: 'de' },
        conditions: { ifNoneMatch: '*', tagConditions: `"a b" = 'c'` },
      }),
    () => blob.upload('', 0),
    () => blob.stageBlock(block, Buffer.from([0, 255, 13, 10]), 4),
    () => blob.commitBlockList([block], { metadata }),
    () => blob.setMetadata(metadata, { conditions: { leaseId: '0b4a2f0a-7ac5-4b52-8b43-7b3f6f8e9d01' } }),
    () => blob.download(3, 5, { rangeGetContentMD5: true, conditions: { ifMatch: '"0x8D4BCC2E4835CD0"' } }),
    () => blob.download(0, undefined, { conditions: { ifModifiedSince: since, ifUnmodifiedSince: since } }),
    () => blob.getProperties(),
    () => blob.delete({ deleteSnapshots: 'include' }),
    () =>
      box
        .listBlobsFlat({ prefix: 'ä/, &', includeMetadata: true, includeTags: true })
        .byPage({ maxPageSize: 5 })
        .next(),
    () => box.listBlobsByHierarchy('/', { prefix: 'a:b+c' }).next(),
    () => service.findBlobsByTags(`@container='box' AND "a b">='c'`).next(),
  ];
  // Only the requests count: the client may reject the response.
  for (const call of calls) await call().catch(() => undefined);
}

const ours = /^(?:authorization|x-ms-date)$/;

/** The request with one thing changed of what the client signs: of the body only the length. */
const changesOf = (one: Sent): readonly Tampered[] =>
  [
    ...tamperings(one, ['host-unsigned', 'body-unsigned']),
    { of: 'length of the body', sent: { ...one, body: new Uint8Array([...one.body, 0]) } },
    ...Object.entries(one.headers)
      .filter(([name]) => /^(?:x-ms-|if-|content-type|authorization)/.test(name))
      .map(([name, value]) => ({ of: name, sent: { ...one, headers: { ...one.headers, [name]: `${value}x` } } })),
  ].filter(({ sent }) => JSON.stringify(sent) !== JSON.stringify(one));

describe('azureStorage beside @azure/storage-blob', () => {
  let sent: readonly Sent[];
  beforeAll(async () => {
    sent = await recordRequests({
      call: callAll,
      response: {
        type: 'application/xml',
        body: '<?xml version="1.0"?><EnumerationResults><Blobs /></EnumerationResults>',
      },
    });
  });

  const serverFor = (one: Sent) =>
    judgeOf({
      ...{ scheme, accessKey, secret, acceptFindings: ['body-unsigned'] },
      clock: () => Date.parse(one.headers['x-ms-date'] ?? ''),
    });

  it('makes the headers of the client', () => {
    expect(sent).toHaveLength(13);
    for (const one of sent) {
      const headers = Object.fromEntries(Object.entries(one.headers).filter(([name]) => !ours.test(name)));
      const time = Date.parse(one.headers['x-ms-date'] ?? '');
      const attempt = { ...one, headers, accessKey, secret, time, nonce: 'n'.repeat(22), challenge: '' };
      expect(signWith(scheme, attempt)).toEqual(one);
    }
  });

  it('verifies each request of the client once, and not when it was changed', async () => {
    for (const one of sent) {
      for (const { of, sent: changed } of changesOf(one)) {
        expect([one.method, one.target, of, await judge(serverFor(one), changed)]).not.toContain('ok');
      }
      const server = serverFor(one);
      expect(await judge(server, one)).toBe('ok');
      expect(await judge(server, one)).toBe('replayed_request');
    }
  });

  it('names every header that the client signs', () => {
    const names = new Set(
      sent.flatMap(({ headers }) => Object.keys(headers)).filter((name) => name.startsWith('x-ms-')),
    );
    expect([...names].sort()).toEqual([...signedHeaders, 'x-ms-date'].sort());
  });
});

import { createSigner, prepareRequest } from 'countersign';
import { presign, sigv4 } from 'countersign/schemes';
import { memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { headerView } from '../../../src/node/received.ts';
import { outcomeOf } from '../../server/rig.ts';
import { accessKey, secret, time } from './peers.ts';
import { verifierOf } from './rig.ts';

const host = 'api.example.com';
const clock = () => time;
const signedHeaders = ['content-type', 'x-tag', 'cookie', 'idempotency-key'];
const forService = (service: string) =>
  [sigv4({ region: 'r', service, signedHeaders }), presign({ region: 'r', service, signedHeaders })].map(
    (scheme) => [scheme.name, scheme] as const,
  );

type Respelling = {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Changes the target in transit. */
  readonly target?: (signed: string) => string;
  /** The lines of a header in transit. */
  readonly lines?: Readonly<Record<string, readonly string[]>>;
};

async function judge(scheme: ReturnType<typeof sigv4>, respelling: Respelling): Promise<string> {
  const { path = '/v1/a', headers = {}, target = (signed) => signed, lines = {} } = respelling;
  const signer = createSigner({ accessKey, secret, clock, scheme });
  const { url, headers: added } = prepareRequest(signer, { url: `https://${host}${path}`, headers });
  const fields = Object.entries({ ...headers, ...added }).flatMap(([name, value]) =>
    (lines[name] ?? [value]).flatMap((line) => [name, line]),
  );
  const acceptFindings = (scheme.findings ?? []).map(({ code }) => code);
  const verifier = verifierOf(scheme, { clock, replay: memoryReplay({ clock }), acceptFindings });
  const received = { method: 'GET', authority: host, scheme: 'https', headers: headerView(fields) } as const;
  return outcomeOf(await verifier.verify({ ...received, target: target(url.slice(`https://${host}`.length)) }));
}

describe.each(forService('s3'))('The path of a request for S3, signed by %s', (_, scheme) => {
  it.each([
    ['/files/..%2Fadmin%2Fkeys', '/files/../admin/keys'],
    ['/files/..%2Fadmin%2Fkeys', '/files/%2e%2e/admin/keys'],
    ['/files/..%2Fadmin%2Fkeys', '/files/.%2E/admin%2Fkeys'],
    ['/files/..%2F', '/files/../'],
    ['/files/x%2F..', '/files/x/..'],
    ['/files/x%2F.%2Fy', '/files/x/./y'],
    ['/files/a/b', '/files/a%2Fb'],
    ['/files/a/b', '/files/a%2fb'],
    ['/files/a%20b', '/files/a+b'],
  ])('%s is refused as %s', async (path, sent) => {
    expect(await judge(scheme, { path, target: (signed) => signed.replace(path, sent) })).toBe('malformed_field');
  });

  it.each(['/', '/a//b', '/a%20b/c%2Bd', '/..a/b../...', '/a(1).txt', '/a%252Fb'])('%s is accepted', async (path) => {
    expect(await judge(scheme, { path })).toBe('ok');
  });
});

describe.each(forService('execute-api'))('A signed header, signed by %s', (_, scheme) => {
  it.each([
    ['idempotency-key', 'order-7,8'],
    ['x-tag', '"a,b"'],
    ['x-tag', 'a, b'],
    ['x-tag', 'a,b,c'],
    ['content-type', 'text/a,text/b'],
    ['x-amz-meta-name', 'Smith,John.txt'],
  ])('%s: %s is refused if it is split at a comma', async (name, value) => {
    const headers = { [name]: value };
    expect(await judge(scheme, { headers, lines: { [name]: value.split(/, ?/) } })).toBe('malformed_field');
    expect(await judge(scheme, { headers })).toBe('ok');
  });

  it('may be a cookie, which HTTP/2 splits, and not at a comma', async () => {
    const headers = { cookie: 'pref=blue,admin=1; b=2' };
    const cut = { headers, lines: { cookie: ['pref=blue', 'admin=1; b=2'] } };
    expect(await judge(scheme, cut)).toBe('signature_mismatch');
    expect(await judge(scheme, { headers, lines: { cookie: ['pref=blue,admin=1', 'b=2'] } })).toBe('ok');
  });
});

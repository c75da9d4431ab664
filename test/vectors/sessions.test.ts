import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createSigner, prepareRequest } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { normaliseTarget } from '../../src/core/address.ts';
import { parseSessionKey } from '../../src/core/session/access-key.ts';
import { boundTag } from '../../src/core/session/bound.ts';
import { deriveSessionSecret } from '../../src/core/session/derive.ts';
import { sessionVectors, text } from './generate-sessions.ts';
import { present } from './present.ts';
import { parent } from './session-cases.ts';

const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const { derive, malformed, requests, bound, boundRequests, tolerance, maxLifetime } = sessionVectors;

it('is what the generator writes, to the byte', () => {
  const published = readFileSync(fileOf('./sessions.json'), 'utf8');
  expect(published === text, 'npx tsx test/vectors/generate-sessions.ts writes it anew').toBe(true);
});

it('names each case once', () => {
  const names = [derive, malformed, requests, bound, boundRequests].map((cases) => cases.map(({ name }) => name));
  expect(names.map((all) => new Set(all).size)).toEqual(names.map((all) => all.length));
});

describe.each(derive)('$name', ({ parent: of, links }) => {
  it('is read, and derived link by link', () => {
    const whole = links.at(-1);
    const read = parseSessionKey(whole?.accessKey ?? '');
    expect(read?.parent).toBe(of.accessKey);
    expect(read?.links.map((claims) => JSON.stringify(claims))).toEqual(links.map(({ claims }) => claims));
    expect(read?.accessKeys).toEqual(links.map(({ accessKey }) => accessKey));
    expect(deriveSessionSecret(of.secret, read?.accessKeys ?? [])).toBe(whole?.secret);
  });
});

it.each(malformed)('$name is malformed', ({ accessKey }) => {
  expect(() => parseSessionKey(accessKey)).toThrow(expect.objectContaining({ code: 'malformed_field' }));
});

it.each(requests)('$name: $outcome', async ({ claims, now, method, target, origin, outcome }) => {
  const links = claims.map((json) => Buffer.from(json).toString('base64url'));
  const accessKey = `${parent.accessKey}~s1.${links.join('~')}`;
  const secret = deriveSessionSecret(parent.secret, parseSessionKey(accessKey)?.accessKeys ?? []);
  const clock = () => now * 1000;
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey: parent.accessKey, service: 'shop', secrets: [parent] }]),
    replay: memoryReplay({ clock }),
    tolerance,
    maxSessionLifetime: maxLifetime,
    clock,
  });
  const signer = createSigner({ accessKey, secret, clock });
  const authority = 'api.example.com';
  const { headers } = prepareRequest(signer, { method, url: `https://${authority}/x` });
  // Signed for the target as on the wire: the URL Standard would resolve its dot segments.
  const message = {
    method,
    scheme: 'https',
    authority,
    target: '',
    rawTarget: target,
    headers: new Headers(),
  } as const;
  const signed = await signer.signMessage({ ...message, target: normaliseTarget(target) }, { kind: 'none' });
  const sent = new Headers({ ...headers, ...signed.headers, ...(origin !== undefined && { origin }) });
  const result = await verifier.verify({ method, scheme: 'https', authority, target, headers: sent });
  expect(result.ok ? 'ok' : result.error.code).toBe(outcome);
});

it.each(bound)('$name is read, and has its tag', ({ parent: of, claims, accessKey }) => {
  const read = parseSessionKey(accessKey);
  expect(read?.parent).toBe(of.accessKey);
  expect(JSON.stringify(read?.first)).toBe(claims);
  const { tagged = '', tag, publicKey } = read?.binding ?? {};
  expect(tag && boundTag(of.secret, tagged)).toEqual(tag);
  expect(Buffer.from(publicKey ?? []).toString('base64url')).toBe(read?.first.k);
});

it.each(boundRequests)('$name: $outcome', async (one) => {
  const clock = () => one.now * 1000;
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey: parent.accessKey, service: 'shop', secrets: [parent] }]),
    replay: memoryReplay({ clock }),
    scheme: rfc9421(),
    tolerance,
    maxSessionLifetime: maxLifetime,
    clock,
  });
  const headers = new Headers({
    'signature-input': `sig1=${one.signatureInput}`,
    signature: `sig1=:${one.signature}:`,
  });
  const { method, target, outcome } = one;
  const result = await verifier.verify({ method, scheme: 'https', authority: 'api.example.com', target, headers });
  expect(result.ok ? 'ok' : result.error.code).toBe(outcome);
});

const python = present('python3', '--version');
// Not in the standard library: without it, Python checks tags and claims, and no signatures.
const cryptography = present('python3', '-c', 'import cryptography');

describe.runIf(python)('an implementation in Python, with the standard library and cryptography', () => {
  const run = promisify(execFile);

  it('agrees on all vectors', async () => {
    const all = derive.length + malformed.length + requests.length + bound.length + boundRequests.length;
    const { stdout } = await run('python3', [fileOf('./partner-sessions.py'), fileOf('./sessions.json')]);
    const unchecked = cryptography ? '' : ', without checking signatures';
    expect(stdout).toBe(`${all} of ${all} cases agree${unchecked}\n`);
  });

  it.each<[string, (json: string) => string]>([
    ['secret', (json) => json.replace(/"secret": "(.)(?=[\w-]{42}")/, '"secret": "-')],
    ['outcome', (json) => json.replace('"outcome": "session_not_allowed"', '"outcome": "ok"')],
    ['tag', (json) => json.replace(/("bound": \[.*?"accessKey": "shop~p1\.[\w-]+\.)[\w-]/s, '$1-')],
    ['refused tag', (json) => json.replace(/(bound-tag-of-another-secret.*?"outcome": ")signature_mismatch/s, '$1ok')],
  ])('disagrees if one %s is wrong', async (_, change) => {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
    await writeFile(join(folder, 'wrong.json'), change(text));
    const wrong = run('python3', [fileOf('./partner-sessions.py'), join(folder, 'wrong.json')]);
    await expect(wrong).rejects.toMatchObject({ code: 1 });
    await rm(folder, { recursive: true });
  });
});

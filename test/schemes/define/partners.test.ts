import { createHash, createHmac } from 'node:crypto';
import { createSigner, prepareRequest, signedFetch } from 'countersign';
import { defineScheme, type SchemeDefinition } from 'countersign/schemes';
import type { FindingCode, ReceivedRequest } from 'countersign/server';
import ky from 'ky';
import { describe, expect, it } from 'vitest';
import { host, noon, outcomeOf } from '../../server/rig.ts';
import { startBridge } from '../../server-bridge.ts';
import { accessKey, halves, secret } from './rig.ts';

const open: readonly FindingCode[] = [
  'body-unsigned',
  'path-unsigned',
  'method-unsigned',
  'host-unsigned',
  'no-timestamp',
  'no-nonce',
  'adjacent-values',
];

/** What each needs of the language; the ready definitions have more. */
const partners: readonly SchemeDefinition[] = [
  {
    name: 'hawk',
    signature: 'base64',
    nonce: { form: 'base64url', min: 6, max: 6 },
    values: {
      payload: 'hawk.1.payload\n{header.content-type|default:|before:;|trim|lower}\n{body}\n',
      hash: '{value.payload|sha256|base64}',
    },
    stringToSign: 'hawk.1.header\n{timestamp}\n{nonce}\n{method}\n{target}\n{host}\n{port}\n[{value.hash}]\n\n',
    headers: {
      Authorization:
        'Hawk id="{accessKey}", ts="{timestamp}", nonce="{nonce}"[, hash="{value.hash}"], mac="{signature}"',
    },
  },
  { name: 'github', stringToSign: '{body}', headers: { 'X-Hub-Signature-256': 'sha256={signature}' } },
  {
    name: 'stripe',
    stringToSign: '{timestamp}.{body}',
    headers: { 'Stripe-Signature': 't={timestamp},v1={signature|list:,v1=}[,v0={ignored}]' },
  },
  {
    name: 'edgegrid',
    signature: 'base64',
    nonce: 'uuid',
    timestamp: { pattern: '{YYYY}{MM}{DD}T{HH}:{mm}:{ss}+0000' },
    values: { auth: 'EG1-HMAC-SHA256 client_token={accessKey};timestamp={timestamp};nonce={nonce};' },
    stringToSign: '{method}\t{authority}\t{target}\t[{body|only:POST|truncate:9|sha256|base64}]\t{value.auth}',
    key: { steps: ['{timestamp}'], encoding: 'base64' },
    headers: { Authorization: '{value.auth}signature={signature}' },
  },
  {
    name: 'azure',
    signature: 'base64',
    timestamp: 'imf-fixdate',
    stringToSign: '{method}\n{target}\n{header.x-ms-date};{authority};{header.x-ms-content-sha256}',
    headers: {
      'x-ms-date': '{timestamp}',
      'x-ms-content-sha256': '{body|sha256|base64}',
      Authorization: 'HMAC-SHA256 Credential={accessKey}&SignedHeaders=a;b&Signature={signature}',
    },
  },
  {
    name: 'acquia',
    signature: 'base64',
    nonce: 'uuid',
    signedHeaders: { separator: ';', line: '{name}:{value}\n' },
    stringToSign:
      '{method}\n{path}\n{query}\nid={accessKey}&nonce={nonce}\n{signedHeaders}{signedHeaderLines}{timestamp}[\n{header.content-type|default:}\n{body|sha256|base64}]',
    headers: {
      'X-Timestamp': '{timestamp}',
      'X-Content-SHA256': '[{body|sha256|base64}]',
      Authorization:
        'acquia id="{accessKey|rfc3986}",nonce="{nonce}",headers="[{signedHeaders}]",signature="{signature|rfc3986}"',
    },
  },
  {
    name: 'tutorial',
    algorithm: 'hmac-sha512',
    signature: 'base64-of-hex',
    timestamp: { pattern: '{DD}{mmm}{YYYY}{HH}:{mm}:{ss}' },
    stringToSign: '{method}+{target}+{timestamp}+{body|sha512|hex|upper}+[{sessionToken}]',
    headers: { 'X-Sign': '{accessKey}:{signature}[;{sessionToken}]', 'X-Time': '{timestamp}' },
  },
];

describe.each(partners)('$name', (definition) => {
  const post = { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json; a=b' } } as const;

  async function sent(request: {
    readonly method: string;
    readonly body?: string;
    readonly headers?: Record<string, string>;
  }) {
    const { signer, verifier } = halves(definition, [...open, 'query-unsigned', 'weak-hash', 'ambiguous-separator']);
    const target = '/v1/orders?b=2&a=%2f';
    const added = prepareRequest(signer, { ...request, url: `https://${host}${target}` }).headers;
    const fields = new Headers({ ...request.headers, ...added });
    const received: ReceivedRequest = {
      method: request.method,
      authority: host,
      target,
      scheme: 'https',
      headers: fields,
      body: new TextEncoder().encode(request.body ?? ''),
    };
    const judged = async (change: Partial<ReceivedRequest> = {}) =>
      outcomeOf(await verifier.verify({ ...received, ...change }, { accessKey }));
    return { fields, judged };
  }

  it('is read as it is signed, with a body and without', async () => {
    for (const request of [post, { method: 'GET' }, { method: 'PUT' }, { method: 'DELETE', body: 'x' }]) {
      expect(await (await sent(request)).judged()).toBe('ok');
    }
  });

  it('notices another body', async () => {
    const changed = await sent(post);
    expect(await changed.judged({ body: new TextEncoder().encode('{"a":2}') })).toMatch(/mismatch/);
    const dropped = await sent(post);
    expect(await dropped.judged({ body: undefined })).toMatch(/mismatch/);
    const added = await sent({ method: 'POST' });
    expect(await added.judged({ body: new Uint8Array([1]) })).toMatch(/mismatch|missing_body_digest/);
  });

  it('is not read without one of its headers', async () => {
    const { fields, judged } = await sent(post);
    for (const name of defineScheme(definition).fields.filter((one) => fields.has(one))) {
      const without = new Headers(fields);
      without.delete(name);
      expect(await judged({ headers: without }), name).toMatch(/missing|malformed|mismatch/);
    }
  });
});

const byName = (name: string): SchemeDefinition => {
  const found = partners.find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
};

it('derives keys in steps', () => {
  const { signer } = halves(byName('edgegrid'), open);
  const authorization = prepareRequest(signer, { url: `https://${host}/a` }).headers.Authorization ?? '';
  const [, before = '', mac] = /^(.*)signature=(.*)$/.exec(authorization) ?? [];
  expect(before).toMatch(/timestamp=20261122T12:00:00\+0000;nonce=01234567-89ab-4def-8123-456789abcdef;$/);
  const key = createHmac('sha256', secret).update('20261122T12:00:00+0000').digest('base64');
  expect(mac).toBe(createHmac('sha256', key).update(`GET\t${host}\t/a\t\t${before}`).digest('base64'));
});

it('hashes a template of its own, as Hawk does', () => {
  const { signer } = halves(byName('hawk'), open);
  const body = '{}';
  const { Authorization = '' } = prepareRequest(signer, {
    method: 'POST',
    url: `https://${host}/a`,
    headers: { 'content-type': 'Application/JSON; charset=utf-8' },
    body,
  }).headers;
  const hash = createHash('sha256').update(`hawk.1.payload\napplication/json\n${body}\n`).digest('base64');
  expect(Authorization).toContain(`, nonce="012345", hash="${hash}", mac="`);
});

it('reads several signatures, and what is to be ignored', async () => {
  const { signer, verifier } = halves(byName('stripe'), open);
  const value =
    prepareRequest(signer, { url: `https://${host}/`, method: 'POST', body: 'a' }).headers['Stripe-Signature'] ?? '';
  const other = 'a'.repeat(64);
  const judged = async (header: string) =>
    outcomeOf(
      await verifier.verify(
        {
          method: 'POST',
          authority: host,
          target: '/',
          headers: new Headers({ 'Stripe-Signature': header }),
          body: new TextEncoder().encode('a'),
        },
        { accessKey },
      ),
    );
  expect(await judged(value.replace(',v1=', `,v1=${other},v1=`))).toBe('ok');
  expect(await judged(`${value},v0=abc`)).toBe('replayed_request');
  expect(await judged(`${value}${`,v1=${other}`.repeat(8)}`)).toBe('malformed_field');
});

it('signs further headers, and none that the signer did not name', async () => {
  const definition = byName('acquia');
  const { verifier } = halves(definition, open);
  const signer = createSigner({
    accessKey,
    secret,
    scheme: defineScheme(definition),
    clock: () => noon,
    signedHeaders: ['X-B', 'X-A'],
  });
  const fields = new Headers({ 'x-a': '1', 'x-b': '2' });
  for (const [name, value] of Object.entries(
    prepareRequest(signer, { url: `https://${host}/`, headers: fields }).headers,
  ))
    fields.set(name, value);
  expect(fields.get('authorization')).toContain('headers="x-a;x-b"');
  const judged = async (name: string, from: string, to: string) => {
    const headers = new Headers(fields);
    headers.set(name, (headers.get(name) ?? '').replace(from, to));
    return outcomeOf(await verifier.verify({ method: 'GET', authority: host, target: '/', headers, scheme: 'https' }));
  };
  expect(await judged('x-a', '1', '3')).toBe('signature_mismatch');
  expect(await judged('authorization', 'x-a;x-b', 'x-b;x-a')).toBe('malformed_field');
  expect(await judged('authorization', 'x-a;x-b', 'x-b')).toBe('signature_mismatch');
  expect(await judged('x-a', '1', '1')).toBe('ok');
  expect(() =>
    createSigner({ accessKey, secret, scheme: defineScheme(byName('hawk')), signedHeaders: ['x-a'] }),
  ).toThrow('has no signedHeaders');
});

describe('in the query', () => {
  const binance: SchemeDefinition = {
    name: 'binance',
    timestamp: 'unix-milliseconds',
    stringToSign: '{query}{body}',
    headers: { 'X-MBX-APIKEY': '{accessKey}' },
    query: { timestamp: '{timestamp}', signature: '{signature}' },
  };

  it('goes through HTTP, by fetch and by ky', async () => {
    const { verifier, signer } = halves(binance, open);
    const bridge = await startBridge({ verifier });
    const fetch = signedFetch(signer);
    try {
      await fetch(`${bridge.origin}/a?b=%20+%7e&a&=`);
      await fetch(`${bridge.origin}/a?signature=old&timestamp=1&c=3`, { method: 'POST', body: 'x=1' });
      await ky.get(`${bridge.origin}/a`, { fetch });
      expect(bridge.exchanges.map(({ result }) => outcomeOf(result))).toEqual(['ok', 'ok', 'ok']);
      const targets = bridge.exchanges.map(({ request }) => request.target.replace(/[\da-f]{64}$/, 'HEX'));
      expect(targets).toEqual([
        `/a?b=%20+%7e&a&=&timestamp=${noon}&signature=HEX`,
        `/a?c=3&timestamp=${noon}&signature=HEX`,
        `/a?timestamp=${noon}&signature=HEX`,
      ]);
      const [first] = bridge.exchanges;
      const [, signed, mac] = /\?(.*)&signature=(.*)$/.exec(first?.request.target ?? '') ?? [];
      expect(mac).toBe(
        createHmac('sha256', secret)
          .update(signed ?? '')
          .digest('hex'),
      );
    } finally {
      await bridge.close();
    }
  });

  it.each<[string, (target: string) => string, string]>([
    ['as it was sent', (target) => target, 'ok'],
    ['a parameter behind the signature', (target) => `${target}&a=2`, 'malformed_field'],
    ['a second signature', (target) => target.replace('?', `?signature=${'0'.repeat(64)}&`), 'malformed_field'],
    ['a second timestamp with an escape', (target) => target.replace('?', '?%74imestamp=1&'), 'malformed_field'],
    ['another timestamp', (target) => target.replace(/timestamp=\d/, 'timestamp=2'), 'future_timestamp'],
    ['no timestamp', (target) => target.replace(/&timestamp=\d+/, ''), 'malformed_field'],
    ['no signature', (target) => target.replace(/&signature=.*/, ''), 'missing_signature'],
    ['a line break', (target) => target.replace('a=1', 'a=1\n'), 'malformed_field'],
  ])('tells %s', async (_, change, outcome) => {
    const { verifier, signer } = halves(binance, open);
    const { url, headers } = prepareRequest(signer, { url: `https://${host}/a?a=1` });
    const target = change(url.slice(`https://${host}`.length));
    const result = await verifier.verify({ method: 'GET', authority: host, target, headers: new Headers(headers) });
    expect(outcomeOf(result)).toBe(outcome);
  });
});

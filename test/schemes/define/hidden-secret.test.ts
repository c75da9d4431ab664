import { createSigner, explainSigning, prepareRequest } from 'countersign';
import { explainRefusals, explainSignature } from 'countersign/explain';
import { createKit } from 'countersign/kit';
import { combineSchemes, countersignV1, defineScheme, type SchemeDefinition } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { signatureMatchers } from 'countersign/testing';
import { describe, expect, it } from 'vitest';
import { compareCase } from '../../../src/kit/check/compare-case.ts';
import { kitLanguages } from '../../../src/kit/languages.ts';

const canary = 'canary-4f1c9b7e2a6d8035';
const accessKey = 'acme';
const noon = Date.UTC(2026, 10, 22, 12);
const clock = () => noon;
const url = 'https://hooks.example.com/events?x=1';
const body = '{"event":"paid"}';

/** A keyed hash with the secret first, between and last, and with a body that is no text. */
const definitions: readonly SchemeDefinition[] = [
  '{secret}{timestamp}\n{nonce}\n{body}',
  '{timestamp}{nonce}{secret}{body}',
  '{nonce}\n{timestamp}\n{body}{secret}',
].map((stringToSign, i) => ({
  name: `keyed-${i}`,
  algorithm: 'sha256',
  stringToSign,
  headers: {
    'X-Key': '{accessKey}',
    'X-Time': '{timestamp}',
    'X-Nonce': '{nonce}',
    'X-Sign': '{signature}',
  },
}));

/** Every form in which the secret could be shown. */
const forms = [canary, Buffer.from(canary).toString('hex'), Buffer.from(canary).toString('base64').replace(/=+$/, '')];

function expectHidden(shown: unknown): void {
  const text = typeof shown === 'string' ? shown : JSON.stringify(shown);
  expect(text).not.toBe('');
  for (const form of forms) expect(text).not.toContain(form);
}

describe.each(definitions)(
  '$name: what shows the string to sign shows {secret}, and never the secret',
  (definition) => {
    const scheme = defineScheme(definition);
    const signer = createSigner({ accessKey, secret: canary, scheme, clock });
    const record = { accessKey, service: 'shop', secrets: [{ secret: canary }], explain: true };
    const keys = memoryKeys([record]);

    function sent(change: (headers: Record<string, string>) => Record<string, string> = (same) => same) {
      const { headers } = prepareRequest(signer, { method: 'POST', url, body });
      return new Request(url, { method: 'POST', headers: change({ ...headers }), body });
    }

    const wrong = (headers: Record<string, string>) => ({ ...headers, 'X-Sign': '0'.repeat(64) });

    it('explainSigning', async () => {
      const made = await explainSigning(signer, url, { method: 'POST', body });
      expectHidden(made);
      expect(made.stringToSign).toContain('{secret}');
    });

    it.each([
      ['of a request that verifies', sent()],
      ['of one that does not', sent(wrong)],
      ['of one that another secret signed', otherSecret()],
    ])('explainSignature %s', async (_, request) => {
      const explained = await explainSignature(request, {
        scheme,
        keys,
        clock,
        otherKeys: [{ accessKey: 'other', service: 'other', secrets: [{ secret: 'another secret of 24 bytes' }] }],
      });
      expectHidden(explained);
      expect(explained.stringToSign).toContain('{secret}');
    });

    it('explained refusals, their problem details, the error and the audit', async () => {
      const events: unknown[] = [];
      const verifier = createVerifier({
        scheme,
        keys,
        replay: memoryReplay({ clock }),
        clock,
        acceptFindings: (scheme.findings ?? []).map(({ code }) => code),
        explain: explainRefusals({ timeout: 30_000, perMinute: 100 }),
        audit: (event) => void events.push(event),
      });
      const refused = await verifier.verify(sent(wrong));
      if (refused.ok) throw new Error('accepted');
      expectHidden(refused.response.body);
      expect(JSON.parse(refused.response.body).stringToSign).toContain('{secret}');
      expectHidden(`${refused.error.stack} ${JSON.stringify(refused.error)} ${String(refused.error.cause)}`);
      expect((await verifier.verify(sent())).ok).toBe(true);
      expect(events).toHaveLength(2);
      expectHidden(events);
    });

    it.each([
      ['accepts', sent()],
      ['refuses', sent(wrong)],
    ])('the matcher of tests for what it %s', async (_, request) => {
      const matched = await signatureMatchers.toBeSignedBy(request, { accessKey, secret: canary }, { scheme });
      expectHidden(matched.message());
      expect(matched.message().includes('{secret}')).toBe(!matched.pass);
    });

    it('combined schemes', async () => {
      const both = combineSchemes([{ scheme, secret: canary }, { scheme: countersignV1 }]);
      const combined = createSigner({ accessKey, secret: 'another secret of 24 bytes', scheme: both, clock });
      const made = await explainSigning(combined, url, { method: 'POST', body });
      expectHidden(made);
      expect(made.stringToSign).toContain('{secret}');
    });

    it('the files of a kit, but for its credentials and the cases that repeat them', () => {
      const kit = createKit({
        origin: 'https://api.example.com',
        definition,
        languages: kitLanguages(definition),
        credentials: { accessKey, secret: canary },
      });
      const paths = Object.keys(kit);
      const strings = paths.filter((path) => /\/string-to-sign(?:\.hex)?$/.test(path));
      expect(strings.length).toBeGreaterThan(3);
      for (const path of [
        ...strings,
        'protocol.md',
        'openapi.json',
        ...paths.filter((one) => one.startsWith('clients/')),
      ]) {
        expectHidden(kit[path] ?? '');
      }
      expect(strings.filter((path) => !kit[path]?.includes('{secret}'))).toEqual([]);
      const shown = /The string to sign[^\n]*\n+```[^\n]*\n([\s\S]*?)```/.exec(kit['README.md'] ?? '')?.[1] ?? '';
      expectHidden(shown);
      const { cases } = JSON.parse(kit['vectors/core.json'] ?? '');
      for (const { expected } of cases) expectHidden(expected);
      const [first] = cases;
      // Of letters of base64, in a number that no base64 has.
      expect(compareCase({ ...first, secret: 'secretOf17Letters' }, first.expected)).toBe(undefined);
      const found = compareCase(first, {
        stringToSign: `x${first.expected.stringToSign.replace('{secret}', canary)}`,
        headers: first.expected.headers,
      });
      expect(found?.stage).toBe('string-to-sign');
      expectHidden(JSON.stringify(found));
    });

    it.each(['hex', 'base64', 'base64url'] as const)('what a signer writes of a secret in %s', (form) => {
      const secret = Buffer.from(canary).toString(form);
      const own = { ...definition, secret: form };
      const kit = createKit({ origin: 'https://api.example.com', definition: own, credentials: { accessKey, secret } });
      const [first] = JSON.parse(kit['vectors/core.json'] ?? '').cases;
      for (const written of [canary, secret]) {
        const stringToSign = `x${first.expected.stringToSign.replace('{secret}', written)}`;
        const found = compareCase(first, { stringToSign, headers: first.expected.headers });
        expect(found?.stage).toBe('string-to-sign');
        expectHidden(JSON.stringify(found));
        expect(JSON.stringify(found)).not.toContain(secret);
      }
    });

    it('messages about secrets that cannot be used', () => {
      for (const given of [canary, new TextEncoder().encode(canary)]) {
        try {
          defineScheme({ ...definition, secret: 'hex' }).createKey(given);
        } catch (error) {
          expectHidden(String(error));
        }
      }
    });

    function otherSecret(): Request {
      const other = createSigner({ accessKey, secret: 'another secret of 24 bytes', scheme, clock });
      const { headers } = prepareRequest(other, { method: 'POST', url, body });
      return new Request(url, { method: 'POST', headers, body });
    }
  },
);

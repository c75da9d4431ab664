import { createSigner, prepareRequest } from 'countersign';
import { defineScheme, type FindingCode, type Scheme, type SchemeDefinition } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { judge, noon, type Parts, received } from '../../server/rig.ts';
import { randomTemplates } from './random-templates.ts';
import { secret } from './rig.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const json = { 'content-type': 'application/json' };
const trace = { 'x-trace': 'a' };

const requests: readonly Parts[] = [
  { method: 'GET', target: '/p/x?q=1', headers: {} },
  { method: 'GET', target: '/p/x', headers: trace },
  { method: 'POST', target: '/p/x?q=1', headers: json, body: bytes('{"a":1}') },
  { method: 'PUT', target: '/p/x', headers: { ...json, ...trace }, body: bytes('{"a":1}') },
  { method: 'DELETE', target: '/p/x', headers: trace },
  { method: 'PATCH', target: '/p/x?q=1', headers: {}, body: bytes('{"a":1}') },
].map((parts) => ({ authority: 'a.example', scheme: 'https', ...parts }));

type Tampering = {
  readonly of: string;
  /** The finding that tells of it. */
  readonly code?: FindingCode;
  /** Undefined where there is nothing to change. */
  change(parts: Parts): Parts | undefined;
};

const setting = (name: string, value: string) => (parts: Parts) => ({
  ...parts,
  headers: { ...parts.headers, [name]: value },
});
const withTarget = (target: string) => (parts: Parts) => ({ ...parts, target });

function withoutType(parts: Parts): Parts | undefined {
  const { 'content-type': type, ...headers } = parts.headers;
  return type === undefined || !parts.body ? undefined : { ...parts, headers };
}

/** Everything that a stranger could change of a signed request. */
const tamperings: readonly Tampering[] = [
  { of: 'method', code: 'method-unsigned', change: (parts) => ({ ...parts, method: 'PURGE' }) },
  {
    of: 'path',
    code: 'path-unsigned',
    change: (parts) => ({ ...parts, target: parts.target.replace('/p', '/admin') }),
  },
  { of: 'query', code: 'query-unsigned', change: withTarget('/p/x?q=2') },
  {
    of: 'presence of the query',
    code: 'query-unsigned',
    change: (parts) => ({ ...parts, target: parts.target.includes('?') ? '/p/x' : '/p/x?z=1' }),
  },
  { of: 'host', code: 'host-unsigned', change: (parts) => ({ ...parts, authority: 'b.example' }) },
  { of: 'body', code: 'body-unsigned', change: (parts) => ({ ...parts, body: bytes('{"a":2}') }) },
  {
    of: 'presence of the body',
    code: 'body-unsigned',
    change: ({ body, ...parts }) => (body ? parts : undefined),
  },
  {
    of: 'content type',
    code: 'content-type-unsigned',
    change: (parts) => (parts.body ? setting('content-type', 'text/xml')(parts) : undefined),
  },
  { of: 'presence of the content type', code: 'content-type-unsigned', change: withoutType },
  { of: 'time', code: 'no-timestamp', change: setting('x-time', `${noon / 1000 + 1}`) },
  { of: 'nonce', code: 'no-nonce', change: setting('x-nonce', 'z'.repeat(20)) },
  { of: 'access key', code: 'access-key-unbound', change: setting('x-key', 'other') },
];

/** Of the headers that the verifier calls signed. */
const tamperingsOf = (signedHeaders: readonly string[]): readonly Tampering[] =>
  signedHeaders.map((name) => ({ of: name, change: setting(name, 'another') }));

const usable = ({ severity }: NonNullable<Scheme['findings']>[number]) => severity !== 'high';

/** Undefined for a definition that is refused, or must be accepted by name. */
function schemeOf(definition: SchemeDefinition): Scheme | undefined {
  try {
    const scheme = defineScheme(definition);
    return scheme.findings?.every(usable) ? scheme : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for a request that lacks what is signed of every request. */
function signedBy(scheme: Scheme, parts: Parts, chooses: boolean): Parts | undefined {
  const signer = createSigner({
    accessKey: 'shop',
    secret,
    scheme,
    clock: () => noon,
    signedHeaders: chooses && parts.headers['x-trace'] ? ['x-trace'] : [],
  });
  const { method, headers, target, body } = parts;
  const url = `https://a.example${target}`;
  let added: Readonly<Record<string, string>>;
  try {
    added = prepareRequest(signer, { method, url, headers, ...(body instanceof Uint8Array && { body }) }).headers;
  } catch {
    return undefined;
  }
  const lower = Object.entries(added).map(([name, value]) => [name.toLowerCase(), value]);
  return { ...parts, headers: { ...headers, ...Object.fromEntries(lower) } };
}

const clock = () => noon;
const keys = memoryKeys(
  ['shop', 'other'].map((accessKey) => ({ accessKey, service: accessKey, secrets: [{ secret }] })),
);
// A verifier for each request, so that none is a replay.
const verifierOf = (scheme: Scheme) => createVerifier({ scheme, keys, clock, replay: memoryReplay({ clock }) });

/** The changes of a signed request that a verifier of the scheme accepts; undefined if it accepts not even the request. */
async function acceptedChanges(scheme: Scheme, sent: Parts): Promise<readonly string[] | undefined> {
  const result = await verifierOf(scheme).verify(received(sent));
  if (!result.ok) return undefined;
  const codes = (scheme.findings ?? []).map(({ code }) => code);
  const told = tamperings.filter(({ code }) => !code || !codes.includes(code));
  const accepted: string[] = [];
  for (const { of, change } of [...told, ...tamperingsOf(result.signedHeaders)]) {
    const changed = change(sent);
    if (!changed || JSON.stringify(changed) === JSON.stringify(sent)) continue;
    if ((await judge(verifierOf(scheme), changed)) === 'ok') accepted.push(`${of} of ${sent.method} ${sent.target}`);
  }
  return accepted;
}

it('what a definition signs, by its findings and by its verifier, cannot be changed', async () => {
  let tried = 0;
  await fc.assert(
    fc.asyncProperty(randomTemplates, async (definition) => {
      const scheme = schemeOf(definition);
      if (!scheme) return;
      for (const parts of requests) {
        const sent = signedBy(scheme, parts, definition.signedHeaders !== undefined);
        const accepted = sent && (await acceptedChanges(scheme, sent));
        expect(accepted ?? []).toEqual([]);
        tried += accepted ? 1 : 0;
      }
    }),
    { numRuns: 400 },
  );
  expect(tried).toBeGreaterThan(50);
}, 120_000);

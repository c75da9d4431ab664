import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { text } from './generate.ts';
import { vectors } from './read.ts';
import schema from './schema.json' with { type: 'json' };

const all = [...vectors.sign, ...vectors.verify, ...vectors.respond, ...vectors.check];

it('is what the generator writes, to the byte', () => {
  const published = readFileSync(new URL('./countersign-v1.json', import.meta.url), 'utf8');
  expect(published === text, 'npx tsx test/vectors/generate.ts writes it anew').toBe(true);
});

it('is valid by its schema', () => {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, strictTypes: false });
  const validate = ajv.compile(schema);
  validate(vectors);
  expect(validate.errors).toBeNull();
});

it('has at least sixty cases to sign, and sixty to refuse', () => {
  expect(vectors.sign.length).toBeGreaterThanOrEqual(60);
  expect(vectors.verify.filter(({ outcome }) => !outcome.accepted).length).toBeGreaterThanOrEqual(60);
});

it('names each case once', () => {
  const names = all.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

it('uses each nonce for one signed request only', () => {
  const nonces = vectors.sign.map(({ nonce }) => nonce);
  expect(new Set(nonces).size).toBe(nonces.length);
});

it('can be read by every JSON parser: no half surrogate pairs (RFC 7493)', () => {
  expect(/\\u[dD][89a-fA-F]/.test(text)).toBe(false);
});

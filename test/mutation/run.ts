/*
 * Mutation testing: changes the code, one place at a time, and lists the changes that no test notices.
 *
 *   npm run mutation            changes all that stryker.config.json names; at least 95 % have to be noticed
 *   npm run mutation -- small   changes the default scheme and its parts; all have to be noticed
 *   npm run mutation -- verify  changes the steps of verification that have tests of their own; all have to be noticed
 *
 * Build servers run the last two.
 *
 * Changes that make no difference stand in equivalents.ts.
 */
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import { type Equivalent, equivalents } from './equivalents.ts';

type Result = Awaited<ReturnType<Stryker['runMutationTest']>>[number];
type Change = { readonly file: string; readonly line: string; readonly code: string; readonly to: string };

const sets: Readonly<Record<string, readonly string[]>> = {
  small: [
    'src/core/{address,constant-time,digest,encoding,field-names,message,modifying-headers,signing-key,with-target}.ts',
    'src/schemes/countersign-v1/*.ts',
  ],
  verify: ['src/server/verify/{body,check-record,checks,find-key,find-secrets,match-key,message,prepared-keys}.ts'],
};
const name = process.argv[2] ?? '';
const mutate = sets[name];
const options = mutate && {
  vitest: { configFile: `test/mutation/${name}.vitest.config.ts`, related: false },
  mutate: [...mutate],
};

/** Lines and columns of Stryker's results count from 1. */
async function describeChange({ fileName, location: { start, end }, replacement = '' }: Result): Promise<Change> {
  const lines = (await readFile(fileName, 'utf8')).split('\n');
  const changed = lines.slice(start.line - 1, end.line);
  const last = changed.length - 1;
  const code = changed
    .map((text, at) => text.slice(at === 0 ? start.column - 1 : 0, at === last ? end.column - 1 : undefined))
    .join('\n');
  return { file: relative('.', fileName), line: lines[start.line - 1] ?? '', code, to: replacement };
}

const explains = (one: Equivalent, { file, line, code, to }: Change): boolean =>
  one.file === file && one.code === code && line.includes(one.line ?? '') && (one.to ?? to) === to;

const results = await new Stryker({ ...options, thresholds: { break: null } }).runMutationTest();
const unnoticed = results.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
const changes = await Promise.all(unnoticed.map(describeChange));
const unexplained = changes.filter((change) => !equivalents.some((one) => explains(one, change)));
const files = new Set(results.map(({ fileName }) => relative('.', fileName)));
const noticed = equivalents.filter((one) => files.has(one.file) && !changes.some((change) => explains(one, change)));

for (const { file, line, code, to } of unexplained) console.log(`${file}: ${code}  becomes  ${to}  in  ${line.trim()}`);
for (const { file, code } of noticed) console.log(`No longer in need of its entry in equivalents.ts: ${file}: ${code}`);
console.log(`${results.length} changes, of which ${unexplained.length} go unnoticed.`);
process.exitCode = unexplained.length > results.length * (options ? 0 : 0.05) || noticed.length > 0 ? 1 : 0;

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fail } from '../../../core/errors.ts';
import type { Difference } from '../../../explain/difference.ts';
import type { KitCase } from '../../../kit/cases.ts';
import { formatCaseLine, parseResultLine } from '../../../kit/check/case-line.ts';
import { type CaseDifference, compareCase } from '../../../kit/check/compare-case.ts';
import { createCaseExplainer } from '../../../kit/check/explain-case.ts';
import { createKit } from '../../../kit/create-kit.ts';
import { command } from '../../command.ts';
import { describeDifferences } from '../../format-explanation.ts';
import { kitDefinition } from '../../kit-options.ts';
import { printable, printFor } from '../../output.ts';

export const kitCheck = command({
  name: 'kit check',
  summary: 'Checks a signer in any language with the cases of a kit',
  operands: [{ name: 'COMMAND', help: 'the signer and its arguments, after --', rest: true }],
  options: {
    cases: {
      type: 'text',
      value: 'FILE',
      help: 'vectors/core.json of a kit. Default: that of a kit for api.example.com.',
    },
    definition: { type: 'text', value: 'FILE', help: 'A scheme definition in JSON. Default: countersign-v1.' },
  },
  details: [
    'The signer reads one case per line from standard input, as JSON:',
    '  name, method, url, headers (pairs), body (base64), accessKey, secret, time (seconds), nonce, signedHeaders',
    'For each it writes one line: {"stringToSign": "…", "headers": {…}, "url": "…"}, or {"refused": "why"}.',
    'url is for schemes that sign in the query. Where it can, it says what the signer does otherwise, as kit serve does.',
    'Exits with 0 if all cases agree, otherwise with 1.',
  ].join('\n'),
  examples: ['kit check -- ./my-signer', 'kit check --cases acme-kit/vectors/core.json -- python3 my_signer.py'],
  async run(given, [program = '', ...args]) {
    const cases = readCases(given);
    const lines = await runSigner([program, ...args], cases);
    const explain = createCaseExplainer(kitDefinition(given.definition));
    const failed: Failed[] = [];
    for (const [i, one] of cases.entries()) {
      const line = lines[i];
      const result = line === undefined ? {} : parseResultLine(line);
      const difference = line === undefined ? missingLine : compareCase(one, result);
      if (!difference) continue;
      failed.push({ name: one.name, rule: one.rule, ...difference, differences: await explain(one, result) });
    }
    const summary = `${cases.length - failed.length} of ${cases.length} cases agree`;
    printFor(given, {
      value: { cases: cases.length, failed },
      text: printable([...failed.map(describeFailed), summary].join('\n')),
    });
    return failed.length ? 1 : 0;
  },
});

type Failed = CaseDifference & Pick<KitCase, 'name' | 'rule'> & { readonly differences: readonly Difference[] };

const missingLine: CaseDifference = {
  stage: 'headers',
  at: 'the whole case',
  expected: 'a line',
  found: 'the end of the output',
};

const describeFailed = ({ name, rule, stage, at, expected, found, differences }: Failed): string =>
  [
    `${name}: ${stage} differs in ${at}. ${rule}`,
    `  expected ${JSON.stringify(expected)}`,
    `  found    ${JSON.stringify(found)}`,
    ...describeDifferences(differences),
  ].join('\n');

function readCases({
  cases,
  definition,
}: {
  readonly cases: string | undefined;
  readonly definition: string | undefined;
}): readonly KitCase[] {
  const defined = kitDefinition(definition);
  const text = cases === undefined ? ownCases(defined) : readFile(cases);
  const found = (JSON.parse(text) as { readonly cases?: unknown }).cases;
  return Array.isArray(found) ? found : fail('invalid_configuration', '--cases must be vectors/core.json of a kit.');
}

const ownCases = (definition: ReturnType<typeof kitDefinition>): string =>
  createKit({ origin: 'https://api.example.com', languages: [], ...(definition && { definition }) })[
    'vectors/core.json'
  ] ?? '';

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    return fail('invalid_configuration', `The cases cannot be read from ${file}.`, 400, cause);
  }
}

function runSigner([program = '', ...args]: readonly string[], cases: readonly KitCase[]): Promise<readonly string[]> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  // A signer that stops early lacks lines.
  child.stdin.on('error', () => {}).end(cases.map((one) => `${formatCaseLine(one)}\n`).join(''));
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => {
      try {
        fail('invalid_configuration', 'The signer cannot be started.', 400, cause);
      } catch (error) {
        reject(error);
      }
    });
    child.on('close', () => resolve(output.split('\n').filter((line) => line !== '')));
  });
}

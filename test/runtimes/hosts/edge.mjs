// Runs a script in a fresh edge-runtime, without eval, and prints the report: `node edge.mjs <script> <context as JSON>`.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { EdgeVM } from '@edge-runtime/vm';

const [, , script = '', context = ''] = process.argv;
const { version } = createRequire(import.meta.url)('@edge-runtime/vm/package.json');
const vm = new EdgeVM({ codeGeneration: { strings: false, wasm: false } });
vm.evaluate(readFileSync(script, 'utf8'));
console.log(`VERSION ${version} on Node ${process.versions.node}`);
console.log(`REPORT ${await vm.evaluate(`runSuite(${JSON.stringify(context)})`)}`);
process.exit(0);

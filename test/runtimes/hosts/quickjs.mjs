// Runs a script in QuickJS, with print() as its only way out: `node quickjs.mjs <script>`.
import { readFileSync } from 'node:fs';
import { getQuickJS } from 'quickjs-emscripten';

const engine = (await getQuickJS()).newContext();
const print = engine.newFunction('print', (text) => console.log(engine.getString(text)));
engine.setProp(engine.global, 'print', print);
print.dispose();
const result = engine.evalCode(readFileSync(process.argv[2] ?? '', 'utf8'));
if (result.error) throw new Error(JSON.stringify(engine.dump(result.error)));

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';
import { byNpm, here, installed, outputOf } from './host.ts';

/** An engine without a platform: no URL, no Request, no WebCrypto. It runs the stages of signing on the vectors. */
export type Engine = {
  readonly name: string;
  readonly needs: readonly string[];
  readonly from: string;
  /** @returns what it printed. */
  run(): Promise<string>;
};

const script = here('.cache/engine.js');
const hermesCompiler = installed('hermes-compiler/hermesc/linux64-bin/hermesc');

export const engines: readonly Engine[] = [
  {
    name: 'Hermes VM 0.12',
    needs: [installed('hermes-engine-cli/linux64-bin/hermes')],
    from: byNpm,
    async run() {
      // It knows neither classes nor block scopes, so they are lowered, as React Native's tools of its time did.
      const lowered = here('.cache/engine.es5.js');
      writeFileSync(lowered, es5(readFileSync(script, 'utf8')));
      return outputOf(installed('hermes-engine-cli/linux64-bin/hermes'), [lowered]);
    },
  },
  {
    name: 'QuickJS',
    needs: [installed('quickjs-emscripten/package.json')],
    from: byNpm,
    run: () => outputOf(process.execPath, [here('hosts/quickjs.mjs'), script]),
  },
];

/** Today's React Native compiles what is shipped with this, as it is. */
export const compiler: Engine = {
  name: 'Hermes compiler 1.0',
  needs: [hermesCompiler],
  from: byNpm,
  // Into a file of its own: the compiler replaces what it writes to, and for root that would be the machine's /dev/null.
  run: () =>
    outputOf(hermesCompiler, [
      '-emit-binary',
      '-O',
      '-Wno-undefined-variable',
      '-out',
      here('.cache/client.hbc'),
      here('.cache/client.js'),
    ]),
};

function es5(source: string): string {
  mkdirSync(here('.cache'), { recursive: true });
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES5, module: ts.ModuleKind.None, downlevelIteration: true },
  });
  return outputText;
}

// For bare engines: runs the stages at once, signs a request, and prints the outcomes.
import './platform.ts';
// React Native's fetch, for its Headers.
import 'whatwg-fetch';
import { prepareOne } from '../suite/prepared.ts';
import { schemeStageChecks } from '../suite/scheme-stages.ts';
import { stageChecks } from '../suite/vector-stages.ts';

declare const print: (text: string) => void;

for (const { name, run } of [...stageChecks, ...schemeStageChecks]) {
  let problem = '';
  try {
    run();
  } catch (error) {
    problem = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
  }
  print(`CHECK ${JSON.stringify({ name, ok: !problem, detail: problem })}`);
}
print(`PREPARED ${JSON.stringify(prepareOne())}`);

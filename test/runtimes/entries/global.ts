// For pages, service workers and edge-runtime: a script that leaves one function behind.
import { runSuite } from '../suite/suite.ts';

Object.assign(globalThis, {
  runSuite: async (context: string) => JSON.stringify(await runSuite(JSON.parse(context))),
});

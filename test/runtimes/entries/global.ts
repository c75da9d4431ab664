// For pages, service workers and edge-runtime: a script that leaves its functions behind.
import { relay, toRelay } from '../suite/relay.ts';
import { runSuite } from '../suite/suite.ts';

Object.assign(globalThis, {
  toRelay,
  relay: (context: string, request: Request) => relay(JSON.parse(context), request),
  runSuite: async (context: string) => JSON.stringify(await runSuite(JSON.parse(context))),
});

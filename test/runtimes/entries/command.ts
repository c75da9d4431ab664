// For Node, Bun and Deno: `<runtime> command.mjs <context as JSON>` prints the report as JSON.
import { runSuite } from '../suite/suite.ts';

const [, , context = ''] = process.argv;
console.log(`REPORT ${JSON.stringify(await runSuite(JSON.parse(context)))}`);
process.exit(0);

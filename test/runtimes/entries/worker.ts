// For workerd: `workerd test` calls test() with the context in a binding.
import { runSuite } from '../suite/suite.ts';

export default {
  async test(_controller: unknown, { CONTEXT }: { readonly CONTEXT: string }): Promise<void> {
    console.log(`REPORT ${JSON.stringify(await runSuite(JSON.parse(CONTEXT)))}`);
  },
};

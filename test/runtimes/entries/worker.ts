// For workerd: `workerd test` calls test() with the context in a binding.
import { relay, toRelay } from '../suite/relay.ts';
import { runSuite } from '../suite/suite.ts';

type Bindings = {
  readonly CONTEXT: string;
  readonly SELF: { fetch(url: string, init: RequestInit): Promise<Response> };
};

export default {
  fetch: (request: Request, { CONTEXT }: Bindings): Promise<Response> => relay(JSON.parse(CONTEXT), request),

  async test(_controller: unknown, { CONTEXT, SELF }: Bindings): Promise<void> {
    const context = JSON.parse(CONTEXT);
    const relayed: string[] = [];
    for (const [path, init] of toRelay) relayed.push(await (await SELF.fetch(context.base + path, init)).text());
    console.log(`REPORT ${JSON.stringify(await runSuite({ ...context, relayed }))}`);
  },
};

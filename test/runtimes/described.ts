import { describe, expect, it } from 'vitest';
import { type Host, missingOf } from './hosts/host.ts';

/** Declares the tests of a runtime; loudly none where it is missing, and a failure where everything must be there. */
export function describeRuntime({ name, needs, from }: Pick<Host, 'name' | 'needs' | 'from'>, tests: () => void): void {
  describe(name, () => {
    const missing = missingOf({ needs });
    if (!missing.length) return tests();
    const told = `not tested in ${name}, for lack of ${missing.join(', ')}: ${from}`;
    if (process.env.CI) it('is installed', () => expect.fail(told));
    else {
      console.warn(`SKIPPED: ${told}`);
      it(told, ({ skip }) => skip(told));
    }
  });
}

import { execFileSync } from 'node:child_process';

/** Whether a command can be run. Where it cannot, that is told aloud, and is a failure where everything must be there. */
export function present(command: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch (cause) {
    if (process.env.CI) throw new Error(`${command} is missing.`, { cause });
    console.warn(`SKIPPED: ${command} is missing, so nothing written for it has been tested.`);
    return false;
  }
}

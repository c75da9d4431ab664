import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { present } from '../../vectors/present.ts';
import { type Attempt, type Judged, type Oracle, type Sent, sentOf } from './attempt.ts';

export const python = present('python3', '--version');

type Settings = Readonly<Record<string, string | readonly string[]>>;

export type PythonOracle = Oracle & { close(): void };

/** What its functions for signing and judging are called, where not `sign` and `accepts`. */
export type Functions = { readonly sign?: string; readonly accepts?: string };

/** An implementation in ./python, with its standard library alone, in a process that answers line by line. */
export function pythonOracle(name: string, settings: Settings = {}, functions: Functions = {}): PythonOracle {
  const file = fileURLToPath(new URL(`./python/${name}.py`, import.meta.url));
  const child = spawn('python3', ['-B', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();

  function ask(question: object): Promise<unknown> {
    const answer = last.then(async () => {
      child.stdin.write(`${JSON.stringify({ ...settings, ...question })}\n`);
      const line = await lines.next();
      if (line.done) throw new Error(`${name}.py has ended.`);
      return JSON.parse(line.value);
    });
    last = answer.catch(() => undefined);
    return answer;
  }

  const described = (given: Attempt | Judged) => ({ ...given, body: Buffer.from(given.body).toString('base64') });
  return {
    async sign(attempt) {
      const answer = (await ask({ ...described(attempt), ask: functions.sign ?? 'sign' })) as Partial<Sent>;
      return {
        ...sentOf(attempt),
        ...(answer.target && { target: answer.target }),
        headers: { ...attempt.headers, ...answer.headers },
      };
    },
    accepts: async (sent) => (await ask({ ...described(sent), ask: functions.accepts ?? 'accepts' })) === true,
    close: () => child.stdin.end(),
  };
}

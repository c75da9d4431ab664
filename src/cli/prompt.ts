import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/**
 * Asks for a secret on the terminal, which does not show what is typed.
 *
 * @returns undefined where nothing was.
 */
export function promptedSecret(question: string): Promise<string | undefined> {
  // What readline would show goes nowhere.
  const output = new Writable({ write: (_chunk, _encoding, written) => written() });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  process.stderr.write(question);
  return new Promise((resolve) => {
    lines.on('SIGINT', () => lines.close());
    lines.on('close', () => {
      process.stderr.write('\n');
      resolve(undefined);
    });
    lines.question('', (answer) => {
      resolve(answer || undefined);
      lines.close();
    });
  });
}

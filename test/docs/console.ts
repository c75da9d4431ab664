import type { Block } from './markdown.ts';

/** A command of a `console` block, and what the page says that it prints. */
export type Step = {
  readonly page: string;
  readonly line: number;
  readonly command: string;
  readonly expected: readonly string[];
};

/** `$ ` begins a command, `> ` goes on with it; all else is what it prints. */
export function stepsOf({ page, line: first, code }: Block): readonly Step[] {
  const steps: Array<{ readonly line: number; command: string; readonly expected: string[] }> = [];
  for (const [index, line] of code.split('\n').entries()) {
    const last = steps.at(-1);
    if (line.startsWith('$ ')) steps.push({ line: first + index, command: line.slice(2), expected: [] });
    else if (!last) throw new Error(`${page}:${first + index} stands before the first command.`);
    else if (line.startsWith('> ') && !last.expected.length) last.command += `\n${line.slice(2)}`;
    else last.expected.push(line);
  }
  return steps.map((step) => ({ page, ...step }));
}

// What no text holds, so that it can stand between the outputs of commands.
const mark = '\u0001';

/** The commands as one script: what one sets, the next has. Each one's output ends in the mark. */
export const scriptOf = (steps: readonly Step[]): string =>
  // The status is handed on, so that `echo $?` can show it.
  steps.map(({ command }) => `${command}\nstatus=$?; printf '${mark}'; (exit $status)`).join('\n');

/** What each command has printed. */
export const outputsOf = (printed: string): readonly string[] => printed.split(mark).slice(0, -1);

/** Whether a command has printed what the page says: `…` stands for the rest of anything, and for lines if it is alone. */
export function isAsSaid(printed: string, expected: readonly string[]): boolean {
  const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const lines = expected.map((line) =>
    line.trim() === '…' ? '(?:.*\n)*?' : `${line.trimEnd().split('…').map(escaped).join('.*')}\n`,
  );
  const whole = printed.replace(/[ \t]+$/gm, '');
  return new RegExp(`^${lines.join('')}$`).test(whole && !whole.endsWith('\n') ? `${whole}\n` : whole);
}

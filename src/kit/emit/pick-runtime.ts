/** A definition of a runtime. */
export type Block = { readonly name: string; readonly text: string };

const comments = String.raw`(?:(?:#|//|/\*| \*).*\n)*`;
const definition = new RegExp(String.raw`^${comments}[^(={\n]*?\b(\w+)(?=\(|\?\(|\n| ?=| \{| struct|\[\] =)`);

/**
 * Picks the definitions that a program uses from a runtime. The definitions are separated by two empty lines, and each begins with
 * its name, after comments.
 */
export function pickRuntime(runtime: string, program: string): readonly Block[] {
  const blocks = runtime
    .trim()
    .split('\n\n\n')
    .map((text) => ({ text, name: definition.exec(text)?.[1] ?? '' }));
  const used = new Set<string>();
  const add = (text: string): void => {
    const words = new Set(text.match(/\w+/g));
    for (const block of blocks) {
      if (used.has(block.name) || !words.has(block.name)) continue;
      used.add(block.name);
      add(block.text);
    }
  };
  add(program);
  return blocks.filter(({ name }) => used.has(name));
}

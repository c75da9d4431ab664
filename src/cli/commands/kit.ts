import { readFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../../core/errors.ts';
import { createKit, type KitLanguage } from '../../kit/create-kit.ts';
import { languageFacts } from '../../kit/languages.ts';
import { command } from '../command.ts';
import { kitCredentials, kitDefinition } from '../kit-options.ts';
import { printFor } from '../output.ts';

export const kit = command({
  name: 'kit',
  summary: 'Writes a kit for partners: clients in other languages, the protocol, cases',
  options: {
    out: { type: 'text', value: 'DIR', help: 'The folder to write to. It must not exist, or be empty.' },
    origin: { type: 'text', value: 'URL', help: 'Where partners send requests: https://api.example.com.' },
    definition: { type: 'text', value: 'FILE', help: 'A scheme definition in JSON. Default: countersign-v1.' },
    language: {
      type: 'list',
      value: 'NAME',
      help: `${Object.keys(languageFacts).join(' ')}. Default: all.`,
    },
    name: { type: 'text', value: 'TEXT', help: 'The name of the API. Default: the host of the origin.' },
    'sandbox-credentials': {
      type: 'text',
      value: 'FILE',
      help: 'A pair that is for tests only: the kit contains it in clear.',
    },
  },
  details: 'The kit is the same in every run, and contains no secret but a throw-away pair, or the given one.',
  examples: ['kit --out acme-kit --origin https://api.example.com --language python --language bash'],
  async run(given) {
    const { out = missing('out'), origin = missing('origin'), name } = given;
    const definition = kitDefinition(given.definition);
    const credentials = await kitCredentials(given['sandbox-credentials']);
    const files = createKit({
      origin,
      vectors: JSON.parse(readFileSync(new URL(import.meta.resolve('countersign/vectors.json')), 'utf8')),
      ...(definition && { definition }),
      ...(given.language.length && { languages: given.language as readonly KitLanguage[] }),
      ...(name !== undefined && { name }),
      ...(credentials && { credentials }),
    });
    await writeAll(out, files);
    const paths = Object.keys(files).sort();
    printFor(given, {
      value: { out, files: paths },
      text: `${paths.length} files in ${out}. Begin with ${join(out, 'README.md')}.`,
    });
    return 0;
  },
});

const missing = (option: string): never =>
  fail('invalid_configuration', `--${option} is missing. See: countersign kit --help`);

async function writeAll(out: string, files: Readonly<Record<string, string>>): Promise<void> {
  try {
    await mkdir(out, { recursive: true });
    // A symbolic link in the folder could lead the files elsewhere, and files of somebody else would be taken for the kit's.
    if ((await readdir(out)).length) fail('invalid_configuration', `The folder ${out} is not empty.`);
    for (const [path, text] of Object.entries(files)) {
      const file = join(out, path);
      await mkdir(dirname(file), { recursive: true });
      // Nothing of an older kit, and nothing of anybody else, is overwritten.
      await writeFile(file, text, { flag: 'wx', mode: path === 'credentials.json' ? 0o600 : 0o666 });
    }
  } catch (cause) {
    fail(
      'invalid_configuration',
      `The kit cannot be written to ${out}: choose a folder that does not exist, or is empty.`,
      400,
      cause,
    );
  }
}

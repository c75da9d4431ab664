import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { fail } from '../../../core/errors.ts';
import type { IssuedSecret, RegisteredPublicKey } from '../../../server/keys/managed-keys.ts';
import type { Options, OptionValues } from '../../command.ts';
import { columns, printFor, printNotice, styled } from '../../output.ts';

/** Where a new secret goes. */
export const secretOutputOptions = {
  out: { type: 'text', value: 'FILE', help: 'Writes the secret to a new file that nobody else can read.' },
  'print-secret': { type: 'flag', help: 'Prints the secret, although standard output is no terminal.' },
} as const satisfies Options;

export type SecretOutputValues = OptionValues<typeof secretOutputOptions> & { readonly json: boolean };

/** Where a secret goes that cannot be told again. */
export type SecretOutput = {
  /** Undefined where it goes to standard output. */
  readonly file: string | undefined;
  /** @throws SignatureError `invalid_configuration` where it cannot be written; then there is no file. */
  write(text: string): void;
  /** Takes back that there is a file, where no secret was made. */
  discard(): void;
};

/**
 * Where the secret is to go: decided, and a file made, before there is a secret that could be lost or end in a log.
 *
 * @throws SignatureError `invalid_configuration` for a file that exists, and where nobody asked for it to be printed.
 */
export function openSecretOutput({
  out,
  'print-secret': asked,
}: Pick<SecretOutputValues, 'out' | 'print-secret'>): SecretOutput {
  if (out !== undefined) {
    if (asked) fail('invalid_configuration', 'The secret goes to --out, or is printed: give one of the two.');
    return fileOutlet(out);
  }
  if (!asked && !process.stdout.isTTY) {
    fail(
      'invalid_configuration',
      'The secret is printed once, and standard output is no terminal: give --out FILE, or --print-secret to print it all the same.',
    );
  }
  return { file: undefined, write: () => {}, discard: () => {} };
}

function fileOutlet(file: string): SecretOutput {
  let opened: number;
  try {
    // Never through a link, and never over what is there.
    opened = openSync(file, 'wx', 0o600);
  } catch (cause) {
    return fail('invalid_configuration', `${file} cannot be made; a file that exists is not overwritten.`, 400, cause);
  }
  const discard = () => rmSync(file, { force: true });
  return {
    file,
    write(text) {
      try {
        writeSync(opened, text);
        fsyncSync(opened);
        closeSync(opened);
      } catch (cause) {
        discard();
        fail('invalid_configuration', `${file} cannot be written.`, 400, cause);
      }
    },
    discard,
  };
}

/** How a secret is made, and ended again where it could not be handed over. */
export type Making = {
  make(): Promise<IssuedSecret>;
  undo(issued: IssuedSecret): Promise<void>;
};

/** Makes a secret and hands it over, once. */
export async function deliverSecret(given: SecretOutputValues, { make, undo }: Making): Promise<void> {
  const outlet = openSecretOutput(given);
  const issued = await make().catch((error) => {
    outlet.discard();
    throw error;
  });
  const { accessKey, id, secret } = issued;
  try {
    outlet.write(`${JSON.stringify({ accessKey, id, secret }, null, 2)}\n`);
  } catch (error) {
    // Nobody knows it, so nobody will miss it.
    await undo(issued);
    throw error;
  }
  printIssued(given, issued, outlet.file);
}

/** Tells of what was made; of a secret only where it went to no file. */
export function printIssued(
  given: Pick<SecretOutputValues, 'json'>,
  issued: IssuedSecret | RegisteredPublicKey,
  file?: string,
): void {
  const { accessKey, id, secret } = issued;
  const shown = file === undefined ? secret : undefined;
  printFor(given, {
    value: { accessKey, id, ...(shown !== undefined && { secret: shown }), ...(file !== undefined && { file }) },
    text: columns([
      ['access key', accessKey],
      ['secret id', id],
      ...(shown === undefined ? [] : [['secret', styled('bold', shown)]]),
      ...(file === undefined ? [] : [['written to', file]]),
    ]),
  });
  if (shown !== undefined && !given.json) printNotice('The secret is not shown again.');
}

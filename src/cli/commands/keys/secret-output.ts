import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { fail } from '../../../core/errors.ts';
import type { IssuedSecret, RegisteredPublicKey } from '../../../server/keys/managed-keys.ts';
import type { Options, OptionValues } from '../../command.ts';
import { columns, printFor, printNotice, styled } from '../../output.ts';

/** Options for the destination of a new secret. */
export const secretOutputOptions = {
  out: { type: 'text', value: 'FILE', help: 'Writes the secret to a new file that only you can read.' },
  'print-secret': { type: 'flag', help: 'Prints the secret although standard output is not a terminal.' },
} as const satisfies Options;

export type SecretOutputValues = OptionValues<typeof secretOutputOptions> & { readonly json: boolean };

/** The destination of a secret, which is shown only once. */
export type SecretOutput = {
  /** Undefined for standard output. */
  readonly file: string | undefined;
  /** @throws SignatureError `invalid_configuration` if the file cannot be written; it is then removed. */
  write(text: string): void;
  /** Removes the file, if no secret was created. */
  discard(): void;
};

/**
 * Opens the destination before the secret is created, so that the secret can neither be lost nor end up in a log.
 *
 * @throws SignatureError `invalid_configuration` for a file that exists, and for standard output that is not a terminal unless
 * --print-secret is given.
 */
export function openSecretOutput({
  out,
  'print-secret': asked,
}: Pick<SecretOutputValues, 'out' | 'print-secret'>): SecretOutput {
  if (out !== undefined) {
    if (asked) fail('invalid_configuration', 'Give --out or --print-secret, not both.');
    return createFile(out);
  }
  if (!asked && !process.stdout.isTTY) {
    fail(
      'invalid_configuration',
      'The secret is shown once, and standard output is not a terminal: give --out FILE, or --print-secret to print it anyway.',
    );
  }
  return { file: undefined, write: () => {}, discard: () => {} };
}

function createFile(file: string): SecretOutput {
  let opened: number;
  try {
    // The flag x refuses links and existing files.
    opened = openSync(file, 'wx', 0o600);
  } catch (cause) {
    return fail('invalid_configuration', `${file} cannot be created; an existing file is not overwritten.`, 400, cause);
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

/** How to create a secret, and how to revoke it if it could not be delivered. */
export type Making = {
  make(): Promise<IssuedSecret>;
  undo(issued: IssuedSecret): Promise<void>;
};

/** Creates a secret and delivers it, once. */
export async function deliverSecret(given: SecretOutputValues, { make, undo }: Making): Promise<void> {
  const output = openSecretOutput(given);
  const issued = await make().catch((error) => {
    output.discard();
    throw error;
  });
  const { accessKey, id, secret } = issued;
  try {
    output.write(`${JSON.stringify({ accessKey, id, secret }, null, 2)}\n`);
  } catch (error) {
    // The secret was not delivered, so it is revoked.
    await undo(issued);
    throw error;
  }
  printIssued(given, issued, output.file);
}

/** Prints the result; the secret only if it was not written to a file. */
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

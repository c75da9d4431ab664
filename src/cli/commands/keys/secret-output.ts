import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { fail, SignatureError } from '../../../core/errors.ts';
import type { IssuedSecret, ManagedKeys, RegisteredPublicKey } from '../../../server/keys/managed-keys.ts';
import type { Options, OptionValues } from '../../command.ts';
import { columns, printFor, printNotice, styled } from '../../output.ts';
import type { DeliveringKeys } from './open-keys.ts';

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
  /**
   * Writes a new file; does nothing for standard output.
   *
   * @throws SignatureError `invalid_configuration` if the file exists, or cannot be written whole: it is then removed.
   */
  write(text: string): void;
  /** Removes the file that was written. */
  discard(): void;
};

/**
 * Chooses the destination before a secret is created, so that the secret can neither be lost nor end up in a log.
 *
 * @throws SignatureError `invalid_configuration` for `-`, and for standard output that is not a terminal unless --print-secret is
 * given.
 */
export function openSecretOutput({
  out,
  'print-secret': asked,
}: Pick<SecretOutputValues, 'out' | 'print-secret'>): SecretOutput {
  if (out === '-') {
    fail('invalid_configuration', 'Give --print-secret for standard output, or --out ./- for a file of this name.');
  }
  if (out !== undefined) {
    if (asked) fail('invalid_configuration', 'Give --out or --print-secret, not both.');
    return newFile(out);
  }
  if (!asked && !process.stdout.isTTY) {
    fail(
      'invalid_configuration',
      'The secret is shown once, and standard output is not a terminal: give --out FILE, or --print-secret to print it anyway.',
    );
  }
  return { file: undefined, write: () => {}, discard: () => {} };
}

function newFile(file: string): SecretOutput {
  let written = false;
  const discard = () => {
    if (written) rmSync(file, { force: true });
  };
  return {
    file,
    write(text) {
      const opened = createFile(file);
      written = true;
      try {
        // It writes on where the system has written a part.
        writeFileSync(opened, text);
        fsyncSync(opened);
      } catch (cause) {
        discard();
        fail('invalid_configuration', `${file} cannot be written. Nothing was changed.`, 400, cause);
      } finally {
        closeSync(opened);
      }
    },
    discard,
  };
}

function createFile(file: string): number {
  try {
    // The flag x refuses links and existing files.
    return openSync(file, 'wx', 0o600);
  } catch (cause) {
    return fail('invalid_configuration', `${file} cannot be created; an existing file is not overwritten.`, 400, cause);
  }
}

/**
 * Creates a secret and delivers it, once. A file is written before the secret is stored, so that a full disk or an interruption
 * leaves no secret that nobody has.
 */
export async function deliverSecret(
  given: SecretOutputValues,
  open: DeliveringKeys,
  make: (keys: ManagedKeys) => Promise<IssuedSecret>,
): Promise<void> {
  const output = openSecretOutput(given);
  let delivered: string | undefined;
  const keys = open(({ accessKey, id, secret }) => {
    output.write(`${JSON.stringify({ accessKey, id, secret }, null, 2)}\n`);
    delivered = id;
  });
  const issued = await make(keys).catch((error: unknown) => {
    // The database may have stored it before the connection was lost.
    if (delivered !== undefined && output.file !== undefined && isUnavailable(error)) {
      const { message, status } = error;
      const advice = `Whether the secret ${delivered} was stored is not known: ${output.file} has it. See: countersign keys show`;
      return fail(error.code, `${message} ${advice}`, status, error.cause);
    }
    output.discard();
    throw error;
  });
  printIssued(given, issued, output.file);
}

const isUnavailable = (error: unknown): error is SignatureError =>
  error instanceof SignatureError && error.code === 'key_store_unavailable';

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

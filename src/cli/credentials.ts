import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { parseEnv } from 'node:util';
import type { Credentials, Secret } from '../core/credentials.ts';
import { decodeBase64, decodeHex } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import type { Options, OptionValues } from './command.ts';
import { isPem, parsePrivateKey } from './pem-key.ts';
import { readSecretText, withoutLastBreak } from './text-file.ts';

/** Options for the access key and the secret. */
export const credentialOptions = {
  credentials: {
    type: 'text',
    value: 'FILE',
    help: 'Access key and secret: JSON of keys create --out, or the lines of credentials.',
  },
  'access-key': { type: 'text', value: 'KEY', help: 'Default: COUNTERSIGN_ACCESS_KEY.' },
  'secret-file': { type: 'text', value: 'FILE', help: 'Default: COUNTERSIGN_SECRET. - is standard input.' },
  'secret-encoding': { type: 'text', value: 'hex|base64', help: 'The encoding of the secret, if it is bytes.' },
} as const satisfies Options;

export type CredentialValues = Pick<OptionValues<typeof credentialOptions>, keyof typeof credentialOptions>;

/** How credentials are used. */
export type CredentialsUse = {
  /** `refused` if standard input is needed for something else. */
  readonly prompt: 'allowed' | 'refused';
  /** The algorithms that a key in PEM is used with. */
  readonly algorithms: readonly string[];
};

/** The access key from the options or the environment, if there is one. */
export const readAccessKey = (given: Pick<CredentialValues, 'access-key'>): string | undefined =>
  given['access-key'] ?? (process.env.COUNTERSIGN_ACCESS_KEY || undefined);

/**
 * Reads access key and secret. The secret comes from a file, an environment variable or the terminal, never from an argument.
 *
 * @throws SignatureError `invalid_configuration` if the secret is missing, or given twice.
 */
export async function readCredentials(
  given: CredentialValues,
  use: CredentialsUse,
): Promise<Omit<Credentials, 'accessKey'> & { readonly accessKey: string | undefined }> {
  const { credentials: file, 'secret-file': secretFile, 'secret-encoding': encoding } = given;
  if (file !== undefined) {
    if (secretFile !== undefined)
      fail('invalid_configuration', 'The secret is given twice: --credentials, --secret-file.');
    const { accessKey, secret, sessionToken } = await credentialsIn(file);
    const read = await readSecret(secret, { encoding, ...use });
    return { accessKey: given['access-key'] ?? accessKey, secret: read, ...(sessionToken && { sessionToken }) };
  }
  const secret = await readSecret(await givenSecret(secretFile, use), { encoding, ...use });
  const { COUNTERSIGN_SESSION_TOKEN: sessionToken } = process.env;
  return { accessKey: readAccessKey(given), secret, ...(sessionToken && { sessionToken }) };
}

async function givenSecret(file: string | undefined, { prompt }: CredentialsUse): Promise<string> {
  if (file !== undefined) return withoutLastBreak(await readSecretText(file, 'The secret'));
  const { COUNTERSIGN_SECRET } = process.env;
  if (COUNTERSIGN_SECRET) return COUNTERSIGN_SECRET;
  const typed = prompt === 'allowed' && process.stdin.isTTY ? await promptSecret('Secret: ') : undefined;
  return (
    typed ??
    fail('invalid_configuration', 'The secret is missing: give --credentials, --secret-file or COUNTERSIGN_SECRET.')
  );
}

/**
 * Decodes a secret.
 *
 * @throws SignatureError `invalid_configuration` if it is not in the given encoding.
 */
export async function readSecret(
  text: string,
  { encoding, algorithms }: Pick<CredentialsUse, 'algorithms'> & { readonly encoding: string | undefined },
): Promise<Secret> {
  if (encoding === undefined) return isPem(text) ? parsePrivateKey(text, algorithms) : text;
  if (encoding === 'hex' && /^(?:[\da-f]{2})+$/i.test(text)) return decodeHex(text.toLowerCase());
  if (encoding === 'base64' && /^[\w+/-]+={0,2}$/.test(text) && text.replace(/=/g, '').length % 4 !== 1) {
    return decodeBase64(text);
  }
  return fail(
    'invalid_configuration',
    /^(?:hex|base64)$/.test(encoding)
      ? `The secret is not in ${encoding}.`
      : '--secret-encoding must be hex or base64.',
  );
}

type Written = { readonly accessKey?: string; readonly secret: string; readonly sessionToken?: string };

async function credentialsIn(file: string): Promise<Written> {
  const text = await readSecretText(file, 'The credentials');
  let value: Partial<Record<keyof Written, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    // The message of the JSON parser would quote the text.
    const { COUNTERSIGN_ACCESS_KEY: accessKey, COUNTERSIGN_SECRET: secret } = parseEnv(text);
    value = { accessKey, secret };
  }
  const { accessKey, secret, sessionToken } = value ?? {};
  return typeof secret === 'string' && isTextIfAny(accessKey) && isTextIfAny(sessionToken)
    ? { secret, ...(accessKey !== undefined && { accessKey }), ...(sessionToken !== undefined && { sessionToken }) }
    : fail(
        'invalid_configuration',
        `${file} must be JSON with accessKey and secret, or have the lines of countersign credentials.`,
      );
}

const isTextIfAny = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string';

/**
 * Asks for a secret on the terminal, without echoing it.
 *
 * @returns undefined if nothing was entered.
 */
export function promptSecret(question: string): Promise<string | undefined> {
  // Discards the echo of readline.
  const output = new Writable({ write: (_chunk, _encoding, written) => written() });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  process.stderr.write(question);
  return new Promise((resolve) => {
    lines.on('SIGINT', () => lines.close());
    lines.on('close', () => {
      process.stderr.write('\n');
      resolve(undefined);
    });
    lines.question('', (line) => {
      resolve(line || undefined);
      lines.close();
    });
  });
}

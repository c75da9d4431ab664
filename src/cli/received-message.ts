import { fail } from '../core/errors.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import { atRestOptions } from './at-rest.ts';
import type { Options, OptionValues } from './command.ts';
import { credentialOptions } from './credentials.ts';
import { databaseOptions } from './database.ts';
import { schemeOptions } from './find-scheme.ts';
import { printNotice } from './output.ts';
import { parseRawRequest } from './raw-request.ts';
import { readBytes } from './text-file.ts';
import { parseDuration, parseTime } from './times.ts';

/** How a request that stands in a file was received, and whose signature it has. */
export const receivedOptions = {
  protocol: { type: 'text', value: 'NAME', help: 'https or http: by which it came. Without it, https.' },
  origin: { type: 'text', value: 'URL', help: 'Where callers believe the server is, as https://api.example.com.' },
  'public-path': { type: 'text', value: 'PATH', help: 'What a proxy has taken off the front of the path, as /v1.' },
  at: { type: 'text', value: 'TIME', help: 'When it is judged: 2026-11-22T12:00:00Z. Without it, now.' },
  from: { type: 'text', value: 'ADDRESS', help: 'Where it came from, for keys that are bound to addresses.' },
  tolerance: { type: 'text', value: 'TIME', help: 'How far its time may be from that: 300, 5m. Without it, 300.' },
  ...schemeOptions,
  ...credentialOptions,
  'secret-file': { ...credentialOptions['secret-file'], type: 'list' },
  'public-key': { type: 'list', value: 'FILE', help: "The caller's public key in PEM, in place of a secret." },
  algorithm: {
    type: 'list',
    value: 'NAME',
    help: 'For what an RSA key is: rsa-v1_5-sha256. Without it, rsa-pss-sha512.',
  },
  ...databaseOptions,
  ...atRestOptions,
} as const satisfies Options;

export type ReceivedValues = OptionValues<typeof receivedOptions>;

/** The file that holds a message. */
export const messageOperand = {
  name: 'FILE',
  help: 'an HTTP/1.1 message; without it, or -, standard input',
  optional: true,
} as const;

/** What a verifier is told beside keys and schemes. */
export type Circumstances = {
  readonly publicOrigin?: string;
  readonly publicPath?: string;
  readonly clock: () => number;
  readonly tolerance?: number;
};

/**
 * @throws SignatureError `invalid_configuration`
 */
export function readCircumstances(given: ReceivedValues): Circumstances {
  const { origin, 'public-path': path, at, tolerance } = given;
  const time = at === undefined ? undefined : parseTime('at', at);
  return {
    ...(origin !== undefined && { publicOrigin: origin }),
    ...(path !== undefined && { publicPath: path }),
    ...(tolerance !== undefined && { tolerance: parseDuration('tolerance', tolerance) }),
    clock: () => time ?? Date.now(),
  };
}

/**
 * The request in the file.
 *
 * @throws SignatureError `invalid_configuration`, `invalid_request`
 */
export async function readRequestFile(
  file = '-',
  { protocol = 'https' }: Pick<ReceivedValues, 'protocol'>,
): Promise<ReceivedRequest> {
  if (protocol !== 'https' && protocol !== 'http') fail('invalid_configuration', '--protocol must be https or http.');
  const { passedOver, ...request } = parseRawRequest(await readBytes(file, 'The message'));
  if (passedOver) printNotice(`note: passed over ${passedOver}`);
  return { ...request, scheme: protocol };
}

import { fail } from '../core/errors.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import { atRestOptions } from './at-rest.ts';
import type { Options, OptionValues } from './command.ts';
import { credentialOptions } from './credentials.ts';
import { databaseOptions } from './database.ts';
import { schemeOptions } from './find-scheme.ts';
import { printNotice } from './output.ts';
import { parseRecordedRequest } from './recorded/recorded-request.ts';
import { readBytes } from './text-file.ts';
import { parseDuration, parseTime } from './times.ts';

/** Options for how a request in a file was received, and for its keys. */
export const receivedOptions = {
  protocol: { type: 'text', value: 'NAME', help: 'https or http. Default: as the record shows, otherwise https.' },
  'body-file': { type: 'text', value: 'FILE', help: 'The body as sent, for records without it.' },
  origin: { type: 'text', value: 'URL', help: 'The origin that callers sign, such as https://api.example.com.' },
  'public-path': { type: 'text', value: 'PATH', help: 'The path prefix that a proxy removes, such as /v1.' },
  at: { type: 'text', value: 'TIME', help: 'The time of verification: 2026-11-22T12:00:00Z. Default: now.' },
  from: { type: 'text', value: 'ADDRESS', help: "The client's address, for keys that are restricted to addresses." },
  tolerance: { type: 'text', value: 'TIME', help: 'Maximum clock difference: 300, 5m. Default: 300.' },
  ...schemeOptions,
  ...credentialOptions,
  'secret-file': { ...credentialOptions['secret-file'], type: 'list' },
  'public-key': { type: 'list', value: 'FILE', help: "The caller's public key in PEM, instead of a secret." },
  algorithm: {
    type: 'list',
    value: 'NAME',
    help: 'The algorithm of an RSA key: rsa-v1_5-sha256. Default: rsa-pss-sha512.',
  },
  ...databaseOptions,
  ...atRestOptions,
} as const satisfies Options;

export type ReceivedValues = OptionValues<typeof receivedOptions>;

/** The file with the message. */
export const messageOperand = {
  name: 'FILE',
  help: 'an HTTP/1.1 message, output of curl, HAR, JSON or Postman console; default, or -: standard input',
  optional: true,
} as const;

/** Settings of the verifier in addition to keys and schemes. */
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

/** A request that was read from a file. */
export type RequestInFile = {
  readonly request: ReceivedRequest;
  /** What the record says of a body that it does not contain. */
  readonly missingBody: string | undefined;
};

/**
 * Reads the request from the file, and its body from another one if `--body-file` names it.
 *
 * @throws SignatureError `invalid_configuration`, `invalid_request`
 */
export async function readRequestFile(
  file = '-',
  { protocol, 'body-file': bodyFile }: Pick<ReceivedValues, 'protocol' | 'body-file'>,
): Promise<RequestInFile> {
  if (protocol !== undefined && protocol !== 'https' && protocol !== 'http') {
    fail('invalid_configuration', '--protocol must be https or http.');
  }
  const { passedOver, missingBody, scheme, ...request } = parseRecordedRequest(await readBytes(file, 'The message'));
  if (passedOver) printNotice(`note: ignored ${passedOver}`);
  const received = { ...request, scheme: protocol ?? scheme ?? 'https' };
  if (bodyFile === undefined) return { request: received, missingBody };
  return { request: { ...received, body: await readBytes(bodyFile, 'The body') }, missingBody: undefined };
}

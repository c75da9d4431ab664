import { accessKeyPattern } from '../../core/credentials.ts';
import { decodeHex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { PresentedBody, PresentedSignature } from '../../core/scheme.ts';
import { noncePattern } from '../countersign-v1/string-to-sign.ts';
import { isReserved, splitParameters, stringToSign, untilPattern } from './string-to-sign.ts';

/** What a verifier accepts of links. */
export type LinkRules = {
  /** The longest life of a link, in seconds. */
  readonly maxLifetime: number;
  /** Whether every link must work once only. */
  readonly once: boolean;
  /** Whether requests by other methods than GET and HEAD may have a body, which no link covers. */
  readonly unsignedPayload: boolean;
};

const inOrder = /^csign-key,csign-until,(?:csign-nonce,)?csign-signature$/;

/**
 * Reads a link by the grammar of docs/protocol.md, from the normalised target: what is an equivalent spelling of a reserved name by
 * RFC 3986 section 6.2.2 is that name.
 *
 * @throws SignatureError `missing_signature`, `malformed_field`, `insufficient_coverage`
 */
export function readLink(message: Message, rules: LinkRules): PresentedSignature {
  const { path, parameters } = splitParameters(message.target);
  const start = parameters.findIndex(isReserved);
  const own = (start < 0 ? [] : parameters.slice(start)).map(toPair);
  if (!own.some(({ name }) => name === 'csign-signature'))
    fail('missing_signature', 'The query has no csign-signature.', 401);
  if (!inOrder.test(own.map(({ name }) => name).join()))
    malformed(
      'The query must end with csign-key, csign-until, csign-nonce (optional) and csign-signature, each once, in this order: something was added to the link, or moved',
    );
  const parameterNamed = (name: string) => own.find((one) => one.name === `csign-${name}`)?.value;
  const accessKey = matching('csign-key', parameterNamed('key'), accessKeyPattern);
  const until = matching('csign-until', parameterNamed('until'), untilPattern);
  const nonce = parameterNamed('nonce');
  if (nonce !== undefined) matching('csign-nonce', nonce, noncePattern);
  else if (rules.once)
    fail('insufficient_coverage', 'The link may be used more than once, which this server does not accept.', 401);
  // What writes the query anew, such as URLSearchParams, escapes the second equals sign. It is no part of what is signed.
  const signature = matching('csign-signature', parameterNamed('signature'), /^v1(?:=|%3D)[\da-f]{64}$/);
  const target = `${path}?${parameters.slice(0, -1).join('&')}`;
  return {
    accessKey,
    time: undefined,
    expiresAt: Number(until) * 1000,
    maxLifetime: rules.maxLifetime * 1000,
    nonce,
    reusable: nonce === undefined,
    signatures: [decodeHex(signature.slice(-64))],
    stringToSign: stringToSign(message, { accessKey, until, nonce: nonce ?? '', target }),
    body: bodyOf(message, rules),
  };
}

const bodyOf = ({ method }: Message, { unsignedPayload }: LinkRules): PresentedBody =>
  unsignedPayload && !/^(?:GET|HEAD)$/.test(method) ? { kind: 'uncovered' } : { kind: 'none' };

function toPair(parameter: string): { readonly name: string; readonly value: string } {
  const [name = ''] = parameter.split('=', 1);
  return { name, value: parameter.slice(name.length + 1) };
}

const matching = (name: string, value: string | undefined, pattern: RegExp): string =>
  value !== undefined && pattern.test(value) ? value : malformed(`${name} is malformed`);

const malformed = (message: string): never => fail('malformed_field', `${message}.`);

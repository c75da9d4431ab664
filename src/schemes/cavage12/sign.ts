import { sha256OfBodySync } from '../../core/digest.ts';
import { base64 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { fieldNamePattern, signableNames } from '../../core/field-names.ts';
import type { PreparedSignature, SignatureInput, SigningScheme } from '../../core/scheme.ts';
import { createCavageKey, writeAlgorithm } from './algorithms.ts';
import { readDigests } from './digest.ts';
import { decodeKeyId } from './key-id.ts';
import { digestNames, isOfBody, isSignedIfPresent, type Settings, timeNames } from './settings.ts';
import { signedString } from './signed-string.ts';

/** The signing half of `cavage12`. */
export function signCavage(settings: Settings): SigningScheme {
  const { headers, carrier, coversBody } = settings;
  const own = headers.filter((name) => digestNames.includes(name) || name === 'date' || name === 'x-date');
  const always = headers.filter((name) => !isSignedIfPresent(name));
  const taken = [
    carrier,
    'authorization',
    'signature',
    'host',
    'content-length',
    ...digestNames,
    ...timeNames,
    ...always,
  ];
  return {
    name: 'cavage-12',
    fields: [carrier, ...own],
    body: headers.includes('content-length') ? 'bytes' : coversBody ? 'digest' : 'none',
    createKey: createCavageKey,
    signableHeaders: (names) => signableNames(names, (name) => fieldNamePattern.test(name) && !taken.includes(name)),
    declaresBody: (fields) => coversBody && !headers.includes('content-length') && declaresDigest(settings, fields),
    prepare: (input) => prepare(settings, input),
  };
}

function declaresDigest({ headers: names }: Settings, headers: SignatureInput['message']['headers']): boolean {
  const given = names.filter((name) => digestNames.includes(name));
  try {
    return given.every((name) => headers.get(name) !== null) && readDigests(headers, given) !== undefined;
  } catch {
    return false;
  }
}

function prepare(settings: Settings, input: SignatureInput): PreparedSignature {
  const { carrier, hides } = settings;
  const { message, accessKey, time, algorithm, signedHeaders } = input;
  const keyId = decodeKeyId(accessKey);
  const created = `${Math.floor(time / 1000)}`;
  const date = new Date(time).toUTCString();
  const own = new Map([
    ...([
      ['(created)', created],
      ['date', date],
      ['x-date', date],
    ] as const),
    ...describeBody(input),
  ]);
  const wanted = settings.headers.filter((name) => !signedHeaders.includes(name) && isPresent(name, input, own));
  const names = [...wanted, ...signedHeaders];
  const parameters = [
    `keyId="${keyId}"`,
    `algorithm="${hides ? 'hs2019' : writeAlgorithm(algorithm)}"`,
    ...(names.includes('(created)') ? [`created=${created}`] : []),
    `headers="${names.join(' ')}"`,
  ];
  const sent = names.filter((name) => ['date', 'x-date', ...digestNames].includes(name));
  const prefix = carrier === 'authorization' ? 'Signature ' : '';
  return {
    stringToSign: signedString(message, names, own),
    headers: (signature) => ({
      ...Object.fromEntries(sent.map((name) => [name, own.get(name) ?? message.headers.get(name) ?? ''])),
      [carrier]: `${prefix}${[...parameters, `signature="${base64(signature)}"`].join(',')}`,
    }),
  };
}

type OwnValues = ReadonlyMap<string, string>;

function isPresent(name: string, { message, body }: SignatureInput, own: OwnValues): boolean {
  if (isOfBody(name)) return own.has(name) || body.kind === 'declared';
  return !isSignedIfPresent(name) || message.headers.get(name) !== null;
}

/** The headers that describe the body: none for a request that has no body and need not have one. */
function describeBody({ body, message: { method } }: SignatureInput): OwnValues {
  if (body.kind === 'unsigned')
    fail('invalid_request', 'The Cavage draft cannot mark a body as unsigned: set headers without digest.');
  if (body.kind === 'declared' || (body.kind === 'none' && method !== 'POST' && method !== 'PUT')) return new Map();
  const bytes = body.kind === 'bytes' ? body.bytes : new Uint8Array();
  const digest = base64(body.kind === 'digest' ? body.sha256 : sha256OfBodySync(bytes));
  return new Map([
    ['digest', `SHA-256=${digest}`],
    ['x-content-sha256', digest],
    ['content-length', `${bytes.length}`],
  ]);
}

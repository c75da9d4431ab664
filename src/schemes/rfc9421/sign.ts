import { contentDigest } from '../../core/digest.ts';
import { fail } from '../../core/errors.ts';
import type { HeaderView, Message } from '../../core/message.ts';
import { requestModifiers } from '../../core/modifying-headers.ts';
import type { PreparedSignature, SignatureInput, SigningScheme } from '../../core/scheme.ts';
import { recodeField } from '../structured-fields.ts';
import { createRfc9421Key } from './algorithms.ts';
import { isFieldName, parseComponent } from './components.ts';
import { declaresDigest } from './content-digest.ts';
import { addSignatureFields } from './fields.ts';
import { innerList } from './parameters.ts';
import { defaultLabel, isCoveredIfPresent, type Settings } from './settings.ts';
import { signatureBase } from './signature-base.ts';
import { createResolver } from './values.ts';

/** The nonces that either side accepts: printable ASCII without spaces. */
export const noncePattern: RegExp = /^[!-~]{1,256}$/;

/** The signing half of `rfc9421`. */
export function signRfc9421(settings: Settings): SigningScheme {
  const named = new Set(settings.components.map(({ identity }) => identity));
  return {
    name: 'rfc9421',
    fields: ['signature', 'signature-input', ...(settings.coversBody ? ['content-digest'] : [])],
    body: settings.coversBody ? 'digest' : 'none',
    createKey: createRfc9421Key,
    signableHeaders(names) {
      const wanted = [...new Set(names.map((name) => name.toLowerCase()))];
      return recodeField('invalid_configuration', () => {
        for (const name of wanted) {
          // A modifier is covered only if present. A caller that names it demands it in every request.
          const isNamed = named.has(parseComponent(name).identity) && !requestModifiers.includes(name);
          if (!isFieldName(name) || isNamed) {
            fail('invalid_configuration', `The header ${name} cannot be signed, or is already.`);
          }
        }
        return wanted;
      });
    },
    declaresBody: (headers) => settings.coversBody && declaresDigest(headers),
    prepare: (input) => recodeField('invalid_request', () => prepare(settings, input)),
  };
}

function prepare(settings: Settings, input: SignatureInput): PreparedSignature {
  const { message, signedHeaders } = input;
  const digest = settings.coversBody ? digestOf(input) : undefined;
  const withDigest = digest === undefined ? message : { ...message, headers: withHeader(message, digest) };
  const components = [
    ...settings.components.filter(
      ({ name, identity }) => isPresent(name, digest, message.headers) && !signedHeaders.includes(identity),
    ),
    ...signedHeaders.map(parseComponent),
  ];
  const nonce = noncePattern.test(input.nonce)
    ? input.nonce
    : fail('invalid_configuration', 'nonce must return 1 to 256 printable ASCII characters.');
  const text = innerList(components, settings, { ...input, nonce: settings.nonce ? nonce : undefined });
  const { label = defaultLabel } = settings;
  return {
    stringToSign: signatureBase(createResolver({ request: withDigest }), { components, text }),
    headers: (signature) => ({
      ...(digest !== undefined && { 'Content-Digest': digest }),
      ...recodeField('invalid_request', () => addSignatureFields(message.headers, { label, text, signature })),
    }),
  };
}

const isPresent = (name: string, digest: string | undefined, headers: HeaderView): boolean =>
  !isCoveredIfPresent(name) || (name === 'content-digest' ? digest !== undefined : headers.get(name) !== null);

function digestOf({ body, message: { headers } }: SignatureInput): string | undefined {
  if (body.kind === 'unsigned') {
    fail('invalid_request', 'RFC 9421 cannot mark a body as unsigned: set components without content-digest.');
  }
  const given = headers.get('content-digest') ?? undefined;
  if (body.kind === 'declared') return given;
  if (body.kind !== 'digest') return undefined;
  const made = contentDigest(body.sha256);
  // Keep an existing field with this digest: a signature with another label may cover it.
  return given?.includes(made) ? given : made;
}

function withHeader({ headers }: Message, digest: string): HeaderView {
  const isDigest = (name: string): boolean => /^content-digest$/i.test(name);
  return {
    get: (name) => (isDigest(name) ? digest : headers.get(name)),
    ...(headers.lines && { lines: (name: string) => (isDigest(name) ? [digest] : (headers.lines?.(name) ?? [])) }),
  };
}

import { type Parameter, uriEncode } from './sigv4-canonical.ts';

/** The parameters of a query that carry a signature. */
export const ownParameters: ReadonlySet<string> = new Set(
  ['Algorithm', 'Content-Sha256', 'Credential', 'Date', 'Expires', 'Security-Token', 'Signature', 'SignedHeaders'].map(
    (name) => `X-Amz-${name}`,
  ),
);

/** A parameter as it is sent and as it is signed, which for these is the same. */
export function parameterOf(name: string, text: string): Parameter {
  const value = uriEncode(text);
  return { name, value, raw: `${name}=${value}` };
}

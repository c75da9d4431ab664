import { fail } from '../../core/errors.ts';

type Parameter = { readonly name: string; readonly value: string };

const splitParameters = (target: string): readonly string[] => {
  const query = /\?(.*)$/s.exec(target)?.[1] ?? '';
  return query ? query.split('&') : [];
};

const readPath = (target: string): string => /^[^?]*/.exec(target)?.[0] ?? '';

function readName(parameter: string): string {
  const end = parameter.indexOf('=');
  return end < 0 ? parameter : parameter.slice(0, end);
}

// Decoded as by the server that handles the request.
function decodeName(name: string): string {
  if (!/[%+]/.test(name)) return name;
  try {
    return decodeURIComponent(name.replace(/\+/g, ' '));
  } catch {
    return name;
  }
}

const withQuery = (target: string, parameters: readonly string[]): string =>
  parameters.length ? `${readPath(target)}?${parameters.join('&')}` : readPath(target);

/** Removes the parameters with these names in every spelling, and keeps the rest byte for byte. */
export function withoutParameters(target: string, names: readonly string[]): string {
  if (!names.length) return target;
  const all = splitParameters(target);
  const kept = all.filter((parameter) => !names.includes(decodeName(readName(parameter))));
  return kept.length === all.length ? target : withQuery(target, kept);
}

/** Appends parameters to the query. */
export const withParameters = (target: string, added: readonly Parameter[]): string =>
  withQuery(target, [...splitParameters(target), ...added.map(({ name, value }) => `${name}=${value}`)]);

/**
 * Returns the values of the parameters with these names, without those that are absent.
 *
 * @throws SignatureError `malformed_field` for a parameter that is repeated or has escapes in its name.
 */
export function parameterValues(target: string, names: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  if (!names.length) return values;
  for (const parameter of splitParameters(target)) {
    const name = readName(parameter);
    const known = decodeName(name);
    if (!names.includes(known)) continue;
    if (name !== known || values.has(name)) {
      fail('malformed_field', `The parameter ${known} is repeated in the query, or has escapes in its name.`);
    }
    values.set(name, parameter.slice(name.length + 1));
  }
  return values;
}

/** Whether the query ends with parameters of these names, in this order. */
export const endsWith = (target: string, names: readonly string[]): boolean =>
  splitParameters(target)
    .slice(-names.length || Number.POSITIVE_INFINITY)
    .map(readName)
    .join() === names.join();

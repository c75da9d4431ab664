import { fail } from '../../core/errors.ts';

type Parameter = { readonly name: string; readonly value: string };

const parametersOf = (target: string): readonly string[] => {
  const query = /\?(.*)$/s.exec(target)?.[1] ?? '';
  return query ? query.split('&') : [];
};

const pathOf = (target: string): string => /^[^?]*/.exec(target)?.[0] ?? '';

function nameOf(parameter: string): string {
  const end = parameter.indexOf('=');
  return end < 0 ? parameter : parameter.slice(0, end);
}

// As whoever serves the request would read it.
function meant(name: string): string {
  if (!/[%+]/.test(name)) return name;
  try {
    return decodeURIComponent(name.replace(/\+/g, ' '));
  } catch {
    return name;
  }
}

const withQuery = (target: string, parameters: readonly string[]): string =>
  parameters.length ? `${pathOf(target)}?${parameters.join('&')}` : pathOf(target);

/** The target without parameters of these names, however they are spelled; all else to the byte. */
export function withoutParameters(target: string, names: readonly string[]): string {
  if (!names.length) return target;
  const all = parametersOf(target);
  const kept = all.filter((parameter) => !names.includes(meant(nameOf(parameter))));
  return kept.length === all.length ? target : withQuery(target, kept);
}

/** The target with parameters at the end of its query. */
export const withParameters = (target: string, added: readonly Parameter[]): string =>
  withQuery(target, [...parametersOf(target), ...added.map(({ name, value }) => `${name}=${value}`)]);

/**
 * What the parameters of these names hold; undefined for those that are absent.
 *
 * @throws SignatureError `malformed_field` for one that is there twice, or spelled in another way.
 */
export function parameterValues(target: string, names: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  if (!names.length) return values;
  for (const parameter of parametersOf(target)) {
    const name = nameOf(parameter);
    const known = meant(name);
    if (!names.includes(known)) continue;
    if (name !== known || values.has(name)) {
      fail('malformed_field', `The parameter ${known} is in the query twice, or with escapes in its name.`);
    }
    values.set(name, parameter.slice(name.length + 1));
  }
  return values;
}

/** Whether the query ends with parameters of these names, in this order. */
export const endsWith = (target: string, names: readonly string[]): boolean =>
  parametersOf(target)
    .slice(-names.length || Number.POSITIVE_INFINITY)
    .map(nameOf)
    .join() === names.join();

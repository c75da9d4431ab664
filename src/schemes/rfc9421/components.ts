import { fail } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import { fieldNamePattern } from '../../core/field-names.ts';
import { canonicaliseItem, type Item } from '../structured-fields.ts';

/** A component identifier, RFC 9421 section 2: what part of a message is covered, and in which form. */
export type Component = {
  /** A field name in lower case, or the name of a derived component, which begins with `@`. */
  readonly name: string;
  /** As it stands before the value in the signature base, with quotes and parameters. */
  readonly identifier: string;
  /** The same for every order of the parameters. */
  readonly identity: string;
  /** `sf`: serialised anew; `bs`: each line as bytes. */
  readonly form: 'as-is' | 'sf' | 'bs';
  /** Of a member of a dictionary. */
  readonly key: string | undefined;
  /** Of a query parameter, percent-encoded. */
  readonly parameter: string | undefined;
  /** Of the request, in the signature of its answer. */
  readonly ofRequest: boolean;
};

const derived = /^@(?:method|target-uri|authority|scheme|request-target|path|query|query-param|status)$/;
const known = /^(?:sf|key|bs|req|name)$/;

/** Whether a text is the name of a field, in lower case. */
export const isFieldName = (text: string): boolean => fieldNamePattern.test(text);

/**
 * A component as options name it: `@method`, `@query-param;name="a"`, `content-type`, `example-dict;key="a"`.
 *
 * @throws SignatureError `malformed_field`
 */
export function parseComponent(text: string): Component {
  const end = text.indexOf(';') < 0 ? text.length : text.indexOf(';');
  return componentOf(canonicaliseItem(`"${text.slice(0, end).toLowerCase()}"${text.slice(end)}`));
}

/**
 * A list of components, none of them twice (RFC 9421 section 2), 64 at most.
 *
 * @throws SignatureError `malformed_field`
 */
export function parseComponents(items: readonly Item[]): readonly Component[] {
  if (items.length > 64) fail('malformed_field', 'A signature covers more than 64 components.');
  return requireDistinct(items.map(componentOf));
}

/**
 * @throws SignatureError `malformed_field` where one stands twice.
 */
export function requireDistinct(components: readonly Component[]): readonly Component[] {
  const seen = new Set<string>();
  for (const { identity, identifier } of components) {
    if (seen.has(identity)) fail('malformed_field', `The component ${excerpt(identifier)} is named twice.`);
    seen.add(identity);
  }
  return components;
}

function componentOf({ value, parameters, text }: Item): Component {
  const name =
    typeof value === 'string' ? value : fail('malformed_field', `The component ${excerpt(text)} is no string.`);
  for (const parameter of parameters.keys()) {
    if (parameter === 'tr') fail('malformed_field', `${excerpt(text)}: trailers cannot be had here.`);
    if (!known.test(parameter))
      fail('malformed_field', `${excerpt(text)}: the parameter ${excerpt(parameter)} is unknown.`);
  }
  const flag = (one: string): boolean => {
    const given = parameters.get(one);
    return given === undefined || given === true
      ? given === true
      : fail('malformed_field', `${excerpt(text)}: ${one} takes no value.`);
  };
  const string = (one: string): string | undefined => {
    const given = parameters.get(one);
    return given === undefined || typeof given === 'string'
      ? given
      : fail('malformed_field', `${excerpt(text)}: ${one} must be a string.`);
  };
  const form = flag('bs') ? 'bs' : flag('sf') ? 'sf' : 'as-is';
  const component = {
    name,
    identifier: text,
    identity:
      name +
      text
        .slice(name.length + 2)
        .split(/(?=;)/)
        .sort()
        .join(''),
    form,
    key: string('key'),
    parameter: string('name'),
    ofRequest: flag('req'),
  } as const;
  if (name.startsWith('@')) requireDerived(component);
  else requireField(component, flag('sf'));
  return component;
}

function requireDerived({ name, identifier, form, key, parameter }: Component): void {
  if (!derived.test(name)) fail('malformed_field', `The component ${excerpt(identifier)} is unknown.`);
  if (form !== 'as-is' || key !== undefined || (name === '@query-param') !== (parameter !== undefined)) {
    fail(
      'malformed_field',
      `The component ${excerpt(identifier)} lacks a parameter, or has one that belongs to others.`,
    );
  }
}

function requireField({ name, identifier, form, key, parameter, ofRequest }: Component, sf: boolean): void {
  if (!fieldNamePattern.test(name))
    fail('malformed_field', `The component ${excerpt(identifier)} is no field name in lower case.`);
  if (parameter !== undefined || (form === 'bs' && (sf || key !== undefined))) {
    fail('malformed_field', `The parameters of ${excerpt(identifier)} exclude each other.`);
  }
  // Lines of Set-Cookie cannot be joined (RFC 6265 section 3).
  if (name === 'set-cookie' && form !== 'bs') fail('malformed_field', 'set-cookie can be covered with bs only.');
  // Signing adds to them.
  if (/^signature(?:-input)?$/.test(name) && key === undefined && !ofRequest) {
    fail('malformed_field', `${name} can be covered with key only, because another signature would change it.`);
  }
}

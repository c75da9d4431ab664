import { fail } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import { fieldNamePattern } from '../../core/field-names.ts';
import { canonicaliseItem, type Item } from '../structured-fields.ts';

/** A component identifier, RFC 9421 section 2: a covered part of a message and its form. */
export type Component = {
  /** A field name in lower case, or the name of a derived component, which begins with `@`. */
  readonly name: string;
  /** As written in the signature base, with quotes and parameters. */
  readonly identifier: string;
  /** The same for every order of the parameters. */
  readonly identity: string;
  /** `sf`: serialised as a structured field; `bs`: each line as bytes. */
  readonly form: 'as-is' | 'sf' | 'bs';
  /** The key of a dictionary member. */
  readonly key: string | undefined;
  /** The name of a query parameter, percent-encoded. */
  readonly parameter: string | undefined;
  /** Whether a response signature covers this component of the request. */
  readonly ofRequest: boolean;
};

const derived = /^@(?:method|target-uri|authority|scheme|request-target|path|query|query-param|status)$/;
const known = /^(?:sf|key|bs|req|name)$/;

/** Whether a text is a field name in lower case. */
export const isFieldName = (text: string): boolean => fieldNamePattern.test(text);

/**
 * Parses a component as written in options: `@method`, `@query-param;name="a"`, `content-type`, `example-dict;key="a"`.
 *
 * @throws SignatureError `malformed_field`
 */
export function parseComponent(text: string): Component {
  const end = text.indexOf(';') < 0 ? text.length : text.indexOf(';');
  return componentOf(canonicaliseItem(`"${text.slice(0, end).toLowerCase()}"${text.slice(end)}`));
}

/**
 * Parses a list of at most 64 components and refuses repeated ones (RFC 9421 section 2).
 *
 * @throws SignatureError `malformed_field`
 */
export function parseComponents(items: readonly Item[]): readonly Component[] {
  if (items.length > 64) fail('malformed_field', 'A signature covers more than 64 components.');
  return requireDistinct(items.map(componentOf));
}

/**
 * @throws SignatureError `malformed_field` if a component is repeated.
 */
export function requireDistinct(components: readonly Component[]): readonly Component[] {
  const seen = new Set<string>();
  for (const { identity, identifier } of components) {
    if (seen.has(identity)) fail('malformed_field', `The component ${excerpt(identifier)} is repeated.`);
    seen.add(identity);
  }
  return components;
}

function componentOf({ value, parameters, text }: Item): Component {
  const name =
    typeof value === 'string' ? value : fail('malformed_field', `The component ${excerpt(text)} is not a string.`);
  for (const parameter of parameters.keys()) {
    if (parameter === 'tr') fail('malformed_field', `${excerpt(text)}: trailers are not supported.`);
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
      `The component ${excerpt(identifier)} lacks its parameter, or has a parameter of another component.`,
    );
  }
}

function requireField({ name, identifier, form, key, parameter, ofRequest }: Component, sf: boolean): void {
  if (!fieldNamePattern.test(name))
    fail('malformed_field', `The component ${excerpt(identifier)} is not a field name in lower case.`);
  if (parameter !== undefined || (form === 'bs' && (sf || key !== undefined))) {
    fail('malformed_field', `The parameters of ${excerpt(identifier)} exclude each other.`);
  }
  // Set-Cookie lines cannot be joined (RFC 6265 section 3).
  if (name === 'set-cookie' && form !== 'bs') fail('malformed_field', 'set-cookie can be covered only with bs.');
  // Signing adds a member to these fields.
  if (/^signature(?:-input)?$/.test(name) && key === undefined && !ofRequest) {
    fail('malformed_field', `${name} can be covered only with key, because another signature would change it.`);
  }
}

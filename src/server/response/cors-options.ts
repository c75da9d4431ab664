import { fail } from '../../core/errors.ts';
import { fieldNamePattern } from '../../core/field-names.ts';
import { isOrigin } from '../../core/session/values.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';

/** Which origins may call, and which headers their pages may send and read. */
export type CorsOptions = {
  /** Origins as browsers write them, such as `https://app.example.com`, or `'*'` for pages of any origin. */
  readonly origins: readonly string[] | '*';
  /** Request headers that pages send in addition to those of the schemes. @default ['content-type'] */
  readonly headers?: readonly string[];
  /** Methods that pages may use, in upper case. @default GET, HEAD, POST, PUT, PATCH, DELETE */
  readonly methods?: readonly string[];
  /** Response headers that pages may read in addition to those of this package. @default [] */
  readonly exposed?: readonly string[];
  /** How long a browser may cache the response to a preflight, in seconds. Browsers apply limits of their own. @default 7200 */
  readonly maxAge?: number;
};

const names: OptionNames<CorsOptions> = { origins: true, headers: true, methods: true, exposed: true, maxAge: true };

/** The checked options, with defaults. */
export type CorsSettings = Omit<Required<CorsOptions>, 'origins'> & {
  /** Undefined for all origins. */
  readonly origins: ReadonlySet<string> | undefined;
};

/**
 * @throws SignatureError `invalid_configuration` for values that no browser can match, and for wildcards: `*` as a header does
 * not include `Authorization` (Fetch, "CORS non-wildcard request-header name").
 */
export function corsSettings(options: CorsOptions): CorsSettings {
  requireKnownOptions(options, names, 'cors');
  const { origins, headers = ['content-type'], exposed = [], maxAge = 7200 } = options;
  const { methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] } = options;
  if (origins !== '*') requireAll('origins', origins, isSharedOrigin);
  requireAll('headers', headers, isName);
  requireAll('exposed', exposed, isName);
  requireAll('methods', methods, isMethod);
  if (origins.length === 0) fail('invalid_configuration', 'cors.origins is empty: leave cors out instead.');
  if (!(Number.isInteger(maxAge) && maxAge >= 0 && maxAge < 2 ** 31)) {
    fail('invalid_configuration', 'cors.maxAge must be a whole number of seconds.');
  }
  return { origins: origins === '*' ? undefined : new Set(origins), headers, exposed, methods, maxAge };
}

const forms = {
  origins: 'an origin as browsers write it, such as https://app.example.com, without path and default port',
  headers: 'the name of a header',
  exposed: 'the name of a header',
  methods: 'a method in upper case',
};

function requireAll(option: keyof typeof forms, given: readonly string[], fits: (text: string) => boolean): void {
  // A string is iterable too.
  const list: readonly unknown[] = Array.isArray(given) ? given : [undefined];
  for (const one of list) {
    if (typeof one === 'string' && fits(one)) continue;
    const found = typeof one === 'string' ? `, not ${JSON.stringify(one)}` : '';
    fail('invalid_configuration', `cors.${option} must be a list, each entry ${forms[option]}${found}.`);
  }
}

/** An origin, or `null`: the opaque origin of sandboxed pages. */
const isSharedOrigin = (text: string): boolean => text === 'null' || isOrigin(text);

const isName = (text: string): boolean => text !== '*' && fieldNamePattern.test(text.toLowerCase());

// Browsers compare methods case-sensitively, and every signer of this package sends upper case.
const isMethod = (text: string): boolean => /^[A-Z][A-Z\d!#$%&'+.^_`|~-]{0,63}$/.test(text);

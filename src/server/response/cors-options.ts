import { fail } from '../../core/errors.ts';
import { fieldNamePattern } from '../../core/field-names.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';

/** Which pages of other origins may call, and what they may send and read. */
export type CorsOptions = {
  /** Origins as browsers write them, such as `https://app.example.com`, or `'*'` for pages of any origin. */
  readonly origins: readonly string[] | '*';
  /** Names of request headers that pages send beside those of the schemes. @default ['content-type'] */
  readonly headers?: readonly string[];
  /** Methods that pages may use, in upper case. @default GET, HEAD, POST, PUT, PATCH, DELETE */
  readonly methods?: readonly string[];
  /** Names of response headers that pages may read beside those of this package. @default [] */
  readonly exposed?: readonly string[];
  /** How long a browser may remember the answer to a preflight, in seconds; browsers have limits of their own. @default 7200 */
  readonly maxAge?: number;
};

const names: OptionNames<CorsOptions> = { origins: true, headers: true, methods: true, exposed: true, maxAge: true };

/** The same with its defaults, found to be right. */
export type CorsSettings = Omit<Required<CorsOptions>, 'origins'> & {
  /** Undefined for all. */
  readonly origins: ReadonlySet<string> | undefined;
};

/**
 * @throws SignatureError `invalid_configuration` for what no browser would ever match, and for wildcards: `*` as a header does not
 * stand for `Authorization` (Fetch, "CORS non-wildcard request-header name").
 */
export function corsSettings(options: CorsOptions): CorsSettings {
  requireKnownOptions(options, names, 'cors');
  const { origins, headers = ['content-type'], exposed = [], maxAge = 7200 } = options;
  const { methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] } = options;
  if (origins !== '*') requireAll('origins', origins, isOrigin);
  requireAll('headers', headers, isName);
  requireAll('exposed', exposed, isName);
  requireAll('methods', methods, isMethod);
  if (origins.length === 0) fail('invalid_configuration', 'cors.origins names no origin: leave cors away instead.');
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
  // A text would be read letter by letter.
  const list: readonly unknown[] = Array.isArray(given) ? given : [undefined];
  for (const one of list) {
    if (typeof one === 'string' && fits(one)) continue;
    const found = typeof one === 'string' ? `, and not ${JSON.stringify(one)}` : '';
    fail('invalid_configuration', `cors.${option} must be a list, of which each must be ${forms[option]}${found}.`);
  }
}

/**
 * A serialised origin (RFC 6454 section 6.2): of pages, of apps that have a scheme of their own, or of what has no origin, which is
 * `null`.
 */
const isOrigin = (text: string): boolean =>
  text === 'null' ||
  (/^[a-z][a-z\d+.-]*:\/\/[a-z\d._[\]:-]+$/.test(text) &&
    (!/^https?:/.test(text) || (URL.canParse(text) && new URL(text).origin === text)));

const isName = (text: string): boolean => text !== '*' && fieldNamePattern.test(text.toLowerCase());

// Compared by case, and sent in upper case by every signer of this package.
const isMethod = (text: string): boolean => /^[A-Z][A-Z\d!#$%&'+.^_`|~-]{0,63}$/.test(text);

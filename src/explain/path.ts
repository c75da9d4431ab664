import type { HeaderView, Message } from '../core/message.ts';
import type { Effort } from './effort.ts';
import { mostValues, takeFew } from './few.ts';
import { maskTarget } from './masked-fields.ts';
import { changeTarget, type Guess, type Variation } from './variation.ts';

/** The prefixes of the options, and the effort that bounds those of the request. */
export type PathRules = { readonly paths: readonly string[]; readonly effort: Effort };

/** Variations of the path. */
export function pathVariations({ message: { headers } }: Guess, { paths, effort }: PathRules): readonly Variation[] {
  const forwarded = takeFew(forwardedPrefixes(headers), mostValues.prefixes, effort);
  const prefixes = [...new Set([...paths, ...forwarded, ...commonPrefixes])].filter((path) =>
    /^\/[^?#]*[^?#/]$/.test(path),
  );
  return [
    ...slashes,
    ...prefixes.map(prefixVariation),
    ...[1, 2, 3].map(shortenedVariation),
    ...rewrittenVariations(headers),
    ...encodings,
    lowerCase,
    wholeUrl,
  ];
}

const changePath = (guess: Guess, change: (path: string) => string): Guess =>
  changeTarget(guess, (target) => target.replace(/^[^?]*/, change));

const readPath = ({ target }: Message): string => target.replace(/\?.*$/s, '');

const describePath: Variation['describe'] = ({ message: signed }, { message: received }) =>
  readPath(signed) === readPath(received)
    ? `The caller signed ${maskTarget(signed.target)}; ${maskTarget(received.target)} was received.`
    : `The caller signed the path ${readPath(signed) || '(nothing)'}; ${readPath(received)} was received.`;

const variation = (code: Variation['code'], remedy: string, change: (path: string) => string): Variation => ({
  part: 'path',
  code,
  change: (guess) => changePath(guess, change),
  describe: describePath,
  remedy,
});

// Common prefixes of sites, and the stages of API Gateway.
const commonPrefixes = [
  '/api',
  '/v1',
  '/v2',
  '/v3',
  '/api/v1',
  '/api/v2',
  '/api/v3',
  '/rest',
  '/public',
  '/internal',
].concat(['/prod', '/production', '/live', '/stage', '/staging', '/dev', '/test', '/default', '/$default']);

const prefixVariation = (prefix: string): Variation =>
  variation(
    'path-prefix',
    `A proxy removes ${prefix} from the path: on the server, set publicPath to ${prefix}, or set trustedProxies.`,
    (path) => prefix + path,
  );

const shortenedVariation = (count: number): Variation =>
  variation(
    'path-prefix',
    "In the caller's code, sign the whole path of the URL, including that of the base URL. Or stop a proxy from adding a prefix.",
    (path) =>
      path.split('/').length > count + 1
        ? `/${path
            .split('/')
            .slice(count + 1)
            .join('/')}`
        : path,
  );

const slashRemedy =
  'Caller and server must have the same slashes: check how the caller joins base URL and path, and whether a proxy rewrites the path.';

const slashes: readonly Variation[] = [
  (path: string) => (path.endsWith('/') && path !== '/' ? path.slice(0, -1) : path),
  (path: string) => (path.endsWith('/') ? path : `${path}/`),
  (path: string) => path.replace(/\/{2,}/g, '/'),
  (path: string) => `/${path}`,
  (path: string) => path.replace(/^\//, ''),
  (path: string) => new URL(path.replace(/^\/+/, '/'), 'http://a').pathname,
].map((change) => variation('path-slash', slashRemedy, change));

const encodingRemedy =
  "Sign the path as on the wire: in the caller's code, take it from the URL object or the HTTP client, and do not encode it again.";

/** Decodes a text with `decodeURIComponent`; returns a malformed text unchanged. */
export function decodeOrKeep(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const encodings: readonly Variation[] = [
  { ...variation('path-encoding', encodingRemedy, (path) => path), change: useRawTarget },
  ...[
    decodeOrKeep,
    (path: string) => encodeURI(decodeOrKeep(path)),
    (path: string) =>
      path
        .split('/')
        .map((segment) => encodeURIComponent(decodeOrKeep(segment)))
        .join('/'),
    (path: string) => path.replace(/%/g, '%25'),
    (path: string) => path.replace(/%25(?=[\da-f]{2})/gi, '%'),
    (path: string) => path.replace(/%[\dA-F]{2}/g, (found) => found.toLowerCase()),
    (path: string) => path.replace(/%20/g, '+'),
    (path: string) => encodeURIComponent(path),
  ].map((change) => variation('path-encoding', encodingRemedy, change)),
];

function useRawTarget(guess: Guess): Guess {
  const { message } = guess;
  return message.target === message.rawTarget
    ? guess
    : { ...guess, message: { ...message, target: message.rawTarget } };
}

const lowerCase: Variation = variation(
  'path-case',
  "Paths are case-sensitive: in the caller's code, sign the path that is requested.",
  (path) => path.toLowerCase(),
);

const wholeUrl: Variation = {
  part: 'path',
  code: 'whole-url',
  change: (guess) => changeTarget(guess, (target) => `${guess.message.scheme}://${guess.message.authority}${target}`),
  describe: describePath,
  remedy: "In the caller's code, sign only path and query, from the first slash after the host.",
};

/** Lists the path prefixes that proxies report as removed. */
export function forwardedPrefixes(headers: HeaderView): readonly string[] {
  const named = ['x-forwarded-prefix', 'x-forwarded-path', 'x-script-name'].flatMap((name) =>
    (headers.get(name) ?? '').split(','),
  );
  return (
    named
      .map((prefix) => prefix.trim())
      // Limit the length first: the search for trailing slashes is quadratic.
      .filter((prefix) => prefix.length <= 300)
      .map((prefix) => prefix.replace(/\/+$/, ''))
      .filter((prefix) => /^\/[\w.~/%-]{1,255}$/.test(prefix))
  );
}

/** Variations with the original target, as reported by proxies. */
function rewrittenVariations(headers: HeaderView): readonly Variation[] {
  const names = [
    'x-original-uri',
    'x-original-url',
    'x-rewrite-url',
    'x-forwarded-uri',
    'x-envoy-original-path',
    'x-request-uri',
  ];
  const found = names.flatMap((name) => {
    const target = (headers.get(name) ?? '').replace(/^https?:\/\/[^/]*/, '');
    return /^\/[!-~]*$/.test(target) ? [{ name, target }] : [];
  });
  return found.map(({ name, target }) => ({
    part: 'path',
    code: 'path-prefix',
    change: (guess) => changeTarget(guess, () => target),
    describe: (signed, received) =>
      `The caller signed ${maskTarget(signed.message.target)}; ${maskTarget(received.message.target)} was received.`,
    remedy: `A proxy rewrites the path and reports the original one in ${name}: disable that, or set publicPath on the server.`,
  }));
}

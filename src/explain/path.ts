import type { HeaderView, Message } from '../core/message.ts';
import { shownTarget } from './masked-fields.ts';
import { changeTarget, type Guess, type Variation } from './variation.ts';

/** Which path the caller may have signed. */
export function pathVariations({ message: { headers } }: Guess, paths: readonly string[]): readonly Variation[] {
  const prefixes = [...new Set([...paths, ...forwardedPrefixes(headers), ...usual])].filter((path) =>
    /^\/[^?#]*[^?#/]$/.test(path),
  );
  return [
    ...slashes,
    ...prefixes.map(prefixed),
    ...[1, 2, 3].map(shortened),
    ...rewritten(headers),
    ...encodings,
    lowerCase,
    wholeUrl,
  ];
}

const onPath = (guess: Guess, change: (path: string) => string): Guess =>
  changeTarget(guess, (target) => target.replace(/^[^?]*/, change));

const pathOf = ({ target }: Message): string => target.replace(/\?.*$/s, '');

const tellPath: Variation['tell'] = ({ message: signed }, { message: received }) =>
  pathOf(signed) === pathOf(received)
    ? `The caller signed ${shownTarget(signed.target)}; ${shownTarget(received.target)} was received.`
    : `The caller signed the path ${pathOf(signed) || '(nothing)'}; ${pathOf(received)} was received.`;

const variation = (code: Variation['code'], remedy: string, change: (path: string) => string): Variation => ({
  part: 'path',
  code,
  change: (guess) => onPath(guess, change),
  tell: tellPath,
  remedy,
});

// What sites put in front of their paths, and API Gateway its stages.
const usual = ['/api', '/v1', '/v2', '/v3', '/api/v1', '/api/v2', '/api/v3', '/rest', '/public', '/internal'].concat([
  '/prod',
  '/production',
  '/live',
  '/stage',
  '/staging',
  '/dev',
  '/test',
  '/default',
  '/$default',
]);

const prefixed = (prefix: string): Variation =>
  variation(
    'path-prefix',
    `Something on the way takes ${prefix} off: on the server, set publicPath to ${prefix}, or trustedProxies.`,
    (path) => prefix + path,
  );

const shortened = (count: number): Variation =>
  variation(
    'path-prefix',
    "In the caller's code, sign the whole path of the URL, with what its base URL has. Or something on the way adds to it: then let that stop.",
    (path) =>
      path.split('/').length > count + 1
        ? `/${path
            .split('/')
            .slice(count + 1)
            .join('/')}`
        : path,
  );

const slashRemedy =
  'Caller and server must have the same slashes: look at how the caller joins base URL and path, and at rewrites on the way.';

const slashes: readonly Variation[] = [
  (path: string) => (path.endsWith('/') && path !== '/' ? path.slice(0, -1) : path),
  (path: string) => (path.endsWith('/') ? path : `${path}/`),
  (path: string) => path.replace(/\/{2,}/g, '/'),
  (path: string) => `/${path}`,
  (path: string) => path.replace(/^\//, ''),
  (path: string) => new URL(path.replace(/^\/+/, '/'), 'http://a').pathname,
].map((change) => variation('path-slash', slashRemedy, change));

const encodingRemedy =
  "Sign the path as it goes on the wire: in the caller's code, take it from the URL object or the HTTP client and encode nothing again.";

/** What `decodeURIComponent` makes of a text, and the text itself where it makes nothing. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const encodings: readonly Variation[] = [
  { ...variation('path-encoding', encodingRemedy, (path) => path), change: asOnTheWire },
  ...[
    decoded,
    (path: string) => encodeURI(decoded(path)),
    (path: string) =>
      path
        .split('/')
        .map((segment) => encodeURIComponent(decoded(segment)))
        .join('/'),
    (path: string) => path.replace(/%/g, '%25'),
    (path: string) => path.replace(/%25(?=[\da-f]{2})/gi, '%'),
    (path: string) => path.replace(/%[\dA-F]{2}/g, (found) => found.toLowerCase()),
    (path: string) => path.replace(/%20/g, '+'),
    (path: string) => encodeURIComponent(path),
  ].map((change) => variation('path-encoding', encodingRemedy, change)),
];

function asOnTheWire(guess: Guess): Guess {
  const { message } = guess;
  return message.target === message.rawTarget
    ? guess
    : { ...guess, message: { ...message, target: message.rawTarget } };
}

const lowerCase: Variation = variation(
  'path-case',
  "Paths are told apart by case: in the caller's code, sign the one that is requested.",
  (path) => path.toLowerCase(),
);

const wholeUrl: Variation = {
  part: 'path',
  code: 'whole-url',
  change: (guess) => changeTarget(guess, (target) => `${guess.message.scheme}://${guess.message.authority}${target}`),
  tell: tellPath,
  remedy: "In the caller's code, sign path and query alone, from the first slash after the host.",
};

/** What proxies say that they took off the front of the path. */
export function forwardedPrefixes(headers: HeaderView): readonly string[] {
  const named = ['x-forwarded-prefix', 'x-forwarded-path', 'x-script-name'].flatMap((name) =>
    (headers.get(name) ?? '').split(','),
  );
  return (
    named
      .map((prefix) => prefix.trim())
      // Before it is searched for slashes at its end, which takes long in a long one.
      .filter((prefix) => prefix.length <= 300)
      .map((prefix) => prefix.replace(/\/+$/, ''))
      .filter((prefix) => /^\/[\w.~/%-]{1,255}$/.test(prefix))
  );
}

/** Where something on the way says what the target was before it changed that. */
function rewritten(headers: HeaderView): readonly Variation[] {
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
    tell: (signed, received) =>
      `The caller signed ${shownTarget(signed.message.target)}; ${shownTarget(received.message.target)} was received.`,
    remedy: `Something on the way rewrites the path, and says so in ${name}: let it stop, or on the server set publicPath.`,
  }));
}

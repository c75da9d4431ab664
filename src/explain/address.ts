import type { HeaderView, Message } from '../core/message.ts';
import type { Effort } from './effort.ts';
import { mostValues, takeFew } from './few.ts';
import { maskTarget } from './masked-fields.ts';
import { forwardedPrefixes } from './path.ts';
import { changeTarget, type Guess, type Variation } from './variation.ts';

/** What callers and proxies may have used, and the effort that bounds it. */
export type AddressRules = { readonly origins: readonly string[]; readonly effort: Effort };

/** Yields variations of scheme, host and port: addresses under which the caller may know the server. */
export function* addressVariations(
  { message: { headers } }: Guess,
  { origins, effort }: AddressRules,
): Generator<Variation> {
  yield protocol;
  for (const port of commonPorts) yield portVariation(port);
  yield portVariation(undefined);
  const forwarded = withPort(takeFew(forwardedHosts(headers), mostValues.hosts, effort), headers);
  for (const host of new Set([...origins.map(readHost), ...forwarded])) yield hostVariation(host);
  const prefixes = takeFew(forwardedPrefixes(headers), mostValues.prefixes, effort);
  for (const prefix of prefixes) {
    for (const host of forwarded) yield forwardedVariation(headers, { prefix, host });
  }
  yield configuredHost;
  yield* spellings;
}

const withAuthority = (guess: Guess, authority: string): Guess =>
  authority === guess.message.authority ? guess : { ...guess, message: { ...guess.message, authority } };

const formatOrigin = ({ scheme, authority }: Message): string => `${scheme}://${authority}`;

const otherProtocol = ({ scheme }: Message): Message['scheme'] => (scheme === 'https' ? 'http' : 'https');

/** The default port is omitted, and http and https have different defaults. */
const protocol: Variation = {
  part: 'address',
  code: 'protocol',
  change(guess) {
    const scheme = otherProtocol(guess.message);
    const authority = guess.message.authority.replace(scheme === 'https' ? /:443$/ : /:80$/, '');
    return { ...guess, message: { ...guess.message, scheme, authority } };
  },
  describe: (signed, received) =>
    `The caller signed ${formatOrigin(signed.message)}; the request was received as ${formatOrigin(received.message)}.`,
  remedy: 'On the server, set publicOrigin to the origin that callers use, or set trustedProxies.',
};

const commonPorts = ['443', '80', '8080', '8443', '3000', '8000', '5000'] as const;

const portVariation = (port: string | undefined): Variation => ({
  part: 'address',
  code: 'port',
  change: (guess) =>
    withAuthority(guess, guess.message.authority.replace(/:\d+$/, '') + (port === undefined ? '' : `:${port}`)),
  describe: (signed, received) =>
    `The caller signed the host as ${signed.message.authority}; ${received.message.authority} was received.`,
  remedy:
    port === '443' || port === '80'
      ? "In the caller's code, omit the default port from the host. Or correct a wrong publicOrigin on the server."
      : 'On the server, set publicOrigin to the origin that callers use, with its port.',
});

const hostVariation = (host: string): Variation => ({
  part: 'address',
  code: 'host',
  change: (guess) => withAuthority(guess, host.toLowerCase()),
  describe: (signed, received) =>
    `The caller signed the host ${signed.message.authority}; the request was received for ${received.message.authority}.`,
  remedy: `On the server, set publicOrigin to the origin that callers use, such as https://${host}, or set trustedProxies.`,
});

/** A variation of host, protocol and path together, as reported by proxies. */
function forwardedVariation(
  headers: HeaderView,
  { prefix, host }: { readonly prefix: string; readonly host: string },
): Variation {
  const scheme = /\bhttps\b/i.test(headers.get('x-forwarded-proto') ?? headers.get('forwarded') ?? 'https')
    ? 'https'
    : 'http';
  return {
    ...hostVariation(host),
    change: (guess) => {
      const { message } = changeTarget(guess, (target) => prefix + target);
      return { ...guess, message: { ...message, scheme, authority: host.toLowerCase() } };
    },
    describe: ({ message: signed }, { message: received }) =>
      `The caller signed ${formatOrigin(signed)}${maskTarget(signed.target)}; ${formatOrigin(received)}${maskTarget(received.target)} was received.`,
    remedy: `Proxies report this in headers: on the server, set publicOrigin to ${scheme}://${host} and publicPath to ${prefix}, or set trustedProxies.`,
  };
}

/** A Host header that the verifier disregards. Only its own configuration gives a request another host. */
const configuredHost: Variation = {
  ...hostVariation(''),
  change(guess) {
    const host = guess.message.headers.get('host')?.toLowerCase() ?? '';
    return host ? withAuthority(guess, host) : guess;
  },
  describe: ({ message: signed }, { message: received }) =>
    `The caller signed the host ${signed.authority}, which it called; by its configuration the server verifies for ${received.authority}.`,
  remedy: 'On the server, set publicOrigin to the origin that callers use, or correct trustedProxies.',
};

const hostSpelling = (change: (authority: string, message: Message) => string): Variation => ({
  part: 'address',
  code: 'host',
  change: (guess) => withAuthority(guess, change(guess.message.authority, guess.message)),
  describe: (signed, received) =>
    `The caller signed the host as ${signed.message.authority || '(nothing)'}; ${received.message.authority} was received.`,
  remedy: "In the caller's code, sign the host as in the URL: in lower case, without protocol, default port and slash.",
});

const spellings: readonly Variation[] = [
  // As in the Host field, in any case.
  hostSpelling((authority, { headers }) => headers.get('host') ?? authority),
  hostSpelling((authority) => authority.toUpperCase()),
  hostSpelling((authority) => (authority.startsWith('www.') ? authority.slice(4) : `www.${authority}`)),
  hostSpelling((authority) =>
    authority.replace(/^([^:]*[^:.])\.?(?=:|$)/, (host) => (host.endsWith('.') ? host.slice(0, -1) : `${host}.`)),
  ),
  hostSpelling((authority) => authority.replace(/^localhost(?=:|$)/, '127.0.0.1')),
  hostSpelling((authority) => authority.replace(/^127\.0\.0\.1(?=:|$)/, 'localhost')),
  hostSpelling((_, message) => formatOrigin(message)),
  hostSpelling((authority) => `${authority}/`),
  hostSpelling((_, message) => `${formatOrigin(message)}/`),
  hostSpelling(() => ''),
];

const readHost = (origin: string): string => origin.replace(/^\w+:\/\//, '').replace(/[/?#].*$/s, '');

/** Lists the hosts that proxies and browsers report in headers. */
function forwardedHosts(headers: HeaderView): readonly string[] {
  const lists = ['x-forwarded-host', 'x-original-host', 'x-host'].flatMap((name) =>
    (headers.get(name) ?? '').split(','),
  );
  const forwarded = [...(headers.get('forwarded') ?? '').matchAll(/host="?([^";,\s]+)/gi)].map(([, host = '']) => host);
  const pages = ['origin', 'referer'].map((name) => readHost(headers.get(name) ?? ''));
  return [...lists, ...forwarded, ...pages]
    .map((host) => host.trim())
    .filter((host) => /^[\w.:[\]-]{1,255}$/.test(host));
}

/** Adds each host with the port that a proxy reports. */
function withPort(hosts: readonly string[], headers: HeaderView): readonly string[] {
  const port = headers.get('x-forwarded-port');
  return port && /^\d{1,5}$/.test(port)
    ? hosts.flatMap((host) => [host, `${host.replace(/:\d+$/, '')}:${port}`])
    : hosts;
}

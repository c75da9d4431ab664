import type { HeaderView, Message } from '../core/message.ts';
import { shownTarget } from './masked-fields.ts';
import { forwardedPrefixes } from './path.ts';
import { changeTarget, type Guess, type Variation } from './variation.ts';

/** Where the caller may have believed the server to be. */
export function addressVariations({ message: { headers } }: Guess, origins: readonly string[]): readonly Variation[] {
  const forwarded = forwardedHosts(headers);
  return [
    protocol,
    ...portsAdded.map((port) => onPort(port)),
    onPort(undefined),
    ...[...new Set([...origins.map(hostOf), ...forwarded])].map(atHost),
    ...entrances(headers, forwarded),
    ...spellings,
  ];
}

const withAuthority = (guess: Guess, authority: string): Guess =>
  authority === guess.message.authority ? guess : { ...guess, message: { ...guess.message, authority } };

const whereItIs = ({ scheme, authority }: Message): string => `${scheme}://${authority}`;

const other = ({ scheme }: Message): Message['scheme'] => (scheme === 'https' ? 'http' : 'https');

/** A default port is not written, and the two protocols have different ones. */
const protocol: Variation = {
  part: 'address',
  code: 'protocol',
  change(guess) {
    const scheme = other(guess.message);
    const authority = guess.message.authority.replace(scheme === 'https' ? /:443$/ : /:80$/, '');
    return { ...guess, message: { ...guess.message, scheme, authority } };
  },
  tell: (signed, received) =>
    `The caller signed ${whereItIs(signed.message)}; the request was received as ${whereItIs(received.message)}.`,
  remedy: 'On the server, set publicOrigin to where callers believe it is, or trustedProxies.',
};

const portsAdded = ['443', '80', '8080', '8443', '3000', '8000', '5000'] as const;

const onPort = (port: string | undefined): Variation => ({
  part: 'address',
  code: 'port',
  change: (guess) =>
    withAuthority(guess, guess.message.authority.replace(/:\d+$/, '') + (port === undefined ? '' : `:${port}`)),
  tell: (signed, received) =>
    `The caller signed the host as ${signed.message.authority}; it was received as ${received.message.authority}.`,
  remedy:
    port === '443' || port === '80'
      ? "In the caller's code, leave a default port out of the host. Or is the server told of a wrong publicOrigin?"
      : 'On the server, set publicOrigin to where callers believe it is, with its port.',
});

const atHost = (host: string): Variation => ({
  part: 'address',
  code: 'host',
  change: (guess) => withAuthority(guess, host.toLowerCase()),
  tell: (signed, received) =>
    `The caller signed the host ${signed.message.authority}; the request was received for ${received.message.authority}.`,
  remedy: `On the server, set publicOrigin to where callers believe it is, as https://${host}, or trustedProxies.`,
});

/** Host, protocol and path together, as proxies say that they were. */
function entrances(headers: HeaderView, hosts: readonly string[]): readonly Variation[] {
  const scheme = /\bhttps\b/i.test(headers.get('x-forwarded-proto') ?? headers.get('forwarded') ?? 'https')
    ? 'https'
    : 'http';
  return forwardedPrefixes(headers).flatMap((prefix) =>
    hosts.map((host) => ({
      ...atHost(host),
      change: (guess) => {
        const { message } = changeTarget(guess, (target) => prefix + target);
        return { ...guess, message: { ...message, scheme, authority: host.toLowerCase() } };
      },
      tell: ({ message: signed }, { message: received }) =>
        `The caller signed ${whereItIs(signed)}${shownTarget(signed.target)}; ${whereItIs(received)}${shownTarget(received.target)} was received.`,
      remedy: `Proxies say so in headers: on the server, set publicOrigin to ${scheme}://${host} and publicPath to ${prefix}, or trustedProxies.`,
    })),
  );
}

const spelled = (change: (authority: string, message: Message) => string): Variation => ({
  part: 'address',
  code: 'host',
  change: (guess) => withAuthority(guess, change(guess.message.authority, guess.message)),
  tell: (signed, received) =>
    `The caller signed the host as ${signed.message.authority || '(nothing)'}; it is ${received.message.authority}.`,
  remedy: "In the caller's code, sign the host as it is in the URL: in lower case, without a default port.",
});

const spellings: readonly Variation[] = [
  // As it stood in the Host field, in letters of whatever case.
  spelled((authority, { headers }) => headers.get('host') ?? authority),
  spelled((authority) => authority.toUpperCase()),
  spelled((authority) => (authority.startsWith('www.') ? authority.slice(4) : `www.${authority}`)),
  spelled((authority) =>
    authority.replace(/^([^:]*[^:.])\.?(?=:|$)/, (host) => (host.endsWith('.') ? host.slice(0, -1) : `${host}.`)),
  ),
  spelled((authority) => authority.replace(/^localhost(?=:|$)/, '127.0.0.1')),
  spelled((authority) => authority.replace(/^127\.0\.0\.1(?=:|$)/, 'localhost')),
  spelled((_, message) => whereItIs(message)),
  spelled(() => ''),
];

const hostOf = (origin: string): string => origin.replace(/^\w+:\/\//, '').replace(/[/?#].*$/s, '');

/** What proxies and browsers say of where the request was sent. */
function forwardedHosts(headers: HeaderView): readonly string[] {
  const lists = ['x-forwarded-host', 'x-original-host', 'x-host'].flatMap((name) =>
    (headers.get(name) ?? '').split(','),
  );
  const forwarded = [...(headers.get('forwarded') ?? '').matchAll(/host="?([^";,\s]+)/gi)].map(([, host = '']) => host);
  const pages = ['origin', 'referer'].map((name) => hostOf(headers.get(name) ?? ''));
  const ports = headers.get('x-forwarded-port');
  const hosts = [...lists, ...forwarded, ...pages]
    .map((host) => host.trim())
    .filter((host) => /^[\w.:[\]-]{1,255}$/.test(host));
  return ports && /^\d{1,5}$/.test(ports)
    ? hosts.flatMap((host) => [host, `${host.replace(/:\d+$/, '')}:${ports}`])
    : hosts;
}

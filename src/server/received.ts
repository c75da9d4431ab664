import { type Address, addressOf, normaliseTarget } from '../core/address.ts';
import { fail } from '../core/errors.ts';
import { type HeaderView, type Message, methodOf } from '../core/message.ts';
import { type Entrance, type Entrances, entrancesThrough, type TrustedProxies } from './proxies.ts';
import { requireSendable } from './received-target.ts';

/** A request as a server framework that has no `Request` received it. */
export type ReceivedRequest = {
  /** As received, in upper case. */
  readonly method: string;
  /** The Host field, or HTTP/2's `:authority`. */
  readonly authority: string;
  /** Path and query as they stood on the wire: beginning with `/`, not decoded, nothing stripped. */
  readonly target: string;
  /** The protocol that the request came by. @default 'http' */
  readonly scheme?: 'http' | 'https';
  /** The header fields; names are asked for in lower case. */
  readonly headers: HeaderView;
  /** The bytes as received, or a stream of them, of the web's or of Node's; not what a parser made of them. */
  readonly body?: Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | undefined;
  /** Whether something has read the body already, and not kept its bytes. @default false */
  readonly bodyUsed?: boolean;
};

/** Where callers believe the server is, when something on the way presents their requests under another address. */
export type PublicAddress = {
  /** The origin that callers sign, as in `https://api.example.com`; without it, the one that the request names. */
  readonly publicOrigin?: string;
  /** What a proxy removes from the front of the path, as in `/v1`. @default none */
  readonly publicPath?: string;
  /**
   * Proxies that are believed about where a request came from, and to which host, protocol and path, as far as `publicOrigin`
   * and `publicPath` do not say. @default none
   */
  readonly trustedProxies?: TrustedProxies;
};

/** A request at its public address. */
export type ArrivedMessage = Message & {
  /** Path and query as the request names them, without what a proxy takes off the front, normalised. */
  readonly presentedTarget: string;
};

/** A request that nobody has looked at yet but to see where it came from. */
export type Arrival = {
  /** Of the client, as far as that is known. */
  readonly address: string | undefined;
  /**
   * The request as it can be judged.
   *
   * @throws SignatureError `malformed_field`, `invalid_request`
   */
  readonly message: () => ArrivedMessage;
};

/**
 * How requests arrive behind a given public address; made once per verifier. `peer` is the other end of the connection.
 *
 * @throws SignatureError `invalid_configuration` for an origin with a path, and a path that does not begin with `/` or ends in
 * one; what is returned: `malformed_field`
 */
export function arrivalsAt({
  publicOrigin,
  publicPath,
  trustedProxies,
}: PublicAddress): (request: Request | ReceivedRequest, peer?: string) => Arrival {
  const origin = publicOrigin === undefined ? undefined : addressOf(originOf(publicOrigin));
  if (!/^$|^\/[^?#]*[^?#/]$/.test(publicPath ?? '')) fail('invalid_configuration', 'publicPath must look like /v1.');
  const entranceOf: Entrances = trustedProxies ? entrancesThrough(trustedProxies) : (_, peer) => ({ address: peer });
  return (request, peer) => {
    const headers = 'url' in request ? request.headers : textsOf(request.headers);
    const entrance = entranceOf(headers, peer);
    const message = (): ArrivedMessage => {
      const presented = 'url' in request ? addressOf(request.url) : addressOfReceived(request);
      requireSendable(presented.rawTarget);
      const scheme = origin?.scheme ?? schemeAt(entrance) ?? presented.scheme;
      const prefix = publicPath ?? prefixAt(entrance);
      return {
        method: methodOf(request.method),
        scheme,
        authority: origin?.authority ?? withoutDefaultPort(authorityAt(entrance) ?? presented.authority, scheme),
        target: prefix ? normaliseTarget(prefix + presented.target) : presented.target,
        rawTarget: prefix + presented.rawTarget,
        presentedTarget: presented.target,
        headers,
      };
    };
    return { address: entrance.address, message };
  };
}

function schemeAt({ proto }: Entrance): 'http' | 'https' | undefined {
  const scheme = proto?.toLowerCase();
  if (scheme === undefined || scheme === 'http' || scheme === 'https') return scheme;
  return misforwarded('protocol, which must be http or https');
}

function authorityAt({ host }: Entrance): string | undefined {
  // Without the comma, which a host may have: of two hosts one may be the caller's.
  if (host === undefined || (isAuthority(host) && !host.includes(','))) return host;
  return misforwarded('host');
}

function prefixAt({ prefix = '' }: Entrance): string {
  const [, path] = /^((?:\/[\w.~!$&'()*+;=:@%-]+)*)\/?$/.exec(prefix) ?? [];
  return path ?? misforwarded('prefix, which must be a path');
}

const misforwarded = (what: string): never =>
  fail('malformed_field', `Trusted proxies have forwarded a malformed ${what}.`);

const withoutDefaultPort = (authority: string, scheme: string): string =>
  authority.toLowerCase().replace(scheme === 'https' ? /:443$/ : /:80$/, '');

/** RFC 9110 section 7.2: a host, and a port unless it is the default one. */
const isAuthority = (text: string): boolean => /^[\w.~!$&'()*+,;=%:[\]-]+$/.test(text);

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    fail('invalid_configuration', 'publicOrigin must look like https://api.example.com.');
  }
  return url.href;
}

// A view may be a Map of lower-case names, or a plain object, which also has a `constructor` that a caller may name.
function textsOf(headers: HeaderView): HeaderView {
  const view: HeaderView = {
    get(name) {
      const value: unknown = headers.get(name.toLowerCase());
      return typeof value === 'string' ? value : null;
    },
  };
  if (typeof headers.keys === 'function') view.keys = () => headers.keys?.() ?? [];
  if (typeof headers.lines === 'function') view.lines = (name) => headers.lines?.(name.toLowerCase()) ?? [];
  return view;
}

function addressOfReceived({ authority, target, scheme = 'http' }: ReceivedRequest): Address {
  if (!isAuthority(authority)) fail('malformed_field', 'The Host header is malformed.');
  return {
    scheme,
    authority,
    target: normaliseTarget(target),
    rawTarget: target,
  };
}

import { type Address, addressOf, normaliseTarget } from '../core/address.ts';
import { fail } from '../core/errors.ts';
import { type HeaderView, type Message, methodOf } from '../core/message.ts';
import { entranceThrough, type TrustedProxies } from './proxies.ts';

/** A request as a server framework that has no `Request` received it. */
export type ReceivedRequest = {
  readonly method: string;
  /** The Host field, or HTTP/2's `:authority`. */
  readonly authority: string;
  /** Path and query as they stood on the wire: beginning with `/`, not decoded, nothing stripped. */
  readonly target: string;
  /** @default 'http' */
  readonly scheme?: 'http' | 'https';
  readonly headers: HeaderView;
  /** The bytes as received, or a stream of them; not what a parser made of them. */
  readonly body?: Uint8Array | ReadableStream<Uint8Array> | undefined;
  /** Whether something has read the body already, and not kept its bytes. @default false */
  readonly bodyUsed?: boolean;
};

/** Where callers believe the server is, when something on the way presents their requests under another address. */
export type PublicAddress = {
  /** As in `https://api.example.com`; replaces the host that the request names. */
  readonly publicOrigin?: string;
  /** As in `/v1`: what a proxy takes off the front of the path. */
  readonly publicPath?: string;
  /**
   * Proxies that are believed about where a request came from, and to which host, protocol and path, as far as `publicOrigin`
   * and `publicPath` do not say. @default none
   */
  readonly trustedProxies?: TrustedProxies;
};

/** A request as it can be judged, and where it came from, as far as that is known. */
export type Located = { readonly message: Message; readonly address: string | undefined };

/**
 * How requests become messages behind a given public address; made once per verifier. `address` is the other end of the connection.
 *
 * @throws SignatureError `invalid_configuration` for an origin with a path, and a path that does not begin with `/` or ends in one.
 */
export function messagesAt({
  publicOrigin,
  publicPath = '',
  trustedProxies,
}: PublicAddress): (request: Request | ReceivedRequest, address?: string) => Located {
  const origin = publicOrigin === undefined ? undefined : addressOf(originOf(publicOrigin));
  if (!/^$|^\/[^?#]*[^?#/]$/.test(publicPath)) fail('invalid_configuration', 'publicPath must look like /v1.');
  const entranceOf = trustedProxies && entranceThrough(trustedProxies);
  return (request, peer) => {
    const web = 'url' in request;
    const headers = web ? request.headers : textsOf(request.headers);
    const entrance = entranceOf?.(headers, peer);
    const { scheme, authority, target, rawTarget } = web ? addressOf(request.url) : addressOfReceived(request);
    const prefix = publicPath || (entrance?.prefix ?? '');
    const calledBy = origin?.scheme ?? entrance?.scheme ?? scheme;
    return {
      address: entrance ? entrance.address : peer,
      message: {
        method: methodOf(request.method),
        scheme: calledBy,
        authority: origin?.authority ?? withoutDefaultPort(entrance?.authority ?? authority, calledBy),
        target: prefix ? normaliseTarget(prefix + target) : target,
        rawTarget: prefix + rawTarget,
        headers,
      },
    };
  };
}

const withoutDefaultPort = (authority: string, scheme: string): string =>
  authority.toLowerCase().replace(scheme === 'https' ? /:443$/ : /:80$/, '');

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
  // RFC 9110 section 7.2: a host, and a port unless it is the default one.
  if (!/^[\w.~!$&'()*+,;=%:[\]-]+$/.test(authority)) fail('malformed_field', 'The Host header is malformed.');
  // Origin-form, RFC 9112 section 3.2.1. Anything else would have to be changed to look like what a client signs.
  if (!/^\/[^#]*$/.test(target)) fail('malformed_field', 'The request target must be a path, without a fragment.');
  // RFC 9112 section 3: a line break would end the request line, and be a line of its own where a scheme signs lines. A space
  // and DEL, which some parsers let pass, are escaped by the schemes that can be told so, and refused by the others.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x1f]/.test(target)) fail('malformed_field', 'The request target holds a control character.');
  return {
    scheme,
    authority,
    target: normaliseTarget(target),
    rawTarget: target,
  };
}

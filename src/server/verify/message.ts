import { type Address, hasBarePercent, isAuthority, normaliseTarget, parseAddress } from '../../core/address.ts';
import { fail } from '../../core/errors.ts';
import { type HeaderView, type Message, upperCaseMethod } from '../../core/message.ts';
import {
  type ClientConnection,
  type ConnectionReader,
  createConnectionReader,
  type TrustedProxies,
} from './proxies.ts';

/** A request received by a server framework without `Request`. */
export type ReceivedRequest = {
  /** As received, in upper case. */
  readonly method: string;
  /** The Host field, or HTTP/2's `:authority`. */
  readonly authority: string;
  /** Path and query as on the wire: starts with `/`, not decoded, nothing removed. */
  readonly target: string;
  /** The protocol of the request. @default 'http' */
  readonly scheme?: 'http' | 'https';
  /** The header fields. The verifier looks up names in lower case. */
  readonly headers: HeaderView;
  /** The bytes as received, or a web or Node stream of them; not the result of a parser. */
  readonly body?: Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | undefined;
  /** True if the body was already read and its bytes were not kept. @default false */
  readonly bodyUsed?: boolean;
};

/** The address that callers use, if a proxy forwards requests under another one. */
export type PublicAddress = {
  /** The origin that callers sign, such as `https://api.example.com`; without it, the origin of the request. */
  readonly publicOrigin?: string;
  /** The path prefix that a proxy removes, such as `/v1`. @default none */
  readonly publicPath?: string;
  /**
   * Proxies whose headers are trusted for the client's address, and for host, protocol and path prefix unless `publicOrigin` and
   * `publicPath` are set. @default none
   */
  readonly trustedProxies?: TrustedProxies;
};

/** A request at its public address. */
export type ReceivedMessage = Message & {
  /** Path and query of the received request, normalised, without the prefix that a proxy removed. */
  readonly presentedTarget: string;
};

/** A request of which only the client's address has been resolved. */
export type ResolvedRequest = {
  /** The client's address, if known. */
  readonly address: string | undefined;
  /**
   * Parses the request.
   *
   * @throws SignatureError `malformed_field`, `invalid_request`
   */
  readonly message: () => ReceivedMessage;
};

/**
 * Creates the function that finds the public address of a request; once per verifier. `peer` is the remote address of the
 * connection.
 *
 * @throws SignatureError `invalid_configuration` for a `publicOrigin` with a path, and a `publicPath` that does not start with
 * `/` or ends with one. The function throws `malformed_field`.
 */
export function createRequestResolver({
  publicOrigin,
  publicPath,
  trustedProxies,
}: PublicAddress): (request: Request | ReceivedRequest, peer?: string) => ResolvedRequest {
  const origin = publicOrigin === undefined ? undefined : parseAddress(originOf(publicOrigin));
  if (!/^$|^\/[^?#]*[^?#/]$/.test(publicPath ?? '')) fail('invalid_configuration', 'publicPath must look like /v1.');
  const readConnection: ConnectionReader = trustedProxies
    ? createConnectionReader(trustedProxies)
    : (_, peer) => ({ address: peer });
  return (request, peer) => {
    const headers = 'url' in request ? request.headers : textHeaders(request.headers);
    const connection = readConnection(headers, peer);
    const message = (): ReceivedMessage => {
      const presented = 'url' in request ? addressOfRequest(request) : addressOfReceived(request);
      requireSendable(presented.rawTarget);
      const scheme = origin?.scheme ?? schemeAt(connection) ?? presented.scheme;
      const prefix = publicPath ?? prefixAt(connection);
      return {
        method: upperCaseMethod(request.method),
        scheme,
        authority: origin?.authority ?? withoutDefaultPort(authorityAt(connection) ?? presented.authority, scheme),
        target: prefix ? normaliseTarget(prefix + presented.target) : presented.target,
        rawTarget: prefix + presented.rawTarget,
        presentedTarget: presented.target,
        headers,
      };
    };
    return { address: connection.address, message };
  };
}

function schemeAt({ proto }: ClientConnection): 'http' | 'https' | undefined {
  const scheme = proto?.toLowerCase();
  if (scheme === undefined || scheme === 'http' || scheme === 'https') return scheme;
  return misforwarded('protocol, which must be http or https');
}

function authorityAt({ host }: ClientConnection): string | undefined {
  // RFC 3986 allows a comma in a host. Here it separates two values, one of which may come from the caller.
  if (host === undefined || (isAuthority(host) && !host.includes(','))) return host;
  return misforwarded('host');
}

function prefixAt({ prefix }: ClientConnection): string {
  if (!prefix) return '';
  const [, path] = /^((?:\/[\w.~!$&'()*+;=:@%-]+)*)\/?$/.exec(prefix) ?? [];
  return path ?? misforwarded('prefix, which must be a path');
}

const misforwarded = (what: string): never => fail('malformed_field', `A trusted proxy forwarded a malformed ${what}.`);

const withoutDefaultPort = (authority: string, scheme: string): string =>
  authority.toLowerCase().replace(scheme === 'https' ? /:443$/ : /:80$/, '');

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    fail('invalid_configuration', 'publicOrigin must look like https://api.example.com.');
  }
  return url.href;
}

// A view may be a Map with lower-case names, or a plain object, whose inherited `constructor` is not a header.
function textHeaders(headers: HeaderView): HeaderView {
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

function addressOfRequest({ url, headers }: Request): Address {
  // Some runtimes write the Host header into the URL as it is: `a/b#` would become part of the path.
  const host = headers.get('host');
  if (host !== null && !isAuthority(host)) fail('malformed_field', 'The Host header is malformed.');
  return parseAddress(url);
}

// Matches what normalising may change. Most targets contain nothing of it, and this test takes a tenth of the time.
const unusual = /\?$|%(?![\dA-F]{2})|%(?:2[DE]|3\d|[46][1-9A-F]|[57][\dA]|5F|7E)|[^!$%&-;=?-Z[\]_a-z~]/;

function addressOfReceived({ authority, target, scheme = 'http' }: ReceivedRequest): Address {
  if (!isAuthority(authority)) fail('malformed_field', 'The Host header is malformed.');
  return {
    scheme,
    authority,
    target: unusual.test(target) ? normaliseTarget(target) : target,
    rawTarget: target,
  };
}

// The characters of a URI (RFC 3986 section 2), and those that clients of the URL Standard also send: `^` and `|` in a path,
// in a query also `\`, `{`, `}` and a backtick.
const sendable = /^\/[!$%&'-;=@-[\]^_a-z|~]*(?:\?[!$%&'-;=?-~]*)?$/;

/**
 * Refuses a target with characters that clients escape. Signing escapes them, but a router may read them differently (`\` as
 * `/`, for example) and serve another path than the signed one.
 *
 * @throws SignatureError `malformed_field`
 */
function requireSendable(target: string): void {
  // Frameworks leave the rest of a value undecoded, or decode it twice.
  if (hasBarePercent(target)) {
    fail('malformed_field', 'The request target contains a % that begins no escape: a client must send %25.');
  }
  if (sendable.test(target)) return;
  // Clients sign the origin-form only (RFC 9112 section 3.2.1).
  if (!/^\/[^#]*$/.test(target)) fail('malformed_field', 'The request target must be a path, without a fragment.');
  fail(
    'malformed_field',
    'The request target contains characters that a client must escape, such as a space, control character or backslash in the path.',
  );
}

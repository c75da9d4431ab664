import { isIP } from 'node:net';
import { fail } from '../core/errors.ts';
import type { HeaderView } from '../core/message.ts';

/** The supported proxies. Each describes the original request in headers of its own. */
export type Dialect = 'nginx' | 'traefik' | 'envoy';

/** The original request, except for its remaining headers. */
export type DescribedRequest = {
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  /** The client's address. */
  readonly address: string;
};

/** The proxy's request to the gateway. */
export type AuthRequest = {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderView;
};

/** Header names; undefined if the value is that of the proxy's request itself. */
type Places = {
  readonly method?: string;
  readonly target?: string;
  readonly authority: string;
  readonly scheme: string;
  readonly address: string;
};

const places: Readonly<Record<Dialect, Places>> = {
  nginx: {
    method: 'X-Original-Method',
    target: 'X-Original-URI',
    authority: 'X-Original-Host',
    scheme: 'X-Original-Proto',
    address: 'X-Original-Address',
  },
  traefik: {
    method: 'X-Forwarded-Method',
    target: 'X-Forwarded-Uri',
    authority: 'X-Forwarded-Host',
    scheme: 'X-Forwarded-Proto',
    address: 'X-Forwarded-For',
  },
  envoy: { authority: 'Host', scheme: 'X-Original-Proto', address: 'X-Original-Address' },
};

/**
 * Creates the function that reads the original request from the proxy's request. Each value is read from exactly one header,
 * which must occur once. With a fallback, a line missing in the proxy's configuration would let the caller set the value.
 *
 * @param prefix the path prefix that Envoy adds; only for Envoy.
 * @throws SignatureError `invalid_configuration`. The function throws `undescribed_request`.
 */
export function createDescriber(dialect: Dialect, prefix = ''): (request: AuthRequest) => DescribedRequest {
  const place = Object.hasOwn(places, dialect) ? places[dialect] : undefined;
  if (!place) return fail('invalid_configuration', `dialect must be one of ${Object.keys(places).join(', ')}.`);
  if (prefix && (place.target !== undefined || !/^\/[^?#]*[^?#/]$/.test(prefix))) {
    fail('invalid_configuration', 'pathPrefix is only for envoy, and must look like /check.');
  }
  return (request) => {
    const read = (name: string): string => onlyValue(request.headers, name);
    return {
      method: upperCase(place.method ? read(place.method) : request.method),
      target: place.target ? read(place.target) : withoutPrefix(request.target, prefix),
      authority: read(place.authority),
      scheme: protocol(place.scheme, read(place.scheme)),
      address: addressIn(place.address, read(place.address)),
    };
  };
}

/** A signature covers the method in upper case, and the backend receives it as the caller sent it. */
function upperCase(method: string): string {
  return method === method.toUpperCase() ? method : fail('malformed_field', 'The method must be in upper case.');
}

function onlyValue({ lines }: HeaderView, name: string): string {
  const [value, ...others] = lines?.(name) ?? [];
  if (!value || others.length) undescribed(`does not send ${name}, or sends it ${others.length ? 'twice' : 'empty'}`);
  return value ?? '';
}

function protocol(name: string, value: string): 'http' | 'https' {
  return value === 'http' || value === 'https' ? value : undescribed(`sends a ${name} that is neither http nor https`);
}

// X-Forwarded-For has several addresses if Traefik trusts its callers' headers. Callers could then set the target as well.
function addressIn(name: string, value: string): string {
  return isIP(value) ? value : undescribed(`sends a ${name} that is not exactly one address`);
}

function withoutPrefix(target: string, prefix: string): string {
  return target.startsWith(`${prefix}/`)
    ? target.slice(prefix.length)
    : undescribed(`sends a path not below ${prefix}/`);
}

const undescribed = (what: string): never =>
  fail('undescribed_request', `The proxy ${what}: see docs/other-languages.md for its configuration.`, 500);

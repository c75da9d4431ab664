import { isIP } from 'node:net';
import { fail } from '../core/errors.ts';
import type { HeaderView } from '../core/message.ts';

/** The proxies that know how to ask, and how each of them describes the request that it asks about. */
export type Dialect = 'nginx' | 'traefik' | 'envoy';

/** The request that a proxy asks about, as far as it is not in the other headers. */
export type DescribedRequest = {
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  /** Where it came from. */
  readonly address: string;
};

/** The request in which a proxy asks. */
export type AuthRequest = {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderView;
};

/** Names of headers; undefined is what the question has in common with the request. */
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
 * How the request is found out that a proxy asks about. Whatever the dialect has a header for must be in that header, once: if
 * something else could stand for it, a line forgotten in the proxy's configuration would let the caller say it.
 *
 * @param prefix what the proxy puts in front of the target; for Envoy alone.
 * @throws SignatureError `invalid_configuration`; what is returned: `undescribed_request`
 */
export function createDescriber(dialect: Dialect, prefix = ''): (question: AuthRequest) => DescribedRequest {
  const place = Object.hasOwn(places, dialect) ? places[dialect] : undefined;
  if (!place) return fail('invalid_configuration', `dialect is one of ${Object.keys(places).join(', ')}.`);
  if (prefix && (place.target !== undefined || !/^\/[^?#]*[^?#/]$/.test(prefix))) {
    fail('invalid_configuration', 'pathPrefix is for envoy alone, and must look like /check.');
  }
  return (question) => {
    const said = (name: string): string => onlyValue(question.headers, name);
    return {
      method: upperCase(place.method ? said(place.method) : question.method),
      target: place.target ? said(place.target) : withoutPrefix(question.target, prefix),
      authority: said(place.authority),
      scheme: protocol(place.scheme, said(place.scheme)),
      address: addressIn(place.address, said(place.address)),
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
  return value === 'http' || value === 'https' ? value : undescribed(`sends another ${name} than http or https`);
}

// Several are in X-Forwarded-For where Traefik believes what its callers say of themselves: then they may also say the target.
function addressIn(name: string, value: string): string {
  return isIP(value) ? value : undescribed(`sends other in ${name} than one address`);
}

function withoutPrefix(target: string, prefix: string): string {
  return target.startsWith(`${prefix}/`) ? target.slice(prefix.length) : undescribed(`does not ask below ${prefix}/`);
}

const undescribed = (what: string): never =>
  fail('undescribed_request', `The proxy ${what}: see docs/gateway.md for its configuration.`, 500);

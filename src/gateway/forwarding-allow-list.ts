import { fail } from '../core/errors.ts';
import { fieldNamePattern } from '../core/field-names.ts';
import { isPrincipalField } from './principal-fields.ts';

/** Which of a caller's headers are forwarded to the backend. */
export type ForwardableFields = {
  /** Names of unsigned headers that the provider wants to forward, in any case. */
  readonly passHeaders: readonly string[];
};

/** The headers of a request's signature, in lower case. */
export type SignedFields = {
  /** The headers that carry the signature, of the scheme that verified only. */
  readonly carriers: readonly string[];
  /** The signed headers. */
  readonly covered: readonly string[];
};

/** True if a header is forwarded. The name is in lower case. */
export type IsForwardable = (name: string) => boolean;

// They only negotiate the form of the response, or give the client's context without identifying anyone.
const harmless = new Set([
  ...['accept', 'accept-charset', 'accept-datetime', 'accept-encoding', 'accept-language', 'accept-signature'],
  ...['cache-control', 'date', 'dnt', 'last-event-id', 'max-forwards', 'origin', 'pragma'],
  ...['priority', 'referer', 'save-data', 'sec-gpc', 'traceparent', 'tracestate', 'upgrade-insecure-requests'],
  ...['user-agent', 'via', 'want-content-digest', 'want-repr-digest', 'x-correlation-id', 'x-request-id'],
]);
// They describe the content, or select a part of it. A scheme that leaves them unsigned has findings for that.
const aboutContent =
  /^(?:content-(?:digest|encoding|range|type)|digest|repr-digest|unencoded-digest|range|if-(?:match|none-match|modified-since|unmodified-since|range))$/;
const clientHints = /^sec-(?:ch-[a-z\d-]+|fetch-[a-z]+)$/;

/** Headers that the gateway sets itself, or handles. */
const replaced = /^(?:host|content-length|expect|forwarded|x[^a-z\d]forwarded(?:[^a-z\d].*)?|x[^a-z\d]real[^a-z\d]ip)$/;

// Frameworks read the method or target from these, servers the caller's identity or a file to send, and CGI its proxy
// (CVE-2016-5385). Not forwarded even if signed: only the provider knows whether the backend trusts them.
const believed =
  /^(?:proxy|x-(?:original|rewrite)-[a-z\d-]+|x-(?:http-)?method(?:-override)?|(?:x-)?(?:remote|authenticated|forwarded|auth-request)-[a-z\d-]+|(?:x-)?(?:true-|(?:wl-)?proxy-)?client-(?:ip|cert|cert-chain|verify|dn)|x-ssl-[a-z\d-]+|ssl-[a-z\d-]+|(?:cf|fastly|fly|x-vercel|x-nf|x-azure|x-goog|x-envoy|x-ms-client-principal)(?:-[a-z\d-]+)?|x-(?:cluster-client-ip|appengine-[a-z\d-]+|middleware-[a-z\d-]+|nextjs-[a-z\d-]+|accel-[a-z\d-]+|sendfile(?:-[a-z\d-]+)?|lighttpd-send-file|user(?:-[a-z\d-]+)?|url-scheme|scheme|host)|x-(?:webauth|amzn|consumer|credential|authentik|pomerium|arr)-[a-z\d-]+|x-anonymous-consumer|x-originating-ip|x-http-host-override|tailscale-[a-z\d-]+|script-name|path-info|front-end-https)$/;

/**
 * Creates the filter for headers of verified requests. It forwards headers that carry the signature, signed headers, known
 * harmless headers, and those in `passHeaders`. Any other header may have been added in transit.
 *
 * @throws SignatureError `invalid_configuration` for an invalid name, or one that the gateway sets.
 */
export function forwardableFields({ passHeaders }: ForwardableFields): (signed: SignedFields) => IsForwardable {
  const named = new Set(passHeaders.map((name) => name.toLowerCase()));
  for (const name of named) {
    if (!fieldNamePattern.test(name) || isSetHere(name)) {
      fail(
        'invalid_configuration',
        `passHeaders cannot name ${name}: it is not a header name, or the gateway sets it.`,
      );
    }
  }
  return (signed) => {
    const carriers = new Set(signed.carriers);
    const covered = new Set(signed.covered);
    return (name) => {
      if (isSetHere(name)) return false;
      if (named.has(name) || carriers.has(name)) return true;
      // CGI and its successors map other characters to a hyphen: `X_User` would become the value of another header.
      if (!/^[a-z\d-]+$/.test(name) || believed.test(name)) return false;
      return covered.has(name) || harmless.has(name) || aboutContent.test(name) || clientHints.test(name);
    };
  };
}

const isSetHere = (name: string): boolean => replaced.test(name) || isPrincipalField(name);

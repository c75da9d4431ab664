import { fail } from '../core/errors.ts';
import { fieldNamePattern } from '../core/field-names.ts';
import { isPrincipalField } from './principal-fields.ts';

/** Which of a caller's headers a backend gets. */
export type ForwardableFields = {
  /** Names that the provider lets through unsigned, in whatever case. */
  readonly passHeaders: readonly string[];
};

/** What the signature of a request says of its headers, by names in lower case. */
export type SignedFields = {
  /** The headers that carry the signature: those of its own scheme, not of others that the verifier takes. */
  readonly carriers: readonly string[];
  /** The headers that it covers. */
  readonly covered: readonly string[];
};

/** Whether a header is passed on, by its name in lower case. */
export type IsForwardable = (name: string) => boolean;

// They ask for a form of the response, or say where a request comes from in a way that names nobody.
const harmless = new Set([
  ...['accept', 'accept-charset', 'accept-datetime', 'accept-encoding', 'accept-language', 'accept-signature'],
  ...['cache-control', 'date', 'dnt', 'idempotency-key', 'last-event-id', 'max-forwards', 'origin', 'pragma', 'prefer'],
  ...['priority', 'referer', 'save-data', 'sec-gpc', 'traceparent', 'tracestate', 'upgrade-insecure-requests'],
  ...['user-agent', 'via', 'want-content-digest', 'want-repr-digest', 'x-correlation-id', 'x-request-id'],
]);
// They say what the body is and which part of what is asked for: where they may be unsigned, a scheme's findings tell.
const aboutContent =
  /^(?:content-(?:digest|disposition|encoding|language|location|range|type)|digest|repr-digest|unencoded-digest|range|if-(?:match|none-match|modified-since|unmodified-since|range))$/;
const clientHints = /^sec-(?:ch-[a-z\d-]+|fetch-[a-z]+)$/;

/** What the gateway says in their place, or does itself. */
const replaced = /^(?:host|content-length|expect|forwarded|x[^a-z\d]forwarded(?:[^a-z\d].*)?|x[^a-z\d]real[^a-z\d]ip)$/;

// Frameworks take the method or the target from these, servers who calls or which file to send, and CGI the proxy of its own calls
// (CVE-2016-5385). Not even the caller may say so: only the provider knows whether the backend believes them.
const believed =
  /^(?:proxy|x-(?:original|rewrite)-[a-z\d-]+|x-(?:http-)?method(?:-override)?|(?:x-)?(?:remote|authenticated|forwarded|auth-request)-[a-z\d-]+|(?:x-)?(?:true-|(?:wl-)?proxy-)?client-(?:ip|cert|cert-chain|verify|dn)|x-ssl-[a-z\d-]+|ssl-[a-z\d-]+|(?:cf|fastly|fly|x-vercel|x-nf|x-azure|x-goog|x-envoy|x-ms-client-principal)(?:-[a-z\d-]+)?|x-(?:cluster-client-ip|appengine-[a-z\d-]+|middleware-[a-z\d-]+|nextjs-[a-z\d-]+|accel-[a-z\d-]+|sendfile(?:-[a-z\d-]+)?|lighttpd-send-file|user(?:-[a-z\d-]+)?|url-scheme|scheme|host)|x-(?:webauth|amzn|consumer|credential|authentik|pomerium|arr)-[a-z\d-]+|x-anonymous-consumer|x-originating-ip|x-http-host-override|tailscale-[a-z\d-]+|script-name|path-info|front-end-https)$/;

/**
 * Which headers of a verified request are passed on: those that carry the signature, those that it covers, those that are known
 * to be harmless and those that the provider names. Somebody on the way may have added any other.
 *
 * @throws SignatureError `invalid_configuration` for a name that is none, or that the gateway itself sets.
 */
export function forwardableFields({ passHeaders }: ForwardableFields): (signed: SignedFields) => IsForwardable {
  const named = new Set(passHeaders.map((name) => name.toLowerCase()));
  for (const name of named) {
    if (!fieldNamePattern.test(name) || isSetHere(name)) {
      fail('invalid_configuration', `passHeaders cannot name ${name}: it is no header, or the gateway sets it.`);
    }
  }
  return (signed) => {
    const carriers = new Set(signed.carriers);
    const covered = new Set(signed.covered);
    return (name) => {
      if (isSetHere(name)) return false;
      if (named.has(name) || carriers.has(name)) return true;
      // To CGI, and all that came after it, other characters are a hyphen: `X_User` would be another header's value.
      if (!/^[a-z\d-]+$/.test(name) || believed.test(name)) return false;
      return covered.has(name) || harmless.has(name) || aboutContent.test(name) || clientHints.test(name);
    };
  };
}

const isSetHere = (name: string): boolean => replaced.test(name) || isPrincipalField(name);

"""Signs requests with countersign-v1: see protocol.md. Python 3.8 or later, standard library only. Copy this file."""

import base64
import hashlib
import hmac
import http.client
import re
import secrets
import time as clock

MODIFIERS = """content-encoding content-range idempotency-key if-match if-modified-since if-none-match if-range
    if-unmodified-since range""".split()
NOT_SIGNABLE = re.compile(
    "x-api-.*|content-(type|digest|length)|host|connection|transfer-encoding|te|trailer|upgrade|keep-alive"
    "|accept-encoding|set-cookie"
)
RESPONSE_HEADERS = ("content-range", "location")
IDEMPOTENT = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")


def require(condition, problem):
    if not condition:
        raise ValueError(problem)


def normalise(target):
    """Writes path and query with one spelling of each escape."""
    target = target if target.startswith(b"/") else b"/" + target
    target = target[:-1] if target.find(b"?") == len(target) - 1 else target

    def rewrite(found):
        escaped = found[1] and bytes([int(found[1], 16)])
        if escaped:
            return escaped if re.match(rb"[A-Za-z0-9._~-]", escaped) else found[0].upper()
        return found[0] if re.match(rb"[A-Za-z0-9._~!$&'()*+,;=:@/?\[\]-]", found[0]) else b"%%%02X" % found[0][0]

    return re.sub(rb"%([0-9A-Fa-f]{2})|.", rewrite, target, flags=re.DOTALL).decode()


def value_of(headers, name):
    """Returns the value of a header as it is signed; None without it."""
    values = [value.strip(" \t") for key, value in headers if key.lower() == name]
    value = ", ".join(values).strip(" \t") if values else None
    require(value is None or re.fullmatch(r"[\t -~]*", value), name + " is not printable ASCII")
    return value


def digest_of(body):
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":" if body else ""


def mac_of(secret, text):
    return "v1=" + hmac.new(secret if isinstance(secret, bytes) else secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def sign(method, url, headers, body, access_key, secret, time=None, nonce=None, signed_headers=(), unsigned_body=False):
    """Returns the headers to add, and the string to sign.

    headers: pairs of name and value, as sent. body: bytes, as sent. time: seconds since 1970, now by default.
    """
    parts = re.match(r"(https?)://([^/?#]*)([^#]*)", url, re.IGNORECASE | re.DOTALL)
    require(parts and "@" not in parts[2], "The URL must be absolute, without a user name.")
    require(re.fullmatch("[!-~]*", parts[2]), "The host must be printable ASCII, without blanks.")
    require(re.fullmatch(r"[\w!#$%&'*+.^`|~-]{1,64}", method, re.ASCII), "The method is not a token.")
    nonce = secrets.token_hex(16) if nonce is None else nonce
    require(re.fullmatch(r"[\w-]{16,128}", nonce, re.ASCII), "A nonce has 16 to 128 of A-Z a-z 0-9 _ -")
    require(re.fullmatch(r"[\w.~-]{1,512}", access_key, re.ASCII), "The access key is malformed.")
    time = str(int(clock.time()) if time is None else time)
    authority = re.sub(":443$" if parts[1].lower() == "https" else ":80$", "", parts[2].lower())
    names = {name.lower() for name in signed_headers} | {m for m in MODIFIERS if value_of(headers, m) is not None}
    digest = "" if unsigned_body else digest_of(body)
    lines = ["countersign-v1-request", access_key, time, nonce, method.upper(), authority]
    lines += [normalise(parts[3].encode()), value_of(headers, "content-type") or ""]
    lines += ["unsigned" if unsigned_body else digest]
    for name in sorted(names):
        require(re.fullmatch(r"[a-z0-9!#$%&'*+.^_`|~-]+", name), name + " is no header name.")
        require(not NOT_SIGNABLE.fullmatch(name), name + " cannot be signed.")
        require(value_of(headers, name) is not None, "The request lacks " + name)
        lines.append(name + ":" + value_of(headers, name))
    text = "\n".join(lines)
    added = {"X-API-Key": access_key, "X-API-Timestamp": time, "X-API-Nonce": nonce}
    added.update({"Content-Digest": digest} if digest else {})
    added.update({"X-API-Payload": "unsigned"} if unsigned_body else {})
    added.update({"X-API-Signed-Headers": ";".join(sorted(names))} if names else {})
    added["X-API-Signature"] = mac_of(secret, text)
    return added, text


def response_is_signed(signature, secret, status, headers, body):
    """Whether a response is countersigned. signature: X-API-Signature of the request."""
    time, received = value_of(headers, "x-api-timestamp") or "", value_of(headers, "x-api-signature") or ""
    digest = digest_of(body)
    lines = ["countersign-v1-response", signature, time, str(status), value_of(headers, "content-type") or "", digest]
    lines += [n + ":" + value_of(headers, n) for n in RESPONSE_HEADERS if value_of(headers, n) is not None]
    fits = hmac.compare_digest(mac_of(secret, "\n".join(lines)).encode(), received.encode())
    return fits and re.fullmatch("[0-9]{1,12}", time) is not None and digest == (value_of(headers, "unencoded-digest") or "")


def may_retry(method, headers, status):
    """Whether to send a request once more. The server may have carried out another one, such as a POST."""
    idempotent = method.upper() in IDEMPOTENT or any(name.lower() == "idempotency-key" for name, _ in headers)
    return status in (502, 503, 504) and idempotent


def send(method, url, headers, body, access_key, secret, attempts=3, check_response=False, **options):
    """Sends a request with http.client. Signs every attempt anew, and follows no redirect. Returns status, headers, body."""
    scheme, host, target = re.match(r"(https?)://([^/?#]*)([^#]*)", url).groups()
    connect = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    for attempt in range(attempts):
        added, _ = sign(method, url, headers, body, access_key, secret, **options)
        connection = connect(host, timeout=30)
        connection.putrequest(method, target if target.startswith("/") else "/" + target, skip_accept_encoding=True)
        for name, value in [*headers, *added.items()]:
            require(not re.search(r"[\r\n\0]", name + value), "A header is one line.")
            connection.putheader(name, value)
        if body or method.upper() not in ("GET", "HEAD"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
        require(response.status >= 200, "http.client takes an interim response for the response.")
        content = response.read()
        connection.close()
        if may_retry(method, headers, response.status) and attempt + 1 < attempts:
            clock.sleep(0.2 * 2**attempt)
            continue
        got = response.getheaders()
        if check_response and not response_is_signed(added["X-API-Signature"], secret, response.status, got, content):
            raise ValueError("The response is not countersigned.")
        return response.status, got, content

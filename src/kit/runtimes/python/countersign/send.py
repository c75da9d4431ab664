def name_of(parameter):
    name = parameter.partition(b"=")[0]
    try:
        return urllib.parse.unquote_to_bytes(name.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return name.decode()


def without_parameters(target, names):
    start, _, rest = target.partition(b"?")
    kept = [parameter for parameter in rest.split(b"&") if rest and name_of(parameter) not in names]
    if rest and len(kept) == len(rest.split(b"&")):
        return target
    return start + b"?" + b"&".join(kept) if kept else start if rest else target


def with_parameters(target, added):
    start, _, rest = target.partition(b"?")
    parameters = ([rest] if rest else []) + [name.encode() + b"=" + value for name, value in added if value]
    return start + b"?" + b"&".join(parameters) if parameters else start


def sign(method, url, headers, body, access_key, secret, time=None, nonce=None, signed_headers=(), session_token=None, challenge=None):
    """Returns the headers to add, the string to sign, and the URL to send.

    headers: pairs of name and value, as sent. body: bytes, as sent. time: seconds since 1970, now by default.
    """
    r = prepare(method, url, headers, body, access_key, time, nonce, signed_headers, session_token, challenge)
    r["target"] = without_parameters(r["target"], own_parameters)  # with parameters
    r["target"] = with_parameters(r["target"], signed_parameters(r))  # with parameters
    text = string_to_sign(r)
    r["signature"] = signature_of(r, secret if isinstance(secret, bytes) else secret.encode(), text)
    url = r["origin"] + with_parameters(r["target"], signature_parameters(r)).decode()  # with parameters
    return {name: value.decode() for name, value in added_headers(r) if value}, text, url


def may_retry(method, status):
    """Whether to send a request once more. The server may have carried out another one, such as a POST."""
    return status in (502, 503, 504) and method.upper() in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")


def send(method, url, headers, body, access_key, secret, attempts=3, **options):
    """Sends a request with http.client. Signs every attempt anew, and follows no redirect. Returns status, headers, body."""
    for attempt in range(attempts):
        added, _, signed_url = sign(method, url, headers, body, access_key, secret, **options)
        scheme, address, target = re.match(r"(https?)://([^/?#]*)([^#]*)", signed_url).groups()
        connect = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        connection = connect(address, timeout=30)
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
        if may_retry(method, response.status) and attempt + 1 < attempts:
            clock.sleep(0.2 * 2**attempt)
            continue
        return response.status, response.getheaders(), content

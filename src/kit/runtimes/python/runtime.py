def require(condition, problem):
    if not condition:
        raise ValueError(problem)


def describe(method, url, headers, body, **more):
    parts = re.match(r"(https?)://([^/?#]*)([^#]*)", url, re.IGNORECASE | re.DOTALL)
    require(parts and "@" not in parts[2], "The URL must be absolute, without a user name.")
    scheme = parts[1].lower()
    authority = re.sub(":443$" if scheme == "https" else ":80$", "", parts[2].lower())
    target = parts[3] if parts[3].startswith("/") else "/" + parts[3]
    known = {name: None if value is None else str(value).encode() for name, value in more.items()}
    return {
        "method": method.upper().encode(),
        "scheme": scheme.encode(),
        "authority": authority.encode(),
        "target": target.encode(),
        "headers": headers,
        "body": body or None,
        "signature": b"",
        **known,
    }


def host(r):
    return re.sub(rb":\d*$", b"", r["authority"])


def port(r):
    found = re.search(rb":(\d+)$", r["authority"])
    return found[1] if found else b"443" if r["scheme"] == b"https" else b"80"


def path(r):
    return r["target"].partition(b"?")[0]


def query(r):
    return r["target"].partition(b"?")[2] or None


def full_url(r):
    return r["scheme"] + b"://" + r["authority"] + r["target"]


def header(r, name):
    values = [value.strip(" \t") for key, value in r["headers"] if key.lower() == name]
    value = ", ".join(values).strip(" \t") if values else None
    require(value is None or re.fullmatch(r"[\t -~]*", value), name + " is not printable ASCII")
    return None if value is None else value.encode()


def needed(value, name):
    require(value is not None, "The request lacks " + name)
    return value


def only(r, methods, value):
    return value if r["method"].decode() in methods else None


def default(value, fallback):
    return fallback if value is None else value


def lower(text):
    return text.lower()


def upper(text):
    return text.upper()


def trim(text):
    return text.strip(b"\t\n\v\f\r ")


def collapse(text):
    return re.sub(rb"[\t\n\v\f\r ]+", b" ", text)


def before(text, end):
    return text.split(end)[0]


def truncate(text, length):
    return text.decode()[:length].encode()


def truncate_bytes(value, length):
    return value[:length]


def split_path(text):
    return [[segment] for segment in text.split(b"/")]


def split_query(text):
    return [pair.split(b"=", 1) for pair in text.split(b"&")]


def join_path(pieces):
    return b"/".join(b"=".join(piece) for piece in pieces)


def join_query(pieces):
    return b"&".join(b"=".join(piece) for piece in pieces)


def each(pieces, change):
    return [[change(one) for one in piece] for piece in pieces]


def sort_by_value(pieces):
    return sorted(pieces, key=lambda piece: (piece[0], piece[1] if len(piece) > 1 else b""))


def sort_by_name(pieces):
    return sorted(pieces, key=lambda piece: piece[0])


def sort_by_text(pieces):
    return sorted(pieces, key=b"=".join)


def decode(text):
    require(not re.search(rb"%(?![0-9A-Fa-f]{2})", text), "A value contains a % that begins no escape.")
    decoded = re.sub(rb"%(..)", lambda found: bytes([int(found[1], 16)]), text)
    require(not re.search(rb"[\x00-\x1f\x7f]", decoded.decode().encode()), "A value contains a control character.")
    return decoded


def rfc3986(text):
    return re.sub(rb"[^A-Za-z0-9._~-]", lambda found: b"%%%02X" % found[0][0], text)


def form(text):
    return rfc3986(text).replace(b"%20", b"+").replace(b"%2A", b"*").replace(b"~", b"%7E")


def sha256(value):
    return hashlib.sha256(value).digest()


def sha384(value):
    return hashlib.sha384(value).digest()


def sha512(value):
    return hashlib.sha512(value).digest()


def sha1(value):
    return hashlib.sha1(value).digest()


def md5(value):
    return hashlib.md5(value).digest()


def hex_of(value):
    return value.hex().encode()


def hex_upper(value):
    return value.hex().upper().encode()


def base64_of(value):
    return base64.b64encode(value)


def base64url_of(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def base64_of_hex(value):
    return base64.b64encode(value.hex().encode())


MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


WEEKDAYS = "Mon Tue Wed Thu Fri Sat Sun".split()


def calendar(time):
    milliseconds = int(round(float(time) * 1000))
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=milliseconds)


def uuid_of(nonce):
    found = re.fullmatch("([0-9a-f]{8})([0-9a-f]{4})[0-9a-f]([0-9a-f]{3})([0-9a-f])([0-9a-f]{3})([0-9a-f]{12})", nonce)
    if not found:
        return nonce
    a, b, c, variant, d, e = found.groups()
    return "-".join([a, b, "4" + c, "89ab"[int(variant, 16) & 3] + d, e])


def digits_of(nonce):
    is_hex = re.fullmatch("[0-9a-f]{32}", nonce) and not re.fullmatch("[0-9]+", nonce)
    return str(int(nonce, 16))[::-1] if is_hex else nonce


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


def mac(algorithm, key, data):
    return hmac.new(key, data, algorithm).digest()


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
        connection.putrequest(method, target or "/", skip_accept_encoding=True)
        for name, value in [*headers, *added.items()]:
            require(not re.search(r"[\r\n\0]", name + value), "A header is one line.")
            connection.putheader(name, value)
        if body or method.upper() not in ("GET", "HEAD"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if may_retry(method, response.status) and attempt + 1 < attempts:
            clock.sleep(0.2 * 2**attempt)
            continue
        return response.status, response.getheaders(), content

def require(condition, problem):
    if not condition:
        raise ValueError(problem)


def prepare(method, url, headers, body, access_key, time, nonce, signed_headers, session_token, challenge):
    parts = re.match(r"(https?)://([^/?#]*)([^#]*)", url, re.IGNORECASE | re.DOTALL)
    require(parts and "@" not in parts[2], "The URL must be absolute, without a user name.")
    # Others are dropped or escaped when the URL is sent, and a line break could pass for the end of a field.
    require(re.fullmatch("[!-~]*", parts[2] + parts[3]), "The host and the target must be printable ASCII, without blanks.")
    require(re.fullmatch(r"[\w!#$%&'*+.^`|~-]{1,64}", method, re.ASCII), "The method is not a token.")
    require(re.fullmatch(r"[\w.~+/=-]{0,512}", challenge or "", re.ASCII), "The challenge has characters that no server issues, or more than 512.")
    scheme = parts[1].lower()
    authority = re.sub(":443$" if scheme == "https" else ":80$", "", parts[2].lower())
    target = parts[3] if parts[3].startswith("/") else "/" + parts[3]
    time = clock.time() if time is None else time
    challenge = challenge or "none"  # with challenge
    return {
        "method": method.upper().encode(),
        "scheme": scheme.encode(),
        "origin": parts[1] + "://" + parts[2],
        "authority": authority.encode(),
        "target": target.encode(),
        "headers": headers,
        "names": sorted({name.lower() for name in signed_headers}),
        "body": body or None,
        "access_key": access_key.encode(),
        "time": time,
        "timestamp": timestamp_of(time),
        "nonce": nonce_of(secrets.token_hex(16) if nonce is None else nonce),
        "session_token": None if session_token is None else session_token.encode(),
        "challenge": None if challenge is None else challenge.encode(),
        "signature": b"",
    }


def host_of(r):
    return re.sub(rb":\d*$", b"", r["authority"])


def port_of(r):
    found = re.search(rb":(\d+)$", r["authority"])
    return found[1] if found else b"443" if r["scheme"] == b"https" else b"80"


def path_of(r):
    return r["target"].partition(b"?")[0]


def query_of(r):
    return r["target"].partition(b"?")[2] or None


def url_of(r):
    return r["scheme"] + b"://" + r["authority"] + r["target"]


def header_value(r, name):
    values = [value.strip(" \t") for key, value in r["headers"] if key.lower() == name]
    value = ", ".join(values).strip(" \t") if values else None
    require(value is None or re.fullmatch(r"[\t -~]*", value), name + " is not printable ASCII")
    return None if value is None else value.encode()


def nothing():
    return None


def needed(value, name):
    require(value is not None, "The request lacks " + name)
    return value


def chosen_names(r, separator):
    return separator.join(name.encode() for name in r["names"]) if r["names"] else None


def chosen_lines(r):
    lines = [line_of(name.encode(), needed(header_value(r, name), name)) for name in r["names"]]
    return b"".join(lines) if lines else None


def only_for(r, methods, value):
    return value if r["method"].decode() in methods else None


def default_to(value, fallback):
    return fallback if value is None else value

"""Sessions in Python, written from docs/browsers.md alone, with the standard library.

The package cryptography checks the signatures of bound sessions; without it they are not checked.
Run with the path of sessions.json: prints each case that it sees differently, and fails if there is one.
"""

import base64
import hashlib
import hmac
import json
import re
import sys

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
    from cryptography.hazmat.primitives.hashes import SHA256
except ImportError:
    ec = None

KEPT = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?[]"
UNRESERVED = re.compile(rb"[A-Za-z0-9._~-]")
ORDER = "iebusmpok"
FIELD = 2**255 - 19
D = -121665 * pow(121666, -1, FIELD) % FIELD


class Refused(Exception):
    pass


def require(condition, code="malformed_field"):
    if not condition:
        raise Refused(code)


def matches(pattern, text):
    return isinstance(text, str) and re.fullmatch(pattern, text, re.ASCII) is not None


# --- claims ---


def encode(claims):
    parts = []
    for key in ORDER:
        if key in claims:
            value = json.dumps(claims[key], separators=(",", ":"), ensure_ascii=False)
            parts.append(f'"{key}":{value}')
    text = "{" + ",".join(parts) + "}"
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode(text):
    try:
        claims = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise Refused("malformed_field") from None
    require(isinstance(claims, dict) and set(claims) <= set(ORDER))
    require(matches(r"[A-Za-z0-9_-]{16}", claims.get("i")))
    for key in "eb":
        require(type(claims.get(key)) is int and 0 <= claims[key] < 10**12)
    require(claims["b"] < claims["e"])
    require("u" not in claims or matches(r"[ -~]{1,128}", claims["u"]))
    entries = {
        "s": lambda scope: matches(r"[ -~]+", scope),
        "m": lambda method: matches(r"[A-Z0-9!#$%&'*+.^_`|~-]{1,64}", method),
        "p": is_prefix,
        "o": is_origin,
    }
    for key, is_sound in entries.items():
        if key in claims:
            given = claims[key]
            require(isinstance(given, list) and given and all(is_sound(entry) for entry in given))
            require(given == sorted(set(given)))
    if "k" in claims:
        raw_key(claims["k"])
    require(encode(claims) == text)
    return claims


def raw_key(text):
    require(matches(r"[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{87}", text))
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    require(base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == text)
    if len(raw) == 65:
        require(raw[0] == 4)
    else:
        y = int.from_bytes(raw, "little") % 2**255
        require(y < FIELD and not is_of_small_order(y))
    return raw


def is_of_small_order(y):
    """Doubles y three times, as on the curve of RFC 8032 section 5.1, and sees whether it ends at the neutral point."""
    for _ in range(3):
        # The square of x, by the equation of the curve. What lies beside the curve has no order.
        xx = (y * y - 1) * pow(D * y * y + 1, -1, FIELD) % FIELD
        if xx and pow(xx, (FIELD - 1) // 2, FIELD) != 1:
            return False
        y = (y * y + xx) * pow(2 - y * y + xx, -1, FIELD) % FIELD
    return y == 1


def normalise(target):
    raw = target.encode()

    def rewrite(found):
        if found[1]:
            byte = bytes([int(found[1], 16)])
            return byte if UNRESERVED.match(byte) else found[0].upper()
        return found[0] if found[0] in KEPT else b"%%%02X" % found[0][0]

    return re.sub(rb"%([0-9A-Fa-f]{2})|.", rewrite, raw, flags=re.DOTALL).decode()


def is_plain(path):
    return (
        path.startswith("/")
        and "//" not in path
        and "\\" not in path
        and not re.search("%(2e|2f|5c|3b|[01][0-9a-f]|20|7f|c[01]|e0%[89]|f0%8|u|25([0-9a-fu]|%))", path, re.IGNORECASE)
        and not any(re.match(r"\.\.?(;|$)", segment) for segment in path.split("/"))
    )


def is_prefix(text):
    if not isinstance(text, str) or re.search("[?#]", text) or not is_plain(text):
        return False
    return (text == "/" or not text.endswith("/")) and normalise(text) == text


def is_origin(text):
    return matches(r"[a-z][a-z0-9+.-]*://[a-z0-9._:\[\]-]+", text) and not matches("https://.*:443|http://.*:80", text)


def is_below(path, prefixes):
    return any(path == prefix or path.startswith(prefix.rstrip("/") + "/") for prefix in prefixes)


# --- the access key, and the secret ---


def read(access_key):
    mark = re.search(r"~([sp])1\.", access_key)
    require(mark and len(access_key) <= 1024)
    parent, rest = access_key[: mark.start()], access_key[mark.end() :]
    require(matches(r"[A-Za-z0-9._~-]{1,512}", parent))
    if mark[1] == "p":
        text, dot, tag = rest.partition(".")
        require(dot and matches(r"[A-Za-z0-9_-]{43}", tag))
        require(base64.urlsafe_b64encode(base64.urlsafe_b64decode(tag + "=")).rstrip(b"=").decode() == tag)
        claims = decode(text)
        require("k" in claims)
        return parent, [text], [claims]
    texts = rest.split("~")
    require(len(texts) <= 3)
    links = [decode(text) for text in texts]
    require(not any("k" in link for link in links))
    for before, link in zip(links, links[1:]):
        # Absent is as before, and what is absent before is all.
        for key in "usmpo":
            if key in before:
                link.setdefault(key, before[key])
        require(link["e"] <= before["e"] and link["b"] >= before["b"])
        # Only the first link states a subject.
        require(link.get("u") == before.get("u"))
        require("o" not in before or link["o"] == before["o"])
        for key in "sm":
            require(key not in before or set(link[key]) <= set(before[key]))
        require("p" not in before or all(is_below(prefix, before["p"]) for prefix in link["p"]))
    return parent, texts, links


def derive(secret, parent, texts):
    access_key = parent + "~s1"
    found = []
    for text in texts:
        access_key += ("." if access_key.endswith("~s1") else "~") + text
        signed = b"countersign-session1\n" + access_key.encode()
        mac = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
        secret = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
        found.append((access_key, secret))
    return found


def is_tagged(secret, access_key):
    tagged, _, tag = access_key.rpartition(".")
    signed = b"countersign-session1-bound\n" + tagged.encode()
    mac = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(mac).rstrip(b"=").decode(), tag)


def is_signed(raw, case):
    """Whether the holder of the private key made the signature. Only the key says by which algorithm."""
    signature = base64.b64decode(case["signature"])
    algorithm = "ed25519" if len(raw) == 32 else "ecdsa-p256-sha256"
    if f';alg="{algorithm}"' not in case["signatureInput"]:
        return False
    if ec is None:
        return case["outcome"] != "signature_mismatch"
    try:
        if len(raw) == 32:
            ed25519.Ed25519PublicKey.from_public_bytes(raw).verify(signature, case["base"].encode())
        else:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
            numbers = [int.from_bytes(half, "big") for half in (signature[:32], signature[32:])]
            key.verify(utils.encode_dss_signature(*numbers), case["base"].encode(), ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def base_of(case):
    """RFC 9421 section 2.5, for the four components that the cases cover."""
    path, _, query = case["target"].partition("?")
    values = {"@method": case["method"], "@authority": "api.example.com", "@path": path, "@query": "?" + query}
    names = re.findall(r'"([^"]+)"', case["signatureInput"].partition(")")[0])
    lines = [f'"{name}": {values[name]}' for name in names]
    return "\n".join([*lines, f'"@signature-params": {case["signatureInput"]}'])


def judge(links, case, rules):
    first, last = links[0], links[-1]
    if case["now"] >= last["e"]:
        return "expired_key"
    if last["b"] - case["now"] > rules["tolerance"]:
        return "inactive_key"
    path, whole = case["target"].split("?")[0], normalise(case["target"].split("?")[0])
    allowed = (
        first["e"] - first["b"] <= rules["maxLifetime"]
        and case["method"] in last.get("m", [case["method"]])
        and ("o" not in last or case.get("origin") in last["o"])
        and ("p" not in last or (is_plain(path) and is_plain(whole) and is_below(whole, last["p"])))
    )
    return "ok" if allowed else "session_not_allowed"


# --- the cases ---


def agrees_on_derivation(case):
    given = [(link["accessKey"], link["secret"]) for link in case["links"]]
    parent, texts, _ = read(given[-1][0])
    claims = [base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode() for text in texts]
    return (
        parent == case["parent"]["accessKey"]
        and claims == [link["claims"] for link in case["links"]]
        and derive(case["parent"]["secret"], parent, texts) == given
    )


def agrees_on_bound(case):
    parent, texts, links = read(case["accessKey"])
    claims = base64.urlsafe_b64decode(texts[0] + "=" * (-len(texts[0]) % 4)).decode()
    return (
        parent == case["parent"]["accessKey"]
        and claims == case["claims"]
        and encode(links[0]) == texts[0]
        and is_tagged(case["parent"]["secret"], case["accessKey"])
    )


def agrees_on_malformed(case):
    try:
        read(case["accessKey"])
        return False
    except Refused:
        return True


def main(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)

    def agrees_on_request(case):
        texts = [base64.urlsafe_b64encode(one.encode()).rstrip(b"=").decode() for one in case["claims"]]
        _, _, links = read("shop~s1." + "~".join(texts))
        return judge(links, case, vectors) == case["outcome"]

    secret = vectors["derive"][0]["parent"]["secret"]

    def agrees_on_bound_request(case):
        _, _, links = read(case["accessKey"])
        is_own = is_tagged(secret, case["accessKey"]) and is_signed(raw_key(links[0]["k"]), case)
        found = judge(links, case, vectors) if is_own else "signature_mismatch"
        return base_of(case) == case["base"] and found == case["outcome"]

    checks = {
        "derive": agrees_on_derivation,
        "malformed": agrees_on_malformed,
        "requests": agrees_on_request,
        "bound": agrees_on_bound,
        "boundRequests": agrees_on_bound_request,
    }
    cases = [(check, case) for kind, check in checks.items() for case in vectors[kind]]
    different = [case["name"] for check, case in cases if not check(case)]
    for name in different:
        print("differs:", name)
    unchecked = ", without checking signatures" if ec is None else ""
    print(f"{len(cases) - len(different)} of {len(cases)} cases agree{unchecked}")
    return 1 if different else 0


sys.exit(main(sys.argv[1]))

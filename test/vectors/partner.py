"""countersign-v1 in Python, written from docs/protocol.md alone, with nothing but the standard library.

Run with the path of countersign-v1.json: prints each case that it sees differently, and fails if there is one.
"""

import base64
import hashlib
import hmac
import json
import re
import sys

KEPT = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?[]"
UNRESERVED = re.compile(rb"[A-Za-z0-9._~-]")
NOT_SIGNABLE = re.compile(
    r"x-api-.*|content-(type|digest|length)|host|connection|transfer-encoding|te|trailer|upgrade|keep-alive"
    r"|accept-encoding|set-cookie"
)
MODIFIERS = [
    "content-encoding",
    "content-range",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
]
MAY_BE_UNSIGNED = {(name, method) for name in ("if-modified-since", "if-none-match") for method in ("GET", "HEAD")}
DIGEST = r"sha-256=:[A-Za-z0-9+/]{43}=:"
MAC = r"v1=[0-9a-f]{64}"


class Refused(Exception):
    pass


def require(condition, code):
    if not condition:
        raise Refused(code)


def matches(pattern, text):
    return re.fullmatch(pattern, text, re.ASCII) is not None


# --- the stages ---


def normalise(target):
    target = target if target.startswith(b"/") else b"/" + target
    target = target[:-1] if target.find(b"?") == len(target) - 1 else target

    def rewrite(found):
        if found[1]:
            byte = bytes([int(found[1], 16)])
            return byte if UNRESERVED.match(byte) else found[0].upper()
        return found[0] if found[0] in KEPT else b"%%%02X" % found[0][0]

    return re.sub(rb"%([0-9A-Fa-f]{2})|.", rewrite, target, flags=re.DOTALL).decode("ascii")


def authority_of(scheme, host):
    return re.sub(":443$" if scheme == "https" else ":80$", "", host.lower())


def digest_of(body):
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"


def field(headers, name):
    values = [value.strip(" \t") for key, value in headers if key.lower() == name]
    return ", ".join(values).strip(" \t") if values else None


def printable(headers, name):
    value = field(headers, name)
    require(value is None or matches(r"[\t -~]*", value), "invalid_request")
    return value


def string_to_sign(message, headers, access_key, timestamp, nonce, payload, names):
    lines = ["countersign-v1-request", access_key, timestamp, nonce, *message]
    lines += [printable(headers, "content-type") or "", payload]
    for name in names:
        value = printable(headers, name)
        require(value is not None, "missing_header")
        lines.append(name + ":" + value)
    return "\n".join(lines)


def mac_of(secret, text):
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


# --- signing ---


def sign(case):
    request, key = case["request"], case["credentials"]
    body = bytes_of(request.get("body"))
    unsigned = request.get("unsignedBody", False)
    digest = digest_of(body) if body and not unsigned else ""
    modifiers = {name for name in MODIFIERS if field(request["headers"], name) is not None}
    names = sorted({name.lower() for name in case["signedHeaders"]} | modifiers)
    message = [
        request["method"].upper(),
        authority_of(request["scheme"], request["host"]),
        normalise(request["target"].encode()),
    ]
    time, nonce = str(case["time"]), case["nonce"]
    payload = "unsigned" if unsigned else digest
    text = string_to_sign(message, request["headers"], key["accessKey"], time, nonce, payload, names)
    mac = mac_of(bytes_of(key["secret"]), text)
    headers = [["X-API-Key", key["accessKey"]], ["X-API-Timestamp", time], ["X-API-Nonce", nonce]]
    headers += [["Content-Digest", digest]] if digest else []
    headers += [["X-API-Payload", "unsigned"]] if unsigned else []
    headers += [["X-API-Signed-Headers", ";".join(names)]] if names else []
    headers += [["X-API-Signature", "v1=" + mac]]
    return {
        "message": dict(zip(["method", "authority", "target"], message)),
        "contentDigest": digest,
        "stringToSign": text,
        "mac": mac,
        "headers": headers,
    }


# --- verifying ---


def verify(case, keys, seen):
    received, now, options = case["received"], case["now"], case["verifier"]
    headers = received["headers"]
    proved = False

    def read(name, pattern):
        value = field(headers, name)
        require(value is None or matches(pattern, value), "malformed_field")
        return value

    def need(name, pattern):
        value = read(name, pattern)
        require(value is not None, "malformed_field")
        return value

    try:
        # 1. The grammar.
        signed = any(field(headers, name) is not None for name in ("x-api-key", "x-api-signature"))
        require(signed, "missing_signature")
        require(matches(r"[\w.~!$&'()*+,;=%:\[\]-]+", received["host"]), "malformed_field")
        require(matches(r"/[!$%&'-;=@-\[\]^_a-z|~]*(\?[!$%&'-;=?-~]*)?", received["target"]), "malformed_field")
        require(not re.search(r"%(?![0-9A-Fa-f]{2})", received["target"]), "malformed_field")
        access_key = need("x-api-key", r"[\w.~-]{1,512}")
        timestamp = need("x-api-timestamp", r"[0-9]{1,12}")
        nonce = need("x-api-nonce", r"[\w-]{16,128}")
        signatures = need("x-api-signature", f"{MAC}(, ?{MAC}){{0,3}}")
        unsigned = read("x-api-payload", "unsigned")
        digest = read("content-digest", DIGEST)
        require(not (unsigned and digest), "malformed_field")
        listed = read("x-api-signed-headers", r".{1,8192}")
        names = listed.split(";") if listed else []
        require(names == sorted(set(names)) and len(names) <= 64, "malformed_field")
        for name in names:
            sound = matches(r"[a-z0-9!#$%&'*+.^_`|~-]{1,128}", name) and not NOT_SIGNABLE.fullmatch(name)
            require(sound, "malformed_field")
        require(matches(r"[\w!#$%&'*+.^`|~-]{1,64}", received["method"]), "invalid_request")
        message = [
            received["method"].upper(),
            authority_of(received["scheme"], received["host"]),
            normalise(received["target"].encode()),
        ]
        for name in MODIFIERS:
            open_ = field(headers, name) is not None and name not in names
            require(not open_ or (name, message[0]) in MAY_BE_UNSIGNED, "insufficient_coverage")
        payload = unsigned or digest or ""
        text = string_to_sign(message, headers, access_key, timestamp, nonce, payload, names)
        # 3. The key.
        key = keys.get(access_key, {"secrets": [{"secret": {"utf8": ""}}]})
        retired = False
        for entry in key["secrets"]:
            if entry.get("notBefore", now) <= now:
                mac = mac_of(bytes_of(entry["secret"]), text)
                for one in re.split(", ?", signatures):
                    if hmac.compare_digest("v1=" + mac, one):
                        proved |= now < entry.get("expiresAt", now + 1)
                        retired |= now >= entry.get("expiresAt", now + 1)
        proved = proved and access_key in keys
        require(access_key in keys, "unknown_key")
        # 4. Its state.
        require(not key.get("revoked"), "revoked_key")
        require(now < key.get("expiresAt", now + 1), "expired_key")
        require(now >= key.get("notBefore", now), "inactive_key")
        # 5. The signature.
        require(proved or retired, "signature_mismatch")
        require(proved, "retired_secret")
        # 6. The time.
        require(now - int(timestamp) <= options["tolerance"], "stale_timestamp")
        require(int(timestamp) - now <= options["tolerance"], "future_timestamp")
        # 7. The body.
        body = bytes_of(received.get("body"))
        require(not unsigned or options["allowUnsignedPayload"], "unsigned_body")
        require(unsigned or len(body) <= options["maxBodyBytes"], "body_too_large")
        require(unsigned or digest or not body, "missing_body_digest")
        require(not digest or digest == digest_of(body), "body_digest_mismatch")
        # 8. The nonce.
        require((access_key, nonce) not in seen, "replayed_request")
        seen.add((access_key, nonce))
        return {"accepted": True}
    except Refused as refusal:
        code = str(refusal)
        status = {"malformed_field": 400, "missing_header": 400, "invalid_request": 400, "body_too_large": 413}
        hidden = code in ("unknown_key", "revoked_key", "expired_key", "inactive_key", "signature_mismatch")
        return {
            "accepted": False,
            "code": code,
            "publicCode": "invalid_signature" if hidden and not proved else code,
            "status": status.get(code, 401),
        }


# --- countersigned responses ---


def response_string(request_signature, timestamp, status, headers, digest):
    content_type = field(headers, "content-type") or ""
    lines = ["countersign-v1-response", request_signature, timestamp, str(status), content_type, digest]
    for name in ("content-range", "location"):
        value = field(headers, name)
        lines += [] if value is None else [name + ":" + value]
    return "\n".join(lines)


def respond(case):
    response, time = case["response"], str(case["time"])
    body = bytes_of(response.get("body"))
    digest = digest_of(body) if body else ""
    given = [["Content-Type", response["contentType"]], *response.get("headers", [])]
    text = response_string(case["requestSignature"], time, response["status"], given, digest)
    mac = mac_of(bytes_of(case["secret"]), text)
    headers = [["X-API-Timestamp", time], ["X-API-Signature", "v1=" + mac]]
    headers[1:1] = [["Unencoded-Digest", digest]] if digest else []
    return {"unencodedDigest": digest, "stringToSign": text, "mac": mac, "headers": headers}


def check(case):
    received = case["received"]
    headers, body = received["headers"], bytes_of(received.get("body"))
    timestamp = field(headers, "x-api-timestamp") or ""
    signature = field(headers, "x-api-signature") or ""
    if not matches("[0-9]{1,12}", timestamp) or not matches(MAC, signature):
        return {"accepted": False, "code": "response_unsigned"}
    digest = digest_of(body) if body else ""
    text = response_string(case["requestSignature"], timestamp, received["status"], headers, digest)
    valid = hmac.compare_digest("v1=" + mac_of(bytes_of(case["secret"]), text), signature)
    if valid and (field(headers, "unencoded-digest") or "") == digest:
        return {"accepted": True}
    return {"accepted": False, "code": "response_mismatch"}


# --- the vectors ---


def bytes_of(value):
    if value is None:
        return b""
    if "base64" in value:
        return base64.b64decode(value["base64"])
    if "utf8" in value:
        return value["utf8"].encode()
    return value["repeat"]["utf8"].encode() * value["repeat"]["times"]


def main(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    keys = {key["accessKey"]: key for key in vectors["keys"]}
    cases = {case["name"]: case for case in vectors["verify"]}
    failures, count = 0, 0

    def compare(name, found, expected):
        nonlocal failures, count
        count += 1
        if found != expected:
            failures += 1
            print(f"{name}\n  expected {expected}\n  found    {found}")

    for case in vectors["sign"]:
        compare(case["name"], sign(case), case["stages"])
    for case in vectors["verify"]:
        seen = set()
        if "after" in case:
            verify(cases[case["after"]], keys, seen)
        compare(case["name"], verify(case, keys, seen), case["outcome"])
    for case in vectors["respond"]:
        compare(case["name"], respond(case), case["stages"])
    for case in vectors["check"]:
        compare(case["name"], check(case), case["outcome"])
    print(f"{count - failures} of {count} cases agree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

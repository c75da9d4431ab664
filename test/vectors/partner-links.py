"""Signed links in Python, written from docs/protocol.md alone, with nothing but the standard library.

Run with the path of links.json: prints each case that it sees differently, and fails if there is one.
"""

import json
import re
import sys
from urllib.parse import urlsplit

from partner import Refused, authority_of, mac_of, matches, normalise, require

NAMES = ["csign-key", "csign-until", "csign-nonce", "csign-signature"]


def string_to_sign(access_key, until, nonce, method, authority, target):
    method = "GET" if method == "HEAD" else method
    return "\n".join(["countersign-v1-link", access_key, until, nonce, method, authority, target])


def sign(case):
    start, hash_, fragment = case["url"].partition("#")
    url = urlsplit(start)
    scheme = url.scheme.replace("ws", "http")
    origin = f"{url.scheme}://{url.netloc}"
    target = start[len(origin) :]
    target = target[:-1] if target.find("?") == len(target) - 1 else target
    until, nonce = str(case["now"] + case["expiresIn"]), case.get("nonce", "")
    own = [f"csign-key={case['accessKey']}", f"csign-until={until}"] + ([f"csign-nonce={nonce}"] if nonce else [])
    target += ("&" if "?" in target else "?") + "&".join(own)
    authority = authority_of(scheme, url.netloc)
    text = string_to_sign(case["accessKey"], until, nonce, case["method"], authority, normalise(target.encode()))
    mac = mac_of(case["secret"].encode(), text)
    return {"stringToSign": text, "mac": mac, "link": f"{origin}{target}&csign-signature=v1={mac}{hash_}{fragment}"}


def verify(case, vectors, seen):
    target = normalise(case["target"].encode())
    path, _, query = target.partition("?")
    parameters = [one.partition("=") for one in query.split("&")]
    start = next((i for i, one in enumerate(parameters) if one[0].startswith("csign-")), len(parameters))
    own = parameters[start:]
    names = [name for name, _, _ in own]
    require("csign-signature" in names, "missing_signature")
    require(names in (NAMES, [name for name in NAMES if name != "csign-nonce"]), "malformed_field")
    values = {name: value for name, _, value in own}
    access_key, until, nonce = values["csign-key"], values["csign-until"], values.get("csign-nonce")
    require(matches(r"[A-Za-z0-9._~-]{1,512}", access_key), "malformed_field")
    require(matches(r"[1-9][0-9]{0,11}", until), "malformed_field")
    require(nonce is None or matches(r"[A-Za-z0-9_-]{16,128}", nonce), "malformed_field")
    found = re.fullmatch(r"v1(?:=|%3D)([0-9a-f]{64})", values["csign-signature"])
    require(found, "malformed_field")
    secrets = {key["accessKey"]: key["secret"] for key in vectors["keys"]}
    require(access_key in secrets, "unknown_key")
    signed = target[: target.rindex("&csign-signature=")]
    authority = authority_of(case["scheme"], case["host"])
    text = string_to_sign(access_key, until, nonce or "", case["method"], authority, signed)
    require(mac_of(secrets[access_key].encode(), text) == found[1], "signature_mismatch")
    require(case["now"] < int(until), "expired_signature")
    require(int(until) - case["now"] <= vectors["maxLifetime"] + vectors["tolerance"], "lifetime_too_long")
    require(nonce is None or (access_key, nonce) not in seen, "replayed_request")
    seen.add((access_key, nonce))


def main(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)

    def outcome(case, seen):
        try:
            verify(case, vectors, seen)
            return "ok"
        except Refused as refusal:
            return str(refusal)

    def agrees(case):
        if "link" in case:
            return all(case[stage] == value for stage, value in sign(case).items())
        seen = set()
        first = outcome(case, seen) if case.get("again") else "ok"
        return first == "ok" and outcome(case, seen) == case["outcome"]

    cases = vectors["sign"] + vectors["verify"]
    different = [case["name"] for case in cases if not agrees(case)]
    for name in different:
        print("differs:", name)
    print(f"{len(cases) - len(different)} of {len(cases)} cases agree")
    return 1 if different else 0


sys.exit(main(sys.argv[1]))

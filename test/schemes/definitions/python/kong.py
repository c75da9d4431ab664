"""The hmac-auth plugin of Kong, as its handler builds and reads: docs.konghq.com/hub/kong-inc/hmac-auth."""

import re
from email.utils import formatdate

from lines import answer, base64_text, body_of, hmac_sha256, sha256

FORM = re.compile(r'\s*[Hh]mac\s*username="(.+)",\s*algorithm="(.+)",\s*headers="(.+)",\s*signature="(.+)"')


def string_to_sign(names, question):
    headers = {"host": question["authority"], **question["headers"]}
    lines = []
    for name in names:
        if name in headers:
            lines.append(f"{name}: {headers[name]}")
        elif name == "@request-target":
            lines.append(f"{name}: {question['method'].lower()} {question['target']}")
        elif name == "request-line":
            lines.append(f"{question['method']} {question['target']} HTTP/1.1")
        else:
            lines.append(f"{name}:")
    return "\n".join(lines)


def sign(question):
    added = {
        question["dateHeader"]: formatdate(question["time"] // 1000, usegmt=True),
        "digest": "SHA-256=" + base64_text(sha256(body_of(question))),
    }
    names = question["signedHeaders"]
    text = string_to_sign(names, {**question, "headers": {**question["headers"], **added}})
    signature = base64_text(hmac_sha256(question["secret"].encode(), text))
    value = f'hmac username="{question["accessKey"]}", algorithm="hmac-sha256", headers="{" ".join(names)}", signature="{signature}"'
    return {"headers": {**added, "authorization": value}, "stringToSign": text}


def accepts(question):
    headers = question["headers"]
    found = FORM.match(headers["authorization"])
    if not found or found[1] != question["accessKey"] or found[2] != "hmac-sha256":
        return False
    if headers.get("digest", "") != "SHA-256=" + base64_text(sha256(body_of(question))):
        return False
    text = string_to_sign(found[3].split(" "), question)
    return found[4] == base64_text(hmac_sha256(question["secret"].encode(), text))


answer(sign=sign, accepts=accepts)

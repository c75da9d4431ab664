"""The hmac-auth plugin of Apache APISIX since 3.11, as it builds and reads: apisix.apache.org/docs/apisix/plugins/hmac-auth."""

import re
from email.utils import formatdate

from lines import answer, base64_text, body_of, hmac_sha256, sha256


def string_to_sign(key_id, names, question):
    headers = {"host": question["authority"], **question["headers"]}
    items = [key_id]
    for name in names:
        if name in headers:
            items.append(f"{name}: {headers[name]}")
        elif name == "@request-target":
            items.append(f"{question['method']} {question['target']}")
    return "\n".join(items) + "\n"


def sign(question):
    added = {
        "date": formatdate(question["time"] // 1000, usegmt=True),
        "digest": "SHA-256=" + base64_text(sha256(body_of(question))),
    }
    names = question["signedHeaders"]
    text = string_to_sign(question["accessKey"], names, {**question, "headers": {**question["headers"], **added}})
    signature = base64_text(hmac_sha256(question["secret"].encode(), text))
    value = f'Signature keyId="{question["accessKey"]}",algorithm="hmac-sha256",headers="{" ".join(names)}",signature="{signature}"'
    return {"headers": {**added, "authorization": value}, "stringToSign": text}


def accepts(question):
    headers = question["headers"]
    given = headers["authorization"]
    if not given.startswith("Signature"):
        return False
    fields = {}
    for part in given[9:].split(","):
        found = re.match(r'\s*(\w+)="(.*?)"', part)
        if found:
            fields[found[1]] = found[2]
    if fields.get("keyId") != question["accessKey"] or fields.get("algorithm") != "hmac-sha256":
        return False
    if headers.get("digest") != "SHA-256=" + base64_text(sha256(body_of(question))):
        return False
    text = string_to_sign(fields["keyId"], fields["headers"].split(" "), question)
    return fields["signature"] == base64_text(hmac_sha256(question["secret"].encode(), text))


answer(sign=sign, accepts=accepts)

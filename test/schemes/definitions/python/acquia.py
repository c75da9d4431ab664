"""Acquia HTTP HMAC 2.0, from its specification: github.com/acquia/http-hmac-spec."""

import base64
import re
from urllib.parse import quote, unquote

from lines import answer, base64_text, body_of, hmac_sha256, sha256


def encoded(text):
    return quote(text, safe="-._~")


def string_to_sign(parameters, question, digest):
    path, _, query = question["target"].partition("?")
    named = {name: parameters[name] for name in ("id", "nonce", "realm", "version")}
    lines = [
        question["method"],
        question["authority"].lower(),
        path,
        query,
        "&".join(f"{name}={encoded(value)}" for name, value in sorted(named.items())),
    ]
    for name in sorted(filter(None, parameters.get("headers", "").lower().split(";"))):
        lines.append(f"{name}:{question['headers'][name]}")
    lines.append(question["headers"]["x-authorization-timestamp"])
    if digest:
        lines += [question["headers"].get("content-type", "").lower(), digest]
    return "\n".join(lines)


def digest_of(question):
    body = body_of(question)
    return base64_text(sha256(body)) if body else ""


def sign(question):
    digest = digest_of(question)
    added = {"x-authorization-timestamp": str(question["time"] // 1000)}
    if digest:
        added["x-authorization-content-sha256"] = digest
    parameters = {
        "realm": question["realm"],
        "id": question["accessKey"],
        "nonce": question["nonce"],
        "version": "2.0",
        "headers": ";".join(question["signedHeaders"]),
    }
    text = string_to_sign(parameters, {**question, "headers": {**question["headers"], **added}}, digest)
    signature = base64_text(hmac_sha256(base64.b64decode(question["secret"]), text))
    listed = ",".join(f'{name}="{encoded(value)}"' for name, value in parameters.items())
    value = f'acquia-http-hmac {listed},signature="{signature}"'
    return {"headers": {**added, "authorization": value}, "stringToSign": text}


def accepts(question):
    kind, _, rest = question["headers"]["authorization"].partition(" ")
    parameters = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', rest)}
    if kind != "acquia-http-hmac" or parameters.get("version") != "2.0" or parameters["id"] != question["accessKey"]:
        return False
    digest = digest_of(question)
    if question["headers"].get("x-authorization-content-sha256", "") != digest:
        return False
    text = string_to_sign(parameters, question, digest)
    return parameters["signature"] == base64_text(hmac_sha256(base64.b64decode(question["secret"]), text))


answer(sign=sign, accepts=accepts)

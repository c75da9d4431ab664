"""APIs that sign with HMAC, from the documentation of their providers, with the standard library alone."""

import base64
import hashlib
import hmac
import re
from datetime import datetime, timezone
from urllib.parse import quote, unquote

from lines import answer, base64_text, body_of, hmac_sha256, sha256

PASSPHRASE = "a {passphrase}"
SHOP = "14701711"


def utc(question, form):
    return datetime.fromtimestamp(question["time"] / 1000, timezone.utc).strftime(form)


def coinbase(question, time):
    text = (time + question["method"] + question["target"]).encode() + body_of(question)
    return {
        "cb-access-key": question["accessKey"],
        "cb-access-timestamp": time,
        "cb-access-passphrase": PASSPHRASE,
        "cb-access-sign": base64_text(hmac_sha256(base64.b64decode(question["secret"]), text)),
    }


def okx(question, time):
    text = (time + question["method"] + question["target"]).encode() + body_of(question)
    return {
        "ok-access-key": question["accessKey"],
        "ok-access-timestamp": time,
        "ok-access-passphrase": PASSPHRASE,
        "ok-access-sign": base64_text(hmac_sha256(question["secret"].encode(), text)),
    }


def bybit(question, time):
    # The query of a GET, which has no body, or the body of a POST, which has no query.
    payload = question["target"].partition("?")[2].encode() + body_of(question)
    text = (time + question["accessKey"] + "5000").encode() + payload
    return {
        "x-bapi-api-key": question["accessKey"],
        "x-bapi-timestamp": time,
        "x-bapi-recv-window": "5000",
        "x-bapi-sign": hmac_sha256(question["secret"].encode(), text).hex(),
    }


def parameters_of(query):
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    encoded = sorted((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def huawei(question, time):
    path, _, query = question["target"].partition("?")
    uri = "/".join(quote(unquote(segment), safe="-_.~") for segment in path.split("/"))
    signed = "host;x-sdk-date"
    headers = f"host:{question['authority']}\nx-sdk-date:{time}\n"
    body = sha256(body_of(question)).hex()
    uri = uri if uri.endswith("/") else uri + "/"
    request = "\n".join([question["method"], uri, parameters_of(query), headers, signed, body])
    text = f"SDK-HMAC-SHA256\n{time}\n{sha256(request.encode()).hex()}"
    signature = hmac_sha256(question["secret"].encode(), text).hex()
    value = f"SDK-HMAC-SHA256 Access={question['accessKey']}, SignedHeaders={signed}, Signature={signature}"
    return {"x-sdk-date": time, "authorization": value}


def derived(question, steps, prefix=b""):
    key = prefix + question["secret"].encode()
    for step in steps:
        key = hmac_sha256(key, step)
    return key


def tencent(question, time):
    path, _, query = question["target"].partition("?")
    date = datetime.fromtimestamp(int(time or 0), timezone.utc).strftime("%Y-%m-%d")
    headers = f"content-type:{question['headers']['content-type'].strip().lower()}\nhost:{question['authority']}\n"
    body = sha256(body_of(question)).hex()
    request = "\n".join([question["method"], path, query, headers, "content-type;host", body])
    scope = f"{date}/cvm/tc3_request"
    text = f"TC3-HMAC-SHA256\n{time}\n{scope}\n{sha256(request.encode()).hex()}"
    signature = hmac_sha256(derived(question, [date, "cvm", "tc3_request"], b"TC3"), text).hex()
    credential = f"Credential={question['accessKey']}/{scope}"
    value = f"TC3-HMAC-SHA256 {credential}, SignedHeaders=content-type;host, Signature={signature}"
    return {"x-tc-timestamp": time, "authorization": value}


def volcengine(question, time):
    path, _, query = question["target"].partition("?")
    body = sha256(body_of(question)).hex()
    headers = f"host:{question['authority']}\nx-content-sha256:{body}\nx-date:{time}\n"
    signed = "host;x-content-sha256;x-date"
    request = "\n".join([question["method"], path, parameters_of(query), headers, signed, body])
    scope = [time[:8], "cn-north-1", "iam", "request"]
    text = f"HMAC-SHA256\n{time}\n{'/'.join(scope)}\n{sha256(request.encode()).hex()}"
    signature = hmac_sha256(derived(question, scope), text).hex()
    credential = f"Credential={question['accessKey']}/{'/'.join(scope)}"
    value = f"HMAC-SHA256 {credential}, SignedHeaders={signed}, Signature={signature}"
    return {"x-date": time, "x-content-sha256": body, "authorization": value}


def alibaba(question, time, nonce):
    path, _, query = question["target"].partition("?")
    uri = "/".join(quote(unquote(segment), safe="-_.~") for segment in path.split("/"))
    body = sha256(body_of(question)).hex()
    own = {
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": body,
        "x-acs-date": time,
        "x-acs-signature-nonce": nonce,
        "x-acs-version": "2014-05-26",
    }
    signed = {"host": question["authority"], **own}
    names = ";".join(sorted(signed))
    headers = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    request = "\n".join([question["method"], uri, parameters_of(query), headers, names, body])
    text = f"ACS3-HMAC-SHA256\n{sha256(request.encode()).hex()}"
    signature = hmac_sha256(question["secret"].encode(), text).hex()
    credential = f"Credential={question['accessKey']},SignedHeaders={names}"
    return {**own, "authorization": f"ACS3-HMAC-SHA256 {credential},Signature={signature}"}


def azure_storage(question, time):
    path, _, query = question["target"].partition("?")
    body = body_of(question)
    header = question["headers"].get
    standard = [
        question["method"],
        header("content-encoding", ""),
        header("content-language", ""),
        str(len(body) or ""),
        header("content-md5", ""),
        header("content-type", ""),
        "",
        *[header(name, "") for name in ("if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range")],
    ]
    own = {name: value for name, value in question["headers"].items() if name.startswith("x-ms-")}
    own["x-ms-date"] = time
    values = {}
    for name, value in sorted(tuple(unquote(one) for one in pair.split("=")) for pair in query.split("&") if pair):
        values.setdefault(name, []).append(value)
    lines = standard + [f"{name}:{own[name]}" for name in sorted(own)]
    resource = f"/{question['accessKey']}{path}" + "".join(f"\n{name}:{','.join(values[name])}" for name in values)
    signature = base64_text(hmac_sha256(base64.b64decode(question["secret"]), "\n".join([*lines, resource])))
    return {"x-ms-date": time, "authorization": f"SharedKey {question['accessKey']}:{signature}"}


# How each writes the time, the header in which it stands, and the headers.
APIS = {
    "coinbase": (lambda question: str(question["time"] // 1000), "cb-access-timestamp", coinbase),
    "okx": (lambda question: utc(question, "%Y-%m-%dT%H:%M:%S.000Z"), "ok-access-timestamp", okx),
    "azure-storage": (lambda question: utc(question, "%a, %d %b %Y %H:%M:%S GMT"), "x-ms-date", azure_storage),
    "bybit": (lambda question: str(question["time"]), "x-bapi-timestamp", bybit),
    "alibaba": (lambda question: utc(question, "%Y-%m-%dT%H:%M:%SZ"), "x-acs-date", alibaba),
    "tencent": (lambda question: str(question["time"] // 1000), "x-tc-timestamp", tencent),
    "volcengine": (lambda question: utc(question, "%Y%m%dT%H%M%SZ"), "x-date", volcengine),
    "huawei": (lambda question: utc(question, "%Y%m%dT%H%M%SZ"), "x-sdk-date", huawei),
}


def sign(question):
    write_time, _, headers = APIS[question["api"]]
    nonce = [question["nonce"]] * (headers is alibaba)
    return {"headers": headers(question, write_time(question), *nonce)}


def accepts(question):
    _, carrier, headers = APIS[question["api"]]
    sent = question["headers"]
    nonce = [sent.get("x-acs-signature-nonce", "")] * (headers is alibaba)
    expected = headers(question, sent.get(carrier, ""), *nonce)
    return all(hmac.compare_digest(sent.get(name, "").encode(), value.encode()) for name, value in expected.items())


def shopee_signature(question, path, time):
    text = question["accessKey"] + path + time + question["sessionToken"] + SHOP
    return hmac.new(question["secret"].encode(), text.encode(), hashlib.sha256).hexdigest()


def shopee_sign(question):
    path, _, query = question["target"].partition("?")
    time = str(question["time"] // 1000)
    own = {
        "partner_id": question["accessKey"],
        "timestamp": time,
        "access_token": quote(question["sessionToken"], safe="-_.~"),
        "shop_id": SHOP,
        "sign": shopee_signature(question, path, time),
    }
    parameters = [query] * bool(query) + [f"{name}={value}" for name, value in own.items()]
    return {"headers": {}, "target": f"{path}?{'&'.join(parameters)}"}


def shopee_accepts(question):
    path, _, query = question["target"].partition("?")
    found = re.search(r"(?:^|&)timestamp=(\d+)&access_token=[^&]*&shop_id=(\d+)&sign=([0-9a-f]{64})$", query)
    return bool(found) and found[2] == SHOP and found[3] == shopee_signature(question, path, found[1])


answer(sign=sign, accepts=accepts, shopee_sign=shopee_sign, shopee_accepts=shopee_accepts)

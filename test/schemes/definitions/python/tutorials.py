"""The four formats that tutorials teach, as they describe them."""

import re
from datetime import datetime, timezone

from lines import answer, base64_text, hmac_sha256


def url_of(question):
    return f"{question['scheme']}://{question['authority']}{question['target']}"


def three_headers(question, text, **more):
    signature = hmac_sha256(question["secret"].encode(), text).hex()
    return {"headers": {"x-api-key": question["accessKey"], **more, "x-api-signature": signature}}


def access_key_timestamp(question):
    timestamp = str(question["time"])
    return three_headers(question, question["accessKey"] + timestamp, **{"x-api-timestamp": timestamp})


def access_key_timestamp_url(question):
    timestamp = str(question["time"])
    text = question["accessKey"] + timestamp + url_of(question)
    return three_headers(question, text, **{"x-api-timestamp": timestamp})


def key_and_challenge(question):
    text = question["accessKey"] + question["challenge"]
    return three_headers(question, text, **{"x-api-challenge": question["challenge"]})


def method_plus_path(question):
    date = datetime.fromtimestamp(question["time"] // 1000, timezone.utc).strftime("%d%b%Y%H:%M:%S").lower()
    nonce = question["nonce"]
    text = "+".join([question["method"], question["target"], date, nonce])
    value = base64_text(hmac_sha256(question["secret"].encode(), text))
    return {"headers": {"authentication": f"hmac {question['accessKey']}:{nonce}:{value}", "date": date}}


def method_plus_path_accepts(question):
    found = re.fullmatch(r"hmac ([^:]+):([^:]+):(.+)", question["headers"]["authentication"])
    date = question["headers"]["date"]
    text = "+".join([question["method"], question["target"], date, found[2]])
    return found[1] == question["accessKey"] and found[3] == base64_text(hmac_sha256(question["secret"].encode(), text))


def three_headers_accept(question):
    headers = question["headers"]
    middle = {
        "access_key_timestamp": lambda: headers["x-api-timestamp"],
        "access_key_timestamp_url": lambda: headers["x-api-timestamp"] + url_of(question),
        "key_and_challenge": lambda: headers["x-api-challenge"],
    }[question["format"]]()
    expected = hmac_sha256(question["secret"].encode(), question["accessKey"] + middle).hex()
    return headers["x-api-key"] == question["accessKey"] and headers["x-api-signature"] == expected


answer(
    access_key_timestamp=access_key_timestamp,
    access_key_timestamp_url=access_key_timestamp_url,
    key_and_challenge=key_and_challenge,
    method_plus_path=method_plus_path,
    method_plus_path_accepts=method_plus_path_accepts,
    three_headers_accept=three_headers_accept,
)

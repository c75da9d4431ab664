"""Binance spot with an HMAC key, from developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security."""

import re

from lines import answer, body_of, hmac_sha256


def sign(question):
    path, _, query = question["target"].partition("?")
    signed = f"{query}&timestamp={question['time']}" if query else f"timestamp={question['time']}"
    text = signed.encode() + body_of(question)
    signature = hmac_sha256(question["secret"].encode(), text).hex()
    return {"headers": {"x-mbx-apikey": question["accessKey"]}, "target": f"{path}?{signed}&signature={signature}"}


def accepts(question):
    query = question["target"].partition("?")[2]
    found = re.search(r"(?:^|&)signature=([0-9a-fA-F]{64})$", query)
    if not found or question["headers"]["x-mbx-apikey"] != question["accessKey"]:
        return False
    text = query[: found.start()].encode() + body_of(question)
    return found[1].lower() == hmac_sha256(question["secret"].encode(), text).hex()


answer(sign=sign, accepts=accepts)

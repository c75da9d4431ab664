"""What senders of webhooks say of their signatures, sender by sender, with the standard library alone."""

import base64
import hashlib
import hmac
import re
from datetime import datetime, timezone

from lines import answer, body_of


def digest(question, content, algorithm="sha256"):
    return hmac.new(question["secret"].encode(), content, getattr(hashlib, algorithm)).digest()


def base64_of(data):
    return base64.b64encode(data).decode()


def seconds(question):
    return str(question["time"] // 1000)


def milliseconds(question):
    return str(question["time"])


def iso(question):
    return datetime.fromtimestamp(question["time"] // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def fraction(question):
    return iso(question).replace("Z", ".000Z")


def url_of(question):
    return f"{question['scheme']}://{question['authority']}{question['target']}"


def body_hex(header, prefix="", algorithm="sha256"):
    return lambda question, _: {header: prefix + digest(question, body_of(question), algorithm).hex()}


def body_base64(header, prefix=""):
    return lambda question, _: {header: prefix + base64_of(digest(question, body_of(question)))}


def slack(question, time):
    signature = digest(question, b"v0:" + time.encode() + b":" + body_of(question))
    return {"x-slack-request-timestamp": time, "x-slack-signature": "v0=" + signature.hex()}


def zoom(question, time):
    signature = digest(question, b"v0:" + time.encode() + b":" + body_of(question))
    return {"x-zm-request-timestamp": time, "x-zm-signature": "v0=" + signature.hex()}


def paddle(question, time):
    return {"paddle-signature": f"ts={time};h1={digest(question, time.encode() + b':' + body_of(question)).hex()}"}


def zendesk(question, time):
    signature = base64_of(digest(question, time.encode() + body_of(question)))
    return {"x-zendesk-webhook-signature-timestamp": time, "x-zendesk-webhook-signature": signature}


def dotted(header, between=","):
    def headers(question, time):
        return {header: f"t={time}{between}v1={digest(question, time.encode() + b'.' + body_of(question)).hex()}"}

    return headers


def webflow(question, time):
    signature = digest(question, time.encode() + b":" + body_of(question)).hex()
    return {"x-webflow-timestamp": time, "x-webflow-signature": signature}


def hubspot(question, time):
    content = (question["method"] + url_of(question)).encode() + body_of(question) + time.encode()
    return {"x-hubspot-request-timestamp": time, "x-hubspot-signature-v3": base64_of(digest(question, content))}


def square(question, _):
    content = question["notificationUrl"].encode() + body_of(question)
    return {"x-square-hmacsha256-signature": base64_of(digest(question, content))}


def twitch(question, time):
    content = (question["nonce"] + time).encode() + body_of(question)
    return {
        "twitch-eventsub-message-id": question["nonce"],
        "twitch-eventsub-message-timestamp": time,
        "twitch-eventsub-message-signature": "sha256=" + digest(question, content).hex(),
    }


def lark(question, time):
    content = (time + question["nonce"] + question["secret"]).encode() + body_of(question)
    return {
        "x-lark-request-timestamp": time,
        "x-lark-request-nonce": question["nonce"],
        "x-lark-signature": hashlib.sha256(content).hexdigest(),
    }


def no_time(_):
    return ""


# How each writes the time, in which header it stands, and the headers.
SENDERS = {
    "slack": (seconds, "x-slack-request-timestamp", slack),
    "shopify": (no_time, None, body_base64("x-shopify-hmac-sha256")),
    "zoom": (seconds, "x-zm-request-timestamp", zoom),
    "paddle": (seconds, "paddle-signature", paddle),
    "zendesk": (iso, "x-zendesk-webhook-signature-timestamp", zendesk),
    "intercom": (no_time, None, body_hex("x-hub-signature", "sha1=", "sha1")),
    "mux": (seconds, "mux-signature", dotted("mux-signature")),
    "workos": (milliseconds, "workos-signature", dotted("workos-signature", ", ")),
    "calendly": (seconds, "calendly-webhook-signature", dotted("calendly-webhook-signature")),
    "line": (no_time, None, body_base64("x-line-signature")),
    "lark": (seconds, "x-lark-request-timestamp", lark),
    "square": (no_time, None, square),
    "hubspot": (milliseconds, "x-hubspot-request-timestamp", hubspot),
    "docusign": (no_time, None, body_base64("x-docusign-signature-1")),
    "razorpay": (no_time, None, body_hex("x-razorpay-signature")),
    "linear": (no_time, None, body_hex("linear-signature")),
    "sentry": (no_time, None, body_hex("sentry-hook-signature")),
    "dropbox": (no_time, None, body_hex("x-dropbox-signature")),
    "notion": (no_time, None, body_hex("x-notion-signature", "sha256=")),
    "pagerduty": (no_time, None, body_hex("x-pagerduty-signature", "v1=")),
    "typeform": (no_time, None, body_base64("typeform-signature", "sha256=")),
    "twitch-eventsub": (fraction, "twitch-eventsub-message-timestamp", twitch),
    "meta": (no_time, None, body_hex("x-hub-signature-256", "sha256=")),
    "vercel": (no_time, None, body_hex("x-vercel-signature", "", "sha1")),
    "webflow": (milliseconds, "x-webflow-timestamp", webflow),
    "woocommerce": (no_time, None, body_base64("x-wc-webhook-signature")),
    "cal": (no_time, None, body_hex("x-cal-signature-256")),
}


def sign(question):
    write_time, _, headers = SENDERS[question["sender"]]
    return {"headers": headers(question, write_time(question))}


def accepts(question):
    _, carrier, headers = SENDERS[question["sender"]]
    sent = question["headers"]
    found = re.match(r"(?:ts?=)?([^,;]+)", sent.get(carrier, "")) if carrier else None
    if carrier and not found:
        return False
    nonce = sent.get("twitch-eventsub-message-id", sent.get("x-lark-request-nonce", ""))
    named = {"nonce": nonce, **question}
    expected = headers(named, found[1] if found else "")
    return all(hmac.compare_digest(sent.get(name, "").encode(), value.encode()) for name, value in expected.items())


answer(sign=sign, accepts=accepts)

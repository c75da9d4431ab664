"""Answers questions, one JSON object a line: {"ask": name, ...} is answered by the function of that name."""

import base64
import hashlib
import hmac
import json
import sys


def body_of(question):
    return base64.b64decode(question["body"])


def base64_text(data):
    return base64.b64encode(data).decode()


def sha256(data):
    return hashlib.sha256(data).digest()


def hmac_sha256(key, text):
    """The MAC, of a text as its UTF-8 bytes."""
    return hmac.new(key, text if isinstance(text, bytes) else text.encode(), hashlib.sha256).digest()


def answer(**functions):
    for line in sys.stdin:
        question = json.loads(line)
        print(json.dumps(functions[question["ask"]](question)), flush=True)

"""Checks this client, and sends requests with it.

python3 kit.py check ../../vectors/plain/*
python3 kit.py call POST http://127.0.0.1:9400/orders application/json '{"sku":"A-1"}'
"""

import json
import os
import sys

from countersign import send, sign


def read(case, name):
    path = os.path.join(case, name)
    with open(path, "rb") as file:
        return file.read()


def check(case):
    headers = [line.split(":", 1) for line in read(case, "headers").decode().splitlines()]
    try:
        added, text = sign(
            read(case, "method").decode(),
            read(case, "url").decode(),
            headers,
            read(case, "body"),
            read(case, "access-key").decode(),
            read(case, "secret"),
            read(case, "time").decode(),
            read(case, "nonce").decode(),
            read(case, "signed-headers").decode().split(),
            os.path.exists(os.path.join(case, "unsigned-body")),
        )
    except ValueError:
        return None if os.path.exists(os.path.join(case, "refused")) else "refused"
    if os.path.exists(os.path.join(case, "refused")):
        return "must be refused"
    if text != read(case, "string-to-sign").decode():
        return "string-to-sign"
    made = "".join(f"{name}: {value}\n" for name, value in added.items())
    return None if made == read(case, "added-headers").decode() else "added-headers"


def call(method, url, content_type="", body=""):
    with open(os.environ.get("COUNTERSIGN_CREDENTIALS", "../../credentials.json")) as file:
        credentials = json.load(file)
    headers = [("Content-Type", content_type)] if content_type else []
    content = body.encode()
    if body.startswith("@"):
        with open(body[1:], "rb") as file:
            content = file.read()
    status, _, content_received = send(
        method,
        url,
        headers,
        content,
        credentials["accessKey"],
        credentials["secret"],
        check_response=bool(os.environ.get("COUNTERSIGN_CHECK_RESPONSE")),
    )
    print(status, content_received.decode(), sep="\n")
    return 0 if 200 <= status < 300 else 1


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "call":
        sys.exit(call(*arguments))
    problems = [(case, check(case)) for case in arguments]
    failed = [f"{case}: {problem}" for case, problem in problems if problem]
    print(*failed, f"{len(problems) - len(failed)} of {len(problems)} cases agree", sep="\n")
    sys.exit(1 if failed else 0)

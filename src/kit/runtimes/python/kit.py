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
    if not os.path.exists(path):
        return b""
    with open(path, "rb") as file:
        return file.read()


def check(case):
    challenge = read(case, "challenge").decode() or None
    added, text, url = sign(
        read(case, "method").decode(),
        read(case, "url").decode(),
        [line.split(":", 1) for line in read(case, "headers").decode().splitlines()],
        read(case, "body"),
        read(case, "access-key").decode(),
        read(case, "secret").decode(),
        time=read(case, "time").decode(),
        nonce=read(case, "nonce").decode(),
        signed_headers=read(case, "signed-headers").decode().split(),
        challenge=challenge,
    )
    # A string that is no text is compared by its signature.
    if os.path.exists(os.path.join(case, "string-to-sign")) and text != read(case, "string-to-sign"):
        return "string-to-sign"
    if "".join(f"{name}: {value}\n" for name, value in added.items()) != read(case, "added-headers").decode():
        return "added-headers"
    return None if url == read(case, "sent-url").decode() else "sent-url"


def call(method, url, content_type="", body=""):
    with open(os.environ.get("COUNTERSIGN_CREDENTIALS", "../../credentials.json")) as file:
        credentials = json.load(file)
    headers = [("Content-Type", content_type)] if content_type else []
    content = body.encode()
    if body.startswith("@"):
        with open(body[1:], "rb") as file:
            content = file.read()
    status, _, received = send(method, url, headers, content, credentials["accessKey"], credentials["secret"])
    print(status, received.decode(), sep="\n")
    return 0 if 200 <= status < 300 else 1


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "call":
        sys.exit(call(*arguments))
    problems = [(case, check(case)) for case in arguments]
    failed = [f"{case}: {problem}" for case, problem in problems if problem]
    print(*failed, f"{len(problems) - len(failed)} of {len(problems)} cases agree", sep="\n")
    sys.exit(1 if failed else 0)

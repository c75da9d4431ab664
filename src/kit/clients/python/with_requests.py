"""A session of requests that signs every attempt and follows no redirect.

session = SignedSession(access_key, secret)
session.post("https://api.example.com/orders", json={"sku": "A-1"})
"""

import time

import requests
from countersign import may_retry, require, response_is_signed, sign


def read_whole(request):
    """Returns the body as bytes: a text is sent in UTF-8, and a file or an iterator is read, to be signed and to be sent again."""
    body = request.body or b""
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    body = body.encode() if isinstance(body, str) else body.read() if hasattr(body, "read") else b"".join(body)
    require(isinstance(body, bytes), "Open the file of the body in binary mode.")
    request.headers.pop("Transfer-Encoding", None)
    request.headers["Content-Length"] = str(len(body))
    return body


class SignedSession(requests.Session):
    def __init__(self, access_key, secret, attempts=3, check_response=False):
        super().__init__()
        self.access_key, self.secret, self.attempts, self.check_response = access_key, secret, attempts, check_response

    # A redirect is the caller's decision: the signature is for one origin.
    def get_redirect_target(self, resp):
        return None

    # The prepared request has the body and the URL that are sent. urllib3's own retries would send one nonce twice.
    def send(self, request, **options):
        for attempt in range(self.attempts):
            body = read_whole(request)
            request.body = body or request.body
            headers = [(name, value) for name, value in request.headers.items() if not name.lower().startswith("x-api-")]
            added, _ = sign(request.method, request.url, headers, body, self.access_key, self.secret)
            request.headers.update(added)
            response = super().send(request, **options)
            if not may_retry(request.method, headers, response.status_code) or attempt + 1 == self.attempts:
                break
            time.sleep(0.2 * 2**attempt)
        got = list(response.headers.items())
        fits = lambda: response_is_signed(added["X-API-Signature"], self.secret, response.status_code, got, response.content)
        if self.check_response and not fits():
            raise requests.RequestException("The response is not countersigned.")
        return response

"""A transport of httpx that signs every attempt. A client of httpx follows no redirect unless it is told to.

client = httpx.Client(transport=SignedTransport(access_key, secret))
client.post("https://api.example.com/orders", json={"sku": "A-1"})
"""

import time

import httpx
from countersign import may_retry, sign


class SignedTransport(httpx.HTTPTransport):
    def __init__(self, access_key, secret, attempts=3, **options):
        super().__init__(**options)
        self.access_key, self.secret, self.attempts = access_key, secret, attempts

    # raw_path is what httpx sends.
    def handle_request(self, request):
        url = f"{request.url.scheme}://{request.headers['host']}{request.url.raw_path.decode()}"
        for attempt in range(self.attempts):
            headers = [(name, value) for name, value in request.headers.items() if not name.startswith("x-api-")]
            added, _ = sign(request.method, url, headers, request.read(), self.access_key, self.secret)
            request.headers.update(added)
            response = super().handle_request(request)
            if not may_retry(request.method, headers, response.status_code) or attempt + 1 == self.attempts:
                return response
            response.close()
            time.sleep(0.2 * 2**attempt)

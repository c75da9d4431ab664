"""A transport of httpx that signs every attempt. A client of httpx follows no redirect by default.

client = httpx.Client(transport=SignedTransport(access_key, secret, check_response=True))
client.post("https://api.example.com/orders", json={"sku": "A-1"})
"""

import time

import httpx
from countersign import may_retry, response_is_signed, sign


class SignedTransport(httpx.HTTPTransport):
    def __init__(self, access_key, secret, attempts=3, check_response=False, **options):
        super().__init__(**options)
        self.access_key, self.secret, self.attempts, self.check_response = access_key, secret, attempts, check_response

    # raw_path is what httpx sends.
    def handle_request(self, request):
        url = f"{request.url.scheme}://{request.headers['host']}{request.url.raw_path.decode()}"
        for attempt in range(self.attempts):
            headers = [(name, value) for name, value in request.headers.items() if not name.startswith("x-api-")]
            added, _ = sign(request.method, url, headers, request.read(), self.access_key, self.secret)
            request.headers.update(added)
            response = super().handle_request(request)
            if not may_retry(request.method, headers, response.status_code) or attempt + 1 == self.attempts:
                break
            response.close()
            time.sleep(0.2 * 2**attempt)
        if self.check_response:
            content, got = response.read(), response.headers.multi_items()
            if not response_is_signed(added["X-API-Signature"], self.secret, response.status_code, got, content):
                raise httpx.ReadError("The response is not countersigned.", request=request)
        return response

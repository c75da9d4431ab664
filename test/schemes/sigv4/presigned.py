"""Reads presigned S3 addresses as JSON (secret, addresses of url and method), and prints the signatures that botocore gives them."""

import json
import sys
from urllib.parse import parse_qs, urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

given = json.load(sys.stdin)
signatures = []
for address in given["addresses"]:
    unsigned, _ = address["url"].split("&X-Amz-Signature=")
    query = parse_qs(urlsplit(unsigned).query)
    access_key, _, region, service, _ = query["X-Amz-Credential"][0].split("/")
    auth = S3SigV4QueryAuth(Credentials(access_key, given["secret"]), service, region)
    request = AWSRequest(method=address["method"], url=unsigned)
    request.context["timestamp"] = query["X-Amz-Date"][0]
    signatures.append(auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request))
print(json.dumps(signatures))

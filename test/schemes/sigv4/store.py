"""A store that speaks S3 and checks signatures (moto, which computes them with botocore), on a free port of 127.0.0.1."""

import os
import sys

os.environ.update(INITIAL_NO_AUTH_ACTION_COUNT="4", AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b")

import json  # noqa: E402

import boto3  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://127.0.0.1:{port}"

iam = boto3.client("iam", region_name="us-east-1", endpoint_url=endpoint)
iam.create_user(UserName="caller")
allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
iam.put_user_policy(UserName="caller", PolicyName="all", PolicyDocument=json.dumps(allow))
key = iam.create_access_key(UserName="caller")["AccessKey"]
# From here on signatures are checked: the first four requests are not.
boto3.client("s3", region_name="us-east-1", endpoint_url=endpoint).create_bucket(Bucket="photos")
print(json.dumps({"origin": endpoint, "accessKey": key["AccessKeyId"], "secret": key["SecretAccessKey"]}), flush=True)
sys.stdin.read()

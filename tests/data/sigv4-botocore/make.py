"""Writes requests.json: requests as botocore signs them, for the tests of SigV4 verification.

    python -m venv venv && venv/bin/pip install botocore==1.44.5
    venv/bin/python make.py

Nothing is sent: a hook takes each request just before it would leave, after all signing.
The clock is fixed, and awscrt, which has a clock of its own, is not installed, so that two runs write the same file.
"""

import base64
import datetime
import json
import pathlib
from unittest import mock

import botocore.auth
import botocore.awsrequest
import botocore.compat
import botocore.session
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials

KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzEXAMPLE+token/with=signs=="
REGION = "eu-central-1"
NOW = datetime.datetime(2026, 3, 14, 15, 9, 26, tzinfo=datetime.timezone.utc)

cases = []


def text(value):
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def keep(name, method, url, headers, body):
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    cases.append(
        {
            "name": name,
            "method": method,
            "url": url,
            "headers": [[text(key), text(value)] for key, value in headers.items()],
            "body_base64": base64.b64encode(body or b"").decode(),
        }
    )


def client(service, token=None, **options):
    return botocore.session.get_session().create_client(
        service,
        region_name=REGION,
        endpoint_url=options.pop("endpoint_url", "http://localhost:4566"),
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        aws_session_token=token,
        config=Config(retries={"max_attempts": 0}, user_agent="haar-test", **options),
    )


def call(name, client, operation, **arguments):
    """Records the request of an operation, which then meets an empty answer."""

    def take(request, **_):
        headers = dict(request.headers)
        headers.setdefault("Host", request.url.split("/")[2])
        keep(name, request.method, request.url, headers, request.body)
        return AWSResponse(request.url, 200, {}, mock.Mock(stream=lambda *_: iter([b"{}"])))

    client.meta.events.register("before-send", take)
    try:
        getattr(client, operation)(**arguments)
    except Exception as error:  # the empty answer may not parse
        print(f"{name}: {type(error).__name__} after sending")
    client.meta.events.unregister("before-send", take)


def presigned(name, url, method="GET"):
    keep(name, method, url, {"Host": url.split("/")[2]}, b"")


def bare(name, auth, method, url, headers=None, body=b""):
    """A request that no operation makes, signed by one of botocore's signers."""
    request = AWSRequest(method=method, url=url, headers=headers or {}, data=body)
    auth.add_auth(request)
    prepared = request.prepare()
    sent = dict(prepared.headers)
    sent.setdefault("Host", url.split("/")[2])
    keep(name, method, prepared.url, sent, prepared.body)


def write():
    fixed = mock.Mock(return_value=NOW)
    with (
        mock.patch.object(botocore.auth, "get_current_datetime", fixed, create=True),
        mock.patch("botocore.utils.get_current_datetime", fixed, create=True),
        mock.patch("botocore.signers.get_current_datetime", fixed, create=True),
        mock.patch("uuid.uuid4", lambda: "00000000-0000-4000-8000-000000000000"),
    ):
        record()
    here = pathlib.Path(__file__).parent
    content = {
        "secret_access_key": SECRET,
        "session_token": TOKEN,
        "now_seconds": int(NOW.timestamp()),
        "botocore": botocore.__version__,
        "requests": cases,
    }
    (here / "requests.json").write_text(json.dumps(content, indent=1) + "\n")


def record():
    call("ssm json post", client("ssm"), "get_parameter", Name="/a/ä", WithDecryption=True)
    call("ssm json post with a session token", client("ssm", TOKEN), "get_parameter", Name="/a")
    call("iam query post", client("iam"), "create_user", UserName="a+b@example", Path="/x/")
    call("sts query post", client("sts", TOKEN), "get_caller_identity")
    call("sqs json post", client("sqs"), "send_message", QueueUrl="http://localhost:4566/1/q", MessageBody="☃")
    call("lambda rest-json path with an arn", client("lambda"), "invoke",
         FunctionName="arn:aws:lambda:eu-central-1:000000000000:function:f", Payload=b'{"a": 1}')
    call("lambda rest-json query", client("lambda"), "list_functions", Marker="a b+c/d=&e", MaxItems=5)

    s3 = client("s3", s3={"addressing_style": "path"})
    call("s3 get odd key", s3, "get_object", Bucket="bucket", Key="a//b/../c d+e/ä~(1)*'!.txt")
    call("s3 list odd query", s3, "list_objects_v2", Bucket="bucket", Prefix="a b+c/ü", Delimiter="/", StartAfter="=&?")
    call("s3 put metadata", s3, "put_object", Bucket="bucket", Key="k", Body=b"hello", Metadata={"note": "a   b "})
    call("s3 delete objects", s3, "delete_objects", Bucket="bucket", Delete={"Objects": [{"Key": "a&<b>"}]})
    call("s3 with a session token", client("s3", TOKEN), "head_object", Bucket="bucket", Key="k")
    secure = client("s3", endpoint_url="https://localhost:4566", s3={"addressing_style": "path"})
    for algorithm in ["CRC32", "SHA1", "SHA256"]:
        call(f"s3 put unsigned trailer {algorithm}", secure, "put_object", Bucket="bucket", Key="k",
             Body=b"streaming " * 100, ChecksumAlgorithm=algorithm)
    call("s3 put empty unsigned trailer", secure, "put_object", Bucket="bucket", Key="k", Body=b"",
         ChecksumAlgorithm="CRC32")

    v4 = {"signature_version": "s3v4", "s3": {"addressing_style": "path"}}
    for name, token in [("s3 presigned get", None), ("s3 presigned get with a session token", TOKEN)]:
        presigned(name, client("s3", token, **v4).generate_presigned_url(
            "get_object", Params={"Bucket": "bucket", "Key": "a b/ä+.txt", "ResponseContentType": "text/plain; x=y"},
            ExpiresIn=600))
    presigned("s3 presigned put", client("s3", **v4).generate_presigned_url(
        "put_object", Params={"Bucket": "bucket", "Key": "k"}, ExpiresIn=604800), "PUT")
    for name, token in [("sts presigned", None), ("sts presigned with a session token", TOKEN)]:
        presigned(name, client("sts", token).generate_presigned_url(
            "get_caller_identity", ExpiresIn=60, HttpMethod="GET"))
    presigned("iam presigned", client("iam").generate_presigned_url(
        "list_users", Params={"PathPrefix": "/a b/"}, ExpiresIn=3600, HttpMethod="GET"))

    credentials = Credentials(KEY, SECRET, TOKEN)
    base = "http://localhost:4566"
    # botocore signs a query that it is handed with its escapes as they are, so only canonical ones are right.
    bare("plain get odd query", SigV4Auth(credentials, "execute-api", REGION), "GET",
         f"{base}/stage//x/./y/../z%20%C3%A4/?b=2&a=&a=1&c=~%20%2B&A=%3D")
    bare("plain post odd headers", SigV4Auth(credentials, "execute-api", REGION), "POST", f"{base}/p",
         {"X-Note": "  a   b\tc ", "Content-Type": "text/plain"}, "ünïcödé".encode())
    bare("plain presigned get", SigV4QueryAuth(credentials, "execute-api", REGION, expires=30), "GET",
         f"{base}/stage/x?q=1")
    bare("s3 bare get", S3SigV4Auth(credentials, "s3", REGION), "GET", f"{base}/bucket/a%20b//c?versions&prefix=%2F")


write()

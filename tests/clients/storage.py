"""What the tests of S3 share: plain HTTP where boto3 does not go, many objects at once, digests as S3 writes them."""

import base64
import hashlib
import http.client
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from house import PATIENCE_SECONDS, REGION, ROOT, House, Keys

MIB = 1024 * 1024


class Reply(NamedTuple):
    """What came back, to the byte."""

    status: int
    headers: dict[str, str]
    body: bytes

    def texts(self, element: str) -> list[str]:
        """The texts of all elements of that name, whatever their namespace."""
        root = ElementTree.fromstring(self.body)
        return [found.text or "" for found in root.iter() if found.tag.rpartition("}")[2] == element]

    def text(self, element: str) -> str:
        """The text of the one element of that name."""
        [text] = self.texts(element)
        return text

    def code(self) -> str:
        """The code of an error, which S3 writes as the document's root."""
        assert ElementTree.fromstring(self.body).tag == "Error", self.body
        return self.text("Code")


def ask(house: House, method: str, target: str, body=None, headers: dict | None = None) -> Reply:
    """Sends the request target exactly as it is written; of a whole URL, its path and query."""
    if target.startswith("http://"):
        target = "/" + target.removeprefix("http://").partition("/")[2]
    connection = http.client.HTTPConnection(urlsplit(house.endpoint).netloc, timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


class Signer(S3SigV4Auth):
    """Signs what is claimed of the body, whatever the body is."""

    def __init__(self, keys: Keys, claim: str | None):
        super().__init__(Credentials(*keys), "s3", REGION)
        self.claim = claim

    def payload(self, request):
        return self.claim or super().payload(request)


def ask_signed(house: House, method: str, target: str, body=b"", headers=None, keys=ROOT, claim=None) -> Reply:
    """The same, with a signature in its headers; `Host` may be another than the house's. `claim` stands for the
    body's SHA-256."""
    request = AWSRequest(method, house.endpoint + target, headers=headers, data=body)
    Signer(keys, claim).add_auth(request)
    # Headers leave as the bytes that were signed.
    signed = {name: value.encode() for name, value in request.headers.items()}
    return ask(house, method, target, body, signed)


def read(s3, bucket: str, key: str, **more) -> bytes:
    """The bytes of an object."""
    return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()


def put_many(s3, bucket: str, keys, body: bytes = b""):
    """Puts many objects, eight at a time."""
    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(s3.put_object, Bucket=bucket, Key=key, Body=body) for key in keys]:
            future.result()


def keys_of(answer: dict, where: str = "Contents") -> list[str]:
    return [entry["Key"] for entry in answer.get(where, [])]


def prefixes_of(answer: dict) -> list[str]:
    return [entry["Prefix"] for entry in answer.get("CommonPrefixes", [])]


def etag(*parts: bytes) -> str:
    """The ETag of an object that came in one piece, or in these parts."""
    if len(parts) == 1:
        return f'"{hashlib.md5(parts[0]).hexdigest()}"'
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


def text_of(digest: bytes | int) -> str:
    """A digest as S3 writes it; a number is one of 32 bits."""
    return base64.b64encode(digest.to_bytes(4, "big") if isinstance(digest, int) else digest).decode()


def md5(body: bytes) -> str:
    return text_of(hashlib.md5(body).digest())


def sha256(body: bytes) -> str:
    return text_of(hashlib.sha256(body).digest())


def crc32(body: bytes) -> str:
    return text_of(zlib.crc32(body))

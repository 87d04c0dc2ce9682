"""Requests signed by hand: the query protocol that SQS's older clients speak, and mistakes that boto3 does not make."""

import urllib.error
import urllib.request
from typing import NamedTuple
from urllib.parse import urlencode
from xml.etree import ElementTree

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from house import PATIENCE_SECONDS, REGION, ROOT, House, Keys

VERSIONS = {"sqs": "2012-11-05", "iam": "2010-05-08", "sts": "2011-06-15"}


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: str

    def texts(self, element: str) -> list[str]:
        """The texts of all elements of that name, whatever their namespace."""
        root = ElementTree.fromstring(self.body)
        return [found.text or "" for found in root.iter() if found.tag.rpartition("}")[2] == element]

    def text(self, element: str) -> str:
        """The text of the one element of that name."""
        [text] = self.texts(element)
        return text


def query(house: House, service: str, action: str, keys: Keys = ROOT, region: str = REGION, path="/", **members):
    """One call of the query protocol; members are written as `Attribute_1_Name`."""
    form = {"Action": action, "Version": VERSIONS[service]}
    form |= {name.replace("_", "."): value for name, value in members.items()}
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return send(house, service, urlencode(form).encode(), headers, keys, region, path)


def send(house, service, body: bytes, headers: dict, keys: Keys = ROOT, region: str = REGION, path="/") -> Answer:
    """Signs a POST as botocore does, and sends it."""
    request = AWSRequest("POST", house.endpoint + path, headers=headers, data=body)
    SigV4Auth(Credentials(*keys), service, region).add_auth(request)
    return fetch(house.endpoint + path, body, dict(request.headers.items()))


def fetch(url: str, body: bytes | None = None, headers: dict | None = None) -> Answer:
    """GET, or POST where there is a body; an error's answer is an answer."""
    request = urllib.request.Request(url, body, headers or {})
    try:
        answer = urllib.request.urlopen(request, timeout=PATIENCE_SECONDS)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, headers, answer.read().decode())

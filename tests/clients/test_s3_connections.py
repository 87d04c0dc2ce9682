"""Below the calls: bodies that wait to be asked for, connections that break off, callers in each other's way."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from refusal import refused
from storage import MIB, ask, etag, keys_of, put_many, read

# A house that does not answer by then never will.
PATIENCE_SECONDS = 20


@pytest.fixture(scope="module")
def signer(house):
    return house.client("s3", signature_version="s3v4")


class Line:
    """A connection by hand."""

    def __init__(self, house):
        place = urlsplit(house.endpoint)
        self.socket = socket.create_connection((place.hostname, place.port), PATIENCE_SECONDS)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, head: str, body: bytes = b""):
        self.socket.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)

    def answer(self) -> tuple[int, dict, bytes]:
        """Status, headers and body of the next answer."""
        status = int(self.file.readline().split()[1])
        headers = {}
        while (line := self.file.readline().rstrip(b"\r\n")) != b"":
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        return status, headers, self.file.read(int(headers.get("content-length", 0)))


def put_link(signer, bucket: str, key: str = "k", **more) -> str:
    """Path and query of a link that writes."""
    link = urlsplit(signer.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": key, **more}))
    return f"{link.path}?{link.query}"


def test_a_body_that_waits_is_asked_for(house, s3, signer, bucket):
    with Line(house) as line:
        head = f"PUT {put_link(signer, bucket)} HTTP/1.1\nHost: {urlsplit(house.endpoint).netloc}\nContent-Length: 5"
        line.send(f"{head}\nExpect: 100-continue")
        assert line.answer()[0] == 100
        line.socket.sendall(b"hello")
        assert line.answer()[0] == 200
    assert read(s3, bucket, "k") == b"hello"


def test_who_hangs_up_without_the_body_says_so(house, s3, signer, bucket):
    # boto3 lets every body wait. A client that is not told takes the connection for its next call, and loses it.
    head = f"PUT {put_link(signer, 'never-made')} HTTP/1.1\nHost: {urlsplit(house.endpoint).netloc}\nContent-Length: 5"
    with Line(house) as line:
        line.send(f"{head}\nExpect: 100-continue")
        status, headers, _ = line.answer()
        assert status == 404
        assert headers.get("connection") == "close"
        assert line.file.read() == b""


def test_who_answers_before_a_body_of_nothing_hangs_up_too(house, signer, bucket):
    # An empty file of `aws s3 sync`: older clients take the next answer on this connection for the rest of this one.
    head = f"PUT {put_link(signer, bucket)} HTTP/1.1\nHost: {urlsplit(house.endpoint).netloc}\nContent-Length: 0"
    with Line(house) as line:
        line.send(f"{head}\nExpect: 100-continue")
        status, headers, _ = line.answer()
        assert status == 100 or (status, headers.get("connection")) == (200, "close")


def test_refusals_break_no_later_call(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for _ in range(100):
        with refused("PreconditionFailed"):
            s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*")
        s3.head_object(Bucket=bucket, Key="k")


def test_a_refused_body_is_read_to_its_end_where_it_comes_anyway(house, signer):
    head = f"PUT {put_link(signer, 'never-made')} HTTP/1.1\nHost: {urlsplit(house.endpoint).netloc}"
    with Line(house) as line:
        for _ in range(2):
            line.send(f"{head}\nContent-Length: {64 * 1024}", bytes(64 * 1024))
            assert line.answer()[0] == 404


def test_a_head_keeps_the_line_in_step(house, s3, signer, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    link = urlsplit(signer.generate_presigned_url("head_object", Params={"Bucket": bucket, "Key": "k"}))
    with Line(house) as line:
        for _ in range(2):
            line.send(f"HEAD {link.path}?{link.query} HTTP/1.1\nHost: {link.netloc}")
            assert line.file.readline().split()[1] == b"200"
            while line.file.readline() != b"\r\n":
                pass


def test_a_body_that_breaks_off_leaves_nothing(house, s3, signer, bucket):
    with Line(house) as line:
        head = f"PUT {put_link(signer, bucket)} HTTP/1.1\nHost: {urlsplit(house.endpoint).netloc}"
        line.send(f"{head}\nContent-Length: {2 * MIB}", bytes(MIB))
        line.socket.shutdown(socket.SHUT_WR)
        line.file.read()
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="k")


def test_a_reader_who_goes_away_harms_nobody(house, s3, signer, bucket):
    body = os.urandom(8 * MIB)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    link = urlsplit(signer.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}))
    for _ in range(10):
        with Line(house) as line:
            line.send(f"GET {link.path}?{link.query} HTTP/1.1\nHost: {link.netloc}")
            line.file.read(1000)
    assert read(s3, bucket, "k") == body


def test_a_reader_keeps_what_it_began_to_read(s3, bucket):
    body = os.urandom(16 * MIB)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    reading = s3.get_object(Bucket=bucket, Key="k")["Body"]
    begun = reading.read(1000)
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    s3.delete_object(Bucket=bucket, Key="k")
    assert begun + reading.read() == body


def test_a_length_must_be_said(house, signer, bucket):
    with Line(house) as line:
        head = f"PUT {put_link(signer, bucket)} HTTP/1.1\nHost: {urlsplit(house.endpoint).netloc}"
        line.send(f"{head}\nTransfer-Encoding: chunked", b"0\r\n\r\n")
        status, _, body = line.answer()
    assert status == 411
    assert b"<Code>MissingContentLength</Code>" in body


def test_a_method_that_is_none_is_refused(house, bucket):
    reply = ask(house, "PATCH", f"/{bucket}/k")
    assert (reply.status, reply.code()) == (405, "MethodNotAllowed")


def test_of_many_who_would_be_first_one_is(s3, bucket):
    def put(number: int) -> bool:
        try:
            s3.put_object(Bucket=bucket, Key="k", Body=str(number).encode(), IfNoneMatch="*")
        except ClientError as error:
            # The second is of those who were refused in the middle.
            assert error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict")
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(put, range(16))) == 1


def test_of_many_who_count_none_is_lost(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0")

    def count(_):
        while True:
            got = s3.get_object(Bucket=bucket, Key="k")
            try:
                number = int(got["Body"].read()) + 1
                s3.put_object(Bucket=bucket, Key="k", Body=str(number).encode(), IfMatch=got["ETag"])
            except ClientError as error:
                assert error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict")
            else:
                return

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(count, range(18)))
    assert read(s3, bucket, "k") == b"18"


def test_readers_see_one_object_or_the_other(s3, bucket):
    bodies = [bytes([number]) * size for number, size in enumerate([100, 20_000, 300_000, MIB])]
    tags = {etag(body) for body in bodies}
    s3.put_object(Bucket=bucket, Key="k", Body=bodies[0])

    def write(number: int):
        s3.put_object(Bucket=bucket, Key="k", Body=bodies[number % len(bodies)])

    def look(_):
        got = s3.get_object(Bucket=bucket, Key="k")
        body = got["Body"].read()
        assert got["ETag"] == etag(body) and got["ETag"] in tags

    with ThreadPoolExecutor(8) as pool:
        writes, looks = pool.map(write, range(40)), pool.map(look, range(40))
        list(writes), list(looks)


def test_versions_of_many_writers_are_all_there(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put_many(s3, bucket, ["k"] * 50)
    versions = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert len({entry["VersionId"] for entry in versions}) == 50
    assert [entry["IsLatest"] for entry in versions] == [True] + [False] * 49
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["k"]

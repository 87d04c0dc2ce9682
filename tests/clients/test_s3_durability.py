"""Objects on a disk: what was acknowledged outlives a crash, and large ones pass through a small process."""

import hashlib
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from house import HAAR, run
from refusal import refused
from storage import MIB, etag, keys_of, read

# Beside and inside a row, in one block and in many.
SIZES = [0, 1, 100, 4096, 16 * 1024, 16 * 1024 + 1, 64 * 1024, 300_000, MIB, 2 * MIB + 1]
OBJECTS = {f"{turn}/{size}": os.urandom(size) for turn in ["a", "b"] for size in SIZES}

LARGE_BYTES = 200 * MIB
MEMORY_BYTES_MAX = 200 * MIB


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def check(data, tmp_path):
    """The data must be sound, blobs and all."""
    ran = run([HAAR, "data", "check", "--data-dir", str(data)], tmp_path)
    assert ran.returncode == 0, ran.stderr or ran.stdout


def test_objects_outlive_a_crash(open_house, data, tmp_path):
    house = open_house("--data-dir", str(data))
    s3 = house.client("s3")
    s3.create_bucket(Bucket="lake")
    for key, body in OBJECTS.items():
        s3.put_object(Bucket="lake", Key=key, Body=body, Metadata={"key": key})
    house.crash()
    check(data, tmp_path)
    house = open_house("--data-dir", str(data))
    s3 = house.client("s3")
    assert keys_of(s3.list_objects_v2(Bucket="lake")) == sorted(OBJECTS)
    for key, body in OBJECTS.items():
        got = s3.get_object(Bucket="lake", Key=key)
        assert (got["Body"].read(), got["ETag"], got["Metadata"]) == (body, etag(body), {"key": key})
    house.close()
    check(data, tmp_path)


def test_an_upload_goes_on_after_a_crash(open_house, data, tmp_path):
    first, last = os.urandom(5 * MIB), os.urandom(100)
    house = open_house("--data-dir", str(data))
    s3 = house.client("s3")
    s3.create_bucket(Bucket="lake")
    upload = {"Bucket": "lake", "Key": "k", "UploadId": s3.create_multipart_upload(Bucket="lake", Key="k")["UploadId"]}
    s3.upload_part(**upload, PartNumber=1, Body=first)
    house.crash()
    s3 = open_house("--data-dir", str(data)).client("s3")
    s3.upload_part(**upload, PartNumber=2, Body=last)
    parts = [{"PartNumber": number, "ETag": etag(body)} for number, body in [(1, first), (2, last)]]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert read(s3, "lake", "k") == first + last


def stored_bytes(data) -> int:
    return sum(path.stat().st_size for path in data.rglob("*") if path.is_file())


def test_what_is_deleted_leaves_the_disk(open_house, data, tmp_path):
    house = open_house("--data-dir", str(data))
    s3 = house.client("s3")
    s3.create_bucket(Bucket="lake")
    for number in range(10):
        s3.put_object(Bucket="lake", Key=str(number), Body=os.urandom(2 * MIB))
    upload = s3.create_multipart_upload(Bucket="lake", Key="u")["UploadId"]
    s3.upload_part(Bucket="lake", Key="u", UploadId=upload, PartNumber=1, Body=os.urandom(5 * MIB))
    full = stored_bytes(data)
    s3.put_object(Bucket="lake", Key="0", Body=b"small")
    s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": str(number)} for number in range(1, 10)]})
    s3.abort_multipart_upload(Bucket="lake", Key="u", UploadId=upload)
    house.close()
    house = open_house("--data-dir", str(data))
    assert read(house.client("s3"), "lake", "0") == b"small"
    house.close()
    assert stored_bytes(data) < full - 24 * MIB
    check(data, tmp_path)


def test_a_refused_body_leaves_nothing(open_house, data, tmp_path):
    house = open_house("--data-dir", str(data))
    s3 = house.client("s3")
    s3.create_bucket(Bucket="lake")
    empty = stored_bytes(data)
    for _ in range(5):
        with refused("BadDigest"):
            s3.put_object(Bucket="lake", Key="k", Body=os.urandom(4 * MIB), ChecksumCRC32="AAAAAA==")
    house.close()
    house = open_house("--data-dir", str(data))
    house.close()
    assert stored_bytes(data) < empty + 4 * MIB
    check(data, tmp_path)


def test_an_upload_in_the_middle_of_a_crash_leaves_nothing(open_house, data, tmp_path):
    house = open_house("--data-dir", str(data))
    s3 = house.client("s3", signature_version="s3v4")
    s3.create_bucket(Bucket="lake")
    empty = stored_bytes(data)
    link = urlsplit(s3.generate_presigned_url("put_object", Params={"Bucket": "lake", "Key": "k"}))
    with socket.create_connection((link.hostname, link.port)) as line:
        head = f"PUT {link.path}?{link.query} HTTP/1.1\r\nHost: {link.netloc}\r\nContent-Length: {8 * MIB}\r\n\r\n"
        line.sendall(head.encode() + os.urandom(4 * MIB))
        # Half of it has been taken in when the house answers another call.
        s3.list_buckets()
        house.crash()
    house = open_house("--data-dir", str(data))
    assert house.client("s3").list_objects_v2(Bucket="lake")["KeyCount"] == 0
    house.close()
    assert stored_bytes(data) < empty + MIB
    check(data, tmp_path)


def test_a_reset_leaves_no_bucket(open_house, data, tmp_path):
    house = open_house("--data-dir", str(data))
    s3 = house.client("s3")
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="k", Body=os.urandom(8 * MIB))
    house.haar("reset")
    assert s3.list_buckets()["Buckets"] == []
    s3.create_bucket(Bucket="lake")
    assert s3.list_objects_v2(Bucket="lake")["KeyCount"] == 0
    house.close()
    house = open_house("--data-dir", str(data))
    house.close()
    assert stored_bytes(data) < 4 * MIB
    check(data, tmp_path)


def test_objects_in_memory_leave_no_file(open_house, tmp_path):
    house = open_house("--ephemeral")
    s3 = house.client("s3")
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="k", Body=os.urandom(2 * MIB))
    house.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def most_memory_bytes(house) -> int:
    """The most that the process has ever had in memory."""
    lines = Path(f"/proc/{house.process.pid}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def test_a_large_object_passes_through_a_small_process(open_house, data, tmp_path):
    house = open_house("--data-dir", str(data))
    s3 = house.client("s3")
    s3.create_bucket(Bucket="lake")
    with open(tmp_path / "large", "wb") as large:
        # Holes read as zeros and take no room.
        large.truncate(LARGE_BYTES)
    with open(tmp_path / "large", "rb") as large:
        put = s3.put_object(Bucket="lake", Key="one", Body=large)
    s3.upload_file(str(tmp_path / "large"), "lake", "parts")
    zeros = hashlib.md5()
    for _ in range(LARGE_BYTES // MIB):
        zeros.update(bytes(MIB))
    assert put["ETag"] == f'"{zeros.hexdigest()}"'
    for key in ["one", "parts"]:
        body = s3.get_object(Bucket="lake", Key=key)["Body"]
        digest = hashlib.md5()
        for chunk in body.iter_chunks(MIB):
            digest.update(chunk)
        assert digest.digest() == zeros.digest()
    s3.copy_object(Bucket="lake", Key="copy", CopySource={"Bucket": "lake", "Key": "one"})
    assert s3.head_object(Bucket="lake", Key="copy")["ContentLength"] == LARGE_BYTES
    assert most_memory_bytes(house) < MEMORY_BYTES_MAX

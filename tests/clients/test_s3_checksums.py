"""Digests: what the client says of its bytes is checked, kept, and said again on request."""

import base64
import hashlib

import pytest

from refusal import refused
from storage import ask_signed, md5, text_of

# What every description of a CRC gives as its check value is the one of these nine bytes.
NINE = b"123456789"
DIGESTS = {
    "CRC32": "y/Q5Jg==",
    "CRC32C": "4waSgw==",
    "CRC64NVME": "rosUhgp5mIg=",
    "SHA1": "98O8HYCOBHMq32eZZczDTKeuNEE=",
    "SHA256": "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
}


def kept(s3, bucket: str) -> dict:
    """The digests that are said of the object on request."""
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    return {name.removeprefix("Checksum"): value for name, value in head.items() if name.startswith("Checksum")}


@pytest.mark.parametrize("algorithm", DIGESTS)
def test_a_digest_that_is_right_is_kept(s3, bucket, algorithm):
    digest = {f"Checksum{algorithm}": DIGESTS[algorithm]}
    put = s3.put_object(Bucket=bucket, Key="k", Body=NINE, **digest)
    assert (put[f"Checksum{algorithm}"], put["ChecksumType"]) == (DIGESTS[algorithm], "FULL_OBJECT")
    assert kept(s3, bucket) == {algorithm: DIGESTS[algorithm], "Type": "FULL_OBJECT"}
    [entry] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert (entry["ChecksumAlgorithm"], entry["ChecksumType"]) == ([algorithm], "FULL_OBJECT")


@pytest.mark.parametrize("algorithm", DIGESTS)
def test_a_digest_that_is_wrong_is_refused(s3, bucket, algorithm):
    wrong = text_of(bytes(len(base64.b64decode(DIGESTS[algorithm]))))
    message = f"The {algorithm} you specified did not match the calculated checksum."
    with refused("BadDigest", message, 400):
        s3.put_object(Bucket=bucket, Key="k", Body=NINE, **{f"Checksum{algorithm}": wrong})
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "SHA256"])
def test_a_digest_that_is_none_is_refused(s3, bucket, algorithm):
    message = f"Value for x-amz-checksum-{algorithm.lower()} header is invalid."
    with refused("InvalidRequest", message, 400):
        s3.put_object(Bucket=bucket, Key="k", Body=NINE, **{f"Checksum{algorithm}": "AAAA"})


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_boto3_counts_itself_and_checks_what_it_gets(s3, bucket, algorithm):
    put = s3.put_object(Bucket=bucket, Key="k", Body=NINE, ChecksumAlgorithm=algorithm)
    assert put[f"Checksum{algorithm}"] == DIGESTS[algorithm]
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    # Reading to the end compares.
    assert got["Body"].read() == NINE
    assert got["ResponseMetadata"]["ChecksumAlgorithm"] == algorithm.lower()
    assert got[f"Checksum{algorithm}"] == DIGESTS[algorithm]


def test_boto3_sends_a_crc32_unasked(s3, bucket):
    assert s3.put_object(Bucket=bucket, Key="k", Body=NINE)["ChecksumCRC32"] == DIGESTS["CRC32"]


def test_who_sends_no_digest_gets_s3s_own(house, s3, bucket):
    plain = house.client("s3", request_checksum_calculation="when_required")
    put = plain.put_object(Bucket=bucket, Key="k", Body=NINE)
    assert put["ChecksumCRC64NVME"] == DIGESTS["CRC64NVME"]
    assert kept(s3, bucket) == {"CRC64NVME": DIGESTS["CRC64NVME"], "Type": "FULL_OBJECT"}


def test_digests_are_said_on_request_only(house, bucket):
    plain = house.client("s3", response_checksum_validation="when_required")
    plain.put_object(Bucket=bucket, Key="k", Body=NINE)
    assert "ChecksumCRC32" not in plain.head_object(Bucket=bucket, Key="k")
    # Of a part of the bytes, the digest of the whole says nothing.
    some = plain.get_object(Bucket=bucket, Key="k", Range="bytes=0-3", ChecksumMode="ENABLED")
    assert "ChecksumCRC32" not in some and some["Body"].read() == NINE[:4]


def test_a_copy_keeps_the_digest_or_gets_another(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from", Body=NINE, ChecksumAlgorithm="SHA256")
    source = {"Bucket": bucket, "Key": "from"}
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source)
    assert kept(s3, bucket)["SHA256"] == DIGESTS["SHA256"]
    copied = s3.copy_object(Bucket=bucket, Key="k", CopySource=source, ChecksumAlgorithm="SHA1")
    assert copied["CopyObjectResult"]["ChecksumSHA1"] == DIGESTS["SHA1"]
    assert kept(s3, bucket) == {"SHA1": DIGESTS["SHA1"], "Type": "FULL_OBJECT"}


def test_an_md5_that_is_right_is_taken(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=NINE, ContentMD5=md5(NINE))


def test_an_md5_that_is_wrong_is_refused(s3, bucket):
    message = "The Content-MD5 you specified did not match what we received."
    with refused("BadDigest", message, 400) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=NINE, ContentMD5=md5(b"other"))
    assert caught.value.response["Error"]["CalculatedDigest"]
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="k")


def test_an_md5_that_is_none_is_refused(s3, bucket):
    with refused("InvalidDigest", "The Content-MD5 you specified was invalid.", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=NINE, ContentMD5="nonsense")


def test_a_part_with_a_wrong_digest_is_refused(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32")["UploadId"]
    part = {"Bucket": bucket, "Key": "k", "UploadId": upload, "PartNumber": 1, "Body": NINE}
    with refused("BadDigest", status=400):
        s3.upload_part(**part, ChecksumCRC32="AAAAAA==")
    with refused("BadDigest", status=400):
        s3.upload_part(**part, ContentMD5=md5(b"other"))
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)


def test_a_configuration_with_a_wrong_digest_is_refused(s3, bucket):
    with refused("BadDigest", status=400):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": []}, ContentMD5=md5(b"other"))


def test_a_body_other_than_the_signed_one_is_refused(house, s3, bucket):
    reply = ask_signed(house, "PUT", f"/{bucket}/k", NINE, claim=hashlib.sha256(b"other").hexdigest())
    assert (reply.status, reply.code()) == (400, "XAmzContentSHA256Mismatch")
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="k")


def put_in_chunks(house, bucket: str, digest: str):
    """As SDKs send a stream over TLS: the digest comes behind the bytes."""
    body = f"9\r\n{NINE.decode()}\r\n0\r\nx-amz-checksum-crc32:{digest}\r\n\r\n".encode()
    headers = {
        "Content-Encoding": "gzip,aws-chunked",
        "X-Amz-Decoded-Content-Length": "9",
        "X-Amz-Trailer": "x-amz-checksum-crc32",
    }
    claim = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    return ask_signed(house, "PUT", f"/{bucket}/k", body, headers, claim=claim)


def test_a_digest_may_come_behind_the_bytes(house, s3, bucket):
    reply = put_in_chunks(house, bucket, DIGESTS["CRC32"])
    assert (reply.status, reply.headers["x-amz-checksum-crc32"]) == (200, DIGESTS["CRC32"])
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["ContentEncoding"]) == (NINE, "gzip")


def test_a_wrong_digest_behind_the_bytes_is_refused(house, s3, bucket):
    reply = put_in_chunks(house, bucket, "AAAAAA==")
    assert (reply.status, reply.code()) == (400, "BadDigest")
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="k")

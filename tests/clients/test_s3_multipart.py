"""Multipart uploads: parts in any order, one object at the end, nothing where they are given up."""

import base64
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from boto3.s3.transfer import TransferConfig

from refusal import refused
from storage import MIB, crc32, etag, keys_of, read, sha256

PART = 5 * MIB
FIRST, SECOND, LAST = (bytes([number]) * size for number, size in [(1, PART), (2, PART), (3, 100)])


@pytest.fixture
def upload(s3, bucket):
    """An upload that has begun; what names it in every call."""
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", ContentType="text/plain", Metadata={"a": "1"})
    return {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}


def put_parts(s3, upload: dict, *bodies: bytes, **more) -> dict:
    """Uploads parts; what completes them."""
    parts = []
    for number, body in enumerate(bodies, 1):
        put = s3.upload_part(**upload, PartNumber=number, Body=body, **more)
        digests = {name: value for name, value in put.items() if name.startswith("Checksum") and name != "ChecksumType"}
        parts.append({"PartNumber": number, "ETag": put["ETag"], **digests})
    return {"Parts": parts}


def test_parts_become_one_object(s3, bucket, upload):
    parts = put_parts(s3, upload, FIRST, SECOND, LAST)
    assert [part["ETag"] for part in parts["Parts"]] == [etag(FIRST), etag(SECOND), etag(LAST)]
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="k")
    done = s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    assert (done["Bucket"], done["Key"], done["ETag"]) == (bucket, "k", etag(FIRST, SECOND, LAST))
    assert done["Location"].endswith(f"/{bucket}/k")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == FIRST + SECOND + LAST
    assert (got["ETag"], got["ContentType"], got["Metadata"]) == (done["ETag"], "text/plain", {"a": "1"})
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_range_may_lie_across_parts(s3, bucket, upload):
    s3.complete_multipart_upload(**upload, MultipartUpload=put_parts(s3, upload, FIRST, SECOND, LAST))
    across = f"bytes={PART - 2}-{2 * PART + 1}"
    assert read(s3, bucket, "k", Range=across) == FIRST[-2:] + SECOND + LAST[:2]
    assert read(s3, bucket, "k", Range="bytes=-101") == SECOND[-1:] + LAST


def test_a_part_is_read_by_its_number(s3, bucket, upload):
    s3.complete_multipart_upload(**upload, MultipartUpload=put_parts(s3, upload, FIRST, LAST))
    got = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (got["PartsCount"], got["ContentLength"]) == (2, 100)
    assert got["ContentRange"] == f"bytes {PART}-{PART + 99}/{PART + 100}"
    assert got["Body"].read() == LAST
    assert s3.head_object(Bucket=bucket, Key="k", PartNumber=1)["ContentLength"] == PART
    with refused("InvalidPartNumber", status=416):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=3)


def test_parts_may_come_together_and_again(s3, bucket, upload):
    s3.upload_part(**upload, PartNumber=1, Body=SECOND)
    with ThreadPoolExecutor(3) as pool:
        bodies = [(3, LAST), (1, FIRST), (2, SECOND)]
        puts = [pool.submit(s3.upload_part, **upload, PartNumber=number, Body=body) for number, body in bodies]
        assert [put.result()["ETag"] for put in puts] == [etag(LAST), etag(FIRST), etag(SECOND)]
    parts = [{"PartNumber": number, "ETag": etag(body)} for number, body in [(1, FIRST), (2, SECOND), (3, LAST)]]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert read(s3, bucket, "k") == FIRST + SECOND + LAST


def test_not_every_part_must_be_used(s3, bucket, upload):
    parts = put_parts(s3, upload, FIRST, SECOND, LAST)["Parts"]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [parts[0], parts[2]]})
    assert read(s3, bucket, "k") == FIRST + LAST


def test_parts_are_listed_and_paged(s3, upload):
    put_parts(s3, upload, FIRST, LAST, LAST)
    listed = s3.list_parts(**upload)
    assert [(part["PartNumber"], part["Size"], part["ETag"]) for part in listed["Parts"]] == [
        (1, PART, etag(FIRST)),
        (2, 100, etag(LAST)),
        (3, 100, etag(LAST)),
    ]
    assert (listed["StorageClass"], listed["IsTruncated"]) == ("STANDARD", False)
    pages = s3.get_paginator("list_parts").paginate(**upload, PaginationConfig={"PageSize": 2})
    assert [[part["PartNumber"] for part in page["Parts"]] for page in pages] == [[1, 2], [3]]


def test_uploads_are_listed_and_paged(s3, bucket):
    for key in ["a/1", "a/2", "b", "c"]:
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    second = s3.create_multipart_upload(Bucket=bucket, Key="c")["UploadId"]
    listed = s3.list_multipart_uploads(Bucket=bucket)
    assert keys_of(listed, "Uploads") == ["a/1", "a/2", "b", "c", "c"]
    assert listed["Uploads"][-1]["UploadId"] == second
    folders = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [entry["Prefix"] for entry in folders["CommonPrefixes"]] == ["a/"]
    assert keys_of(folders, "Uploads") == ["b", "c", "c"]
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    assert [keys_of(page, "Uploads") for page in pages] == [["a/1", "a/2"], ["b", "c"], ["c"]]


NO_SUCH_UPLOAD = (
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
    "completed."
)


def test_an_upload_that_was_given_up_is_gone(s3, bucket, upload):
    parts = put_parts(s3, upload, LAST)
    gone = s3.abort_multipart_upload(**upload)
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchUpload", NO_SUCH_UPLOAD, 404):
        s3.list_parts(**upload)
    with refused("NoSuchUpload", status=404):
        s3.upload_part(**upload, PartNumber=1, Body=LAST)
    with refused("NoSuchUpload", status=404):
        s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="k")


def test_small_parts_are_for_the_end(s3, upload):
    message = "Your proposed upload is smaller than the minimum allowed size"
    with refused("EntityTooSmall", message, 400) as caught:
        s3.complete_multipart_upload(**upload, MultipartUpload=put_parts(s3, upload, LAST, FIRST))
    error = caught.value.response["Error"]
    assert (error["ProposedSize"], error["MinSizeAllowed"], error["PartNumber"]) == ("100", str(PART), "1")


def test_what_was_not_uploaded_cannot_be_completed(s3, upload):
    put_parts(s3, upload, FIRST, LAST)
    message = (
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
        "entity tag may not match the part's entity tag."
    )
    for part in [{"PartNumber": 3, "ETag": etag(LAST)}, {"PartNumber": 2, "ETag": etag(FIRST)}]:
        parts = [{"PartNumber": 1, "ETag": etag(FIRST)}, part]
        with refused("InvalidPart", message, 400):
            s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})


def test_parts_are_completed_in_their_order(s3, upload):
    parts = put_parts(s3, upload, FIRST, LAST)["Parts"]
    message = "The list of parts was not in ascending order. Parts must be ordered by part number."
    with refused("InvalidPartOrder", message, 400):
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts[::-1]})


def test_an_upload_of_nothing_is_refused(s3, upload):
    with refused("MalformedXML", status=400):
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": []})


@pytest.mark.parametrize("number", [0, 10_001])
def test_a_part_has_a_number_up_to_ten_thousand(s3, upload, number):
    with refused("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive", 400):
        s3.upload_part(**upload, PartNumber=number, Body=LAST)


def test_a_part_may_be_copied(s3, bucket, upload):
    s3.put_object(Bucket=bucket, Key="from", Body=FIRST + SECOND)
    source = {"Bucket": bucket, "Key": "from"}
    whole = s3.upload_part_copy(**upload, PartNumber=1, CopySource=source)["CopyPartResult"]
    assert whole["ETag"] == etag(FIRST + SECOND)
    some = s3.upload_part_copy(
        **upload, PartNumber=2, CopySource=source, CopySourceRange=f"bytes={PART - 1}-{PART}"
    )["CopyPartResult"]
    assert some["ETag"] == etag(FIRST[-1:] + SECOND[:1])
    parts = [{"PartNumber": 1, "ETag": whole["ETag"]}, {"PartNumber": 2, "ETag": some["ETag"]}]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert read(s3, bucket, "k") == FIRST + SECOND + FIRST[-1:] + SECOND[:1]


def test_a_range_to_copy_must_lie_within(s3, bucket, upload):
    s3.put_object(Bucket=bucket, Key="from", Body=LAST)
    message = "Range specified is not valid for source object of size: 100"
    with refused("InvalidArgument", message, 400):
        s3.upload_part_copy(
            **upload, PartNumber=1, CopySource={"Bucket": bucket, "Key": "from"}, CopySourceRange="bytes=0-100"
        )


def test_the_end_can_depend_on_what_is_there(s3, bucket, upload):
    s3.put_object(Bucket=bucket, Key="k", Body=b"first")
    parts = put_parts(s3, upload, LAST)
    with refused("PreconditionFailed", status=412):
        s3.complete_multipart_upload(**upload, MultipartUpload=parts, IfNoneMatch="*")
    s3.complete_multipart_upload(**upload, MultipartUpload=parts, IfMatch=etag(b"first"))
    assert read(s3, bucket, "k") == LAST


def test_a_digest_of_digests_is_kept(s3, bucket):
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")
    assert (begun["ChecksumAlgorithm"], begun["ChecksumType"]) == ("SHA256", "COMPOSITE")
    upload = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}
    parts = put_parts(s3, upload, FIRST, LAST, ChecksumAlgorithm="SHA256")
    assert [part["ChecksumSHA256"] for part in parts["Parts"]] == [sha256(FIRST), sha256(LAST)]
    done = s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    whole = sha256(b"".join(base64.b64decode(sha256(part)) for part in [FIRST, LAST])) + "-2"
    assert (done["ChecksumSHA256"], done["ChecksumType"]) == (whole, "COMPOSITE")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head["ChecksumSHA256"], head["ChecksumType"]) == (whole, "COMPOSITE")
    wanted = ["ObjectParts", "Checksum"]
    parts = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=wanted)["ObjectParts"]
    assert parts["TotalPartsCount"] == 2
    assert [(part["PartNumber"], part["Size"], part["ChecksumSHA256"]) for part in parts["Parts"]] == [
        (1, PART, sha256(FIRST)),
        (2, 100, sha256(LAST)),
    ]


def test_a_digest_of_the_whole_is_put_together(s3, bucket):
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    upload = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}
    parts = put_parts(s3, upload, FIRST, LAST, ChecksumAlgorithm="CRC32")
    wrong = {"ChecksumCRC32": crc32(b"other"), "ChecksumType": "FULL_OBJECT"}
    with refused("BadDigest", status=400):
        s3.complete_multipart_upload(**upload, MultipartUpload=parts, **wrong)
    done = s3.complete_multipart_upload(**upload, MultipartUpload=parts, ChecksumType="FULL_OBJECT")
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (crc32(FIRST + LAST), "FULL_OBJECT")


def test_the_transfer_manager_brings_thirty_megabytes_and_gets_them(s3, bucket, tmp_path):
    body = os.urandom(30 * MIB)
    (tmp_path / "up").write_bytes(body)
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=6)
    more = {"ContentType": "application/x-thirty", "Metadata": {"a": "1"}}
    s3.upload_file(str(tmp_path / "up"), bucket, "k", ExtraArgs=more, Config=config)
    head = s3.head_object(Bucket=bucket, Key="k")
    parts = [body[start : start + PART] for start in range(0, len(body), PART)]
    assert (head["ETag"], head["ContentLength"]) == (etag(*parts), 30 * MIB)
    assert (head["ContentType"], head["Metadata"]) == ("application/x-thirty", {"a": "1"})
    s3.download_file(bucket, "k", str(tmp_path / "down"), Config=config)
    assert (tmp_path / "down").read_bytes() == body


def test_the_transfer_manager_copies_in_parts(s3, bucket, tmp_path):
    body = os.urandom(12 * MIB)
    s3.put_object(Bucket=bucket, Key="from", Body=body)
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART)
    s3.copy({"Bucket": bucket, "Key": "from"}, bucket, "to", Config=config)
    assert read(s3, bucket, "to") == body
    assert s3.head_object(Bucket=bucket, Key="to")["ETag"].endswith('-3"')

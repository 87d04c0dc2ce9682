"""Objects: put, read whole and in part, described, conditionally, deleted."""

from datetime import UTC, datetime, timedelta

import pytest

from refusal import refused
from storage import MIB, ask_signed, etag, keys_of, read

# Inside a row of a table, around its limit of 16 KiB, and well beside it.
SIZES = [0, 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024, 3 * MIB + 7]


def sample(size: int) -> bytes:
    """Bytes that are not all alike."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_is_got(s3, bucket, size):
    body = sample(size)
    assert s3.put_object(Bucket=bucket, Key="k", Body=body)["ETag"] == etag(body)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["ContentLength"], got["ETag"]) == (size, etag(body))
    assert got["Body"].read() == body


def test_a_put_replaces_what_was_there(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=sample(MIB), Metadata={"a": "1"}, Tagging="a=1")
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["Metadata"]) == (b"new", {})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_an_object_is_described_as_it_was_put(s3, bucket):
    said = {
        "ContentType": "text/csv; charset=utf-8",
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="a.csv"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "StorageClass": "STANDARD_IA",
        "WebsiteRedirectLocation": "/elsewhere",
    }
    expires = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Expires=expires, **said)
    head = s3.head_object(Bucket=bucket, Key="k")
    assert {name: head.get(name) for name in said} == said
    assert head["ExpiresString"] == "Wed, 02 Jan 2030 03:04:05 GMT"
    assert head["AcceptRanges"] == "bytes"
    assert head["ServerSideEncryption"] == "AES256"
    assert abs(head["LastModified"] - datetime.now(UTC)) < timedelta(minutes=5)


def test_an_object_without_a_type_is_bytes(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["ContentType"] == "binary/octet-stream"
    assert "StorageClass" not in head


def test_metadata_comes_back_in_lower_case(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"Team": "Blue  two", "x-y_z": "1,2", "empty": ""})
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"team": "Blue  two", "x-y_z": "1,2", "empty": ""}


@pytest.mark.parametrize(
    "sent, answered",
    [
        # The examples of S3's user guide: bytes beyond ASCII are taken as Latin-1.
        ("ÄMÄZÕÑ S3", "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?="),
        ("=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=", "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="),
        ("=?UTF-8?B?5pel5pys6Kqe?=", "=?UTF-8?B?5pel5pys6Kqe?="),
        ("=?UTF-8?Q?AMAZONS3?=", "AMAZONS3"),
    ],
)
def test_metadata_beyond_ascii_comes_back_as_mail_writes_it(house, s3, bucket, sent, answered):
    assert ask_signed(house, "PUT", f"/{bucket}/k", b"x", {"x-amz-meta-name": sent}).status == 200
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"name": answered}


def test_metadata_has_a_limit(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"a": "x" * 2047})
    with refused("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"a": "x" * 2048})


@pytest.mark.parametrize(
    "asked, first, last",
    [
        ("bytes=0-4", 0, 4),
        ("bytes=10-", 10, 99),
        ("bytes=-7", 93, 99),
        ("bytes=95-1000", 95, 99),
        ("bytes=-1000", 0, 99),
    ],
)
def test_a_range_is_a_part_of_the_bytes(s3, bucket, asked, first, last):
    body = sample(100)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["ContentRange"] == f"bytes {first}-{last}/100"
    assert got["ContentLength"] == last - first + 1
    assert got["Body"].read() == body[first : last + 1]


def test_a_range_deep_in_a_large_object(s3, bucket):
    body = sample(3 * MIB)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert read(s3, bucket, "k", Range="bytes=2000000-2000099") == body[2_000_000:2_000_100]


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=200-300", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(s3, bucket, asked):
    s3.put_object(Bucket=bucket, Key="k", Body=sample(100))
    with refused("InvalidRange", "The requested range is not satisfiable", 416) as caught:
        s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert caught.value.response["Error"]["ActualObjectSize"] == "100"
    assert caught.value.response["Error"]["RangeRequested"] == asked


@pytest.mark.parametrize("asked", ["bytes=5-2", "lines=1-2", "bytes=a-b"])
def test_a_range_that_is_none_is_ignored(s3, bucket, asked):
    s3.put_object(Bucket=bucket, Key="k", Body=sample(100))
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert (got["ResponseMetadata"]["HTTPStatusCode"], got["ContentLength"]) == (200, 100)


LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2199, 1, 1, tzinfo=UTC)


def test_a_reader_who_has_it_already_is_told_so(s3, bucket):
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    for operation in [s3.get_object, s3.head_object]:
        with refused("304", "Not Modified", 304) as caught:
            operation(Bucket=bucket, Key="k", IfNoneMatch=tag)
        assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["etag"] == tag
        modified = operation(Bucket=bucket, Key="k")["LastModified"]
        with refused("304", status=304):
            operation(Bucket=bucket, Key="k", IfModifiedSince=modified)
        operation(Bucket=bucket, Key="k", IfNoneMatch='"other"')
        operation(Bucket=bucket, Key="k", IfModifiedSince=LONG_AGO)


def test_a_reader_who_wants_another_is_told_so(s3, bucket):
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    with refused("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412) as caught:
        s3.get_object(Bucket=bucket, Key="k", IfMatch='"other"')
    assert caught.value.response["Error"]["Condition"] == "If-Match"
    with refused("PreconditionFailed", status=412):
        s3.get_object(Bucket=bucket, Key="k", IfUnmodifiedSince=LONG_AGO)
    with refused("412", "Precondition Failed", 412):
        s3.head_object(Bucket=bucket, Key="k", IfMatch='"other"')
    s3.get_object(Bucket=bucket, Key="k", IfMatch=tag)
    s3.get_object(Bucket=bucket, Key="k", IfMatch=tag.strip('"'))
    s3.get_object(Bucket=bucket, Key="k", IfMatch="*")


def test_tags_count_more_than_times(s3, bucket):
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    s3.get_object(Bucket=bucket, Key="k", IfMatch=tag, IfUnmodifiedSince=LONG_AGO)
    with refused("304", status=304):
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=tag, IfModifiedSince=LONG_AGO)


def test_a_write_can_be_the_first_or_none(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")
    with refused("PreconditionFailed", status=412) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    assert caught.value.response["Error"]["Condition"] == "If-None-Match"
    assert read(s3, bucket, "k") == b"1"
    s3.delete_object(Bucket=bucket, Key="k")
    s3.put_object(Bucket=bucket, Key="k", Body=b"3", IfNoneMatch="*")


def test_a_write_can_be_on_top_of_what_was_read_or_none(s3, bucket):
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=tag)
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"3", IfMatch=tag)
    with refused("NoSuchKey", status=404):
        s3.put_object(Bucket=bucket, Key="none", Body=b"3", IfMatch=tag)
    assert read(s3, bucket, "k") == b"2"


def test_a_delete_can_be_of_what_was_read_or_none(s3, bucket):
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    with refused("PreconditionFailed", status=412):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch='"other"')
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=tag)
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="k")


def test_a_reader_may_ask_for_other_headers(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    got = s3.get_object(
        Bucket=bucket,
        Key="k",
        ResponseContentType="text/plain",
        ResponseContentDisposition="attachment; filename=a",
        ResponseCacheControl="no-store",
        ResponseContentEncoding="identity",
        ResponseContentLanguage="fr",
    )
    assert (got["ContentType"], got["ContentDisposition"]) == ("text/plain", "attachment; filename=a")
    assert (got["CacheControl"], got["ContentEncoding"], got["ContentLanguage"]) == ("no-store", "identity", "fr")


def test_a_missing_key_is_named_in_the_error(s3, bucket):
    with refused("NoSuchKey", "The specified key does not exist.", 404) as caught:
        s3.get_object(Bucket=bucket, Key="none")
    assert caught.value.response["Error"]["Key"] == "none"
    with refused("404", "Not Found", 404):
        s3.head_object(Bucket=bucket, Key="none")


def test_deleting_what_is_not_there_succeeds(s3, bucket):
    gone = s3.delete_object(Bucket=bucket, Key="none")
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "DeleteMarker" not in gone


def test_a_batch_is_deleted_and_says_what(s3, bucket):
    for key in ["a", "b", "c&<d>"]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    wanted = [{"Key": "a"}, {"Key": "c&<d>"}, {"Key": "never"}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": wanted})
    assert sorted(keys_of(answer, "Deleted")) == ["a", "c&<d>", "never"]
    assert "Errors" not in answer
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["b"]
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}], "Quiet": True})
    assert "Deleted" not in quiet
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_batch_has_a_limit(s3, bucket):
    objects = [{"Key": str(number)} for number in range(1001)]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects[:1000]})
    assert len(answer["Deleted"]) == 1000
    with refused("MalformedXML", status=400):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})


def test_tags_are_put_counted_and_deleted(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1&b=%C3%BC%20x")
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2
    tags = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert tags == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "ü x"}]
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "c", "Value": "2"}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "c", "Value": "2"}]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    with refused("NoSuchKey", status=404):
        s3.get_object_tagging(Bucket=bucket, Key="none")


def test_an_object_has_at_most_ten_tags(s3, bucket):
    with refused("BadRequest", "Object tags cannot be greater than 10", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="&".join(f"t{number}=1" for number in range(11)))


def test_attributes_are_what_was_asked_for(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumAlgorithm="SHA256")
    wanted = ["ETag", "ObjectSize", "StorageClass", "Checksum"]
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=wanted)
    assert (found["ETag"], found["ObjectSize"]) == (etag(b"hello").strip('"'), 5)
    assert found["StorageClass"] == "STANDARD"
    assert found["Checksum"]["ChecksumSHA256"] == "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
    only = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])
    assert set(only) == {"ObjectSize", "LastModified", "ResponseMetadata"}


def test_the_storage_class_is_listed_and_must_be_one(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="GLACIER_IR")
    [entry] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert entry["StorageClass"] == "GLACIER_IR"
    with refused("InvalidStorageClass", "The storage class you specified is not valid", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="ATTIC")


def test_what_lies_in_the_glacier_is_not_read(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="GLACIER")
    message = "The operation is not valid for the object's storage class"
    with refused("InvalidObjectState", message, 403):
        s3.get_object(Bucket=bucket, Key="k")
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == "GLACIER"

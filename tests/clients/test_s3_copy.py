"""Copies: of an object, of one of its versions, with what it says or something else."""

from datetime import UTC, datetime

import pytest

from refusal import refused
from storage import MIB, etag, read

LARGE = bytes(range(256)) * (MIB // 128)


@pytest.fixture
def source(s3, bucket):
    s3.put_object(
        Bucket=bucket, Key="from", Body=b"hello", ContentType="text/plain", Metadata={"a": "1"}, Tagging="t=1"
    )
    return {"Bucket": bucket, "Key": "from"}


def test_a_copy_says_what_its_source_says(s3, bucket, source):
    copied = s3.copy_object(Bucket=bucket, Key="to", CopySource=source)["CopyObjectResult"]
    assert copied["ETag"] == etag(b"hello")
    got = s3.get_object(Bucket=bucket, Key="to")
    assert got["Body"].read() == b"hello"
    assert (got["ContentType"], got["Metadata"], got["TagCount"]) == ("text/plain", {"a": "1"}, 1)
    assert copied["LastModified"].replace(microsecond=0) == got["LastModified"]


def test_a_copy_may_say_something_else(s3, bucket, source):
    s3.copy_object(
        Bucket=bucket,
        Key="to",
        CopySource=source,
        MetadataDirective="REPLACE",
        Metadata={"b": "2"},
        ContentType="text/html",
        TaggingDirective="REPLACE",
        Tagging="u=2",
        StorageClass="STANDARD_IA",
    )
    head = s3.head_object(Bucket=bucket, Key="to")
    assert (head["ContentType"], head["Metadata"], head["StorageClass"]) == ("text/html", {"b": "2"}, "STANDARD_IA")
    assert s3.get_object_tagging(Bucket=bucket, Key="to")["TagSet"] == [{"Key": "u", "Value": "2"}]


def test_a_copy_may_be_in_another_bucket_and_outlives_its_source(s3, bucket, source):
    s3.put_object(Bucket=bucket, Key="from", Body=LARGE)
    s3.create_bucket(Bucket="copied-to")
    s3.copy_object(Bucket="copied-to", Key="to", CopySource=source)
    s3.delete_object(**source)
    assert read(s3, "copied-to", "to") == LARGE


def test_a_source_may_be_text_with_a_slash_in_front(s3, bucket, source):
    s3.put_object(Bucket=bucket, Key="a b/ü+%", Body=b"odd")
    s3.copy_object(Bucket=bucket, Key="to", CopySource=f"/{bucket}/a b/ü+%")
    assert read(s3, bucket, "to") == b"odd"


def test_a_copy_onto_itself_must_change_something(s3, bucket, source):
    message = (
        "This copy request is illegal because it is trying to copy an object to itself without changing the "
        "object's metadata, storage class, website redirect location or encryption attributes."
    )
    with refused("InvalidRequest", message, 400):
        s3.copy_object(**source, CopySource=source)
    s3.copy_object(**source, CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"})
    got = s3.get_object(**source)
    assert (got["Metadata"], got["Body"].read()) == ({"b": "2"}, b"hello")


def test_a_version_is_copied_back_to_the_top(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"2")
    copied = s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "k", "VersionId": first})
    assert copied["CopySourceVersionId"] == first
    assert copied["VersionId"] not in (first, None)
    assert read(s3, bucket, "k") == b"1"
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 3


def test_what_is_not_there_is_not_copied(s3, bucket, source):
    with refused("NoSuchKey", "The specified key does not exist.", 404):
        s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "none"})
    with refused("NoSuchBucket", status=404):
        s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": "never-made", "Key": "k"})


def test_a_copy_can_depend_on_its_source(s3, bucket, source):
    target = {"Bucket": bucket, "Key": "to", "CopySource": source}
    tag = etag(b"hello")
    for condition in [
        {"CopySourceIfMatch": '"other"'},
        {"CopySourceIfNoneMatch": tag},
        {"CopySourceIfUnmodifiedSince": datetime(2001, 1, 1, tzinfo=UTC)},
    ]:
        with refused("PreconditionFailed", status=412):
            s3.copy_object(**target, **condition)
    s3.copy_object(**target, CopySourceIfMatch=tag, CopySourceIfUnmodifiedSince=datetime(2001, 1, 1, tzinfo=UTC))
    assert read(s3, bucket, "to") == b"hello"


def test_a_source_that_is_none_is_refused(s3, bucket):
    with refused("InvalidArgument", status=400):
        s3.copy_object(Bucket=bucket, Key="to", CopySource="no-slash")

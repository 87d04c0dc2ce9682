"""Versions: none is lost, markers hide, and what is deleted by its version is gone."""

import pytest

from refusal import refused
from storage import keys_of, read


@pytest.fixture
def versioned(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def put(s3, bucket: str, body: bytes, key: str = "k") -> str:
    return s3.put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]


def test_each_put_is_a_version(s3, versioned):
    first, second = put(s3, versioned, b"1"), put(s3, versioned, b"2")
    assert first != second
    got = s3.get_object(Bucket=versioned, Key="k")
    assert (got["Body"].read(), got["VersionId"]) == (b"2", second)
    assert read(s3, versioned, "k", VersionId=first) == b"1"
    assert s3.head_object(Bucket=versioned, Key="k", VersionId=first)["VersionId"] == first
    found = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert [(entry["VersionId"], entry["IsLatest"]) for entry in found] == [(second, True), (first, False)]
    assert keys_of(s3.list_objects_v2(Bucket=versioned)) == ["k"]


def test_a_bucket_without_versions_names_none(s3, bucket):
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert "VersionId" not in s3.get_object(Bucket=bucket, Key="k")
    [entry] = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert (entry["VersionId"], entry["IsLatest"]) == ("null", True)


def test_a_delete_hides_and_deleting_the_marker_restores(s3, versioned):
    first = put(s3, versioned, b"1")
    gone = s3.delete_object(Bucket=versioned, Key="k")
    assert gone["DeleteMarker"] is True
    with refused("NoSuchKey", status=404) as caught:
        s3.get_object(Bucket=versioned, Key="k")
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", gone["VersionId"])
    assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 0
    listed = s3.list_object_versions(Bucket=versioned)
    [marker] = listed["DeleteMarkers"]
    assert (marker["VersionId"], marker["IsLatest"]) == (gone["VersionId"], True)
    [version] = listed["Versions"]
    assert (version["VersionId"], version["IsLatest"]) == (first, False)
    back = s3.delete_object(Bucket=versioned, Key="k", VersionId=gone["VersionId"])
    assert (back["DeleteMarker"], back["VersionId"]) == (True, gone["VersionId"])
    assert read(s3, versioned, "k") == b"1"


def test_a_marker_is_not_read_by_its_version(s3, versioned):
    put(s3, versioned, b"1")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    with refused("MethodNotAllowed", "The specified method is not allowed against this resource.", 405) as caught:
        s3.get_object(Bucket=versioned, Key="k", VersionId=marker)
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-delete-marker"] == "true"
    assert headers["allow"] == "DELETE"
    with refused("405", status=405):
        s3.head_object(Bucket=versioned, Key="k", VersionId=marker)


def test_deleting_what_never_was_makes_a_marker(s3, versioned):
    assert s3.delete_object(Bucket=versioned, Key="never")["DeleteMarker"] is True
    assert keys_of(s3.list_object_versions(Bucket=versioned), "DeleteMarkers") == ["never"]


def test_a_version_is_deleted_for_good(s3, versioned):
    first, second = put(s3, versioned, b"1"), put(s3, versioned, b"2")
    gone = s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
    assert gone["VersionId"] == second and "DeleteMarker" not in gone
    assert read(s3, versioned, "k") == b"1"
    message = "The specified version does not exist."
    with refused("NoSuchVersion", message, 404) as caught:
        s3.get_object(Bucket=versioned, Key="k", VersionId=second)
    assert caught.value.response["Error"]["VersionId"] == second
    s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
    assert read(s3, versioned, "k", VersionId=first) == b"1"


def test_what_is_no_version_is_refused(s3, versioned):
    put(s3, versioned, b"1")
    with refused("InvalidArgument", "Invalid version id specified", 400):
        s3.get_object(Bucket=versioned, Key="k", VersionId="not a version")


def test_what_was_there_before_is_the_version_null(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_object(Bucket=bucket, Key="k")["VersionId"] == "null"
    put(s3, bucket, b"new")
    assert read(s3, bucket, "k", VersionId="null") == b"old"
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 1


def test_a_suspended_bucket_has_one_null_version_on_top(s3, versioned):
    kept = put(s3, versioned, b"1")
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
    for body in [b"2", b"3"]:
        s3.put_object(Bucket=versioned, Key="k", Body=body)
    found = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert [(entry["VersionId"], entry["IsLatest"]) for entry in found] == [("null", True), (kept, False)]
    assert read(s3, versioned, "k") == b"3"
    gone = s3.delete_object(Bucket=versioned, Key="k")
    assert (gone["DeleteMarker"], gone["VersionId"]) == (True, "null")
    listed = s3.list_object_versions(Bucket=versioned)
    assert [entry["VersionId"] for entry in listed["Versions"]] == [kept]
    assert [entry["VersionId"] for entry in listed["DeleteMarkers"]] == ["null"]


def test_versions_are_listed_newest_first_and_paged_within_a_key(s3, versioned):
    made = [put(s3, versioned, str(number).encode()) for number in range(5)]
    other = put(s3, versioned, b"x", "l")
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=versioned, PaginationConfig={"PageSize": 2})
    found = [[entry["VersionId"] for entry in page["Versions"]] for page in pages]
    assert found == [[made[4], made[3]], [made[2], made[1]], [made[0], other]]


def test_a_listing_of_versions_can_start_at_one(s3, versioned):
    made = [put(s3, versioned, str(number).encode()) for number in range(3)]
    listed = s3.list_object_versions(Bucket=versioned, KeyMarker="k", VersionIdMarker=made[2])
    assert [entry["VersionId"] for entry in listed["Versions"]] == [made[1], made[0]]
    assert "Versions" not in s3.list_object_versions(Bucket=versioned, KeyMarker="k")


def test_versions_have_folders_too(s3, versioned):
    put(s3, versioned, b"1", "a/b")
    put(s3, versioned, b"1", "c")
    s3.delete_object(Bucket=versioned, Key="d/e")
    listed = s3.list_object_versions(Bucket=versioned, Delimiter="/")
    assert [entry["Prefix"] for entry in listed["CommonPrefixes"]] == ["a/", "d/"]
    assert keys_of(listed, "Versions") == ["c"]


def test_a_batch_deletes_versions_and_makes_markers(s3, versioned):
    first, second = put(s3, versioned, b"1"), put(s3, versioned, b"2")
    put(s3, versioned, b"1", "l")
    wanted = [{"Key": "k", "VersionId": first}, {"Key": "l"}]
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": wanted})
    deleted = {entry["Key"]: entry for entry in answer["Deleted"]}
    assert deleted["k"] == {"Key": "k", "VersionId": first}
    assert deleted["l"]["DeleteMarker"] is True and deleted["l"]["DeleteMarkerVersionId"]
    assert keys_of(s3.list_objects_v2(Bucket=versioned)) == ["k"]
    assert read(s3, versioned, "k", VersionId=second) == b"2"


def test_tags_are_a_versions_own(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1", Tagging="a=1")["VersionId"]
    put(s3, versioned, b"2")
    tags = s3.get_object_tagging(Bucket=versioned, Key="k", VersionId=first)
    assert (tags["TagSet"], tags["VersionId"]) == ([{"Key": "a", "Value": "1"}], first)
    assert s3.get_object_tagging(Bucket=versioned, Key="k")["TagSet"] == []

"""Buckets: made, found, listed, deleted, each where it belongs."""

import pytest

from house import ACCOUNT, Keys
from refusal import refused
from storage import ask, put_many

OWNER = Keys("111111111111", "any")
NEIGHBOUR = Keys("222222222222", "any")


def test_a_bucket_is_made_found_and_deleted(s3):
    made = s3.create_bucket(Bucket="made-and-deleted")
    assert made["Location"] == "/made-and-deleted"
    assert s3.head_bucket(Bucket="made-and-deleted")["BucketRegion"] == "us-east-1"
    assert "made-and-deleted" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    gone = s3.delete_bucket(Bucket="made-and-deleted")
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("404", "Not Found", 404):
        s3.head_bucket(Bucket="made-and-deleted")
    assert "made-and-deleted" not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


def test_every_answer_carries_two_ids(s3, bucket):
    headers = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-request-id"] and headers["x-amz-id-2"]


def test_a_missing_bucket_is_named_in_the_error(house, s3):
    with refused("NoSuchBucket", "The specified bucket does not exist", 404) as caught:
        s3.list_objects_v2(Bucket="never-made")
    assert caught.value.response["Error"]["BucketName"] == "never-made"
    with refused("NoSuchBucket", status=404):
        s3.put_object(Bucket="never-made", Key="k", Body=b"")
    with refused("NoSuchBucket", status=404):
        s3.get_object(Bucket="never-made", Key="k")
    with refused("NoSuchBucket", status=404):
        s3.delete_bucket(Bucket="never-made")


def test_us_east_1_takes_the_same_bucket_twice(s3, bucket):
    s3.put_object(Bucket=bucket, Key="kept", Body=b"x")
    s3.create_bucket(Bucket=bucket)
    s3.head_object(Bucket=bucket, Key="kept")


def test_other_regions_do_not(house):
    s3 = house.client("s3", region="eu-west-1")
    place = {"LocationConstraint": "eu-west-1"}
    made = s3.create_bucket(Bucket="twice-in-dublin", CreateBucketConfiguration=place)
    assert made["Location"] == "http://twice-in-dublin.s3.amazonaws.com/"
    message = "Your previous request to create the named bucket succeeded and you already own it."
    with refused("BucketAlreadyOwnedByYou", message, 409):
        s3.create_bucket(Bucket="twice-in-dublin", CreateBucketConfiguration=place)


def test_the_location_is_null_at_home_and_the_region_elsewhere(house, s3, bucket):
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    dublin = house.client("s3", region="eu-west-1")
    dublin.create_bucket(Bucket="lives-in-dublin", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert dublin.get_bucket_location(Bucket="lives-in-dublin")["LocationConstraint"] == "eu-west-1"
    assert dublin.head_bucket(Bucket="lives-in-dublin")["BucketRegion"] == "eu-west-1"


def test_a_region_must_be_named_where_it_is_not_the_first(house):
    message = (
        "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to."
    )
    with refused("IllegalLocationConstraintException", message, 400):
        house.client("s3", region="eu-west-1").create_bucket(Bucket="nowhere")


def test_a_wrong_region_is_refused(house, s3):
    with refused("IllegalLocationConstraintException", status=400):
        house.client("s3", region="eu-west-1").create_bucket(
            Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        )
    with refused("InvalidLocationConstraint", "The specified location-constraint is not valid", 400):
        s3.create_bucket(Bucket="nowhere", CreateBucketConfiguration={"LocationConstraint": "atlantis"})


BAD_NAMES = ["ab", "Capital", "under_score", "a..b", "192.168.0.1", "xn--punny", "-dash", "a" * 64]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_is_refused(house, s3, name):
    with refused("InvalidBucketName", "The specified bucket is not valid.", 400):
        s3.create_bucket(Bucket=name)


def test_a_bucket_with_something_in_it_stays(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("BucketNotEmpty", "The bucket you tried to delete is not empty", 409):
        s3.delete_bucket(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)


def test_a_bucket_with_only_old_versions_stays(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    with refused("BucketNotEmpty", status=409):
        s3.delete_bucket(Bucket=bucket)
    for version_id in [version, marker]:
        s3.delete_object(Bucket=bucket, Key="k", VersionId=version_id)
    s3.delete_bucket(Bucket=bucket)


def test_a_new_bucket_of_an_old_name_is_empty_and_unconfigured(s3, bucket):
    put_many(s3, bucket, ["a", "b"])
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "team", "Value": "blue"}]})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="u")["UploadId"]
    s3.abort_multipart_upload(Bucket=bucket, Key="u", UploadId=upload)
    for entry in s3.list_object_versions(Bucket=bucket)["Versions"]:
        s3.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    with refused("NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)


def test_the_list_is_sorted_filtered_and_paged(open_house):
    house = open_house()
    s3 = house.client("s3")
    for name in ["logs-b", "data", "logs-a", "logs-c"]:
        s3.create_bucket(Bucket=name)
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["data", "logs-a", "logs-b", "logs-c"]
    pages = list(s3.get_paginator("list_buckets").paginate(Prefix="logs-", PaginationConfig={"PageSize": 2}))
    assert [[bucket["Name"] for bucket in page["Buckets"]] for page in pages] == [["logs-a", "logs-b"], ["logs-c"]]
    assert s3.list_buckets()["Owner"]["ID"]


def test_the_list_can_be_of_one_region(open_house):
    house = open_house()
    house.client("s3").create_bucket(Bucket="home")
    dublin = house.client("s3", region="eu-west-1")
    dublin.create_bucket(Bucket="away", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    [found] = dublin.list_buckets(BucketRegion="eu-west-1")["Buckets"]
    assert (found["Name"], found["BucketRegion"]) == ("away", "eu-west-1")
    assert [bucket["Name"] for bucket in dublin.list_buckets()["Buckets"]] == ["away", "home"]


def test_a_name_belongs_to_one_account(open_house):
    house = open_house("--ephemeral", "--auth", "off")
    owner, neighbour = house.client("s3", OWNER), house.client("s3", NEIGHBOUR)
    owner.create_bucket(Bucket="taken")
    with refused("BucketAlreadyExists", status=409):
        neighbour.create_bucket(Bucket="taken")
    assert neighbour.list_buckets()["Buckets"] == []
    with refused("403", "Forbidden", 403):
        neighbour.head_bucket(Bucket="taken")
    with refused("AccessDenied", status=403):
        neighbour.list_objects_v2(Bucket="taken")


def test_the_expected_owner_is_compared(s3, bucket):
    s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner=ACCOUNT)
    with refused("AccessDenied", status=403):
        s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner="222222222222")


def test_tags_may_come_with_the_bucket(s3):
    tags = [{"Key": "team", "Value": "blue"}]
    s3.create_bucket(Bucket="born-tagged", CreateBucketConfiguration={"Tags": tags})
    assert s3.get_bucket_tagging(Bucket="born-tagged")["TagSet"] == tags


def test_an_error_is_a_document_without_a_namespace(house):
    reply = ask(house, "GET", "/never-made/k")
    assert reply.headers["content-type"] == "application/xml"
    assert reply.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>')
    assert reply.text("RequestId") == reply.headers["x-amz-request-id"]
    assert reply.text("HostId") == reply.headers["x-amz-id-2"]


def test_what_is_not_served_is_named(s3, bucket):
    with refused("NotImplemented", status=501) as caught:
        s3.get_bucket_website(Bucket=bucket)
    assert "GetBucketWebsite" in str(caught.value)

"""Lifecycle rules, with the house's clock moved: what they take, when, and what they leave."""

from datetime import timedelta

import pytest

from refusal import refused
from storage import keys_of, put_many, read

DAY = 24 * 3600


@pytest.fixture
def house(open_house):
    return open_house()


def rule(**more) -> dict:
    return {"ID": "rule", "Status": "Enabled", "Filter": {"Prefix": ""}, **more}


def set_rules(s3, bucket: str, *rules: dict):
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": list(rules)})


@pytest.fixture
def s3(house):
    s3 = house.client("s3")
    s3.create_bucket(Bucket="lake")
    return s3


def test_objects_expire_on_their_day(house, s3):
    set_rules(s3, "lake", rule(Filter={"Prefix": "logs/"}, Expiration={"Days": 3}))
    put_many(s3, "lake", ["logs/a", "logs/b", "kept"])
    house.advance(2 * DAY)
    assert len(keys_of(s3.list_objects_v2(Bucket="lake"))) == 3
    house.advance(2 * DAY)
    assert keys_of(s3.list_objects_v2(Bucket="lake")) == ["kept"]
    with refused("NoSuchKey"):
        s3.get_object(Bucket="lake", Key="logs/a")


def test_an_object_says_when_it_will_expire(s3):
    set_rules(s3, "lake", rule(ID="week", Expiration={"Days": 7}))
    put = s3.put_object(Bucket="lake", Key="k", Body=b"x")
    head = s3.head_object(Bucket="lake", Key="k")
    assert head["Expiration"] == put["Expiration"]
    # The day ends at midnight: the next one, seven days after it was made.
    midnight = (head["LastModified"] + timedelta(days=8)).replace(hour=0, minute=0, second=0)
    assert head["Expiration"] == f'expiry-date="{midnight:%a, %d %b %Y %H:%M:%S} GMT", rule-id="week"'


def test_a_rule_takes_what_was_there_before_it(house, s3):
    put_many(s3, "lake", ["k"])
    house.advance(10 * DAY)
    set_rules(s3, "lake", rule(Expiration={"Days": 3}))
    house.advance(2 * DAY)
    assert s3.list_objects_v2(Bucket="lake")["KeyCount"] == 0


def test_a_rule_asleep_takes_nothing(house, s3):
    set_rules(s3, "lake", rule(Status="Disabled", Expiration={"Days": 1}))
    put_many(s3, "lake", ["k"])
    house.advance(5 * DAY)
    s3.head_object(Bucket="lake", Key="k")


def test_a_rule_takes_what_its_filter_takes(house, s3):
    both = {"And": {"Prefix": "in/", "Tags": [{"Key": "temporary", "Value": "yes"}], "ObjectSizeGreaterThan": 2}}
    set_rules(s3, "lake", rule(Filter=both, Expiration={"Days": 1}))
    for key, body, tags in [
        ("in/gone", b"123", "temporary=yes"),
        ("in/small", b"12", "temporary=yes"),
        ("in/untagged", b"123", ""),
        ("out/tagged", b"123", "temporary=yes"),
    ]:
        s3.put_object(Bucket="lake", Key=key, Body=body, Tagging=tags)
    house.advance(3 * DAY)
    assert keys_of(s3.list_objects_v2(Bucket="lake")) == ["in/small", "in/untagged", "out/tagged"]


def test_in_a_versioned_bucket_a_marker_hides_what_expired(house, s3):
    s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    set_rules(s3, "lake", rule(Expiration={"Days": 1}))
    version = s3.put_object(Bucket="lake", Key="k", Body=b"x")["VersionId"]
    house.advance(3 * DAY)
    assert s3.list_objects_v2(Bucket="lake")["KeyCount"] == 0
    [marker] = s3.list_object_versions(Bucket="lake")["DeleteMarkers"]
    assert (marker["Key"], marker["IsLatest"]) == ("k", True)
    assert read(s3, "lake", "k", VersionId=version) == b"x"


def test_versions_go_when_they_are_old_enough_but_for_the_newest(house, s3):
    s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    set_rules(s3, "lake", rule(NoncurrentVersionExpiration={"NoncurrentDays": 2, "NewerNoncurrentVersions": 1}))
    versions = [s3.put_object(Bucket="lake", Key="k", Body=b"x")["VersionId"] for _ in range(4)]
    house.advance(4 * DAY)
    left = [entry["VersionId"] for entry in s3.list_object_versions(Bucket="lake")["Versions"]]
    assert left == [versions[3], versions[2]]


def test_a_marker_that_hides_nothing_goes(house, s3):
    s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    set_rules(s3, "lake", rule(Expiration={"ExpiredObjectDeleteMarker": True}))
    s3.delete_object(Bucket="lake", Key="never")
    house.advance(2 * DAY)
    assert "DeleteMarkers" not in s3.list_object_versions(Bucket="lake")


def test_uploads_that_nobody_finished_go(house, s3):
    set_rules(s3, "lake", rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 2}))
    upload = s3.create_multipart_upload(Bucket="lake", Key="k")
    assert upload["AbortRuleId"] == "rule"
    s3.upload_part(Bucket="lake", Key="k", UploadId=upload["UploadId"], PartNumber=1, Body=b"x")
    house.advance(4 * DAY)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="lake")
    with refused("NoSuchUpload"):
        s3.list_parts(Bucket="lake", Key="k", UploadId=upload["UploadId"])


def test_objects_move_to_a_colder_place(house, s3):
    set_rules(s3, "lake", rule(Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}]))
    body = b"x" * 200_000
    s3.put_object(Bucket="lake", Key="k", Body=body)
    house.advance(32 * DAY)
    assert s3.head_object(Bucket="lake", Key="k")["StorageClass"] == "STANDARD_IA"
    assert read(s3, "lake", "k") == body


def test_what_expired_is_an_event(house, s3):
    s3.put_bucket_notification_configuration(
        Bucket="lake", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    set_rules(s3, "lake", rule(Expiration={"Days": 1}))
    s3.put_object(Bucket="lake", Key="k", Body=b"x")
    house.advance(3 * DAY)
    [event] = [event for event in house.page("events")["events"] if event["detail-type"] == "Object Deleted"]
    detail = event["detail"]
    assert (detail["reason"], detail["deletion-type"]) == ("Lifecycle Expiration", "Permanently Deleted")
    assert (detail["object"]["key"], detail["requester"]) == ("k", "s3.amazonaws.com")


def test_rules_are_kept_over_a_restart(open_house, tmp_path):
    data = str(tmp_path / "data")
    house = open_house("--data-dir", data)
    s3 = house.client("s3")
    s3.create_bucket(Bucket="lake")
    set_rules(s3, "lake", rule(Expiration={"Days": 1}))
    s3.put_object(Bucket="lake", Key="k", Body=b"x")
    house.close()
    house = open_house("--data-dir", data)
    house.advance(3 * DAY)
    assert house.client("s3").list_objects_v2(Bucket="lake")["KeyCount"] == 0

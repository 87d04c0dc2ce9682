"""What happens to objects is told: to EventBridge, and to queues that the bucket names."""

import json

import pytest

from house import ACCOUNT, REGION
from people import allow, document
from refusal import refused
from storage import etag


def tell_event_bridge(s3, bucket: str):
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )


def events(house, bucket: str) -> list[dict]:
    """The bucket's events, oldest first."""
    of_bucket = [event for event in house.page("events?limit=1000")["events"] if event["source"] == "aws.s3"]
    of_bucket = [event for event in of_bucket if event["detail"]["bucket"]["name"] == bucket]
    return sorted(of_bucket, key=lambda event: event["detail"]["object"].get("sequencer", ""))


def test_a_put_is_an_event(house, s3, bucket):
    tell_event_bridge(s3, bucket)
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a b/ü", Body=b"hello")
    [event] = events(house, bucket)
    assert (event["detail-type"], event["account"], event["region"]) == ("Object Created", ACCOUNT, REGION)
    assert event["resources"] == [f"arn:aws:s3:::{bucket}"]
    detail = event["detail"]
    assert (detail["version"], detail["bucket"], detail["reason"]) == ("0", {"name": bucket}, "PutObject")
    assert (detail["requester"], detail["source-ip-address"]) == (ACCOUNT, "127.0.0.1")
    assert detail["request-id"]
    sequencer = detail["object"].pop("sequencer")
    assert sequencer
    assert detail["object"] == {"key": "a b/ü", "size": 5, "etag": etag(b"hello").strip('"')}


def test_each_way_to_make_an_object_has_its_reason(house, s3, bucket):
    tell_event_bridge(s3, bucket)
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    s3.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="c")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="c", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="c", UploadId=upload, MultipartUpload=parts)
    found = [(event["detail"]["object"]["key"], event["detail"]["reason"]) for event in events(house, bucket)]
    assert found == [("a", "PutObject"), ("b", "CopyObject"), ("c", "CompleteMultipartUpload")]


def test_a_deletion_says_what_it_left(house, s3, bucket):
    tell_event_bridge(s3, bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="k")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    deleted = [event["detail"] for event in events(house, bucket) if event["detail-type"] == "Object Deleted"]
    assert [detail["deletion-type"] for detail in deleted] == ["Permanently Deleted", "Delete Marker Created"]
    assert [detail["reason"] for detail in deleted] == ["DeleteObject", "DeleteObject"]
    assert deleted[1]["object"]["version-id"] == marker


def test_tags_are_events_too(house, s3, bucket):
    tell_event_bridge(s3, bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert sorted(event["detail-type"] for event in events(house, bucket)) == [
        "Object Created",
        "Object Tags Added",
        "Object Tags Deleted",
    ]


def test_a_bucket_that_tells_nobody_tells_nobody(house, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    tell_event_bridge(s3, bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert events(house, bucket) == []


@pytest.fixture
def queue(sqs, bucket):
    """A queue that takes what the bucket tells: its ARN and its URL."""
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{bucket}"
    when = {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    policy = document(allow("sqs:SendMessage", arn, Principal={"Service": "s3.amazonaws.com"}, Condition=when))
    return arn, sqs.create_queue(QueueName=bucket, Attributes={"Policy": policy})["QueueUrl"]


def tell_queue(s3, bucket: str, arn: str, *kinds: str, **more):
    target = {"Id": "news", "QueueArn": arn, "Events": list(kinds), **more}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [target]}
    )


def receive(sqs, url: str, count: int) -> list[dict]:
    """The next messages, in the order in which they were sent as far as the queue keeps it."""
    bodies = []
    while len(bodies) < count:
        answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10, MaxNumberOfMessages=10)
        assert "Messages" in answer, f"{len(bodies)} of {count} messages came"
        for message in answer["Messages"]:
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def test_a_queue_gets_a_test_and_then_the_news(s3, sqs, bucket, queue):
    arn, url = queue
    tell_queue(s3, bucket, arn, "s3:ObjectCreated:*")
    [test] = receive(sqs, url, 1)
    assert (test["Service"], test["Event"], test["Bucket"]) == ("Amazon S3", "s3:TestEvent", bucket)
    assert set(test) == {"Service", "Event", "Time", "Bucket", "RequestId", "HostId"}
    put = s3.put_object(Bucket=bucket, Key="a b/ü", Body=b"hello")["ResponseMetadata"]
    [message] = receive(sqs, url, 1)
    [record] = message["Records"]
    assert (record["eventSource"], record["eventName"], record["awsRegion"]) == ("aws:s3", "ObjectCreated:Put", REGION)
    assert record["responseElements"]["x-amz-request-id"] == put["HTTPHeaders"]["x-amz-request-id"]
    assert record["responseElements"]["x-amz-id-2"] == put["HTTPHeaders"]["x-amz-id-2"]
    assert record["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
    told = record["s3"]
    assert (told["s3SchemaVersion"], told["configurationId"]) == ("1.0", "news")
    assert (told["bucket"]["name"], told["bucket"]["arn"]) == (bucket, f"arn:aws:s3:::{bucket}")
    assert (told["object"]["key"], told["object"]["size"]) == ("a+b/%C3%BC", 5)
    assert told["object"]["eTag"] == etag(b"hello").strip('"')


def test_a_queue_gets_what_it_asked_for(s3, sqs, bucket, queue):
    arn, url = queue
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".csv"}]
    tell_queue(s3, bucket, arn, "s3:ObjectRemoved:*", Filter={"Key": {"FilterRules": rules}})
    receive(sqs, url, 1)
    for key in ["in/a.csv", "in/a.txt", "out/a.csv", "in/b.csv"]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
        s3.delete_object(Bucket=bucket, Key=key)
    records = [message["Records"][0] for message in receive(sqs, url, 2)]
    assert {record["eventName"] for record in records} == {"ObjectRemoved:Delete"}
    assert sorted(record["s3"]["object"]["key"] for record in records) == ["in/a.csv", "in/b.csv"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)


def test_what_a_queue_is_told_reads_back(s3, bucket, queue):
    rules = [{"Name": "Prefix", "Value": "in/"}]
    tell_queue(s3, bucket, queue[0], "s3:ObjectCreated:Put", Filter={"Key": {"FilterRules": rules}})
    [target] = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert (target["Id"], target["QueueArn"], target["Events"]) == ("news", queue[0], ["s3:ObjectCreated:Put"])
    [rule] = target["Filter"]["Key"]["FilterRules"]
    assert (rule["Name"].lower(), rule["Value"]) == ("prefix", "in/")


UNABLE = "Unable to validate the following destination configurations"


def test_a_queue_that_does_not_let_s3_in_is_refused(s3, sqs, bucket):
    sqs.create_queue(QueueName=bucket)
    with refused("InvalidArgument", UNABLE, 400):
        tell_queue(s3, bucket, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{bucket}", "s3:ObjectCreated:*")
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_a_queue_that_is_not_there_is_refused(s3, bucket):
    with refused("InvalidArgument", UNABLE, 400):
        tell_queue(s3, bucket, f"arn:aws:sqs:{REGION}:{ACCOUNT}:never-made", "s3:ObjectCreated:*")


def test_an_event_that_is_none_is_refused(s3, bucket, queue):
    with refused("InvalidArgument", "The event is not supported for notifications", 400):
        tell_queue(s3, bucket, queue[0], "s3:ObjectSeen:*")


def test_two_targets_for_the_same_are_refused(s3, bucket, queue):
    target = {"QueueArn": queue[0], "Events": ["s3:ObjectCreated:*"]}
    overlapping = {"QueueConfigurations": [target, target | {"Events": ["s3:ObjectCreated:Put"]}]}
    with refused("InvalidArgument", status=400):
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=overlapping)

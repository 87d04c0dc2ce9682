"""Messages of standard queues: sent, received, hidden, delayed, deleted; boto3 checks every MD5 that comes back."""

import hashlib
import re

import pytest

from house import ACCOUNT, ROOT, SESSION
from refusal import refused


@pytest.fixture
def queue(sqs, request):
    """The URL of a queue of the test's own."""
    name = re.sub(r"\W", "-", request.node.name)[:80]
    return sqs.create_queue(QueueName=name)["QueueUrl"]


def receive(sqs, url: str, **more) -> list[dict]:
    return sqs.receive_message(QueueUrl=url, **more).get("Messages", [])


@pytest.mark.parametrize(
    "body", ["x", "ä€🦀", "<a>&amp;</a>", '{"a": "b\\n"}', "tab\tline\nreturn\rend", "z" * 1_048_576]
)
def test_bodies_come_back_as_they_were_sent(sqs, queue, body):
    sent = sqs.send_message(QueueUrl=queue, MessageBody=body)
    assert sent["MD5OfMessageBody"] == hashlib.md5(body.encode()).hexdigest()
    [message] = receive(sqs, queue)
    assert (message["Body"], message["MessageId"]) == (body, sent["MessageId"])


def test_attributes_of_every_kind_come_back(sqs, queue):
    attributes = {
        "Author": {"DataType": "String", "StringValue": "Grüße"},
        "Count": {"DataType": "Number", "StringValue": "42.5"},
        "Count.int": {"DataType": "Number.int", "StringValue": "42"},
        "Image": {"DataType": "Binary.png", "BinaryValue": bytes(range(256))},
    }
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes)
    [message] = receive(sqs, queue, MessageAttributeNames=["All"], VisibilityTimeout=0)
    assert message["MessageAttributes"] == attributes
    [message] = receive(sqs, queue, MessageAttributeNames=["Count.*"], VisibilityTimeout=0)
    assert set(message["MessageAttributes"]) == {"Count", "Count.int"}
    [message] = receive(sqs, queue)
    assert "MessageAttributes" not in message


def test_the_header_of_a_trace_is_a_system_attribute(sqs, queue):
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageSystemAttributes=trace)
    [message] = receive(sqs, queue, MessageSystemAttributeNames=["AWSTraceHeader"])
    assert message["Attributes"] == {"AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793"}


def test_system_attributes_tell_who_sent_when_and_how_often_it_was_received(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    receive(sqs, queue, VisibilityTimeout=0)
    [message] = receive(sqs, queue, AttributeNames=["All"])
    told = message["Attributes"]
    assert told["ApproximateReceiveCount"] == "2"
    assert told["SenderId"] == ACCOUNT
    assert int(told["ApproximateFirstReceiveTimestamp"]) >= int(told["SentTimestamp"]) > 1_600_000_000_000


def test_a_received_message_is_hidden_and_comes_back(open_house):
    house = open_house()
    sqs = house.client("sqs")
    url = sqs.create_queue(QueueName="hidden", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    [first] = receive(sqs, url)
    assert receive(sqs, url) == []
    counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (counted["ApproximateNumberOfMessages"], counted["ApproximateNumberOfMessagesNotVisible"]) == ("0", "1")
    house.advance(61)
    [second] = receive(sqs, url)
    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]


def test_a_deleted_message_does_not_come_back(open_house):
    house = open_house()
    sqs = house.client("sqs")
    url = sqs.create_queue(QueueName="deleted")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    [message] = receive(sqs, url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    house.advance(3600)
    assert receive(sqs, url) == []
    # Deleting twice is no mistake.
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_visibility_is_changed_while_the_work_goes_on(open_house):
    house = open_house()
    sqs = house.client("sqs")
    url = sqs.create_queue(QueueName="longer")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    [message] = receive(sqs, url, VisibilityTimeout=30)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=600)
    house.advance(599 - 60)
    assert receive(sqs, url) == []
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert len(receive(sqs, url)) == 1


def test_a_delayed_message_arrives_later(open_house):
    house = open_house()
    sqs = house.client("sqs")
    url = sqs.create_queue(QueueName="delayed", Attributes={"DelaySeconds": "600"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="later")
    sqs.send_message(QueueUrl=url, MessageBody="now", DelaySeconds=0)
    assert [message["Body"] for message in receive(sqs, url, MaxNumberOfMessages=10)] == ["now"]
    counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesDelayed"])
    assert counted["Attributes"] == {"ApproximateNumberOfMessagesDelayed": "1"}
    house.advance(601)
    assert "later" in [message["Body"] for message in receive(sqs, url, MaxNumberOfMessages=10)]


def test_a_message_is_kept_for_its_retention_period(open_house):
    house = open_house()
    sqs = house.client("sqs")
    url = sqs.create_queue(QueueName="kept", Attributes={"MessageRetentionPeriod": "3600"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    house.advance(3500)
    assert len(receive(sqs, url, VisibilityTimeout=0)) == 1
    house.advance(101)
    assert receive(sqs, url) == []
    counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert counted["Attributes"] == {"ApproximateNumberOfMessages": "0"}


def test_ten_messages_are_received_at_once_and_eleven_are_not_asked_for(sqs, queue):
    for number in range(12):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    assert len(receive(sqs, queue, MaxNumberOfMessages=10)) == 10
    message = "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
    with refused("InvalidParameterValue", message):
        sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=11)


def test_a_body_must_not_be_empty_nor_too_long_nor_unprintable(sqs, queue):
    with refused("MissingParameter", "The request must contain the parameter MessageBody."):
        sqs.send_message(QueueUrl=queue, MessageBody="")
    with refused("InvalidParameterValue") as caught:
        sqs.send_message(QueueUrl=queue, MessageBody="z" * 1_048_577)
    assert "Message must be shorter than 1048576 bytes." in str(caught.value)
    with refused("InvalidMessageContents"):
        sqs.send_message(QueueUrl=queue, MessageBody="bell\x07")


def test_a_receipt_handle_that_was_made_up_is_refused(sqs, queue):
    with refused("ReceiptHandleIsInvalid") as caught:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle="made-up")
    assert isinstance(caught.value, sqs.exceptions.ReceiptHandleIsInvalid)


def test_an_attribute_of_an_unknown_type_is_refused(sqs, queue):
    with refused("InvalidParameterValue"):
        colour = {"Colour": {"DataType": "Colour", "StringValue": "red"}}
        sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=colour)


def test_a_batch_succeeds_in_part(sqs, queue):
    entries = [
        {"Id": "good", "MessageBody": "x"},
        {"Id": "late", "MessageBody": "x", "DelaySeconds": 901},
        {
            "Id": "attributed",
            "MessageBody": "y",
            "MessageAttributes": {"a": {"DataType": "String", "StringValue": "1"}},
        },
    ]
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["good", "attributed"]
    [failed] = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("late", "InvalidParameterValue", True)
    assert sorted(message["Body"] for message in receive(sqs, queue, MaxNumberOfMessages=10)) == ["x", "y"]


def test_a_batch_of_deletions_and_of_visibilities_succeeds_in_part(sqs, queue):
    for number in range(2):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    handles = [message["ReceiptHandle"] for message in receive(sqs, queue, MaxNumberOfMessages=10)]
    entries = [{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate([*handles, "made-up"])]
    shown = [entry | {"VisibilityTimeout": 60} for entry in entries]
    changed = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=shown)
    deleted = sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
    for answer in [changed, deleted]:
        assert [entry["Id"] for entry in answer["Successful"]] == ["0", "1"]
        assert [(entry["Id"], entry["Code"]) for entry in answer["Failed"]] == [("2", "ReceiptHandleIsInvalid")]


@pytest.mark.parametrize(
    "ids, code",
    [
        ([], "AWS.SimpleQueueService.EmptyBatchRequest"),
        ([str(number) for number in range(11)], "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
        (["a", "a"], "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
        (["a b"], "AWS.SimpleQueueService.InvalidBatchEntryId"),
    ],
)
def test_a_batch_that_is_wrong_as_a_whole_is_refused_as_a_whole(sqs, queue, ids, code):
    with refused(code, status=400):
        sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": id, "MessageBody": "x"} for id in ids])
    assert receive(sqs, queue) == []


def test_a_batch_is_not_larger_than_a_message_may_be(sqs, queue):
    entries = [{"Id": str(number), "MessageBody": "z" * 600_000} for number in range(2)]
    with refused("AWS.SimpleQueueService.BatchRequestTooLong") as caught:
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert "Batch requests cannot be longer than 1048576 bytes." in str(caught.value)


def test_the_queue_of_the_resource_api_works(house):
    """boto3's resources are the oldest style, and many tutorials'."""
    sqs = SESSION.resource(
        "sqs",
        region_name="us-east-1",
        endpoint_url=house.endpoint,
        aws_access_key_id=ROOT.id,
        aws_secret_access_key=ROOT.secret,
    )
    queue = sqs.create_queue(QueueName="resource")
    queue.send_message(MessageBody="x")
    [message] = queue.receive_messages()
    assert message.body == "x"
    message.delete()

"""SQS through the aws CLI."""

import json

from refusal import refused_by_cli


def test_a_message_goes_round(house):
    url = house.cli("sqs", "create-queue", "--queue-name", "cli", "--attributes", "VisibilityTimeout=0")["QueueUrl"]
    attributes = json.dumps({"Count": {"DataType": "Number", "StringValue": "42"}})
    send = ["sqs", "send-message", "--queue-url", url, "--message-body", "hello", "--message-attributes", attributes]
    sent = house.cli(*send)
    receive = ["sqs", "receive-message", "--queue-url", url, "--message-attribute-names", "All"]
    [message] = house.cli(*receive, "--wait-time-seconds", "1")["Messages"]
    assert message["MessageId"] == sent["MessageId"]
    assert message["MessageAttributes"]["Count"]["StringValue"] == "42"
    handle = message["ReceiptHandle"]
    house.cli("sqs", "delete-message", "--queue-url", url, "--receipt-handle", handle)
    assert house.cli(*receive) is None


def test_a_fifo_queue_takes_its_attributes_from_shorthand(house):
    attributes = "FifoQueue=true,ContentBasedDeduplication=true"
    url = house.cli("sqs", "create-queue", "--queue-name", "cli.fifo", "--attributes", attributes)["QueueUrl"]
    sent = house.cli("sqs", "send-message", "--queue-url", url, "--message-body", "x", "--message-group-id", "g")
    assert len(sent["SequenceNumber"]) == 20


def test_a_batch_succeeds_in_part(house, sqs):
    url = sqs.create_queue(QueueName="cli-batch")["QueueUrl"]
    entries = ["Id=a,MessageBody=x", "Id=b,MessageBody=y,DelaySeconds=901"]
    answer = house.cli("sqs", "send-message-batch", "--queue-url", url, "--entries", *entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["a"]
    assert [entry["Id"] for entry in answer["Failed"]] == ["b"]


def test_a_missing_queue_is_an_error_with_the_old_code_in_it(house):
    ran = house.aws("sqs", "get-queue-url", "--queue-name", "none")
    refused_by_cli(ran, "AWS.SimpleQueueService.NonExistentQueue", "GetQueueUrl")
    assert "The specified queue does not exist." in ran.stderr

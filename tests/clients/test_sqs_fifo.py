"""FIFO queues: order within a group, and every message once."""

from refusal import refused


def made(sqs, name, **attributes) -> str:
    return sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true", **attributes})["QueueUrl"]


def send(sqs, url, body, group="g", **more) -> dict:
    return sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, **more)


def receive(sqs, url, **more) -> list[dict]:
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], **more).get("Messages", [])


def bodies(messages) -> list[str]:
    return [message["Body"] for message in messages]


def test_messages_come_in_the_order_of_their_group_with_rising_numbers(sqs):
    url = made(sqs, "numbered.fifo", ContentBasedDeduplication="true")
    numbers = [send(sqs, url, str(number))["SequenceNumber"] for number in range(10)]
    assert numbers == sorted(numbers) and len(set(numbers)) == 10 and all(len(number) == 20 for number in numbers)
    messages = receive(sqs, url)
    assert bodies(messages) == [str(number) for number in range(10)]
    assert [message["Attributes"]["SequenceNumber"] for message in messages] == numbers
    assert messages[0]["Attributes"]["MessageGroupId"] == "g"


def test_a_group_waits_for_what_is_in_flight_and_others_do_not(sqs):
    url = made(sqs, "groups.fifo", ContentBasedDeduplication="true")
    for body, group in [("a1", "a"), ("a2", "a"), ("b1", "b")]:
        send(sqs, url, body, group)
    [first] = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)["Messages"]
    assert first["Body"] == "a1"
    assert bodies(receive(sqs, url)) == ["b1"]
    assert receive(sqs, url) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert bodies(receive(sqs, url)) == ["a2"]


def test_the_same_deduplication_id_is_taken_once_in_five_minutes(open_house):
    house = open_house()
    sqs = house.client("sqs")
    url = made(sqs, "once.fifo")
    first = send(sqs, url, "first", MessageDeduplicationId="id")
    again = send(sqs, url, "second", MessageDeduplicationId="id")
    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    [message] = receive(sqs, url)
    assert message["Body"] == "first"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    send(sqs, url, "third", MessageDeduplicationId="id")
    assert receive(sqs, url) == []
    house.advance(301)
    send(sqs, url, "fourth", MessageDeduplicationId="id")
    assert bodies(receive(sqs, url)) == ["fourth"]


def test_content_is_the_id_where_the_queue_says_so(sqs):
    url = made(sqs, "content.fifo", ContentBasedDeduplication="true")
    for body in ["same", "same", "other"]:
        send(sqs, url, body)
    assert bodies(receive(sqs, url)) == ["same", "other"]


def test_deduplication_can_be_by_group(sqs):
    url = made(
        sqs,
        "throughput.fifo",
        ContentBasedDeduplication="true",
        DeduplicationScope="messageGroup",
        FifoThroughputLimit="perMessageGroupId",
    )
    for group in ["a", "b", "b"]:
        send(sqs, url, "same", group)
    messages = receive(sqs, url)
    assert sorted(message["Attributes"]["MessageGroupId"] for message in messages) == ["a", "b"]


def test_a_fifo_message_needs_a_group_and_an_id(sqs):
    url = made(sqs, "needy.fifo")
    with refused("MissingParameter", "The request must contain the parameter MessageGroupId."):
        sqs.send_message(QueueUrl=url, MessageBody="x", MessageDeduplicationId="1")
    message = (
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
    )
    with refused("InvalidParameterValue", message):
        send(sqs, url, "x")


def test_a_fifo_message_has_no_delay_of_its_own(sqs):
    url = made(sqs, "delay.fifo", ContentBasedDeduplication="true")
    message = (
        "Value 5 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for "
        "this queue type."
    )
    with refused("InvalidParameterValue", message):
        send(sqs, url, "x", DelaySeconds=5)


def test_the_name_and_the_kind_belong_together(sqs):
    with refused("InvalidParameterValue"):
        sqs.create_queue(QueueName="kindless.fifo")
    message = (
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with "
        ".fifo suffix and be 1 to 80 in length"
    )
    with refused("InvalidParameterValue", message):
        sqs.create_queue(QueueName="nameless", Attributes={"FifoQueue": "true"})


def test_a_receive_that_is_tried_again_gets_the_same_messages(sqs):
    url = made(sqs, "retried.fifo", ContentBasedDeduplication="true")
    send(sqs, url, "x")
    first = receive(sqs, url, ReceiveRequestAttemptId="attempt")
    again = receive(sqs, url, ReceiveRequestAttemptId="attempt")
    assert [message["MessageId"] for message in again] == [message["MessageId"] for message in first] != []


def test_a_batch_keeps_its_order(sqs):
    url = made(sqs, "batch.fifo", ContentBasedDeduplication="true")
    entries = [{"Id": str(number), "MessageBody": str(number), "MessageGroupId": "g"} for number in range(10)]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    numbers = [entry["SequenceNumber"] for entry in answer["Successful"]]
    assert numbers == sorted(numbers)
    assert bodies(receive(sqs, url)) == [str(number) for number in range(10)]

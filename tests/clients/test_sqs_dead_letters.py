"""Dead-letter queues: where messages go that nobody can handle, and how they come back."""

import json

import pytest

from house import ACCOUNT, REGION
from refusal import refused


def arn(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def pair(sqs, name: str, receives: int = 2, **attributes) -> tuple[str, str]:
    """A queue and its dead-letter queue."""
    dead = sqs.create_queue(QueueName=f"{name}-dead", Attributes=attributes)["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": arn(f"{name}-dead"), "maxReceiveCount": receives})
    source = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"})
    return source["QueueUrl"], dead


def receive(sqs, url: str) -> list[dict]:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
    return answer.get("Messages", [])


def test_a_message_that_was_received_too_often_is_a_dead_letter(sqs):
    source, dead = pair(sqs, "often")
    sent = sqs.send_message(QueueUrl=source, MessageBody="poison")["MessageId"]
    for _ in range(2):
        assert len(receive(sqs, source)) == 1
        assert receive(sqs, dead) == []
    assert receive(sqs, source) == []
    [message] = receive(sqs, dead)
    assert (message["Body"], message["MessageId"]) == ("poison", sent)
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == arn("often")


def test_the_sources_of_a_dead_letter_queue_are_listed(sqs):
    source, dead = pair(sqs, "listed")
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [source]


@pytest.mark.parametrize(
    "policy",
    [
        "not json",
        {"deadLetterTargetArn": arn("no-such-queue"), "maxReceiveCount": 1},
        {"deadLetterTargetArn": arn("some"), "maxReceiveCount": 1001},
        {"maxReceiveCount": 1},
    ],
)
def test_a_redrive_policy_that_makes_no_sense_is_refused(sqs, policy):
    sqs.create_queue(QueueName="some")
    text = policy if isinstance(policy, str) else json.dumps(policy, separators=(",", ":"))
    with refused("InvalidParameterValue", starts=f"Value {text} for parameter RedrivePolicy is invalid. Reason: "):
        sqs.create_queue(QueueName="redriven", Attributes={"RedrivePolicy": text})


def test_a_dead_letter_queue_may_refuse_its_sources(sqs):
    deny = json.dumps({"redrivePermission": "denyAll"})
    with refused("InvalidParameterValue"):
        pair(sqs, "denied", RedriveAllowPolicy=deny)


def test_dead_letters_are_moved_back(open_house):
    house = open_house()
    sqs = house.client("sqs")
    source, dead = pair(sqs, "moved", receives=1)
    for number in range(3):
        sqs.send_message(QueueUrl=source, MessageBody=str(number))
    receive(sqs, source)
    receive(sqs, source)
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"VisibilityTimeout": "0"})
    assert len(receive(sqs, dead)) == 3
    handle = sqs.start_message_move_task(SourceArn=arn("moved-dead"))["TaskHandle"]
    assert handle
    house.advance(60)
    [task] = sqs.list_message_move_tasks(SourceArn=arn("moved-dead"))["Results"]
    assert task["Status"] == "COMPLETED"
    assert task["ApproximateNumberOfMessagesMoved"] == task["ApproximateNumberOfMessagesToMove"] == 3
    assert receive(sqs, dead) == []
    assert sorted(message["Body"] for message in receive(sqs, source)) == ["0", "1", "2"]


def test_only_dead_letter_queues_can_be_moved_from(sqs):
    sqs.create_queue(QueueName="ordinary")
    message = "Source queue must be configured as a Dead Letter Queue."
    with refused("InvalidParameterValue", message):
        sqs.start_message_move_task(SourceArn=arn("ordinary"))


def test_a_slow_move_is_cancelled(open_house):
    house = open_house()
    sqs = house.client("sqs")
    source, dead = pair(sqs, "slow", receives=1)
    for number in range(5):
        sqs.send_message(QueueUrl=dead, MessageBody=str(number))
    destination = arn("slow")
    handle = sqs.start_message_move_task(
        SourceArn=arn("slow-dead"), DestinationArn=destination, MaxNumberOfMessagesPerSecond=1
    )["TaskHandle"]
    sqs.cancel_message_move_task(TaskHandle=handle)
    house.advance(60)
    [task] = sqs.list_message_move_tasks(SourceArn=arn("slow-dead"))["Results"]
    assert task["Status"] == "CANCELLED"
    moved = len(receive(sqs, source))
    assert moved < 5 and len(receive(sqs, dead)) == 5 - moved
    message = "A message movement task can only be cancelled when its status is RUNNING."
    with refused("AWS.SimpleQueueService.UnsupportedOperation", message):
        sqs.cancel_message_move_task(TaskHandle=handle)

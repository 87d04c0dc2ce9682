"""Long polling: a receiver waits, and is woken by what it waits for."""

import threading
from concurrent.futures import ThreadPoolExecutor

from house import PATIENCE_SECONDS
from refusal import refused

WAIT_SECONDS = 20

THREADS = ThreadPoolExecutor()


class Receiver:
    """Waits for messages in a thread of its own; it is on its way when this is made."""

    def __init__(self, house, url: str, **more):
        self.under_way = threading.Event()
        self.house, self.asked = house, {"QueueUrl": url} | more
        self.outcome = THREADS.submit(self.receive)
        assert self.under_way.wait(PATIENCE_SECONDS)

    def receive(self) -> list[str]:
        sqs = self.house.client("sqs")
        sqs.meta.events.register("before-send", lambda **_: self.under_way.set())
        messages = sqs.receive_message(**self.asked).get("Messages", [])
        return [message["Body"] for message in messages]

    def received(self) -> list[str]:
        """What came; it must not have taken the whole wait."""
        return self.outcome.result(WAIT_SECONDS / 2)


def test_a_receiver_is_woken_by_a_message(house, sqs):
    url = sqs.create_queue(QueueName="woken")["QueueUrl"]
    receiver = Receiver(house, url, WaitTimeSeconds=WAIT_SECONDS)
    sqs.send_message(QueueUrl=url, MessageBody="wake up")
    assert receiver.received() == ["wake up"]


def test_three_receivers_get_a_message_each(house, sqs):
    url = sqs.create_queue(QueueName="shared")["QueueUrl"]
    receivers = [Receiver(house, url, WaitTimeSeconds=WAIT_SECONDS, MaxNumberOfMessages=1) for _ in range(3)]
    for body in ["a", "b", "c"]:
        sqs.send_message(QueueUrl=url, MessageBody=body)
    assert sorted(receiver.received() for receiver in receivers) == [["a"], ["b"], ["c"]]


def test_a_receiver_that_waits_in_vain_gets_nothing_when_the_clock_has_moved_on(open_house):
    house = open_house()
    url = house.client("sqs").create_queue(QueueName="vain")["QueueUrl"]
    receiver = Receiver(house, url, WaitTimeSeconds=WAIT_SECONDS)
    while not receiver.outcome.done():
        house.advance(WAIT_SECONDS)
    assert receiver.received() == []


def test_a_receiver_sees_what_becomes_visible_while_it_waits(open_house):
    house = open_house()
    sqs = house.client("sqs")
    url = sqs.create_queue(QueueName="delayed")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
    receiver = Receiver(house, url, WaitTimeSeconds=WAIT_SECONDS)
    house.advance(901)
    # Time went by all at once: the wait was over in the moment that the message came.
    bodies = receiver.received() or Receiver(house, url, WaitTimeSeconds=WAIT_SECONDS).received()
    assert bodies == ["later"]


def test_a_queue_can_make_every_receiver_wait(house, sqs):
    attributes = {"ReceiveMessageWaitTimeSeconds": str(WAIT_SECONDS)}
    url = sqs.create_queue(QueueName="patient", Attributes=attributes)["QueueUrl"]
    receiver = Receiver(house, url)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert receiver.received() == ["x"]


def test_a_wait_is_twenty_seconds_at_most(sqs):
    url = sqs.create_queue(QueueName="eager")["QueueUrl"]
    message = "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."
    with refused("InvalidParameterValue", message):
        sqs.receive_message(QueueUrl=url, WaitTimeSeconds=21)


def test_a_house_that_closes_lets_its_receivers_go(open_house):
    house = open_house()
    url = house.client("sqs").create_queue(QueueName="closing")["QueueUrl"]
    receiver = Receiver(house, url, WaitTimeSeconds=WAIT_SECONDS)
    house.close()
    # With an empty answer or with none: not after the whole wait.
    receiver.outcome.exception(WAIT_SECONDS / 2)

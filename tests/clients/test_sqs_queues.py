"""SQS's queues: made, found, changed, listed, tagged, emptied, deleted."""

import pytest

from house import ACCOUNT, REGION
from refusal import refused

GONE = "AWS.SimpleQueueService.NonExistentQueue"


def attributes(sqs, url: str, *names: str) -> dict[str, str]:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names or ["All"])).get("Attributes", {})


def test_a_queue_url_names_the_host_that_was_asked(house):
    assert house.client("sqs").create_queue(QueueName="hosted")["QueueUrl"] == f"{house.endpoint}/{ACCOUNT}/hosted"
    port = house.endpoint.rpartition(":")[2]
    house_elsewhere = f"http://localhost:{port}"
    sqs = house.client("sqs")
    sqs.meta.events.register("before-sign", lambda request, **_: rename(request, house_elsewhere))
    assert sqs.get_queue_url(QueueName="hosted")["QueueUrl"] == f"{house_elsewhere}/{ACCOUNT}/hosted"


def rename(request, endpoint: str):
    request.url = endpoint + "/"


def test_any_host_in_a_queue_url_is_right(sqs):
    sqs.create_queue(QueueName="anywhere")
    url = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/anywhere"
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1


def test_a_new_queue_has_the_defaults_of_aws(sqs):
    url = sqs.create_queue(QueueName="defaults")["QueueUrl"]
    shown = attributes(sqs, url)
    assert shown["QueueArn"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:defaults"
    assert shown["VisibilityTimeout"] == "30"
    assert shown["MessageRetentionPeriod"] == "345600"
    assert shown["MaximumMessageSize"] == "1048576"
    assert (shown["DelaySeconds"], shown["ReceiveMessageWaitTimeSeconds"]) == ("0", "0")
    assert shown["SqsManagedSseEnabled"] == "true"
    assert shown["ApproximateNumberOfMessages"] == "0"
    assert "FifoQueue" not in shown


def test_making_it_again_gives_the_same_url_if_nothing_differs(sqs):
    settings = {"VisibilityTimeout": "45"}
    urls = {sqs.create_queue(QueueName="same", Attributes=settings)["QueueUrl"] for _ in range(2)}
    assert len(urls) == 1
    message = "A queue already exists with the same name and a different value for attribute VisibilityTimeout"
    with refused("QueueAlreadyExists", message, status=400) as caught:
        sqs.create_queue(QueueName="same", Attributes={"VisibilityTimeout": "46"})
    assert isinstance(caught.value, sqs.exceptions.QueueNameExists)


def test_attributes_are_set_and_asked_for_by_name(sqs):
    url = sqs.create_queue(QueueName="settings")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7", "DelaySeconds": "3"})
    assert attributes(sqs, url, "VisibilityTimeout", "DelaySeconds") == {"VisibilityTimeout": "7", "DelaySeconds": "3"}


@pytest.mark.parametrize(
    "given, code, message",
    [
        ({"Colour": "red"}, "InvalidAttributeName", "Unknown Attribute Colour."),
        ({"VisibilityTimeout": "43201"}, "InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."),
        ({"DelaySeconds": "soon"}, "InvalidAttributeValue", "Invalid value for the parameter DelaySeconds."),
        ({"FifoQueue": "false"}, "InvalidAttributeName", "Unknown Attribute FifoQueue."),
    ],
)
def test_attributes_that_make_no_sense_are_refused(sqs, given, code, message):
    with refused(code, message, status=400):
        sqs.create_queue(QueueName="senseless", Attributes=given)


@pytest.mark.parametrize("name", ["a b", "a" * 81, "dotted.name"])
def test_a_name_that_aws_does_not_take_is_refused(sqs, name):
    message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    with refused("InvalidParameterValue", message):
        sqs.create_queue(QueueName=name)


def test_a_queue_that_is_not_there_has_the_code_of_the_query_days_and_its_exception(sqs):
    with refused(GONE, "The specified queue does not exist.", status=400) as caught:
        sqs.get_queue_url(QueueName="none")
    assert isinstance(caught.value, sqs.exceptions.QueueDoesNotExist)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.send_message(QueueUrl=f"{sqs.meta.endpoint_url}/{ACCOUNT}/none", MessageBody="x")


def test_queues_are_listed_by_prefix_and_page(sqs):
    for number in range(7):
        sqs.create_queue(QueueName=f"listed-{number}")
    pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix="listed-", PaginationConfig={"PageSize": 3})
    names = [[url.rpartition("/")[2] for url in page["QueueUrls"]] for page in pages]
    assert [len(page) for page in names] == [3, 3, 1]
    assert sum(names, []) == [f"listed-{number}" for number in range(7)]
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="no-such-")


def test_tags_are_put_listed_and_taken_away(sqs):
    url = sqs.create_queue(QueueName="tagged", tags={"team": "blue"})["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"team": "red", "stage": "test"})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "red", "stage": "test"}
    sqs.untag_queue(QueueUrl=url, TagKeys=["team"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"stage": "test"}


def test_purging_empties_and_may_not_be_repeated_within_a_minute(open_house):
    house = open_house()
    sqs = house.client("sqs")
    url = sqs.create_queue(QueueName="purged")["QueueUrl"]
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.purge_queue(QueueUrl=url)
    message = "Only one PurgeQueue operation on purged is allowed every 60 seconds."
    with refused("AWS.SimpleQueueService.PurgeQueueInProgress", message) as caught:
        sqs.purge_queue(QueueUrl=url)
    assert isinstance(caught.value, sqs.exceptions.PurgeQueueInProgress)
    house.advance(61)
    assert attributes(sqs, url)["ApproximateNumberOfMessages"] == "0"
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.purge_queue(QueueUrl=url)


def test_the_name_of_a_deleted_queue_is_free_after_a_minute(open_house):
    house = open_house()
    sqs = house.client("sqs")
    url = sqs.create_queue(QueueName="brief")["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    message = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    with refused("AWS.SimpleQueueService.QueueDeletedRecently", message) as caught:
        sqs.create_queue(QueueName="brief")
    assert isinstance(caught.value, sqs.exceptions.QueueDeletedRecently)
    house.advance(61)
    sqs.create_queue(QueueName="brief")


def test_a_deleted_queue_is_gone(sqs):
    url = sqs.create_queue(QueueName="deleted")["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    with refused(GONE):
        sqs.send_message(QueueUrl=url, MessageBody="x")

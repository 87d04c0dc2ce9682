"""SQS as clients of before 2023 speak to it: the query protocol, with the same answers and errors as JSON."""

import hashlib

import pytest

from house import ACCOUNT, REGION, Keys
from people import make_user, user_arn
from refusal import not_allowed
from wire import query

GONE = "AWS.SimpleQueueService.NonExistentQueue"


def call(house, action: str, **members):
    """A call that works."""
    answer = query(house, "sqs", action, **members)
    assert answer.status == 200, answer.body
    return answer


def test_a_message_goes_round_in_xml(house):
    url = call(house, "CreateQueue", QueueName="xml", Attribute_1_Name="VisibilityTimeout", Attribute_1_Value="5").text(
        "QueueUrl"
    )
    assert url == f"{house.endpoint}/{ACCOUNT}/xml"
    body = '<b>ä & "x"</b>\n'
    sent = call(house, "SendMessage", QueueUrl=url, MessageBody=body)
    assert sent.text("MD5OfMessageBody") == hashlib.md5(body.encode()).hexdigest()
    received = call(house, "ReceiveMessage", QueueUrl=url, AttributeName_1="All")
    assert received.text("Body") == body
    assert received.text("MessageId") == sent.text("MessageId")
    assert "ApproximateReceiveCount" in received.texts("Name")
    call(house, "DeleteMessage", QueueUrl=url, ReceiptHandle=received.text("ReceiptHandle"))
    assert call(house, "ReceiveMessage", QueueUrl=url).texts("Message") == []


def test_older_clients_post_to_the_url_of_the_queue(house, sqs):
    sqs.create_queue(QueueName="posted")
    path = f"/{ACCOUNT}/posted"
    sent = query(house, "sqs", "SendMessage", path=path, QueueUrl=house.endpoint + path, MessageBody="x")
    assert sent.status == 200, sent.body
    bare = query(house, "sqs", "SendMessage", path=path, MessageBody="y")
    assert bare.status == 200, bare.body
    messages = sqs.receive_message(QueueUrl=house.endpoint + path, MaxNumberOfMessages=10)["Messages"]
    assert sorted(message["Body"] for message in messages) == ["x", "y"]


def test_answers_have_the_names_and_the_namespace_of_the_query_days(house):
    answer = call(house, "ListQueues", QueueNamePrefix="none-")
    assert answer.headers["content-type"].startswith("text/xml")
    assert '<ListQueuesResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">' in answer.body
    assert "<ListQueuesResult" in answer.body
    assert answer.texts("RequestId") == [answer.headers["x-amzn-requestid"]]


def test_message_attributes_are_flattened(house, sqs):
    url = sqs.create_queue(QueueName="flat")["QueueUrl"]
    sent = call(
        house,
        "SendMessage",
        QueueUrl=url,
        MessageBody="x",
        MessageAttribute_1_Name="Count",
        MessageAttribute_1_Value_DataType="Number",
        MessageAttribute_1_Value_StringValue="42",
    )
    [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], VisibilityTimeout=0)["Messages"]
    assert message["MessageAttributes"] == {"Count": {"DataType": "Number", "StringValue": "42"}}
    assert sent.text("MD5OfMessageAttributes") == message["MD5OfMessageAttributes"]
    received = call(house, "ReceiveMessage", QueueUrl=url, MessageAttributeName_1="All")
    assert (received.text("Name"), received.text("DataType"), received.text("StringValue")) == ("Count", "Number", "42")


def test_a_batch_succeeds_in_part(house, sqs):
    url = sqs.create_queue(QueueName="batch")["QueueUrl"]
    answer = call(
        house,
        "SendMessageBatch",
        QueueUrl=url,
        SendMessageBatchRequestEntry_1_Id="good",
        SendMessageBatchRequestEntry_1_MessageBody="x",
        SendMessageBatchRequestEntry_2_Id="late",
        SendMessageBatchRequestEntry_2_MessageBody="x",
        SendMessageBatchRequestEntry_2_DelaySeconds="901",
    )
    assert answer.texts("Id") == ["good", "late"]
    assert "<SendMessageBatchResultEntry><Id>good</Id>" in answer.body
    assert (answer.text("Code"), answer.text("SenderFault")) == ("InvalidParameterValue", "true")


def test_queue_attributes_are_pairs_of_name_and_value(house, sqs):
    url = sqs.create_queue(QueueName="pairs", Attributes={"DelaySeconds": "7"})["QueueUrl"]
    answer = call(house, "GetQueueAttributes", QueueUrl=url, AttributeName_1="DelaySeconds")
    assert (answer.text("Name"), answer.text("Value")) == ("DelaySeconds", "7")


def of_query(house, action: str, **members) -> tuple[int, str, str]:
    answer = query(house, "sqs", action, **members)
    return answer.status, answer.text("Code"), answer.text("Message")


def of_json(call, **members) -> tuple[str, str]:
    try:
        call(**members)
    except Exception as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError("it was not refused")


@pytest.mark.parametrize("action, method, members", [
    ("GetQueueUrl", "get_queue_url", {"QueueName": "none"}),
    ("CreateQueue", "create_queue", {"QueueName": "a b"}),
    ("SendMessage", "send_message", {"QueueUrl": f"http://x/{ACCOUNT}/none", "MessageBody": "x"}),
    ("PurgeQueue", "purge_queue", {"QueueUrl": f"http://x/{ACCOUNT}/none"}),
])  # fmt: skip
def test_both_protocols_refuse_with_the_same_code_and_message(house, sqs, action, method, members):
    status, code, message = of_query(house, action, **members)
    assert (code, message) == of_json(getattr(sqs, method), **members)
    assert status == 400


def test_an_unknown_queue_has_its_old_code(house):
    expected = (400, GONE, "The specified queue does not exist.")
    assert of_query(house, "GetQueueUrl", QueueName="none") == expected


def test_a_missing_parameter_is_named(house):
    status, code, message = of_query(house, "CreateQueue")
    assert (status, code, message) == (400, "MissingParameter", "The request must contain the parameter QueueName.")


def test_an_unknown_action_is_refused(house):
    status, code, _ = of_query(house, "FlyToTheMoon")
    assert (status, code) == (400, "InvalidAction")


def test_a_wrong_secret_and_an_unknown_key_are_refused(house):
    wrong = query(house, "sqs", "ListQueues", keys=Keys("test", "wrong"))
    assert (wrong.status, wrong.text("Code")) == (403, "SignatureDoesNotMatch")
    unknown = query(house, "sqs", "ListQueues", keys=Keys("AKIAIOSFODNN7EXAMPLE", "wrong"))
    assert (unknown.status, unknown.text("Code")) == (403, "InvalidClientTokenId")


def test_a_denial_reads_as_in_json(house):
    keys = make_user(house, "query")
    answer = query(house, "sqs", "ListQueues", keys=keys)
    assert (answer.status, answer.text("Code")) == (403, "AccessDenied")
    resource = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
    assert answer.text("Message") == not_allowed(user_arn("query"), "sqs:listqueues", resource)

"""The flow that the platform is about: S3 → EventBridge → Lambda → SQS → Lambda, and what failed on the way."""

import json

import functions
from functions import invoke, messages, python, queue
from house import ACCOUNT, REGION
from people import allow

COUNT = """
import json
import boto3

def handler(event, context):
    detail = event["detail"]
    body = boto3.client("s3").get_object(Bucket=detail["bucket"]["name"], Key=detail["object"]["key"])["Body"].read()
    posts = len(body.splitlines())
    boto3.client("sqs").send_message(
        QueueUrl=event_queue(), MessageBody=json.dumps({"key": detail["object"]["key"], "posts": posts})
    )

def event_queue():
    import os
    return os.environ["QUEUE"]
"""

SUM = """
import json
import boto3

def handler(event, context):
    s3 = boto3.client("s3")
    for record in event["Records"]:
        message = json.loads(record["body"])
        s3.put_object(Bucket="flow", Key="counted/" + message["key"], Body=str(message["posts"]).encode())
"""


def test_an_object_is_counted_by_two_functions_and_a_queue(house):
    s3, events = house.client("s3"), house.client("events")
    s3.create_bucket(Bucket="flow")
    s3.put_bucket_notification_configuration(
        Bucket="flow", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    url, arn = queue(house, "posts")
    count = python(
        house,
        "count",
        COUNT,
        allow("s3:GetObject", "arn:aws:s3:::flow/*"),
        allow("sqs:SendMessage", arn),
        Environment={"Variables": {"QUEUE": url}},
    )
    reading = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    python(house, "sum", SUM, allow(reading, arn), allow("s3:PutObject", "arn:aws:s3:::flow/*"))
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": ["flow"]}, "object": {"key": [{"prefix": "raw/"}]}},
    }
    rule = events.put_rule(Name="raw", EventPattern=json.dumps(pattern))["RuleArn"]
    house.client("lambda").add_permission(
        FunctionName="count", StatementId="rule", Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com", SourceArn=rule,
    )
    assert events.put_targets(Rule="raw", Targets=[{"Id": "count", "Arn": count}])["FailedEntryCount"] == 0
    house.client("lambda").create_event_source_mapping(FunctionName="sum", EventSourceArn=arn, BatchSize=10)
    s3.put_object(Bucket="flow", Key="raw/a.json", Body=b'{"id": 1}\n{"id": 2}\n')
    house.advance(5)
    assert s3.get_object(Bucket="flow", Key="counted/raw/a.json")["Body"].read() == b"2"
    left = house.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_what_keeps_failing_ends_in_the_dead_letter_queue(house):
    dead_url, dead_arn = queue(house, "dead", "lambda")
    python(
        house, "fails", "def handler(event, context):\n    raise RuntimeError('never')\n", allow("sqs:SendMessage", dead_arn)
    )
    house.client("lambda").put_function_event_invoke_config(
        FunctionName="fails", MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": dead_arn}}
    )
    answer = house.client("lambda").invoke(FunctionName="fails", InvocationType="Event", Payload=b'{"n": 1}')
    assert answer["StatusCode"] == 202
    house.advance(5)
    assert messages(house, dead_url) == []
    house.advance(120)
    [record] = messages(house, dead_url)
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["requestPayload"] == {"n": 1}
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorMessage"] == "never"


def test_a_rule_writes_what_it_matched_to_a_queue_as_its_transformer_says(house):
    events = house.client("events")
    url, arn = queue(house, "matched", "events")
    events.put_rule(Name="orders", EventPattern=json.dumps({"detail": {"amount": [{"numeric": [">", 100]}]}}))
    transformer = {
        "InputPathsMap": {"id": "$.detail.id", "amount": "$.detail.amount"},
        "InputTemplate": '{"order": <id>, "text": "order <id> of <amount>", "rule": "<aws.events.rule-name>"}',
    }
    events.put_targets(Rule="orders", Targets=[{"Id": "q", "Arn": arn, "InputTransformer": transformer}])
    entries = [
        {"Source": "shop", "DetailType": "Order", "Detail": json.dumps({"id": "a", "amount": 50})},
        {"Source": "shop", "DetailType": "Order", "Detail": json.dumps({"id": "b", "amount": 500})},
        {"Source": "aws.shop", "DetailType": "Order", "Detail": "{}"},
    ]
    answer = events.put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][2]["ErrorCode"] == "NotAuthorizedForSource"
    house.advance(1)
    assert messages(house, url) == [{"order": "b", "text": "order b of 500", "rule": "orders"}]


def test_a_target_that_nothing_serves_is_refused_when_it_is_put(house):
    events = house.client("events")
    events.put_rule(Name="nowhere", EventPattern=json.dumps({"source": ["x"]}))
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:none"
    from refusal import refused

    with refused("ValidationException"):
        events.put_targets(Rule="nowhere", Targets=[{"Id": "a", "Arn": arn, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x"}])


def test_a_function_answers_at_its_url(house):
    import urllib.request
    from urllib.parse import urlsplit

    source = """
import json

def handler(event, context):
    return {"statusCode": 201, "headers": {"x-a": "b"}, "body": json.dumps([event["rawPath"], event["queryStringParameters"]])}
"""
    python(house, "web", source)
    client = house.client("lambda")
    url = client.create_function_url_config(FunctionName="web", AuthType="NONE")["FunctionUrl"]
    client.add_permission(
        FunctionName="web", StatementId="public", Action="lambda:InvokeFunctionUrl", Principal="*",
        FunctionUrlAuthType="NONE",
    )
    client.add_permission(
        FunctionName="web", StatementId="invoke", Action="lambda:InvokeFunction", Principal="*",
        InvokedViaFunctionUrl=True,
    )
    parts = urlsplit(url)
    assert ".lambda-url.us-east-1." in parts.netloc
    # Names under localhost are for resolvers; the test says the host itself.
    request = urllib.request.Request(f"{house.endpoint}/r/aws?limit=5", headers={"Host": parts.netloc})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert (answer.status, answer.headers["x-a"]) == (201, "b")
        assert json.load(answer) == ["/r/aws", {"limit": "5"}]

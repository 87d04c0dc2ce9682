"""`--iam observe`: nothing is denied, and `haar iam suggest` prints the policy that was needed."""

import json

from people import allow, document, make_user
from refusal import refused


def use(house, keys):
    """What an application does."""
    ssm, sqs = house.client("ssm", keys), house.client("sqs", keys)
    ssm.put_parameter(Name="/app/a", Value="1", Type="String", Overwrite=True)
    ssm.get_parameter(Name="/app/a")
    url = sqs.create_queue(QueueName="app")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.receive_message(QueueUrl=url)


def test_what_is_suggested_while_observing_is_enough_while_enforcing(open_house):
    observing = open_house("--ephemeral", "--iam", "observe")
    keys = make_user(observing, "app")
    use(observing, keys)
    suggested = observing.haar("iam", "suggest", "--principal", "user/app")
    assert suggested.returncode == 0, suggested.stderr
    policy = json.loads(suggested.stdout)
    assert policy["Version"] == "2012-10-17"
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert actions == {
        "ssm:PutParameter",
        "ssm:GetParameter",
        "sqs:CreateQueue",
        "sqs:SendMessage",
        "sqs:ReceiveMessage",
    }

    enforcing = open_house("--ephemeral", "--iam", "enforce")
    keys = make_user(enforcing, "app")
    with refused("AccessDeniedException"):
        use(enforcing, keys)
    enforcing.client("iam").put_user_policy(UserName="app", PolicyName="own", PolicyDocument=suggested.stdout)
    use(enforcing, keys)
    with refused("AccessDeniedException"):
        enforcing.client("ssm", keys).get_parameter(Name="/app/b")


def test_the_suggestion_is_for_one_principal(open_house):
    house = open_house("--ephemeral", "--iam", "observe")
    house.client("ssm", make_user(house, "reader")).describe_parameters()
    house.client("sqs", make_user(house, "lister")).list_queues()
    policy = json.loads(house.haar("iam", "suggest", "--principal", "user/reader").stdout)
    assert [statement["Action"] for statement in policy["Statement"]] == [["ssm:DescribeParameters"]]


def test_the_ledger_says_what_would_have_been_denied(open_house):
    house = open_house("--ephemeral", "--iam", "observe")
    keys = make_user(house, "half", allow("ssm:DescribeParameters"))
    ssm = house.client("ssm", keys)
    ssm.describe_parameters()
    ssm.put_parameter(Name="/half", Value="1", Type="String")
    [put, describe] = house.page("ledger?service=ssm")["lines"]
    assert put["operation"] == "PutParameter" and put["would_deny"]["action"] == "ssm:PutParameter"
    assert describe["operation"] == "DescribeParameters" and not describe.get("would_deny")


def test_what_is_denied_is_suggested_too(open_house):
    house = open_house()
    keys = make_user(house, "denied")
    with refused("AccessDeniedException"):
        house.client("ssm", keys).get_parameter(Name="/app/a")
    policy = json.loads(house.haar("iam", "suggest", "--principal", "user/denied").stdout)
    assert policy == json.loads(
        document(allow(["ssm:GetParameter"], ["arn:aws:ssm:us-east-1:000000000000:parameter/app/a"]))
    )

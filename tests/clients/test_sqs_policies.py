"""Queue policies: who is let in from elsewhere, and who is kept out from here."""

import json

from botocore import UNSIGNED

from house import ACCOUNT, REGION, Keys
from people import allow, deny, document, make_user, user_arn
from refusal import refused

NEIGHBOUR = Keys("222222222222", "any")
OWNER = Keys("111111111111", "any")


def arn(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:sqs:{REGION}:{account}:{name}"


def test_a_policy_lets_a_user_in_who_has_none_of_its_own(house, sqs):
    keys = make_user(house, "guest")
    url = sqs.create_queue(QueueName="open-house")["QueueUrl"]
    guest = house.client("sqs", keys)
    with refused("AccessDenied"):
        guest.send_message(QueueUrl=url, MessageBody="x")
    policy = document(allow("sqs:SendMessage", arn("open-house"), Principal={"AWS": user_arn("guest")}))
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    guest.send_message(QueueUrl=url, MessageBody="x")
    with refused("AccessDenied"):
        guest.receive_message(QueueUrl=url)


def test_a_policy_keeps_a_user_out_whose_own_lets_it_in(house, sqs):
    keys = make_user(house, "banned", allow("sqs:*"))
    policy = document(deny("sqs:SendMessage", arn("closed"), Principal={"AWS": user_arn("banned")}))
    url = sqs.create_queue(QueueName="closed", Attributes={"Policy": policy})["QueueUrl"]
    with refused("AccessDenied") as caught:
        house.client("sqs", keys).send_message(QueueUrl=url, MessageBody="x")
    assert "with an explicit deny in a resource-based policy" in str(caught.value)
    house.client("sqs", keys).receive_message(QueueUrl=url)


def test_a_queue_for_everybody_takes_unsigned_messages(house, sqs):
    policy = document(allow("sqs:SendMessage", arn("public"), Principal="*"))
    url = sqs.create_queue(QueueName="public", Attributes={"Policy": policy})["QueueUrl"]
    nobody = house.client("sqs", signature_version=UNSIGNED)
    nobody.send_message(QueueUrl=url, MessageBody="hello from nobody")
    with refused("AccessDenied"):
        nobody.receive_message(QueueUrl=url)
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello from nobody"


def test_a_policy_reads_back_and_a_broken_one_is_refused(sqs):
    policy = document(allow("sqs:SendMessage", arn("readable"), Principal="*"))
    url = sqs.create_queue(QueueName="readable", Attributes={"Policy": policy})["QueueUrl"]
    read = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    assert json.loads(read) == json.loads(policy)
    with refused("InvalidAttributeValue", "Invalid value for the parameter Policy."):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": "{"})


def test_permissions_are_added_and_removed_by_label(sqs):
    url = sqs.create_queue(QueueName="labelled")["QueueUrl"]
    sqs.add_permission(QueueUrl=url, Label="send", AWSAccountIds=["222222222222"], Actions=["SendMessage"])
    read = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    [statement] = json.loads(read)["Statement"]
    assert (statement["Sid"], statement["Effect"], statement["Action"]) == ("send", "Allow", "SQS:SendMessage")
    assert statement["Principal"] == {"AWS": "arn:aws:iam::222222222222:root"}
    with refused("InvalidParameterValue"):
        sqs.add_permission(QueueUrl=url, Label="send", AWSAccountIds=["222222222222"], Actions=["SendMessage"])
    sqs.remove_permission(QueueUrl=url, Label="send")
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])


def test_another_account_comes_in_only_where_the_policy_says_so(open_house):
    house = open_house("--ephemeral", "--auth", "off")
    owner, neighbour = house.client("sqs", OWNER), house.client("sqs", NEIGHBOUR)
    url = owner.create_queue(QueueName="shared")["QueueUrl"]
    assert "/111111111111/shared" in url
    with refused("AccessDenied"):
        neighbour.send_message(QueueUrl=url, MessageBody="x")
    owner.add_permission(
        QueueUrl=url, Label="in", AWSAccountIds=["222222222222"], Actions=["SendMessage", "GetQueueUrl"]
    )
    found = neighbour.get_queue_url(QueueName="shared", QueueOwnerAWSAccountId="111111111111")["QueueUrl"]
    neighbour.send_message(QueueUrl=found, MessageBody="over the fence")
    with refused("AccessDenied"):
        neighbour.receive_message(QueueUrl=found)
    [message] = owner.receive_message(QueueUrl=url, AttributeNames=["SenderId"])["Messages"]
    assert message["Body"] == "over the fence"
    assert message["Attributes"]["SenderId"] == "222222222222"

"""Regions and accounts do not see each other."""

import pytest

from house import House, Keys
from people import allow, document
from refusal import refused

FIRST, SECOND = Keys("111111111111", "any"), Keys("222222222222", "any")


@pytest.fixture(scope="module")
def open_door(tmp_path_factory):
    """A house that checks no signatures: a key of twelve digits names its account."""
    house = House("--ephemeral", "--auth", "off", folder=tmp_path_factory.mktemp("open-door"))
    yield house
    house.close()


def test_a_parameter_is_in_one_region(house):
    here, there = house.client("ssm"), house.client("ssm", region="eu-west-1")
    here.put_parameter(Name="/region", Value="here", Type="String")
    with refused("ParameterNotFound"):
        there.get_parameter(Name="/region")
    there.put_parameter(Name="/region", Value="there", Type="String")
    assert here.get_parameter(Name="/region")["Parameter"]["Value"] == "here"
    assert ":eu-west-1:" in there.get_parameter(Name="/region")["Parameter"]["ARN"]
    assert len(there.describe_parameters()["Parameters"]) == 1


def test_a_queue_is_in_one_region(house):
    here, there = house.client("sqs"), house.client("sqs", region="eu-west-1")
    url = here.create_queue(QueueName="region")["QueueUrl"]
    with pytest.raises(there.exceptions.QueueDoesNotExist):
        there.get_queue_url(QueueName="region")
    there.create_queue(QueueName="region")
    here.send_message(QueueUrl=url, MessageBody="here")
    assert "Messages" not in there.receive_message(QueueUrl=url)
    assert len(here.receive_message(QueueUrl=url)["Messages"]) == 1


def test_users_are_the_same_in_every_region(house):
    house.client("iam").create_user(UserName="global")
    found = house.client("iam", region="eu-west-1").get_user(UserName="global")["User"]
    assert found["Arn"] == "arn:aws:iam::000000000000:user/global"


def test_accounts_are_told_apart_by_their_keys(open_door):
    for keys in [FIRST, SECOND]:
        assert open_door.client("sts", keys).get_caller_identity()["Account"] == keys.id


def test_parameters_of_one_account_are_not_in_the_other(open_door):
    one, other = open_door.client("ssm", FIRST), open_door.client("ssm", SECOND)
    one.put_parameter(Name="/account", Value="first", Type="String")
    with refused("ParameterNotFound"):
        other.get_parameter(Name="/account")
    assert other.describe_parameters()["Parameters"] == []
    assert ":111111111111:" in one.get_parameter(Name="/account")["Parameter"]["ARN"]


def test_queues_of_one_account_are_not_in_the_other(open_door):
    one, other = open_door.client("sqs", FIRST), open_door.client("sqs", SECOND)
    urls = [client.create_queue(QueueName="account")["QueueUrl"] for client in [one, other]]
    one.send_message(QueueUrl=urls[0], MessageBody="first")
    assert "Messages" not in other.receive_message(QueueUrl=urls[1])
    assert other.list_queues()["QueueUrls"] == [urls[1]]


def test_users_and_policies_of_one_account_are_not_in_the_other(open_door):
    one, other = open_door.client("iam", FIRST), open_door.client("iam", SECOND)
    one.create_user(UserName="account")
    with refused("NoSuchEntity"):
        other.get_user(UserName="account")
    other.create_user(UserName="account")
    policy = one.create_policy(PolicyName="account", PolicyDocument=document(allow("ssm:*")))["Policy"]["Arn"]
    with refused("NoSuchEntity"):
        other.attach_user_policy(UserName="account", PolicyArn=policy)
    assert other.list_policies(Scope="Local")["Policies"] == []


def test_the_default_account_and_region_can_be_chosen(open_house):
    house = open_house("--ephemeral", "--account", "123456789012", "--region", "eu-central-1")
    assert house.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert house.exported()["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert house.cli("sts", "get-caller-identity")["Arn"] == "arn:aws:iam::123456789012:root"

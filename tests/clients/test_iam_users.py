"""IAM's users and their keys, through boto3."""

import pytest

from house import ACCOUNT
from people import allow, document, make_user, user_arn
from refusal import refused


def test_a_user_is_created_found_renamed_and_deleted(iam):
    created = iam.create_user(UserName="anna", Path="/data/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
    assert created["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/data/anna"
    assert created["UserId"].startswith("AIDA") and len(created["UserId"]) == 21
    iam.get_waiter("user_exists").wait(UserName="anna", WaiterConfig={"MaxAttempts": 1})
    found = iam.get_user(UserName="anna")["User"]
    assert found == created
    iam.update_user(UserName="anna", NewUserName="anna-marie", NewPath="/")
    assert iam.get_user(UserName="anna-marie")["User"]["UserId"] == created["UserId"]
    iam.delete_user(UserName="anna-marie")
    with refused("NoSuchEntity", "The user with name anna-marie cannot be found.", status=404) as caught:
        iam.get_user(UserName="anna-marie")
    assert isinstance(caught.value, iam.exceptions.NoSuchEntityException)


def test_a_name_is_taken_in_any_case(iam):
    iam.create_user(UserName="Case")
    with refused("EntityAlreadyExists", status=409):
        iam.create_user(UserName="Case")
    with refused("EntityAlreadyExists"):
        iam.create_user(UserName="cASE")


def test_a_name_that_breaks_the_model_is_refused_with_the_constraint(iam):
    name = "a" * 65
    message = (
        f"1 validation error detected: Value '{name}' at 'userName' failed to satisfy constraint: "
        "Member must have length less than or equal to 64"
    )
    with refused("ValidationError", message, status=400):
        iam.create_user(UserName=name)
    with refused("ValidationError", status=400):
        iam.create_user(UserName="a b")


def test_users_are_listed_page_by_page_and_by_path(iam):
    for number in range(12):
        iam.create_user(UserName=f"paged-{number:02}", Path="/paged/")
    pages = iam.get_paginator("list_users").paginate(PathPrefix="/paged/", PaginationConfig={"PageSize": 5})
    names = [[user["UserName"] for user in page["Users"]] for page in pages]
    assert [len(page) for page in names] == [5, 5, 2]
    assert sum(names, []) == [f"paged-{number:02}" for number in range(12)]


def test_a_marker_that_was_made_up_is_refused(iam):
    with refused("ValidationError"):
        iam.list_users(Marker="made-up")


def test_a_user_without_a_name_is_the_caller(house):
    keys = make_user(house, "self", allow("iam:GetUser"))
    assert house.client("iam", keys).get_user()["User"]["Arn"] == user_arn("self")


def test_a_user_with_belongings_is_not_deleted(iam):
    iam.create_user(UserName="owner")
    key = iam.create_access_key(UserName="owner")["AccessKey"]["AccessKeyId"]
    with refused("DeleteConflict", "Cannot delete entity, must delete access keys first.", status=409):
        iam.delete_user(UserName="owner")
    iam.delete_access_key(UserName="owner", AccessKeyId=key)
    iam.put_user_policy(UserName="owner", PolicyName="own", PolicyDocument=document(allow("ssm:*")))
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first."):
        iam.delete_user(UserName="owner")
    iam.delete_user_policy(UserName="owner", PolicyName="own")
    iam.delete_user(UserName="owner")


def test_a_user_has_two_keys_at_most(iam):
    iam.create_user(UserName="keys")
    keys = [iam.create_access_key(UserName="keys")["AccessKey"] for _ in range(2)]
    assert all(key["AccessKeyId"].startswith("AKIA") and len(key["AccessKeyId"]) == 20 for key in keys)
    assert all(len(key["SecretAccessKey"]) == 40 for key in keys)
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", status=409):
        iam.create_access_key(UserName="keys")
    listed = iam.list_access_keys(UserName="keys")["AccessKeyMetadata"]
    assert {key["AccessKeyId"] for key in listed} == {key["AccessKeyId"] for key in keys}
    assert all("SecretAccessKey" not in key for key in listed)


def test_the_last_use_of_a_key_is_known(house, iam):
    keys = make_user(house, "used", allow("ssm:DescribeParameters"))
    unused = iam.get_access_key_last_used(AccessKeyId=keys.id)
    assert unused["UserName"] == "used"
    assert unused["AccessKeyLastUsed"]["ServiceName"] == "N/A"
    house.client("ssm", keys).describe_parameters()
    used = iam.get_access_key_last_used(AccessKeyId=keys.id)["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("ssm", "us-east-1")


def test_tags_are_put_replaced_listed_and_taken_away(iam):
    iam.create_user(UserName="tagged")
    iam.tag_user(UserName="tagged", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.tag_user(UserName="tagged", Tags=[{"Key": "a", "Value": "3"}])
    tags = iam.list_user_tags(UserName="tagged")["Tags"]
    assert sorted((tag["Key"], tag["Value"]) for tag in tags) == [("a", "3"), ("b", "2")]
    iam.untag_user(UserName="tagged", TagKeys=["a"])
    assert iam.get_user(UserName="tagged")["User"]["Tags"] == [{"Key": "b", "Value": "2"}]


def test_inline_policies_read_back_as_they_were_written(iam):
    iam.create_user(UserName="inline")
    policy = document(allow("ssm:*"), allow("sqs:*", "arn:aws:sqs:*:*:ä"))
    iam.put_user_policy(UserName="inline", PolicyName="one", PolicyDocument=policy)
    read = iam.get_user_policy(UserName="inline", PolicyName="one")
    assert read["PolicyDocument"]["Statement"][1]["Resource"] == "arn:aws:sqs:*:*:ä"
    assert iam.list_user_policies(UserName="inline")["PolicyNames"] == ["one"]
    with refused("NoSuchEntity", "The user policy with name two cannot be found."):
        iam.get_user_policy(UserName="inline", PolicyName="two")


@pytest.mark.parametrize("policy", ["not json", "{}", '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe"}]}'])
def test_a_document_that_is_no_policy_is_refused(iam, policy):
    iam.create_user(UserName=f"malformed-{len(policy)}")
    with refused("MalformedPolicyDocument", status=400):
        iam.put_user_policy(UserName=f"malformed-{len(policy)}", PolicyName="own", PolicyDocument=policy)

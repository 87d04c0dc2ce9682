"""IAM's groups, through boto3."""

from house import ACCOUNT
from people import allow, document
from refusal import refused


def test_a_group_is_created_renamed_and_deleted(iam):
    group = iam.create_group(GroupName="first", Path="/teams/")["Group"]
    assert group["Arn"] == f"arn:aws:iam::{ACCOUNT}:group/teams/first"
    assert group["GroupId"].startswith("AGPA")
    iam.update_group(GroupName="first", NewGroupName="second")
    assert iam.get_group(GroupName="second")["Group"]["GroupId"] == group["GroupId"]
    iam.delete_group(GroupName="second")
    with refused("NoSuchEntity", "The group with name second cannot be found.", status=404):
        iam.get_group(GroupName="second")


def test_members_are_listed_from_both_sides(iam):
    iam.create_group(GroupName="club")
    for number in range(7):
        iam.create_user(UserName=f"member-{number}")
        iam.add_user_to_group(GroupName="club", UserName=f"member-{number}")
    pages = iam.get_paginator("get_group").paginate(GroupName="club", PaginationConfig={"PageSize": 3})
    assert sorted(user["UserName"] for page in pages for user in page["Users"]) == [f"member-{n}" for n in range(7)]
    groups = iam.list_groups_for_user(UserName="member-3")["Groups"]
    assert [group["GroupName"] for group in groups] == ["club"]


def test_adding_twice_is_adding_once(iam):
    iam.create_group(GroupName="twice")
    iam.create_user(UserName="twice")
    for _ in range(2):
        iam.add_user_to_group(GroupName="twice", UserName="twice")
    assert len(iam.get_group(GroupName="twice")["Users"]) == 1


def test_a_group_with_members_or_policies_is_not_deleted(iam):
    iam.create_group(GroupName="held")
    iam.create_user(UserName="held")
    iam.add_user_to_group(GroupName="held", UserName="held")
    with refused("DeleteConflict", "Cannot delete entity, must remove users from group first.", status=409):
        iam.delete_group(GroupName="held")
    with refused("DeleteConflict", "Cannot delete entity, must remove users from group first."):
        iam.delete_user(UserName="held")
    iam.remove_user_from_group(GroupName="held", UserName="held")
    iam.put_group_policy(GroupName="held", PolicyName="own", PolicyDocument=document(allow("ssm:*")))
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first."):
        iam.delete_group(GroupName="held")
    iam.delete_group_policy(GroupName="held", PolicyName="own")
    iam.delete_group(GroupName="held")


def test_a_user_that_is_not_there_joins_no_group(iam):
    iam.create_group(GroupName="lonely")
    with refused("NoSuchEntity", "The user with name ghost cannot be found."):
        iam.add_user_to_group(GroupName="lonely", UserName="ghost")


def test_group_policies_are_attached_and_listed(iam):
    iam.create_group(GroupName="attached")
    arn = iam.create_policy(PolicyName="for-groups", PolicyDocument=document(allow("ssm:*")))["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="attached", PolicyArn=arn)
    attached = iam.list_attached_group_policies(GroupName="attached")["AttachedPolicies"]
    assert attached == [{"PolicyName": "for-groups", "PolicyArn": arn}]
    iam.detach_group_policy(GroupName="attached", PolicyArn=arn)
    assert iam.list_attached_group_policies(GroupName="attached")["AttachedPolicies"] == []

"""IAM's managed policies: versions, attachments, and what they are refused for."""

import json

from house import ACCOUNT
from people import allow, deny, document, make_user
from refusal import refused

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def made(iam, name: str, *statements) -> str:
    statements = statements or [allow("ssm:*")]
    return iam.create_policy(PolicyName=name, PolicyDocument=document(*statements))["Policy"]["Arn"]


def test_a_policy_is_created_found_and_deleted(iam):
    created = iam.create_policy(
        PolicyName="first", Path="/data/", Description="Reads.", PolicyDocument=document(allow("ssm:*"))
    )["Policy"]
    arn = f"arn:aws:iam::{ACCOUNT}:policy/data/first"
    assert created["Arn"] == arn
    assert created["PolicyId"].startswith("ANPA")
    assert (created["DefaultVersionId"], created["AttachmentCount"], created["IsAttachable"]) == ("v1", 0, True)
    iam.get_waiter("policy_exists").wait(PolicyArn=arn, WaiterConfig={"MaxAttempts": 1})
    assert iam.get_policy(PolicyArn=arn)["Policy"]["Description"] == "Reads."
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", f"Policy {arn} was not found.", status=404):
        iam.get_policy(PolicyArn=arn)


def test_a_name_is_taken_once(iam):
    made(iam, "taken")
    message = "A policy called taken already exists. Duplicate names are not allowed."
    with refused("EntityAlreadyExists", message, status=409):
        made(iam, "taken")


def test_a_document_reads_back_as_it_was_written(iam):
    text = document(allow("sqs:*", "arn:aws:sqs:*:*:a+b c%20&<ä>"))
    arn = iam.create_policy(PolicyName="verbatim", PolicyDocument=text)["Policy"]["Arn"]
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"] == json.loads(text)


def test_versions_are_numbered_on_and_one_is_the_default(iam):
    arn = made(iam, "versioned")
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("sqs:*")))
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("iam:*")), SetAsDefault=True)
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    shown = [(version["VersionId"], version["IsDefaultVersion"]) for version in versions]
    assert shown == [("v3", True), ("v2", False), ("v1", False)]
    with refused("DeleteConflict", "Cannot delete the default version of a policy.", status=409):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v3")
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v3")
    assert (
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("s3:*")))["PolicyVersion"]["VersionId"]
        == "v4"
    )


def test_a_sixth_version_is_refused(iam):
    arn = made(iam, "six")
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("ssm:*")))
    message = (
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing "
        "version."
    )
    with refused("LimitExceeded", message, status=409):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("ssm:*")))


def test_a_new_default_version_takes_effect_at_once(house, iam):
    keys = make_user(house, "effective")
    arn = made(iam, "effective", allow("ssm:DescribeParameters"))
    iam.attach_user_policy(UserName="effective", PolicyArn=arn)
    house.client("ssm", keys).describe_parameters()
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(deny("ssm:*")), SetAsDefault=True)
    with refused("AccessDeniedException") as caught:
        house.client("ssm", keys).describe_parameters()
    assert str(caught.value).endswith(f"with an explicit deny in an identity-based policy: {arn}")


def test_an_attached_policy_is_counted_listed_and_not_deleted(iam):
    arn = made(iam, "counted")
    iam.create_user(UserName="counted")
    iam.attach_user_policy(UserName="counted", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    attached = iam.list_attached_user_policies(UserName="counted")["AttachedPolicies"]
    assert attached == [{"PolicyName": "counted", "PolicyArn": arn}]
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert [user["UserName"] for user in entities["PolicyUsers"]] == ["counted"]
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", status=409):
        iam.delete_policy(PolicyArn=arn)
    with refused("DeleteConflict", "Cannot delete entity, must detach all policies first."):
        iam.delete_user(UserName="counted")
    iam.detach_user_policy(UserName="counted", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)


def test_what_is_not_attached_cannot_be_detached(iam):
    arn = made(iam, "loose")
    iam.create_user(UserName="loose")
    with refused("NoSuchEntity", f"Policy {arn} was not found."):
        iam.detach_user_policy(UserName="loose", PolicyArn=arn)


def test_a_policy_that_is_not_there_cannot_be_attached(iam):
    iam.create_user(UserName="hopeful")
    arn = f"arn:aws:iam::{ACCOUNT}:policy/there-is-none"
    with refused("NoSuchEntity", f"Policy {arn} does not exist or is not attachable."):
        iam.attach_user_policy(UserName="hopeful", PolicyArn=arn)


def test_an_eleventh_attachment_is_refused(iam):
    iam.create_user(UserName="eleven")
    for number in range(10):
        iam.attach_user_policy(UserName="eleven", PolicyArn=made(iam, f"eleven-{number}"))
    with refused("LimitExceeded", "Cannot exceed quota for PoliciesPerUser: 10", status=409):
        iam.attach_user_policy(UserName="eleven", PolicyArn=made(iam, "eleven-10"))


def test_policies_of_the_account_are_listed_page_by_page(iam):
    for number in range(5):
        iam.create_policy(PolicyName=f"paged-{number}", Path="/paged/", PolicyDocument=document(allow("ssm:*")))
    paginator = iam.get_paginator("list_policies")
    pages = paginator.paginate(Scope="Local", PathPrefix="/paged/", PaginationConfig={"PageSize": 2})
    names = [[policy["PolicyName"] for policy in page["Policies"]] for page in pages]
    assert names == [["paged-0", "paged-1"], ["paged-2", "paged-3"], ["paged-4"]]


def test_aws_s_own_administrator_policy_can_be_attached_and_allows_everything(house, iam):
    keys = make_user(house, "administrator")
    iam.attach_user_policy(UserName="administrator", PolicyArn=ADMINISTRATOR)
    house.client("iam", keys).create_user(UserName="made-by-administrator")
    house.client("ssm", keys).describe_parameters()


def test_tags_are_put_and_taken_away(iam):
    arn = made(iam, "tagged")
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    iam.untag_policy(PolicyArn=arn, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == []

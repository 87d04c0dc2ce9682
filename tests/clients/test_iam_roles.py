"""IAM's roles and instance profiles, through boto3."""

import json

from house import ACCOUNT
from people import allow, document, trust, user_arn
from refusal import refused

TRUST = trust({"Service": "lambda.amazonaws.com"})


def test_a_role_is_created_found_changed_and_deleted(iam):
    created = iam.create_role(
        RoleName="etl",
        Path="/service/",
        AssumeRolePolicyDocument=TRUST,
        Description="Loads.",
        MaxSessionDuration=7200,
        Tags=[{"Key": "team", "Value": "blue"}],
    )["Role"]
    assert created["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/service/etl"
    assert created["RoleId"].startswith("AROA")
    iam.get_waiter("role_exists").wait(RoleName="etl", WaiterConfig={"MaxAttempts": 1})
    found = iam.get_role(RoleName="etl")["Role"]
    assert found["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert (found["Description"], found["MaxSessionDuration"]) == ("Loads.", 7200)
    iam.update_role(RoleName="etl", Description="Loads more.", MaxSessionDuration=3600)
    assert iam.update_role_description(RoleName="etl", Description="Done.")["Role"]["Description"] == "Done."
    assert iam.get_role(RoleName="etl")["Role"]["MaxSessionDuration"] == 3600
    iam.delete_role(RoleName="etl")
    with refused("NoSuchEntity", "The role with name etl cannot be found.", status=404):
        iam.get_role(RoleName="etl")


def test_the_trust_policy_can_be_replaced(iam):
    iam.create_role(RoleName="retrusted", AssumeRolePolicyDocument=TRUST)
    iam.create_user(UserName="retrusted")
    other = trust({"AWS": user_arn("retrusted")})
    iam.update_assume_role_policy(RoleName="retrusted", PolicyDocument=other)
    assert iam.get_role(RoleName="retrusted")["Role"]["AssumeRolePolicyDocument"] == json.loads(other)


def test_a_trust_policy_needs_a_principal(iam):
    with refused("MalformedPolicyDocument", status=400):
        iam.create_role(RoleName="untrusting", AssumeRolePolicyDocument=document(allow("sts:AssumeRole")))


def test_a_trust_policy_names_only_who_exists(iam):
    policy = trust({"AWS": user_arn("never-made")})
    with refused("MalformedPolicyDocument", starts="Invalid principal in policy:"):
        iam.create_role(RoleName="trusts-nobody", AssumeRolePolicyDocument=policy)


def test_a_role_with_belongings_is_not_deleted(iam):
    iam.create_role(RoleName="busy", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="busy", PolicyName="own", PolicyDocument=document(allow("ssm:*")))
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first.", status=409):
        iam.delete_role(RoleName="busy")
    iam.delete_role_policy(RoleName="busy", PolicyName="own")
    arn = iam.create_policy(PolicyName="for-busy", PolicyDocument=document(allow("ssm:*")))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="busy", PolicyArn=arn)
    with refused("DeleteConflict", "Cannot delete entity, must detach all policies first."):
        iam.delete_role(RoleName="busy")
    iam.detach_role_policy(RoleName="busy", PolicyArn=arn)
    iam.create_instance_profile(InstanceProfileName="busy")
    iam.add_role_to_instance_profile(InstanceProfileName="busy", RoleName="busy")
    with refused("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first."):
        iam.delete_role(RoleName="busy")
    iam.remove_role_from_instance_profile(InstanceProfileName="busy", RoleName="busy")
    iam.delete_role(RoleName="busy")


def test_roles_are_listed_page_by_page(iam):
    for number in range(5):
        iam.create_role(RoleName=f"paged-{number}", Path="/paged/", AssumeRolePolicyDocument=TRUST)
    pages = iam.get_paginator("list_roles").paginate(PathPrefix="/paged/", PaginationConfig={"PageSize": 2})
    assert [len(page["Roles"]) for page in pages] == [2, 2, 1]


def test_roles_carry_tags_and_boundaries(iam):
    arn = iam.create_policy(PolicyName="role-boundary", PolicyDocument=document(allow("ssm:*")))["Policy"]["Arn"]
    iam.create_role(RoleName="marked", AssumeRolePolicyDocument=TRUST)
    iam.tag_role(RoleName="marked", Tags=[{"Key": "a", "Value": "1"}])
    iam.put_role_permissions_boundary(RoleName="marked", PermissionsBoundary=arn)
    role = iam.get_role(RoleName="marked")["Role"]
    assert role["Tags"] == [{"Key": "a", "Value": "1"}]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    iam.untag_role(RoleName="marked", TagKeys=["a"])
    iam.delete_role_permissions_boundary(RoleName="marked")
    role = iam.get_role(RoleName="marked")["Role"]
    assert "PermissionsBoundary" not in role and not role.get("Tags")
    assert iam.list_role_tags(RoleName="marked")["Tags"] == []


def test_a_service_linked_role_belongs_to_its_service(iam):
    role = iam.create_service_linked_role(AWSServiceName="elasticache.amazonaws.com")["Role"]
    assert role["Arn"] == (
        f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/elasticache.amazonaws.com/AWSServiceRoleForElastiCache"
    )
    with refused("UnmodifiableEntity"):
        iam.delete_role(RoleName=role["RoleName"])
    task = iam.delete_service_linked_role(RoleName=role["RoleName"])["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    with refused("NoSuchEntity"):
        iam.get_role(RoleName=role["RoleName"])


def test_an_instance_profile_holds_one_role(iam):
    for name in ["web", "db"]:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    profile = iam.create_instance_profile(InstanceProfileName="web", Path="/fleet/")["InstanceProfile"]
    assert profile["Arn"] == f"arn:aws:iam::{ACCOUNT}:instance-profile/fleet/web"
    assert profile["InstanceProfileId"].startswith("AIPA")
    iam.get_waiter("instance_profile_exists").wait(InstanceProfileName="web", WaiterConfig={"MaxAttempts": 1})
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    with refused("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", status=409):
        iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="db")
    found = iam.get_instance_profile(InstanceProfileName="web")["InstanceProfile"]
    assert [role["RoleName"] for role in found["Roles"]] == ["web"]
    [for_role] = iam.list_instance_profiles_for_role(RoleName="web")["InstanceProfiles"]
    assert for_role["InstanceProfileName"] == "web"
    with refused("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first."):
        iam.delete_instance_profile(InstanceProfileName="web")
    iam.remove_role_from_instance_profile(InstanceProfileName="web", RoleName="web")
    iam.delete_instance_profile(InstanceProfileName="web")
    with refused("NoSuchEntity", "Instance Profile web cannot be found."):
        iam.get_instance_profile(InstanceProfileName="web")


def test_instance_profiles_carry_tags_and_are_listed(iam):
    tags = [{"Key": "a", "Value": "1"}]
    iam.create_instance_profile(InstanceProfileName="tagged", Path="/tagged/", Tags=tags)
    assert iam.list_instance_profile_tags(InstanceProfileName="tagged")["Tags"] == tags
    iam.untag_instance_profile(InstanceProfileName="tagged", TagKeys=["a"])
    assert iam.list_instance_profile_tags(InstanceProfileName="tagged")["Tags"] == []
    [listed] = iam.list_instance_profiles(PathPrefix="/tagged/")["InstanceProfiles"]
    assert listed["InstanceProfileName"] == "tagged"

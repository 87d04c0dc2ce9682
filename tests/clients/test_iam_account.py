"""IAM's view of the whole account, and its answers to "what if"."""

from house import ACCOUNT
from people import allow, deny, document, trust, user_arn
from refusal import refused

PARAMETER = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter"


def test_an_account_has_one_alias(iam):
    iam.create_account_alias(AccountAlias="first-house")
    assert iam.list_account_aliases()["AccountAliases"] == ["first-house"]
    iam.create_account_alias(AccountAlias="second-house")
    assert iam.list_account_aliases()["AccountAliases"] == ["second-house"]
    iam.delete_account_alias(AccountAlias="second-house")
    assert iam.list_account_aliases()["AccountAliases"] == []
    with refused("NoSuchEntity", status=404):
        iam.delete_account_alias(AccountAlias="second-house")


def test_the_summary_counts(open_house):
    iam = open_house().client("iam")
    iam.create_user(UserName="a")
    iam.create_group(GroupName="a")
    iam.create_role(RoleName="a", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    iam.create_policy(PolicyName="a", PolicyDocument=document(allow("ssm:*")))
    summary = iam.get_account_summary()["SummaryMap"]
    counted = {name: summary[name] for name in ["Users", "Groups", "Roles", "Policies", "InstanceProfiles"]}
    assert counted == {"Users": 1, "Groups": 1, "Roles": 1, "Policies": 1, "InstanceProfiles": 0}
    assert summary["AccessKeysPerUserQuota"] == 2


def test_the_authorization_details_hold_everything_together(open_house):
    iam = open_house().client("iam")
    arn = iam.create_policy(PolicyName="shared", PolicyDocument=document(allow("ssm:*")))["Policy"]["Arn"]
    iam.create_group(GroupName="readers")
    iam.create_user(UserName="anna")
    iam.add_user_to_group(GroupName="readers", UserName="anna")
    iam.put_user_policy(UserName="anna", PolicyName="own", PolicyDocument=document(allow("sqs:*")))
    iam.attach_group_policy(GroupName="readers", PolicyArn=arn)
    iam.create_role(RoleName="etl", AssumeRolePolicyDocument=trust({"Service": "glue.amazonaws.com"}))
    details = iam.get_account_authorization_details()
    [user] = details["UserDetailList"]
    assert user["GroupList"] == ["readers"]
    assert user["UserPolicyList"][0]["PolicyDocument"]["Statement"][0]["Action"] == "sqs:*"
    [group] = details["GroupDetailList"]
    assert group["AttachedManagedPolicies"] == [{"PolicyName": "shared", "PolicyArn": arn}]
    [role] = details["RoleDetailList"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "glue.amazonaws.com"}
    [policy] = [policy for policy in details["Policies"] if policy["Arn"] == arn]
    assert policy["PolicyVersionList"][0]["Document"]["Statement"][0]["Action"] == "ssm:*"
    pages = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["User", "Role"], PaginationConfig={"PageSize": 1}
    )
    names = [entity["Arn"] for page in pages for entity in page["UserDetailList"] + page["RoleDetailList"]]
    assert sorted(names) == [f"arn:aws:iam::{ACCOUNT}:role/etl", user_arn("anna")]


def test_simulating_a_user_gives_the_decision_that_a_call_would_meet(iam):
    iam.create_user(UserName="simulated")
    policy = document(allow("ssm:GetParameter", f"{PARAMETER}/a/*"), deny("ssm:GetParameter", f"{PARAMETER}/a/secret"))
    iam.put_user_policy(UserName="simulated", PolicyName="own", PolicyDocument=policy)
    answer = iam.simulate_principal_policy(
        PolicySourceArn=user_arn("simulated"),
        ActionNames=["ssm:GetParameter"],
        ResourceArns=[f"{PARAMETER}/a/b", f"{PARAMETER}/a/secret", f"{PARAMETER}/b"],
    )
    [result] = answer["EvaluationResults"]
    specific = result["ResourceSpecificResults"]
    assert {one["EvalResourceName"]: one["EvalResourceDecision"] for one in specific} == {
        f"{PARAMETER}/a/b": "allowed",
        f"{PARAMETER}/a/secret": "explicitDeny",
        f"{PARAMETER}/b": "implicitDeny",
    }


def test_simulating_a_document_needs_nobody(iam):
    condition = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    policy = document(allow("sqs:*", Condition=condition))
    question = {"PolicyInputList": [policy], "ActionNames": ["sqs:SendMessage"]}
    entry = {"ContextKeyName": "aws:RequestedRegion", "ContextKeyType": "string"}
    answer = iam.simulate_custom_policy(**question, ContextEntries=[entry | {"ContextKeyValues": ["eu-west-1"]}])
    assert [result["EvalDecision"] for result in answer["EvaluationResults"]] == ["allowed"]
    answer = iam.simulate_custom_policy(**question)
    [result] = answer["EvaluationResults"]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("implicitDeny", ["aws:RequestedRegion"])


def test_the_keys_that_a_policy_asks_for_are_listed(iam):
    policy = document(allow("ssm:*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[policy])["ContextKeyNames"] == ["aws:SourceIp"]
    iam.create_user(UserName="keyed")
    iam.put_user_policy(UserName="keyed", PolicyName="own", PolicyDocument=policy)
    answer = iam.get_context_keys_for_principal_policy(PolicySourceArn=user_arn("keyed"))
    assert answer["ContextKeyNames"] == ["aws:SourceIp"]

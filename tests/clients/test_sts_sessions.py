"""Temporary credentials: who gets them, what they may do, and how they end."""

import json

import pytest

from house import ACCOUNT
from people import allow, assume, make_role, make_user, session_keys, trust, user_arn
from refusal import not_allowed, refused

EXPIRED = "The security token included in the request is expired"


def test_the_root_user_is_the_account(sts):
    identity = sts.get_caller_identity()
    assert identity["Account"] == ACCOUNT
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert identity["UserId"] == ACCOUNT


def test_a_user_is_known_by_its_key(house, iam):
    keys = make_user(house, "known")
    identity = house.client("sts", keys).get_caller_identity()
    assert identity["Arn"] == user_arn("known")
    assert identity["UserId"] == iam.get_user(UserName="known")["User"]["UserId"]


def test_an_assumed_role_gives_credentials_that_work(house, iam, ssm):
    ssm.put_parameter(Name="/session/a", Value="1", Type="String")
    keys = make_user(house, "worker")
    role = make_role(house, "reader", "worker", allow("ssm:GetParameter"))
    answer = house.client("sts", keys).assume_role(RoleArn=role, RoleSessionName="monday")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/monday"
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    session = session_keys(answer)
    identity = house.client("sts", session).get_caller_identity()
    assert identity["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert identity["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    read = house.client("ssm", session).get_parameter(Name="/session/a")
    assert read["Parameter"]["Value"] == "1"


def test_a_session_may_do_what_its_role_may_and_no_more(house):
    keys = make_user(house, "narrow", allow("ssm:*"))
    session = assume(house, keys, make_role(house, "nothing", "narrow"))
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/nothing/work"
    resource = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/x"
    with refused("AccessDeniedException", not_allowed(arn, "ssm:GetParameter", resource)):
        house.client("ssm", session).get_parameter(Name="/x")


def test_a_session_without_its_token_is_refused(house):
    keys = make_user(house, "forgetful")
    session = assume(house, keys, make_role(house, "tokened", "forgetful"))
    with refused("InvalidClientTokenId"):
        house.client("sts", session._replace(token=None)).get_caller_identity()


def test_a_session_ends_when_its_time_is_over(open_house):
    house = open_house()
    keys = make_user(house, "brief", allow("ssm:*"))
    session = assume(house, keys, make_role(house, "brief", "brief"), DurationSeconds=900)
    house.advance(899 - 30)
    house.client("sts", session).get_caller_identity()
    house.advance(60)
    with refused("ExpiredToken", EXPIRED, status=403):
        house.client("sts", session).get_caller_identity()
    with refused("ExpiredTokenException", EXPIRED, status=400):
        house.client("ssm", session).describe_parameters()
    house.client("sts", keys).get_caller_identity()


def test_who_is_not_trusted_may_not_assume_the_role(house):
    make_user(house, "trusted")
    role = make_role(house, "guarded", "trusted")
    stranger = make_user(house, "stranger", allow("sts:AssumeRole"))
    with refused("AccessDenied", starts=f"User: {user_arn('stranger')} is not authorized to perform: sts:AssumeRole"):
        assume(house, stranger, role)


def test_a_role_that_is_not_there_is_not_told_apart_from_one_that_is_forbidden(house):
    keys = make_user(house, "prober", allow("sts:AssumeRole"))
    arn = f"arn:aws:iam::{ACCOUNT}:role/there-is-none"
    with refused("AccessDenied", starts=f"User: {user_arn('prober')} is not authorized to perform: sts:AssumeRole"):
        assume(house, keys, arn)


def test_the_root_user_may_not_assume_roles(house, sts):
    make_user(house, "owner")
    role = make_role(house, "roots", "owner")
    with refused("AccessDenied", "Roles may not be assumed by root accounts.", status=403):
        sts.assume_role(RoleArn=role, RoleSessionName="work")


def test_an_external_id_must_be_the_one_that_the_role_asks_for(house, iam):
    keys = make_user(house, "partner")
    condition = {"StringEquals": {"sts:ExternalId": "4711"}}
    policy = trust({"AWS": user_arn("partner")}, Condition=condition)
    role = iam.create_role(RoleName="external", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    assume(house, keys, role, ExternalId="4711")
    for wrong in [{}, {"ExternalId": "4712"}]:
        with refused("AccessDenied"):
            assume(house, keys, role, **wrong)


def test_a_session_policy_takes_away_and_gives_nothing(house, ssm):
    ssm.put_parameter(Name="/scoped/a", Value="1", Type="String")
    keys = make_user(house, "scoper")
    role = make_role(house, "scoped", "scoper", allow("ssm:GetParameter*"))
    own = json.dumps({"Version": "2012-10-17", "Statement": [allow(["ssm:GetParameter", "ssm:PutParameter"])]})
    client = house.client("ssm", assume(house, keys, role, Policy=own))
    client.get_parameter(Name="/scoped/a")
    with refused("AccessDeniedException") as taken:
        client.get_parameters(Names=["/scoped/a"])
    assert "because no session policy allows the ssm:GetParameters action" in str(taken.value)
    with refused("AccessDeniedException") as ungiven:
        client.put_parameter(Name="/scoped/b", Value="1", Type="String")
    assert "because no identity-based policy allows the ssm:PutParameter action" in str(ungiven.value)


def test_session_tags_are_what_policies_see(house, iam, ssm):
    ssm.put_parameter(Name="/team/blue/a", Value="1", Type="String")
    keys = make_user(house, "tagger")
    both = trust({"AWS": user_arn("tagger")}).replace('"sts:AssumeRole"', '["sts:AssumeRole", "sts:TagSession"]')
    role = iam.create_role(RoleName="tagged", AssumeRolePolicyDocument=both)["Role"]["Arn"]
    resource = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/team/${{aws:PrincipalTag/team}}/*"
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow("ssm:GetParameter", resource)]})
    iam.put_role_policy(RoleName="tagged", PolicyName="own", PolicyDocument=policy)
    blue = assume(house, keys, role, Tags=[{"Key": "team", "Value": "blue"}])
    assert house.client("ssm", blue).get_parameter(Name="/team/blue/a")["Parameter"]["Value"] == "1"
    red = assume(house, keys, role, Tags=[{"Key": "team", "Value": "red"}])
    with refused("AccessDeniedException"):
        house.client("ssm", red).get_parameter(Name="/team/blue/a")


@pytest.mark.parametrize("seconds", [899, 43_201])
def test_a_duration_outside_the_range_is_refused_with_the_constraint(house, seconds):
    keys = make_user(house, f"patient-{seconds}")
    role = make_role(house, f"patient-{seconds}", f"patient-{seconds}")
    with refused("ValidationError", starts=f"1 validation error detected: Value '{seconds}' at 'durationSeconds'"):
        loose = house.client("sts", keys, parameter_validation=False)
        loose.assume_role(RoleArn=role, RoleSessionName="work", DurationSeconds=seconds)


def test_a_duration_over_the_maximum_of_the_role_is_refused(house):
    keys = make_user(house, "marathon")
    role = make_role(house, "marathon", "marathon")
    message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    with refused("ValidationError", message, status=400):
        assume(house, keys, role, DurationSeconds=3601)


def test_a_user_gets_a_session_of_its_own(house):
    keys = make_user(house, "own-session", allow("ssm:DescribeParameters"))
    session = session_keys(house.client("sts", keys).get_session_token())
    assert house.client("sts", session).get_caller_identity()["Arn"] == user_arn("own-session")
    house.client("ssm", session).describe_parameters()
    with refused("AccessDenied", "Cannot call GetSessionToken with session credentials"):
        house.client("sts", session).get_session_token()


def test_a_key_tells_its_account(house, sts):
    keys = make_user(house, "keyed")
    assert sts.get_access_key_info(AccessKeyId=keys.id)["Account"] == ACCOUNT


def test_a_web_identity_is_refused_for_want_of_a_provider(house):
    # Such calls are not signed: the token is the credential.
    sts = house.client("sts")
    with refused("InvalidIdentityToken"):
        sts.assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/web", RoleSessionName="web", WebIdentityToken="opaque"
        )


def test_the_command_line_works_with_session_credentials(house):
    keys = make_user(house, "terminal", allow("sts:AssumeRole"))
    role = make_role(house, "terminal", "terminal")
    answer = house.cli("sts", "assume-role", "--role-arn", role, "--role-session-name", "shell", keys=keys)
    session = session_keys(answer)
    identity = house.cli("sts", "get-caller-identity", keys=session)
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/terminal/shell"

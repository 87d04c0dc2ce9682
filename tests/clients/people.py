"""Users with keys, roles and policies, made for a test."""

import json

from house import ACCOUNT, House, Keys


def statement(effect: str, action, resource, **more) -> dict:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def allow(action, resource="*", **more) -> dict:
    return statement("Allow", action, resource, **more)


def deny(action, resource="*", **more) -> dict:
    return statement("Deny", action, resource, **more)


def document(*statements: dict) -> str:
    """A policy, as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal: dict, **more) -> str:
    """A role's trust policy."""
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


def user_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:user/{name}"


def make_user(house: House, name: str, *statements: dict) -> Keys:
    """A user who may do what the statements say, and its keys."""
    iam = house.client("iam")
    iam.create_user(UserName=name)
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Keys(key["AccessKeyId"], key["SecretAccessKey"])


def make_role(house: House, name: str, trusted_user: str, *statements: dict) -> str:
    """A role that the user may assume, and its ARN."""
    iam = house.client("iam")
    principal = {"AWS": user_arn(trusted_user)}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(principal))["Role"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    return role["Arn"]


def assume(house: House, keys: Keys, role_arn: str, session: str = "work", **more) -> Keys:
    """The credentials of a new session of the role."""
    answer = house.client("sts", keys).assume_role(RoleArn=role_arn, RoleSessionName=session, **more)
    return session_keys(answer)


def session_keys(answer: dict) -> Keys:
    """The credentials that an operation of STS has given out."""
    given = answer["Credentials"]
    return Keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def service_role(house: House, service: str, name: str, *statements: dict) -> str:
    """A role that `glue.amazonaws.com` may assume, to do what the statements say; its ARN."""
    iam = house.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"Service": service}))["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    return role["Arn"]

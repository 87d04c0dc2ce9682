"""IAM through the aws CLI."""

from house import ACCOUNT
from people import allow, document, trust
from refusal import refused_by_cli


def test_a_user_with_a_policy_and_a_key_is_made_in_four_commands(house):
    user = house.cli("iam", "create-user", "--user-name", "cli", "--tags", "Key=team,Value=blue")["User"]
    assert user["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/cli"
    (house.folder / "policy.json").write_text(document(allow("ssm:DescribeParameters")))
    put = ["--policy-name", "own", "--policy-document", "file://policy.json"]
    assert house.cli("iam", "put-user-policy", "--user-name", "cli", *put) is None
    key = house.cli("iam", "create-access-key", "--user-name", "cli")["AccessKey"]
    variables = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    assert house.cli("ssm", "describe-parameters", **variables) == {"Parameters": []}


def test_lists_are_put_together_from_their_pages(house, iam):
    for number in range(5):
        iam.create_user(UserName=f"listed-{number}", Path="/listed/")
    query = "Users[].UserName"
    command = ["iam", "list-users", "--path-prefix", "/listed/", "--page-size", "2", "--query", query]
    assert house.cli(*command) == [f"listed-{number}" for number in range(5)]


def test_a_role_reads_back_with_its_trust_policy_as_json(house):
    policy = trust({"Service": "glue.amazonaws.com"})
    house.cli("iam", "create-role", "--role-name", "cli", "--assume-role-policy-document", policy)
    role = house.cli("iam", "get-role", "--role-name", "cli")["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "glue.amazonaws.com"}


def test_a_missing_user_is_an_error_with_the_code_in_it(house):
    ran = house.aws("iam", "get-user", "--user-name", "nobody")
    refused_by_cli(ran, "NoSuchEntity", "GetUser")
    assert "The user with name nobody cannot be found." in ran.stderr


def test_the_waiter_of_the_command_line_ends(house, iam):
    iam.create_user(UserName="awaited")
    assert house.aws("iam", "wait", "user-exists", "--user-name", "awaited").returncode == 0

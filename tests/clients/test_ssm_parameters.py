"""Parameter Store's parameters: written, read, overwritten, deleted, and what is refused."""

import pytest

from house import ACCOUNT, REGION
from refusal import refused

ARN = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"


def test_a_parameter_reads_back_with_its_arn_version_and_type(ssm):
    put = ssm.put_parameter(Name="/app/db/host", Value="db.local", Type="String")
    assert (put["Version"], put["Tier"]) == (1, "Standard")
    read = ssm.get_parameter(Name="/app/db/host")["Parameter"]
    assert read.pop("LastModifiedDate").tzinfo is not None
    assert read == {
        "Name": "/app/db/host",
        "Type": "String",
        "Value": "db.local",
        "Version": 1,
        "ARN": f"{ARN}/app/db/host",
        "DataType": "text",
    }


def test_a_name_without_a_path_has_a_slash_in_its_arn(ssm):
    ssm.put_parameter(Name="plain", Value="1", Type="String")
    assert ssm.get_parameter(Name="plain")["Parameter"]["ARN"] == f"{ARN}/plain"
    assert ssm.get_parameter(Name=f"{ARN}/plain")["Parameter"]["Name"] == "plain"


@pytest.mark.parametrize("value", ["ä€🦀", "line\nline\ttab", '{"json": "{}"}', " spaces ", "a" * 4096])
def test_values_come_back_byte_for_byte(ssm, value):
    name = f"/bytes/{len(value)}"
    ssm.put_parameter(Name=name, Value=value, Type="String")
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == value


def test_a_parameter_that_is_not_there_has_an_exception_of_its_own(ssm):
    with refused("ParameterNotFound", status=400) as caught:
        ssm.get_parameter(Name="/none")
    assert isinstance(caught.value, ssm.exceptions.ParameterNotFound)
    with refused("ParameterNotFound"):
        ssm.delete_parameter(Name="/none")
    with refused("ParameterNotFound"):
        ssm.get_parameter_history(Name="/none")


def test_overwriting_must_be_asked_for_and_makes_a_version(ssm):
    ssm.put_parameter(Name="/over", Value="1", Type="String")
    message = "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."
    with refused("ParameterAlreadyExists", message) as caught:
        ssm.put_parameter(Name="/over", Value="2", Type="String")
    assert isinstance(caught.value, ssm.exceptions.ParameterAlreadyExists)
    assert ssm.put_parameter(Name="/over", Value="2", Overwrite=True)["Version"] == 2
    assert ssm.get_parameter(Name="/over")["Parameter"]["Value"] == "2"


def test_a_type_cannot_be_changed(ssm):
    ssm.put_parameter(Name="/typed", Value="1", Type="String")
    with refused("HierarchyTypeMismatchException"):
        ssm.put_parameter(Name="/typed", Value="1", Type="SecureString", Overwrite=True)


def test_a_new_parameter_needs_a_type(ssm):
    with refused("ValidationException", "A parameter type is required when you create a parameter."):
        ssm.put_parameter(Name="/typeless", Value="1")


def test_a_list_is_a_text_with_commas(ssm):
    ssm.put_parameter(Name="/list", Value="a,b,c", Type="StringList")
    read = ssm.get_parameter(Name="/list")["Parameter"]
    assert (read["Type"], read["Value"]) == ("StringList", "a,b,c")


@pytest.mark.parametrize("name", ["/a//b", "a/b", "/a/", "/sp ace", "ssm-own", "aws-own", "/a:b"])
def test_names_that_aws_does_not_take_are_refused(ssm, name):
    with refused("ValidationException", status=400):
        ssm.put_parameter(Name=name, Value="1", Type="String")


def test_the_names_of_aws_are_refused(ssm):
    with refused("AccessDeniedException", "No access to reserved parameter name: /aws/mine."):
        ssm.put_parameter(Name="/aws/mine", Value="1", Type="String")


def test_a_hierarchy_has_fifteen_levels(ssm):
    ssm.put_parameter(Name="/l" * 15, Value="1", Type="String")
    with refused("HierarchyLevelLimitExceededException"):
        ssm.put_parameter(Name="/l" * 16, Value="1", Type="String")


def test_a_value_that_breaks_the_model_is_refused_with_the_constraint(house):
    loose = house.client("ssm", parameter_validation=False)
    with refused("ValidationException") as caught:
        loose.put_parameter(Name="/kind", Value="1", Type="Number")
    assert caught.value.response["Error"]["Message"] == (
        "1 validation error detected: Value 'Number' at 'type' failed to satisfy constraint: "
        "Member must satisfy enum value set: [String, StringList, SecureString]"
    )
    with refused("ValidationException", starts="2 validation errors detected: "):
        loose.get_parameter_history(Name="", MaxResults=51)


def test_a_value_over_four_kilobytes_needs_the_advanced_tier(ssm):
    with refused("ValidationException") as caught:
        ssm.put_parameter(Name="/big", Value="a" * 4097, Type="String")
    assert "Standard tier parameters support a maximum parameter value of 4096 characters." in str(caught.value)
    assert ssm.put_parameter(Name="/big", Value="a" * 8192, Type="String", Tier="Advanced")["Tier"] == "Advanced"
    tier = ssm.put_parameter(Name="/adaptive", Value="a" * 4097, Type="String", Tier="Intelligent-Tiering")["Tier"]
    assert tier == "Advanced"


def test_a_value_must_match_the_allowed_pattern(ssm):
    ssm.put_parameter(Name="/digits", Value="42", Type="String", AllowedPattern=r"^\d+$")
    with refused("ParameterPatternMismatchException", starts="Parameter value, cannot be validated against"):
        ssm.put_parameter(Name="/digits", Value="forty-two", Overwrite=True)
    with refused("InvalidAllowedPatternException"):
        ssm.put_parameter(Name="/broken", Value="1", Type="String", AllowedPattern="(")


def test_many_are_read_at_once_and_the_missing_are_named(ssm):
    for name in ["/many/a", "/many/b"]:
        ssm.put_parameter(Name=name, Value=name, Type="String")
    answer = ssm.get_parameters(Names=["/many/b", "/many/none", "/many/a"])
    assert sorted(parameter["Name"] for parameter in answer["Parameters"]) == ["/many/a", "/many/b"]
    assert answer["InvalidParameters"] == ["/many/none"]


def test_eleven_names_at_once_are_too_many(ssm):
    with refused("ValidationException", starts="1 validation error detected: "):
        ssm.get_parameters(Names=[f"/n{number}" for number in range(11)])


def test_deleting_many_names_what_is_gone_and_what_never_was(ssm):
    ssm.put_parameter(Name="/gone/a", Value="1", Type="String")
    answer = ssm.delete_parameters(Names=["/gone/a", "/gone/none"])
    assert answer["DeletedParameters"] == ["/gone/a"]
    assert answer["InvalidParameters"] == ["/gone/none"]
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="/gone/a")


def test_a_parameter_that_is_made_again_begins_at_version_one(ssm):
    for _ in range(2):
        assert ssm.put_parameter(Name="/again", Value="1", Type="String")["Version"] == 1
        ssm.delete_parameter(Name="/again")


def test_parameters_of_aws_s_own_are_refused_honestly(ssm):
    with refused("NotImplemented") as caught:
        ssm.get_parameter(Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")
    assert "/aws/service/ami-amazon-linux-latest/" in str(caught.value)

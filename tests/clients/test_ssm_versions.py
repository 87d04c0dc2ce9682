"""Versions of a parameter: its history, its labels, and how a reader names one."""

import pytest

from house import ACCOUNT
from refusal import refused


@pytest.fixture
def versions(ssm, request):
    """The name of a parameter with three versions, first, second and third."""
    name = f"/versions/{request.node.name}"[:200].replace("[", "-").replace("]", "")
    for number, value in enumerate(["first", "second", "third"]):
        ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=number > 0)
    return name


def value(ssm, name: str) -> str:
    return ssm.get_parameter(Name=name)["Parameter"]["Value"]


def test_the_history_has_every_version_and_who_made_it(ssm, versions):
    pages = ssm.get_paginator("get_parameter_history").paginate(Name=versions, PaginationConfig={"PageSize": 2})
    history = [version for page in pages for version in page["Parameters"]]
    assert [(version["Version"], version["Value"]) for version in history] == [
        (1, "first"),
        (2, "second"),
        (3, "third"),
    ]
    assert history[0]["LastModifiedUser"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_a_reader_names_a_version_by_its_number(ssm, versions):
    assert [value(ssm, f"{versions}:{number}") for number in [1, 2, 3]] == ["first", "second", "third"]
    read = ssm.get_parameter(Name=f"{versions}:2")["Parameter"]
    assert (read["Name"], read["Selector"], read["Version"]) == (versions, ":2", 2)


def test_a_version_that_is_not_there_is_named_in_the_refusal(ssm, versions):
    message = f"Systems Manager could not find version 9 of {versions}. Verify the version and try again."
    with refused("ParameterVersionNotFound", message) as caught:
        ssm.get_parameter(Name=f"{versions}:9")
    assert isinstance(caught.value, ssm.exceptions.ParameterVersionNotFound)
    assert ssm.get_parameters(Names=[f"{versions}:9"])["InvalidParameters"] == [f"{versions}:9"]


def test_a_label_moves_from_version_to_version(ssm, versions):
    ssm.label_parameter_version(Name=versions, ParameterVersion=1, Labels=["live"])
    assert value(ssm, f"{versions}:live") == "first"
    answer = ssm.label_parameter_version(Name=versions, Labels=["live"])
    assert (answer["ParameterVersion"], answer["InvalidLabels"]) == (3, [])
    assert value(ssm, f"{versions}:live") == "third"
    history = ssm.get_parameter_history(Name=versions)["Parameters"]
    assert [version["Labels"] for version in history] == [[], [], ["live"]]


def test_a_label_is_taken_off(ssm, versions):
    ssm.label_parameter_version(Name=versions, ParameterVersion=2, Labels=["a", "b"])
    answer = ssm.unlabel_parameter_version(Name=versions, ParameterVersion=2, Labels=["a", "none"])
    assert (answer["RemovedLabels"], answer["InvalidLabels"]) == (["a"], ["none"])
    with refused("ParameterVersionNotFound"):
        ssm.get_parameter(Name=f"{versions}:a")
    assert value(ssm, f"{versions}:b") == "second"


def test_labels_that_aws_does_not_take_are_named(ssm, versions):
    answer = ssm.label_parameter_version(Name=versions, Labels=["1st", "aws-x", "SSM", "sp ace", "good"])
    assert sorted(answer["InvalidLabels"]) == ["1st", "SSM", "aws-x", "sp ace"]
    assert value(ssm, f"{versions}:good") == "third"


def test_an_eleventh_label_is_refused(ssm, versions):
    ssm.label_parameter_version(Name=versions, Labels=[f"l{number}" for number in range(10)])
    with refused("ParameterVersionLabelLimitExceeded"):
        ssm.label_parameter_version(Name=versions, Labels=["l10"])


def test_the_hundred_and_first_version_pushes_the_oldest_out(ssm):
    for number in range(101):
        ssm.put_parameter(Name="/hundred", Value=str(number), Type="String", Overwrite=True)
    pages = ssm.get_paginator("get_parameter_history").paginate(Name="/hundred")
    numbers = [version["Version"] for page in pages for version in page["Parameters"]]
    assert numbers == list(range(2, 102))


def test_a_label_on_the_oldest_version_holds_the_hundred_and_first_back(ssm):
    ssm.put_parameter(Name="/held", Value="0", Type="String")
    ssm.label_parameter_version(Name="/held", Labels=["keep"])
    for number in range(99):
        ssm.put_parameter(Name="/held", Value=str(number), Overwrite=True)
    with refused("ParameterMaxVersionLimitExceeded"):
        ssm.put_parameter(Name="/held", Value="one too many", Overwrite=True)


def test_tags_are_put_replaced_listed_and_taken_away(ssm):
    def tags() -> list[tuple[str, str]]:
        listed = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/tagged")["TagList"]
        return sorted((tag["Key"], tag["Value"]) for tag in listed)

    ssm.put_parameter(Name="/tagged", Value="1", Type="String", Tags=[{"Key": "a", "Value": "1"}])
    added = [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]
    ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/tagged", Tags=added)
    assert tags() == [("a", "2"), ("b", "3")]
    ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId="/tagged", TagKeys=["a"])
    assert tags() == [("b", "3")]


def test_tags_of_what_is_not_there_are_refused(ssm):
    with refused("InvalidResourceId"):
        ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/untagged")


def test_tags_and_overwriting_do_not_go_together(ssm):
    with refused("ValidationException", starts="Invalid request: tags and overwrite can't be used together."):
        ssm.put_parameter(Name="/both", Value="1", Type="String", Overwrite=True, Tags=[{"Key": "a", "Value": "1"}])

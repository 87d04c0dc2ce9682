"""Hierarchies: parameters read by their path, page by page."""

import pytest

from refusal import refused


@pytest.fixture(scope="module")
def tree(ssm):
    """Sixty parameters on one level, and a few beside and below."""
    for number in range(60):
        ssm.put_parameter(Name=f"/tree/{number:02}", Value=str(number), Type="String")
    ssm.put_parameter(Name="/tree/deep/a", Value="deep", Type="SecureString")
    ssm.put_parameter(Name="/tree/deep/er/b", Value="deeper", Type="String")
    ssm.put_parameter(Name="/treehouse", Value="beside", Type="String")
    return ssm


def names(pages) -> list[str]:
    return [parameter["Name"] for page in pages for parameter in page["Parameters"]]


def test_sixty_parameters_come_in_pages_of_ten_each_once(tree):
    pages = list(tree.get_paginator("get_parameters_by_path").paginate(Path="/tree"))
    assert [len(page["Parameters"]) for page in pages] == [10] * 6
    assert names(pages) == [f"/tree/{number:02}" for number in range(60)]


def test_recursion_goes_below(tree):
    pages = tree.get_paginator("get_parameters_by_path").paginate(Path="/tree/", Recursive=True)
    found = names(pages)
    assert len(found) == 62
    assert {"/tree/deep/a", "/tree/deep/er/b"} < set(found)
    assert "/treehouse" not in found


def test_a_page_may_be_smaller_and_not_larger_than_ten(tree):
    page = tree.get_parameters_by_path(Path="/tree", MaxResults=3)
    assert len(page["Parameters"]) == 3
    with refused("ValidationException"):
        tree.get_parameters_by_path(Path="/tree", MaxResults=11)


def test_a_filter_chooses_by_type(tree):
    filters = [{"Key": "Type", "Values": ["SecureString"]}]
    pages = tree.get_paginator("get_parameters_by_path").paginate(
        Path="/tree", Recursive=True, ParameterFilters=filters
    )
    assert names(pages) == ["/tree/deep/a"]


def test_a_filter_chooses_the_version_with_a_label(tree):
    tree.put_parameter(Name="/labelled/a", Value="old", Type="String")
    tree.label_parameter_version(Name="/labelled/a", ParameterVersion=1, Labels=["live"])
    tree.put_parameter(Name="/labelled/a", Value="new", Overwrite=True)
    filters = [{"Key": "Label", "Values": ["live"]}]
    [found] = tree.get_parameters_by_path(Path="/labelled", ParameterFilters=filters)["Parameters"]
    assert found["Value"] == "old"


def test_a_token_belongs_to_its_question(tree):
    token = tree.get_parameters_by_path(Path="/tree", MaxResults=3)["NextToken"]
    with refused("InvalidNextToken"):
        tree.get_parameters_by_path(Path="/other", NextToken=token)
    with refused("InvalidNextToken"):
        tree.get_parameters_by_path(Path="/tree", NextToken="made-up")


def test_a_path_begins_with_a_slash(tree):
    with refused("ValidationException", starts="The parameter doesn't meet the parameter name requirements."):
        tree.get_parameters_by_path(Path="tree")


def test_a_path_that_is_empty_has_no_parameters(tree):
    assert tree.get_parameters_by_path(Path="/nothing/here")["Parameters"] == []


def test_descriptions_are_found_by_every_filter(tree):
    tree.put_parameter(
        Name="/found/a", Value="1", Type="String", Description="first", Tags=[{"Key": "t", "Value": "x"}]
    )
    tree.put_parameter(Name="/found/b", Value="1", Type="StringList", Tier="Advanced")
    tree.put_parameter(Name="/found/b/c", Value="1", Type="SecureString", KeyId="alias/k")

    def found(*filters) -> list[str]:
        filters = [{"Key": key, "Option": option, "Values": values} for key, option, values in filters]
        below = {"Key": "Path", "Option": "Recursive", "Values": ["/found"]}
        pages = tree.get_paginator("describe_parameters").paginate(ParameterFilters=[below, *filters])
        return names(pages)

    assert found() == ["/found/a", "/found/b", "/found/b/c"]
    assert found(("Name", "Equals", ["/found/a", "/found/b"])) == ["/found/a", "/found/b"]
    assert found(("Name", "BeginsWith", ["/found/b"])) == ["/found/b", "/found/b/c"]
    assert found(("Name", "Contains", ["d/b/"])) == ["/found/b/c"]
    assert found(("Type", "Equals", ["StringList"])) == ["/found/b"]
    assert found(("KeyId", "Equals", ["alias/k"])) == ["/found/b/c"]
    assert found(("Tier", "Equals", ["Advanced"])) == ["/found/b"]
    assert found(("tag:t", "Equals", ["x"])) == ["/found/a"]
    assert found(("DataType", "Equals", ["text"])) == ["/found/a", "/found/b", "/found/b/c"]


def test_a_filter_that_does_not_exist_is_refused(house):
    loose = house.client("ssm", parameter_validation=False)
    with refused("ValidationException"):
        loose.describe_parameters(ParameterFilters=[{"Key": "Colour", "Values": ["red"]}])
    with refused("InvalidFilterOption"):
        loose.describe_parameters(ParameterFilters=[{"Key": "Type", "Option": "Contains", "Values": ["String"]}])

"""Athena's workgroups, named queries, data catalogs and tags through boto3."""

import pytest

from refusal import refused


@pytest.fixture(scope="module")
def athena(house):
    return house.client("athena")


def test_a_workgroup_lives(athena):
    athena.create_work_group(
        Name="team",
        Description="a team",
        Configuration={
            "ResultConfiguration": {"OutputLocation": "s3://b/p/"},
            "BytesScannedCutoffPerQuery": 10_000_000,
        },
        Tags=[{"Key": "team", "Value": "a"}],
    )
    found = athena.get_work_group(WorkGroup="team")["WorkGroup"]
    assert found["State"] == "ENABLED" and found["Description"] == "a team"
    assert found["Configuration"]["EngineVersion"] == {
        "SelectedEngineVersion": "AUTO",
        "EffectiveEngineVersion": "Athena engine version 3",
    }
    athena.update_work_group(
        WorkGroup="team",
        State="DISABLED",
        ConfigurationUpdates={"ResultConfigurationUpdates": {"RemoveOutputLocation": True}},
    )
    found = athena.get_work_group(WorkGroup="team")["WorkGroup"]
    assert found["State"] == "DISABLED" and "OutputLocation" not in found["Configuration"]["ResultConfiguration"]
    names = [group["Name"] for group in athena.list_work_groups()["WorkGroups"]]
    assert names == ["primary", "team"]
    with refused("InvalidRequestException", "WorkGroup team is disabled."):
        athena.start_query_execution(QueryString="SELECT 1", WorkGroup="team")
    athena.delete_work_group(WorkGroup="team")
    with refused("InvalidRequestException", "WorkGroup team is not found."):
        athena.get_work_group(WorkGroup="team")


def test_a_named_query_lives(athena):
    query = athena.create_named_query(Name="q", Database="db", QueryString="SELECT 1")["NamedQueryId"]
    athena.update_named_query(NamedQueryId=query, Name="q2", QueryString="SELECT 2")
    found = athena.get_named_query(NamedQueryId=query)["NamedQuery"]
    assert (found["Name"], found["QueryString"], found["WorkGroup"]) == ("q2", "SELECT 2", "primary")
    assert athena.list_named_queries()["NamedQueryIds"] == [query]
    athena.delete_named_query(NamedQueryId=query)
    with refused("InvalidRequestException", f"NamedQuery {query} was not found"):
        athena.get_named_query(NamedQueryId=query)


def test_data_catalogs_are_registered(athena):
    athena.create_data_catalog(Name="hive", Type="HIVE", Parameters={"metadata-function": "arn:f"})
    names = [catalog["CatalogName"] for catalog in athena.list_data_catalogs()["DataCatalogsSummary"]]
    assert names == ["AwsDataCatalog", "hive"]
    assert athena.get_data_catalog(Name="AwsDataCatalog")["DataCatalog"]["Type"] == "GLUE"
    with refused("NotImplemented"):
        athena.list_databases(CatalogName="hive")


def test_tags_come_and_go(athena):
    athena.create_work_group(Name="tagged", Tags=[{"Key": "a", "Value": "1"}])
    arn = "arn:aws:athena:us-east-1:000000000000:workgroup/tagged"
    athena.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    athena.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert athena.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]

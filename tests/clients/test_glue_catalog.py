"""The Glue Data Catalog through boto3 and the aws CLI."""

import datetime
import json

import pytest

from house import Keys
from refusal import refused, refused_by_cli

DAYS = [f"2024-01-{day:02}" for day in range(1, 31)]


@pytest.fixture(scope="module")
def glue(house):
    return house.client("glue")


@pytest.fixture
def database(request, glue):
    """A new database for one test alone."""
    name = request.node.originalname
    glue.create_database(DatabaseInput={"Name": name, "LocationUri": "s3://lake/"})
    return name


@pytest.fixture
def table(glue, database):
    """A table `t` of hits by region and day, with partitions of two regions in January."""
    columns = [{"Name": "id", "Type": "bigint"}, {"Name": "url", "Type": "string", "Comment": "where"}]
    storage = {"Columns": columns, "Location": "s3://lake/t/", "SerdeInfo": {"SerializationLibrary": "parquet"}}
    keys = [{"Name": "region", "Type": "string"}, {"Name": "day", "Type": "date"}]
    glue.create_table(
        DatabaseName=database,
        TableInput={"Name": "T", "StorageDescriptor": storage, "PartitionKeys": keys, "Parameters": {"a": "b"}},
    )
    for region in ("eu", "us"):
        partitions = [{"Values": [region, day], "StorageDescriptor": storage} for day in DAYS]
        answer = glue.batch_create_partition(DatabaseName=database, TableName="t", PartitionInputList=partitions)
        assert answer["Errors"] == []
    return {"DatabaseName": database, "TableName": "t"}


def chosen(glue, table, expression, **settings):
    """Values of all partitions that fit, page by page."""
    pages = glue.get_paginator("get_partitions").paginate(**table, Expression=expression, **settings)
    return [partition["Values"] for page in pages for partition in page["Partitions"]]


def test_a_database_is_made_changed_listed_and_deleted(glue):
    glue.create_database(DatabaseInput={"Name": "Sales", "Parameters": {"team": "a"}}, Tags={"cost": "1"})
    with refused("AlreadyExistsException", "Database already exists.", status=400):
        glue.create_database(DatabaseInput={"Name": "sales"})
    got = glue.get_database(Name="SALES")["Database"]
    assert (got["Name"], got["Parameters"], got["CatalogId"]) == ("sales", {"team": "a"}, "000000000000")
    assert isinstance(got["CreateTime"], datetime.datetime)
    arn = "arn:aws:glue:us-east-1:000000000000:database/sales"
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"cost": "1"}
    glue.update_database(Name="sales", DatabaseInput={"Name": "sales", "Description": "new"})
    pages = glue.get_paginator("get_databases").paginate(PaginationConfig={"PageSize": 1})
    listed = {found["Name"]: found for page in pages for found in page["DatabaseList"]}
    assert listed["sales"]["Description"] == "new"
    glue.delete_database(Name="sales")
    with refused("EntityNotFoundException", "Database sales not found.", status=400):
        glue.get_database(Name="sales")


def test_a_table_is_answered_as_it_was_sent(glue, table):
    got = glue.get_table(DatabaseName=table["DatabaseName"], Name="T")["Table"]
    assert (got["Name"], got["VersionId"], got["Parameters"]) == ("t", "0", {"a": "b"})
    assert got["StorageDescriptor"]["Columns"][1] == {"Name": "url", "Type": "string", "Comment": "where"}
    assert got["PartitionKeys"] == [{"Name": "region", "Type": "string"}, {"Name": "day", "Type": "date"}]
    assert got["IsRegisteredWithLakeFormation"] is False
    assert got["CreatedBy"] == "arn:aws:iam::000000000000:root"
    [listed] = glue.get_tables(DatabaseName=table["DatabaseName"], Expression="t*")["TableList"]
    assert listed == got


def test_writers_of_iceberg_tables_see_each_other(glue, database):
    """As pyiceberg and Iceberg's own GlueCatalog commit: read, then swap the metadata's location."""

    def commit(metadata, **conditions):
        parameters = {"table_type": "ICEBERG", "metadata_location": metadata}
        table = {"Name": "ice", "TableType": "EXTERNAL_TABLE", "Parameters": parameters}
        if conditions:
            glue.update_table(DatabaseName=database, TableInput=table, SkipArchive=True, **conditions)
        else:
            glue.create_table(DatabaseName=database, TableInput=table)

    commit("s3://lake/0.json")
    seen = glue.get_table(DatabaseName=database, Name="ice")["Table"]["VersionId"]
    commit("s3://lake/1.json", VersionId=seen)
    with refused("ConcurrentModificationException", "Update table failed due to concurrent modifications."):
        commit("s3://lake/2.json", VersionId=seen)
    got = glue.get_table(DatabaseName=database, Name="ice")["Table"]
    assert got["Parameters"]["metadata_location"] == "s3://lake/1.json"
    versions = glue.get_table_versions(DatabaseName=database, TableName="ice")["TableVersions"]
    assert [version["VersionId"] for version in versions] == ["1"]


def test_expressions_choose_partitions(glue, table):
    assert chosen(glue, table, "region = 'eu' AND day = '2024-01-07'") == [["eu", "2024-01-07"]]
    assert len(chosen(glue, table, "day BETWEEN '2024-01-05' AND '2024-01-06'")) == 4
    assert len(chosen(glue, table, "region LIKE 'e%' OR day >= '2024-01-30'")) == 31
    assert len(chosen(glue, table, "NOT (region IN ('eu', 'x'))", PaginationConfig={"PageSize": 7})) == 30
    segments = [chosen(glue, table, "", Segment={"SegmentNumber": n, "TotalSegments": 2}) for n in range(2)]
    assert sum(map(len, segments)) == 60 and all(segments)
    with refused("InvalidInputException", "Invalid partition expression!"):
        chosen(glue, table, "planet = 'x'")
    with refused("InvalidInputException", "Unsupported expression 'region ='"):
        chosen(glue, table, "region =")


def test_partitions_are_changed_one_by_one_and_in_batches(glue, table):
    with refused("AlreadyExistsException", "Partition already exists."):
        glue.create_partition(**table, PartitionInput={"Values": ["eu", DAYS[0]]})
    with refused("InvalidInputException", starts="The number of partition keys do not match"):
        glue.create_partition(**table, PartitionInput={"Values": ["eu"]})
    glue.update_partition(**table, PartitionValueList=["eu", DAYS[0]], PartitionInput={"Values": ["ap", DAYS[0]]})
    with refused("EntityNotFoundException", "Cannot find partition."):
        glue.get_partition(**table, PartitionValues=["eu", DAYS[0]])
    wanted = [{"Values": ["ap", DAYS[0]]}, {"Values": ["eu", DAYS[0]]}]
    [found] = glue.batch_get_partition(**table, PartitionsToGet=wanted)["Partitions"]
    assert found["Values"] == ["ap", DAYS[0]]
    [error] = glue.batch_delete_partition(**table, PartitionsToDelete=wanted)["Errors"]
    assert error["PartitionValues"] == ["eu", DAYS[0]]
    assert error["ErrorDetail"] == {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Cannot find partition."}


def test_an_index_becomes_active(glue, table):
    glue.create_partition_index(**table, PartitionIndex={"IndexName": "by_day", "Keys": ["day"]})
    for _ in range(100):
        [index] = glue.get_partition_indexes(**table)["PartitionIndexDescriptorList"]
        if index["IndexStatus"] != "CREATING":
            break
    assert (index["IndexStatus"], index["Keys"]) == ("ACTIVE", [{"Name": "day", "Type": "date"}])


def test_statistics_keep_their_numbers(glue, table):
    data = {"MinimumValue": -(2**63), "MaximumValue": 2**63 - 1, "NumberOfNulls": 0, "NumberOfDistinctValues": 9}
    statistics = {
        "ColumnName": "id",
        "ColumnType": "bigint",
        "AnalyzedTime": datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc),
        "StatisticsData": {"Type": "LONG", "LongColumnStatisticsData": data},
    }
    assert glue.update_column_statistics_for_table(**table, ColumnStatisticsList=[statistics])["Errors"] == []
    answer = glue.get_column_statistics_for_table(**table, ColumnNames=["id", "url"])
    assert answer["ColumnStatisticsList"] == [statistics]
    assert [error["ColumnName"] for error in answer["Errors"]] == ["url"]


def test_tables_are_searched(glue, table):
    found = glue.search_tables(Filters=[{"Key": "DatabaseName", "Value": table["DatabaseName"]}])["TableList"]
    assert [hit["Name"] for hit in found] == ["t"]


def test_a_connection_hides_its_password(glue):
    properties = {"JDBC_CONNECTION_URL": "jdbc:postgresql://h/d", "USERNAME": "u", "PASSWORD": "secret"}
    connection = {"Name": "pg", "ConnectionType": "JDBC", "ConnectionProperties": properties}
    glue.create_connection(ConnectionInput=connection)
    assert glue.get_connection(Name="pg")["Connection"]["ConnectionProperties"] == properties
    hidden = glue.get_connection(Name="pg", HidePassword=True)["Connection"]["ConnectionProperties"]
    assert "PASSWORD" not in hidden


def test_what_is_not_served_is_named(glue, database):
    with refused("NotImplemented", starts="haar does not serve glue resource links"):
        link = {"CatalogId": "000000000000", "DatabaseName": database, "Name": "x"}
        glue.create_table(DatabaseName=database, TableInput={"Name": "link", "TargetTable": link})


def test_a_reader_wants_catalog_database_and_table(house, glue, table, iam):
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = house.client("glue", Keys(key["AccessKeyId"], key["SecretAccessKey"]))
    prefix = "arn:aws:glue:us-east-1:000000000000"
    names = ["catalog", f"database/{table['DatabaseName']}", f"table/{table['DatabaseName']}/t"]

    def allow(resources):
        statement = {"Effect": "Allow", "Action": "glue:Get*", "Resource": [f"{prefix}:{name}" for name in resources]}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=json.dumps(policy))

    allow(names)
    assert reader.get_table(DatabaseName=table["DatabaseName"], Name="t")["Table"]["Name"] == "t"
    allow(names[1:])
    with refused("AccessDeniedException"):
        reader.get_table(DatabaseName=table["DatabaseName"], Name="t")


def test_the_cli_makes_and_reads(house):
    house.cli("glue", "create-database", "--database-input", "Name=cli_db,Description=by hand")
    query = ["--query", "Database.Description", "--output", "text"]
    assert house.aws("glue", "get-database", "--name", "cli_db", *query).stdout == "by hand\n"
    missing = house.aws("glue", "get-table", "--database-name", "cli_db", "--name", "no")
    refused_by_cli(missing, "EntityNotFoundException", "GetTable")
    house.cli("glue", "delete-database", "--name", "cli_db")

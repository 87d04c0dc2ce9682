"""Athena's data definition language through boto3: what it does to the catalog, and what it answers."""

import pytest

from athena import Lake


@pytest.fixture(scope="module")
def lake(house):
    return Lake(house, "ddl")


def lines(lake, sql: str) -> list[str]:
    return [row[0] for row in lake.query(sql).rows]


@pytest.fixture
def table(lake, request):
    name = request.node.originalname
    lake.query(
        f"CREATE EXTERNAL TABLE {name} (id bigint COMMENT 'the id', tags array<string>, s struct<a:int,b:string>) "
        f"PARTITIONED BY (day date) STORED AS PARQUET LOCATION 's3://lake-data/{name}/'"
    )
    return name


def test_glue_knows_the_table_as_athena_makes_it(lake, table):
    found = lake.glue.get_table(DatabaseName="ddl", Name=table)["Table"]
    storage = found["StorageDescriptor"]
    assert [column["Type"] for column in storage["Columns"]] == ["bigint", "array<string>", "struct<a:int,b:string>"]
    assert storage["Columns"][0]["Comment"] == "the id"
    assert storage["SerdeInfo"]["SerializationLibrary"].endswith(".ParquetHiveSerDe")
    assert storage["InputFormat"] == "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    assert found["PartitionKeys"] == [{"Name": "day", "Type": "date"}]
    assert found["TableType"] == "EXTERNAL_TABLE" and found["Parameters"]["EXTERNAL"] == "TRUE"


def test_show_create_table_makes_the_same_table_again(lake, table):
    before = lake.glue.get_table(DatabaseName="ddl", Name=table)["Table"]["StorageDescriptor"]
    statement = "\n".join(lines(lake, f"SHOW CREATE TABLE {table}"))
    lake.query(f"DROP TABLE {table}")
    lake.query(statement)
    assert lake.glue.get_table(DatabaseName="ddl", Name=table)["Table"]["StorageDescriptor"] == before


def test_partitions_are_added_shown_and_dropped(lake, table):
    lake.query(f"ALTER TABLE {table} ADD PARTITION (day = '2026-01-01') PARTITION (day = '2026-01-02')")
    assert lines(lake, f"SHOW PARTITIONS {table}") == ["day=2026-01-01", "day=2026-01-02"]
    found = lake.glue.get_partition(DatabaseName="ddl", TableName=table, PartitionValues=["2026-01-02"])
    assert found["Partition"]["StorageDescriptor"]["Location"] == f"s3://lake-data/{table}/day=2026-01-02"
    lake.query(f"ALTER TABLE {table} DROP PARTITION (day = '2026-01-01')")
    assert lines(lake, f"SHOW PARTITIONS {table}") == ["day=2026-01-02"]
    assert "Partition already exists." in lake.fails(f"ALTER TABLE {table} ADD PARTITION (day = '2026-01-02')")


def test_describe_has_hives_columns(lake, table):
    shown = lines(lake, f"DESCRIBE {table}")
    assert shown[0] == "id                  \tbigint              \tthe id              "
    assert "# Partition Information\t \t " in shown
    assert any(line.startswith("# Detailed Table Information") for line in lines(lake, f"DESCRIBE FORMATTED {table}"))


def test_repair_finds_folders(lake, table):
    lake.put(f"{table}/day=2026-02-03/x", b"")
    assert lines(lake, f"MSCK REPAIR TABLE {table}") == [
        f"Partitions not in metastore:\t{table}:day=2026-02-03",
        f"Repair: Added partition to metastore {table}:day=2026-02-03",
    ]


def test_columns_are_added_and_changed(lake, table):
    lake.query(f"ALTER TABLE {table} ADD COLUMNS (more double)")
    lake.query(f"ALTER TABLE {table} CHANGE more most decimal(10,2)")
    columns = lake.glue.get_table(DatabaseName="ddl", Name=table)["Table"]["StorageDescriptor"]["Columns"]
    assert columns[-1] == {"Name": "most", "Type": "decimal(10,2)"}


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CREATE DATABASE my-db", "FAILED: ParseException line 1:18 missing EOF at '-' near 'my'"),
        ("DROP TABLE nope", "FAILED: SemanticException [Error 10001]: Table not found ddl.nope"),
        ("DROP DATABASE nope", "FAILED: SemanticException [Error 10072]: Database does not exist: nope"),
        ("CREATE EXTERNAL TABLE x (a int)", "No location was specified for table. An S3 location must be specified"),
        (
            "CREATE DATABASE ddl",
            "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
            "Database ddl already exists",
        ),
        (
            "CREATE EXTERNAL TABLE x (a int, a int) LOCATION 's3://lake-data/x/'",
            "FAILED: SemanticException [Error 10036]: Duplicate column name: a",
        ),
    ],
)
def test_hive_complains(lake, sql, reason):
    assert lake.fails(sql) == reason

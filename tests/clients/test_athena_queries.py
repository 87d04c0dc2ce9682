"""Athena's executions through boto3 and the aws CLI: how they begin and end, and what they leave behind."""

import json

import pytest

from athena import RESULTS, Failed, Lake
from refusal import refused, refused_by_cli


@pytest.fixture(scope="module")
def lake(house):
    lake = Lake(house, "queries")
    lake.put("posts/year=2020/a.csv", '1,"a ""quoted"" title"\n2,\n')
    lake.put("posts/year=2021/b.csv", '3,"two\nlines"\n')
    lake.query(
        "CREATE EXTERNAL TABLE posts (id string, title string) PARTITIONED BY (year int) "
        "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' LOCATION 's3://lake-data/posts/'"
    )
    lake.query("MSCK REPAIR TABLE posts")
    return lake


def body(lake, location: str) -> bytes:
    bucket, key = location.removeprefix("s3://").split("/", 1)
    return lake.s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_a_result_is_a_csv_with_its_description_beside_it(lake):
    answer = lake.query("SELECT id, title, NULL AS nothing, '' AS empty FROM posts WHERE year = 2021")
    location = answer.execution["ResultConfiguration"]["OutputLocation"]
    assert location == f"{RESULTS}{answer.execution['QueryExecutionId']}.csv"
    assert body(lake, location) == b'"id","title","nothing","empty"\n"3","two\nlines",,""\n'
    assert answer.rows == [["3", "two\nlines", None, ""]]
    described = body(lake, location + ".metadata")
    assert b"hive" in described and b"varchar" in described


def test_statistics_are_true(lake):
    answer = lake.query("SELECT count(*) AS n FROM posts WHERE year = 2020")
    assert answer.rows == [["2"]]
    statistics = answer.execution["Statistics"]
    assert statistics["DataScannedInBytes"] == len('1,"a ""quoted"" title"\n2,\n')
    assert statistics["TotalExecutionTimeInMillis"] >= statistics["EngineExecutionTimeInMillis"]
    runtime = lake.athena.get_query_runtime_statistics(QueryExecutionId=answer.execution["QueryExecutionId"])
    rows = runtime["QueryRuntimeStatistics"]["Rows"]
    assert rows["OutputRows"] == 1 and rows["InputBytes"] == statistics["DataScannedInBytes"]


def test_pages_go_on_where_the_last_one_ended(lake):
    query = lake.start("SELECT * FROM UNNEST(sequence(1, 2500)) AS t(n)")
    assert lake.wait(query)["Status"]["State"] == "SUCCEEDED"
    pages = lake.athena.get_paginator("get_query_results").paginate(QueryExecutionId=query)
    values = [row["Data"][0]["VarCharValue"] for page in pages for row in page["ResultSet"]["Rows"]]
    assert values == ["n", *map(str, range(1, 2501))]


def test_what_cannot_be_read_does_not_start(lake):
    with refused("InvalidRequestException", starts="line 1:1: mismatched input 'FOO'. Expecting: "):
        lake.start("FOO")
    with refused("InvalidRequestException", starts="line 1:15: mismatched input 'WHERE'."):
        lake.start("SELECT 1 FROM WHERE")
    with refused("InvalidRequestException", starts="Only one sql statement is allowed."):
        lake.start("SELECT 1; SELECT 2")
    with refused(
        "InvalidRequestException",
        "No output location provided. An output location is required either through the Workgroup result "
        "configuration setting or as an API input.",
    ):
        lake.start("SELECT 1", ResultConfiguration={})


def test_a_failure_says_where_and_why(lake):
    reason = lake.fails("SELECT * FROM nope")
    assert reason == "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.queries.nope' does not exist"
    query = lake.start("SELECT 1/0")
    execution = lake.wait(query)
    assert execution["Status"]["AthenaError"]["ErrorCategory"] == 2
    with refused("InvalidRequestException", "Query did not finish successfully. Final query state: FAILED"):
        lake.athena.get_query_results(QueryExecutionId=query)


def test_a_query_is_stopped(lake):
    numbers = ", ".join(f"UNNEST(sequence(1, 10000)) t{n}(x{n})" for n in range(3))
    query = lake.start(f"SELECT count(*) FROM {numbers}")
    lake.athena.stop_query_execution(QueryExecutionId=query)
    execution = lake.wait(query)
    assert execution["Status"]["State"] == "CANCELLED"
    assert execution["Status"]["StateChangeReason"] == "Query cancelled by user"


def test_parameters_stand_for_question_marks(lake):
    answer = lake.query("SELECT title FROM posts WHERE id = ? AND year = ?", ExecutionParameters=["'1'", "2020"])
    assert answer.rows == [['a "quoted" title']]
    lake.query("PREPARE by_id FROM SELECT year FROM posts WHERE id = ?")
    assert lake.query("EXECUTE by_id USING '3'").rows == [["2021"]]
    names = lake.athena.list_prepared_statements(WorkGroup="primary")["PreparedStatements"]
    assert [statement["StatementName"] for statement in names] == ["by_id"]


def test_a_result_is_used_again(lake):
    reuse = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 60}}
    first, second = (lake.query("SELECT max(id) AS m FROM posts", ResultReuseConfiguration=reuse) for _ in range(2))
    assert not first.execution["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"]
    assert second.execution["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"]
    assert second.execution["Statistics"]["DataScannedInBytes"] == 0
    assert second.rows == first.rows == [["3"]]


def test_history_is_newest_first(lake):
    lake.athena.create_work_group(Name="history", Configuration={"EnforceWorkGroupConfiguration": False})
    queries = [lake.query(f"SELECT {n}", WorkGroup="history").execution["QueryExecutionId"] for n in range(3)]
    pages = lake.athena.get_paginator("list_query_executions").paginate(
        WorkGroup="history", PaginationConfig={"PageSize": 2}
    )
    assert [query for page in pages for query in page["QueryExecutionIds"]] == queries[::-1]
    batch = lake.athena.batch_get_query_execution(QueryExecutionIds=[queries[0], "none"])
    assert [execution["Query"] for execution in batch["QueryExecutions"]] == ["SELECT 0"]
    assert batch["UnprocessedQueryExecutionIds"][0]["QueryExecutionId"] == "none"


def test_a_table_is_made_filled_and_unloaded(lake):
    made = lake.query(
        "CREATE TABLE by_year WITH (format = 'PARQUET', partitioned_by = ARRAY['year']) AS SELECT id, year FROM posts"
    )
    query = made.execution["QueryExecutionId"]
    assert made.execution["SubstatementType"] == "CREATE_TABLE_AS_SELECT"
    manifest = made.execution["Statistics"]["DataManifestLocation"]
    assert manifest == f"{RESULTS}tables/{query}-manifest.csv"
    files = body(lake, manifest).decode().split()
    assert all(file.startswith(f"{RESULTS}tables/{query}/year=") for file in files) and len(files) == 2
    lake.query("INSERT INTO by_year VALUES ('4', 2022)")
    assert lake.query("SHOW PARTITIONS by_year").rows == [["year=2020"], ["year=2021"], ["year=2022"]]
    assert lake.query("SELECT count(*) FROM by_year").rows == [["4"]]
    lake.query(
        "UNLOAD (SELECT id FROM by_year WHERE year = 2022) TO 's3://lake-data/out/' "
        "WITH (format = 'JSON', compression = 'NONE')"
    )
    listed = lake.s3.list_objects_v2(Bucket="lake-data", Prefix="out/")["Contents"]
    assert [body(lake, f"s3://lake-data/{item['Key']}") for item in listed] == [b'{"id":"4"}\n']


def test_a_view_is_read_as_a_table(lake):
    lake.query("CREATE OR REPLACE VIEW titles AS SELECT id, upper(title) AS title FROM posts")
    assert lake.query("SELECT title FROM titles WHERE id = '1'").rows == [['A "QUOTED" TITLE']]
    table = lake.glue.get_table(DatabaseName="queries", Name="titles")["Table"]
    assert table["TableType"] == "VIRTUAL_VIEW" and table["ViewOriginalText"].startswith("/* Presto View: ")
    with pytest.raises(Failed, match="already exists"):
        lake.query("CREATE VIEW titles AS SELECT 1 AS one")


def test_the_cli_asks_and_is_answered(lake):
    ran = lake.house.aws("athena", "start-query-execution", "--query-string", "SELECT 1 AS one",
                         "--result-configuration", f"OutputLocation={RESULTS}")
    query = json.loads(ran.stdout)["QueryExecutionId"]
    lake.wait(query)
    answer = json.loads(lake.house.aws("athena", "get-query-results", "--query-execution-id", query).stdout)
    assert answer["ResultSet"]["Rows"][1] == {"Data": [{"VarCharValue": "1"}]}
    ran = lake.house.aws("athena", "get-work-group", "--work-group", "none")
    refused_by_cli(ran, "InvalidRequestException", "GetWorkGroup")

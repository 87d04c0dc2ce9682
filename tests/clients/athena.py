"""What the tests of Athena share: a lake with a bucket and a database, and a query from its start to its rows."""

import time
from pathlib import Path
from typing import NamedTuple

from house import PATIENCE_SECONDS, House

# A query is asked for this often: often enough for tests, seldom enough for a log that can be read.
PAUSE_SECONDS = 0.02

RESULTS = "s3://athena-results/queries/"


class Failed(Exception):
    """A query that did not succeed, in Athena's words."""

    def __init__(self, execution: dict):
        self.execution = execution
        super().__init__(execution["Status"].get("StateChangeReason", execution["Status"]["State"]))


class Answer(NamedTuple):
    """A query that has succeeded."""

    execution: dict
    columns: list[dict]
    rows: list[list[str | None]]


class Lake:
    """A house with a bucket for data, a bucket for results, and a database."""

    def __init__(self, house: House, database: str = "lake"):
        self.house = house
        self.database = database
        self.s3 = house.client("s3")
        self.glue = house.client("glue")
        self.athena = house.client("athena")
        for bucket in ["lake-data", "athena-results"]:
            self.s3.create_bucket(Bucket=bucket)
        self.glue.create_database(DatabaseInput={"Name": database})

    def put(self, key: str, body: bytes | str | Path) -> str:
        """Puts an object into the data bucket; its URI."""
        if isinstance(body, Path):
            self.s3.upload_file(str(body), "lake-data", key)
        else:
            self.s3.put_object(Bucket="lake-data", Key=key, Body=body)
        return f"s3://lake-data/{key}"

    def start(self, sql: str, **arguments) -> str:
        """Starts a query; its id."""
        arguments.setdefault("QueryExecutionContext", {"Database": self.database})
        arguments.setdefault("ResultConfiguration", {"OutputLocation": RESULTS})
        return self.athena.start_query_execution(QueryString=sql, **arguments)["QueryExecutionId"]

    def wait(self, query_id: str) -> dict:
        """The execution once it has ended."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            execution = self.athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            if execution["Status"]["State"] not in {"QUEUED", "RUNNING"}:
                return execution
            assert time.monotonic() < deadline, f"still {execution['Status']['State']}: {execution['Query']}"
            time.sleep(PAUSE_SECONDS)

    def query(self, sql: str, **arguments) -> Answer:
        """Runs a query that succeeds. The header row is not among its rows."""
        execution = self.wait(self.start(sql, **arguments))
        if execution["Status"]["State"] != "SUCCEEDED":
            raise Failed(execution)
        columns, rows, token = [], [], {}
        while True:
            page = self.athena.get_query_results(QueryExecutionId=execution["QueryExecutionId"], **token)
            columns = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
            rows += [[cell.get("VarCharValue") for cell in row.get("Data", [])] for row in page["ResultSet"]["Rows"]]
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        if execution["StatementType"] == "DML" and rows and rows[0] == [column["Label"] for column in columns]:
            rows = rows[1:]
        return Answer(execution, columns, rows)

    def fails(self, sql: str, **arguments) -> str:
        """Runs a query that fails; why."""
        execution = self.wait(self.start(sql, **arguments))
        assert execution["Status"]["State"] == "FAILED", execution["Status"]
        return execution["Status"]["StateChangeReason"]

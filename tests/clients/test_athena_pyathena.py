"""PyAthena on haar: the DB-API, pandas, Arrow, and SQLAlchemy."""

import datetime
from decimal import Decimal
from functools import partial

import pytest
from pyarrow import fs
from pyathena import connect
from pyathena.arrow.cursor import ArrowCursor
from pyathena.error import OperationalError
from pyathena.pandas.cursor import PandasCursor
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, func, inspect, select

from athena import RESULTS, Lake
from house import REGION, ROOT


@pytest.fixture(scope="module")
def lake(house):
    lake = Lake(house, "dbapi")
    lake.put("people/people.csv", "1,Ada,1815-12-10\n2,Grace,1906-12-09\n3,Edsger,1930-05-11\n")
    lake.query(
        "CREATE EXTERNAL TABLE people (id int, name string, born date) "
        "ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://lake-data/people/'"
    )
    return lake


@pytest.fixture(scope="module")
def settings(house, lake):
    return {
        "s3_staging_dir": RESULTS,
        "schema_name": "dbapi",
        "region_name": REGION,
        "endpoint_url": house.endpoint,
        "aws_access_key_id": ROOT.id,
        "aws_secret_access_key": ROOT.secret,
        "poll_interval": 0.02,
    }


@pytest.fixture(scope="module")
def connection(settings):
    with connect(**settings) as connection:
        yield connection


@pytest.fixture
def through_endpoint(house, monkeypatch):
    """The file systems of PyAthena's cursors make S3 clients of their own; Arrow's takes no endpoint from outside."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", house.endpoint)
    monkeypatch.setattr(fs, "S3FileSystem", partial(fs.S3FileSystem, endpoint_override=house.endpoint))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ROOT.id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ROOT.secret)


def test_rows_have_python_types(connection):
    cursor = connection.cursor()
    cursor.execute(
        "SELECT 1 AS one, CAST(2 AS bigint), 1.5E0, DECIMAL '1.50', 'text', true, DATE '2026-01-02', "
        "TIMESTAMP '2026-01-02 03:04:05.678', CAST(NULL AS varchar), X'0aff', ARRAY[1, 2], MAP(ARRAY['k'], ARRAY[1])"
    )
    [row] = cursor.fetchall()
    assert row[:9] == (
        1,
        2,
        1.5,
        Decimal("1.50"),
        "text",
        True,
        datetime.date(2026, 1, 2),
        datetime.datetime(2026, 1, 2, 3, 4, 5, 678000),
        None,
    )
    assert row[9] == b"\x0a\xff"
    assert cursor.description[0][:2] == ("one", "integer")
    assert [column[0] for column in cursor.description][1] == "_col1"


def test_parameters_are_bound(connection):
    cursor = connection.cursor()
    cursor.execute("SELECT name FROM people WHERE id = %(id)d", {"id": 2})
    assert cursor.fetchall() == [("Grace",)]


def test_qmark_parameters_are_bound_by_athena(settings):
    with connect(**settings) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT name FROM people WHERE id > ? ORDER BY id", ["1"], paramstyle="qmark")
        assert cursor.fetchall() == [("Grace",), ("Edsger",)]


def test_statistics_tell_what_was_read(connection):
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM people")
    assert cursor.fetchone() == (3,)
    assert cursor.data_scanned_in_bytes == 56
    assert cursor.state == "SUCCEEDED"
    assert cursor.output_location.startswith(RESULTS)


def test_pandas_reads_the_result_file(settings, through_endpoint):
    with connect(**settings, cursor_class=PandasCursor) as connection:
        frame = connection.cursor().execute("SELECT * FROM people ORDER BY id").as_pandas()
    assert list(frame["name"]) == ["Ada", "Grace", "Edsger"]
    assert frame["born"][0] == datetime.datetime(1815, 12, 10) or str(frame["born"][0])[:10] == "1815-12-10"


@pytest.mark.parametrize("unload", [False, True], ids=["csv", "unload"])
def test_arrow_reads_the_result_file(settings, through_endpoint, unload):
    with connect(**settings, cursor_class=ArrowCursor, cursor_kwargs={"unload": unload}) as connection:
        table = connection.cursor().execute("SELECT id, name FROM people").as_arrow()
    assert sorted(table.column("name").to_pylist()) == ["Ada", "Edsger", "Grace"]


def test_a_failure_says_why(connection):
    with pytest.raises(OperationalError, match="COLUMN_NOT_FOUND: line 1:8: Column 'nobody' cannot be resolved"):
        connection.cursor().execute("SELECT nobody FROM people")


def test_sqlalchemy_reflects_and_queries(house, lake):
    host = house.endpoint.removeprefix("http://")
    engine = create_engine(
        f"awsathena+rest://{ROOT.id}:{ROOT.secret}@athena.{REGION}.amazonaws.com:443/dbapi",
        connect_args={"s3_staging_dir": RESULTS, "endpoint_url": f"http://{host}", "poll_interval": 0.02},
    )
    with engine.connect() as connection:
        assert "people" in inspect(connection).get_table_names("dbapi")
        columns = {column["name"]: column for column in inspect(connection).get_columns("people", "dbapi")}
        assert set(columns) == {"id", "name", "born"}
        people = Table("people", MetaData(), Column("id", Integer), Column("name", String))
        counted = connection.execute(select(func.count()).select_from(people).where(people.c.id > 1)).scalar()
    assert counted == 2

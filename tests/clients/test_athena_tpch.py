"""The 22 queries of TPC-H through Athena, each answer checked against DuckDB over the same files."""

import re
import subprocess
import sys
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest

from athena import Lake

QUERIES = Path(__file__).parent.parent / "data" / "tpch"
TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]
SCALE = "0.02"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tpch")
    generator = Path(sys.executable).parent / "tpchgen-cli"
    subprocess.run([generator, "parquet", "--scale-factor", SCALE, "--output-dir", folder], check=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def lake(house, files):
    lake = Lake(house, "tpch")
    for table in TABLES:
        file = files / f"{table}.parquet"
        lake.put(f"tpch/{table}/{table}.parquet", file)
        columns = ", ".join(f"`{field.name}` {hive_type(field.type)}" for field in pyarrow.parquet.read_schema(file))
        location = f"s3://lake-data/tpch/{table}/"
        lake.query(f"CREATE EXTERNAL TABLE {table} ({columns}) STORED AS PARQUET LOCATION '{location}'")
    return lake


@pytest.fixture(scope="module")
def oracle(files):
    connection = duckdb.connect()
    for table in TABLES:
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM '{files}/{table}.parquet'")
    return connection


def hive_type(arrow) -> str:
    """`decimal128(15, 2)` is `decimal(15,2)` to Hive."""
    names = {"int64": "bigint", "int32": "int", "string": "string", "string_view": "string", "date32[day]": "date"}
    return names.get(str(arrow)) or str(arrow).replace("decimal128", "decimal")


def same(ours: str | None, theirs) -> bool:
    """Whether two values agree as far as ours goes: Trino divides decimals to a fixed scale, DuckDB to a double."""
    if ours is None or theirs is None:
        return ours is theirs
    if isinstance(theirs, (float, Decimal)):
        value = Decimal(ours)
        unit = Decimal(1).scaleb(value.as_tuple().exponent)
        return abs(value - Decimal(theirs).quantize(unit, ROUND_HALF_UP)) <= (unit if isinstance(theirs, float) else 0)
    return ours == str(theirs)


@pytest.mark.parametrize("number", range(1, 23))
def test_answers_as_duckdb_does(lake, oracle, number):
    sql = (QUERIES / f"q{number:02}.sql").read_text()
    # An average of decimals keeps their scale in Trino.
    expected = oracle.execute(re.sub(r"avg\((\w+)\)", r"cast(avg(\1) as decimal(15, 2))", sql)).fetchall()
    answer = lake.query(sql)
    assert len(answer.rows) == len(expected) > 0
    for ours, theirs in zip(answer.rows, expected):
        assert all(map(same, ours, theirs)), f"{ours} is not {theirs}"
    assert answer.execution["Statistics"]["DataScannedInBytes"] > 0

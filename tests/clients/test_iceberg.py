"""Iceberg tables between pyiceberg and Athena: pyiceberg writes them through Glue and S3, Athena reads what they are,
what they were, and what is known about them."""

import datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.transforms import DayTransform, IdentityTransform
from pyiceberg.types import LongType, StringType

from athena import Lake
from house import REGION, ROOT

DAYS = [datetime.date(2024, 1, 1), datetime.date(2024, 1, 2), datetime.date(2024, 1, 2)]
MOMENT = datetime.datetime(2024, 1, 1, 3, 4, 5, 678901)


@pytest.fixture(scope="module")
def lake(house):
    return Lake(house, "ice")


@pytest.fixture(scope="module")
def catalog(house, lake):
    return load_catalog(
        "glue",
        **{
            "type": "glue",
            "glue.endpoint": house.endpoint,
            "glue.region": REGION,
            "glue.access-key-id": ROOT.id,
            "glue.secret-access-key": ROOT.secret,
            "s3.endpoint": house.endpoint,
            "s3.region": REGION,
            "s3.access-key-id": ROOT.id,
            "s3.secret-access-key": ROOT.secret,
        },
    )


def create(catalog, name: str, rows: pa.Table):
    return catalog.create_table(f"ice.{name}", schema=rows.schema, location=f"s3://lake-data/ice/{name}")


def posts(*ids: int) -> pa.Table:
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "title": pa.array([f"post {id}" for id in ids], pa.string()),
            "score": pa.array([id * 10 for id in ids], pa.int32()),
            "author": pa.array(
                [{"name": f"user {id}", "karma": id} for id in ids],
                pa.struct([("name", pa.string()), ("karma", pa.int64())]),
            ),
        }
    )


def instant(millis: int) -> str:
    moment = datetime.datetime.fromtimestamp(millis / 1000, datetime.UTC)
    return f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S}.{millis % 1000:03} UTC'"


def test_every_type_arrives(lake, catalog):
    rows = pa.table(
        {
            "id": pa.array([1, 2, 3], pa.int64()),
            "small": pa.array([1, None, 3], pa.int32()),
            "name": ["a", None, "ü"],
            "ok": [True, None, False],
            "day": pa.array([DAYS[0], None, DAYS[2]]),
            "ratio": pa.array([1.5, None, -3.25]),
            "single": pa.array([0.5, None, 2.5], pa.float32()),
            "amount": pa.array([Decimal("1.10"), None, Decimal("-2.20")], pa.decimal128(9, 2)),
            "moment": pa.array([MOMENT, None, MOMENT], pa.timestamp("us")),
            "instant": pa.array([MOMENT, None, MOMENT], pa.timestamp("us", tz="UTC")),
            "clock": pa.array([datetime.time(1, 2, 3, 456789), None, datetime.time(0)], pa.time64("us")),
            "tags": pa.array([["x", "y"], None, []], pa.list_(pa.string())),
            "counts": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int32())),
            "author": pa.array([{"name": "u", "karma": 7}, None, {"name": None, "karma": 8}]),
            "raw": pa.array([b"\x01\xff", None, b""], pa.binary()),
            "code": pa.array([b"abcd", None, b"efgh"], pa.binary(4)),
        }
    )
    create(catalog, "types", rows).append(rows)
    answer = lake.query("SELECT * FROM types ORDER BY id")
    types = "bigint,integer,varchar,boolean,date,double,float,decimal,timestamp,timestamp with time zone,time,array,map"
    expected_types = [*types.split(","), "row", "varbinary", "varbinary"]
    assert [column["Type"] for column in answer.columns] == expected_types
    assert answer.rows[0] == [
        *["1", "1", "a", "true", "2024-01-01", "1.5", "0.5", "1.10", "2024-01-01 03:04:05.678901"],
        *["2024-01-01 03:04:05.678901 UTC", "01:02:03.456789", "[x, y]", "{k=1}", "{name=u, karma=7}"],
        *["01 ff", "61 62 63 64"],
    ]
    assert answer.rows[1] == ["2"] + [None] * 15
    assert answer.rows[2][11:14] == ["[]", "{}", "{name=null, karma=8}"]
    filtered = "SELECT id FROM types WHERE moment > TIMESTAMP '2024-01-01 03:04:05' AND tags[1] = 'x' AND amount = 1.1"
    assert lake.query(filtered).rows == [["1"]]


def test_appends_are_read_and_earlier_states_stay(lake, catalog):
    table = create(catalog, "posts", posts())
    assert lake.query("SELECT count(*) FROM posts").rows == [["0"]]
    table.append(posts(1, 2, 3))
    table.append(posts(4, 5))
    assert lake.query("SELECT count(*), sum(score), max(title) FROM posts").rows == [["5", "150", "post 5"]]
    assert lake.query("SELECT id FROM posts WHERE score BETWEEN 20 AND 40 ORDER BY id").rows == [["2"], ["3"], ["4"]]
    assert table.scan(row_filter="score > 30").to_arrow()["id"].to_pylist() == [4, 5]

    first, second = table.metadata.snapshots
    count = "SELECT count(*) FROM posts FOR"
    assert lake.query(f"{count} VERSION AS OF {first.snapshot_id}").rows == [["3"]]
    assert lake.query(f"{count} VERSION AS OF {second.snapshot_id}").rows == [["5"]]
    assert lake.query(f"{count} TIMESTAMP AS OF {instant(first.timestamp_ms)}").rows == [["3"]]
    assert lake.query(f"{count} TIMESTAMP AS OF {instant(second.timestamp_ms)}").rows == [["5"]]
    joined = f"SELECT p.id FROM posts p LEFT JOIN posts FOR VERSION AS OF {first.snapshot_id} o ON o.id = p.id"
    assert sorted(lake.query(f"{joined} WHERE o.id IS NULL").rows) == [["4"], ["5"]]
    assert "No version history table" in lake.fails(f"{count} TIMESTAMP AS OF TIMESTAMP '2020-01-01 00:00:00 UTC'")
    assert lake.fails(f"{count} VERSION AS OF 12") == "INVALID_ARGUMENTS: Iceberg snapshot ID does not exists: 12"

    table.manage_snapshots().create_tag(first.snapshot_id, "launch").commit()
    assert lake.query(f"{count} VERSION AS OF 'launch'").rows == [["3"]]


def test_schemas_change_and_old_files_follow(lake, catalog):
    table = create(catalog, "changing", posts())
    table.append(posts(1, 2))
    first = table.metadata.snapshots[0]
    with table.update_schema() as update:
        update.rename_column("title", "headline")
        update.update_column("score", LongType())
        update.add_column("lang", StringType())
        update.rename_column("author.name", "login")
        update.delete_column("author.karma")
        update.add_column(("author", "rank"), LongType())
    now = "SELECT id, headline, score, lang, author, author.login FROM changing ORDER BY id"
    assert lake.query(now).rows == [
        ["1", "post 1", "10", None, "{login=user 1, rank=null}", "user 1"],
        ["2", "post 2", "20", None, "{login=user 2, rank=null}", "user 2"],
    ]
    assert lake.query("SELECT id FROM changing WHERE author.login = 'user 2'").rows == [["2"]]
    new = pa.table(
        {
            "id": pa.array([3], pa.int64()),
            "headline": ["post 3"],
            "score": pa.array([2**40], pa.int64()),
            "lang": ["de"],
            "author": pa.array([{"login": "user 3", "rank": 9}]),
        }
    )
    table.append(new)
    high = lake.query("SELECT id, score FROM changing WHERE score > 10 ORDER BY id")
    assert high.rows == [["2", "20"], ["3", str(2**40)]]
    assert lake.query("SELECT id FROM changing WHERE lang IS NULL ORDER BY id").rows == [["1"], ["2"]]
    assert lake.query("SELECT author FROM changing WHERE id = 3").rows == [["{login=user 3, rank=9}"]]
    then = lake.query(f"SELECT * FROM changing FOR VERSION AS OF {first.snapshot_id} ORDER BY id")
    assert [column["Name"] for column in then.columns] == ["id", "title", "score", "author"]
    assert then.rows[0] == ["1", "post 1", "10", "{name=user 1, karma=1}"]
    assert "COLUMN_NOT_FOUND" in lake.fails("SELECT title FROM changing")


def test_rows_are_deleted_and_overwritten(lake, catalog):
    table = create(catalog, "edited", posts())
    table.append(posts(1, 2, 3, 4))
    table.delete("id = 2")
    assert lake.query("SELECT id FROM edited ORDER BY id").rows == [["1"], ["3"], ["4"]]
    table.overwrite(posts(30), overwrite_filter="id = 3")
    assert lake.query("SELECT id FROM edited ORDER BY id").rows == [["1"], ["4"], ["30"]]
    table.upsert(posts(4, 5).set_column(1, "title", pa.array(["post four", "post 5"])), join_cols=["id"])
    assert lake.query("SELECT title FROM edited WHERE id IN (4, 5) ORDER BY id").rows == [["post four"], ["post 5"]]
    table.overwrite(posts(9))
    assert lake.query("SELECT id FROM edited").rows == [["9"]]
    first = table.metadata.snapshots[0]
    assert lake.query(f"SELECT count(*) FROM edited FOR VERSION AS OF {first.snapshot_id}").rows == [["4"]]


@pytest.fixture(scope="module")
def visits(catalog):
    """Partitioned by a column and by the day of another: six rows in four files."""
    rows = pa.table(
        {
            "id": pa.array(range(6), pa.int64()),
            "region": ["eu", "eu", "us", "us", None, "ap"],
            "at": pa.array([datetime.datetime(2024, 1, 1 + at // 2, at) for at in range(6)], pa.timestamp("us")),
        }
    )
    table = create(catalog, "visits", rows)
    with table.update_spec() as update:
        update.add_field("region", IdentityTransform(), "region")
        update.add_field("at", DayTransform(), "at_day")
    table.append(rows)
    return table


def test_partitioned_tables_are_read(lake, visits):
    by_region = lake.query("SELECT region, count(*) FROM visits GROUP BY region ORDER BY region")
    assert by_region.rows == [["ap", "1"], ["eu", "2"], ["us", "2"], [None, "1"]]
    assert lake.query("SELECT id FROM visits WHERE region = 'eu' ORDER BY id").rows == [["0"], ["1"]]
    assert lake.query("SELECT id FROM visits WHERE region IS NULL").rows == [["4"]]
    later = lake.query("SELECT id FROM visits WHERE at >= TIMESTAMP '2024-01-03 00:00:00' ORDER BY id")
    assert later.rows == [["4"], ["5"]]
    whole = lake.query("SELECT id, region, at FROM visits").execution["Statistics"]["DataScannedInBytes"]
    assert later.execution["Statistics"]["DataScannedInBytes"] < whole
    paths = [path for [path] in lake.query('SELECT DISTINCT "$path" FROM visits').rows]
    assert sorted(paths) == sorted(visits.inspect.files()["file_path"].to_pylist())


def test_tables_say_what_is_known_about_them(lake, visits):
    [snapshot] = visits.metadata.snapshots
    about = {name: lake.query(f'SELECT * FROM "visits${name}"') for name in TABLES_ABOUT}
    for name, answer in about.items():
        assert [column["Name"] for column in answer.columns] == TABLES_ABOUT[name].split(), name

    [row] = about["snapshots"].rows
    assert row[1:5] == [str(snapshot.snapshot_id), None, "append", snapshot.manifest_list]
    assert "added-records=6" in row[5]
    [row] = about["history"].rows
    assert row[1:] == [str(snapshot.snapshot_id), None, "true"]
    [row] = about["refs"].rows
    assert row[:3] == ["main", "BRANCH", str(snapshot.snapshot_id)]

    [row] = about["manifests"].rows
    assert row[2:10] == ["1", str(snapshot.snapshot_id), "4", "6", "0", "0", "0", "0"]
    assert "lower_bound=2024-01-01, upper_bound=2024-01-03" in row[10]

    files = lake.query(
        "SELECT content, file_format, record_count, lower_bounds[1], upper_bounds[1], lower_bounds[3] "
        'FROM "visits$files" ORDER BY 4'
    )
    assert files.rows == [
        ["0", "PARQUET", "2", "0", "1", "2024-01-01T00:00:00"],
        ["0", "PARQUET", "2", "2", "3", "2024-01-02T02:00:00"],
        ["0", "PARQUET", "1", "4", "4", "2024-01-03T04:00:00"],
        ["0", "PARQUET", "1", "5", "5", "2024-01-03T05:00:00"],
    ]
    partitions = lake.query(
        "SELECT partition.region, partition.at_day, record_count, file_count, data.id.min, data.id.max, "
        'data.region.null_count FROM "visits$partitions" ORDER BY 5'
    )
    assert partitions.rows == [
        ["eu", "2024-01-01", "2", "1", "0", "1", "0"],
        ["us", "2024-01-02", "2", "1", "2", "3", "0"],
        [None, "2024-01-03", "1", "1", "4", "4", "1"],
        ["ap", "2024-01-03", "1", "1", "5", "5", "0"],
    ]


TABLES_ABOUT = {
    "snapshots": "committed_at snapshot_id parent_id operation manifest_list summary",
    "history": "made_current_at snapshot_id parent_id is_current_ancestor",
    "refs": "name type snapshot_id max_reference_age_in_ms min_snapshots_to_keep max_snapshot_age_in_ms",
    "manifests": "path length partition_spec_id added_snapshot_id added_data_files_count added_rows_count "
    "existing_data_files_count existing_rows_count deleted_data_files_count deleted_rows_count partition_summaries",
    "files": "content file_path file_format record_count file_size_in_bytes column_sizes value_counts "
    "null_value_counts nan_value_counts lower_bounds upper_bounds key_metadata split_offsets equality_ids",
    "partitions": "partition record_count file_count total_size data",
}


def test_only_iceberg_tables_have_tables_about_them(lake):
    lake.query("CREATE EXTERNAL TABLE plain (id int) STORED AS PARQUET LOCATION 's3://lake-data/plain/'")
    assert "plain$snapshots" in lake.fails('SELECT * FROM "plain$snapshots"')
    assert "TABLE_NOT_FOUND" in lake.fails('SELECT * FROM "visits$nothing"')

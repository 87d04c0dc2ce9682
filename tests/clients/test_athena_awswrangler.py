"""awswrangler on haar: data frames become data sets in the lake, and queries become data frames."""

import uuid

import awswrangler
import boto3
import pandas
import pytest

from athena import Lake
from house import REGION, ROOT


@pytest.fixture(scope="module")
def lake(house):
    return Lake(house, "wrangled")


@pytest.fixture(scope="module")
def session(house, lake):
    for service in ["s3", "athena", "glue", "sts"]:
        setattr(awswrangler.config, f"{service}_endpoint_url", house.endpoint)
    return boto3.Session(aws_access_key_id=ROOT.id, aws_secret_access_key=ROOT.secret, region_name=REGION)


@pytest.fixture
def posts():
    return pandas.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "score": [1, 20, 300, -4],
            "ratio": [0.5, 0.25, 1.0, None],
            "stickied": [True, False, False, None],
            "created": pandas.to_datetime(
                ["2026-01-01 10:00:00", "2026-01-01 11:30:00.5", "2026-01-02 00:00:00", "2026-01-03 23:59:59"],
                format="ISO8601",
            ),
            "day": ["2026-01-01", "2026-01-01", "2026-01-02", "2026-01-03"],
        }
    )


def write(posts, table, session, **arguments):
    path = f"s3://lake-data/{table}/"
    arguments = {"mode": "overwrite", "partition_cols": ["day"]} | arguments
    return awswrangler.s3.to_parquet(
        posts, path=path, dataset=True, database="wrangled", table=table, boto3_session=session, **arguments
    )


def read(sql, session, **arguments):
    # A place of its own: UNLOAD writes to empty ones only.
    output = f"s3://athena-results/wrangled/{uuid.uuid4()}/"
    return awswrangler.athena.read_sql_query(
        sql, database="wrangled", boto3_session=session, s3_output=output, **arguments
    )


def check(frame, posts):
    frame = frame.sort_values("id").reset_index(drop=True)
    assert list(frame["id"]) == list(posts["id"])
    assert list(frame["score"]) == list(posts["score"])
    assert list(frame["ratio"].astype("Float64").fillna(-1)) == [0.5, 0.25, 1.0, -1]
    assert list(frame["created"]) == list(posts["created"])
    assert [str(day) for day in frame["day"]] == list(posts["day"])


@pytest.mark.parametrize(
    "way",
    [{"ctas_approach": False}, {"ctas_approach": True}, {"ctas_approach": False, "unload_approach": True}],
    ids=["plain", "ctas", "unload"],
)
def test_a_data_set_is_read_back(lake, session, posts, way):
    write(posts, "posts", session)
    check(read("SELECT * FROM posts", session, **way), posts)


def test_append_adds_and_overwrite_partitions_replaces(lake, session, posts):
    write(posts, "modes", session)
    write(posts, "modes", session, mode="append")
    assert read("SELECT count(*) AS n FROM modes", session, ctas_approach=False)["n"][0] == 8
    write(posts[posts["day"] == "2026-01-01"], "modes", session, mode="overwrite_partitions")
    counted = read("SELECT day, count(*) AS n FROM modes GROUP BY day ORDER BY day", session, ctas_approach=False)
    assert list(counted["n"]) == [2, 2, 2]


def test_the_catalog_knows_what_was_written(lake, session, posts):
    write(posts, "known", session)
    assert awswrangler.catalog.does_table_exist("wrangled", "known", boto3_session=session)
    types = awswrangler.catalog.get_table_types("wrangled", "known", boto3_session=session)
    assert types == {
        "id": "string",
        "score": "bigint",
        "ratio": "double",
        "stickied": "boolean",
        "created": "timestamp",
        "day": "string",
    }
    partitions = awswrangler.catalog.get_partitions("wrangled", "known", boto3_session=session)
    assert sorted(values for [values] in partitions.values()) == ["2026-01-01", "2026-01-02", "2026-01-03"]
    frame = awswrangler.catalog.tables(database="wrangled", boto3_session=session)
    assert "known" in set(frame["Table"])


def test_parameters_are_bound(lake, session, posts):
    write(posts, "bound", session)
    frame = read(
        "SELECT id FROM bound WHERE score > :least ORDER BY id",
        session,
        ctas_approach=False,
        params={"least": 10},
        paramstyle="named",
    )
    assert list(frame["id"]) == ["b", "c"]


def test_large_answers_come_in_chunks(lake, session):
    frames = read(
        "SELECT n FROM UNNEST(sequence(1, 10000)) AS t(n)", session, ctas_approach=False, chunksize=3000
    )
    sizes = [len(frame) for frame in frames]
    assert sum(sizes) == 10_000 and len(sizes) > 3


def test_a_failure_says_why(lake, session):
    with pytest.raises(awswrangler.exceptions.QueryFailed, match="TABLE_NOT_FOUND.*wrangled.nowhere"):
        read("SELECT * FROM nowhere", session, ctas_approach=False)


def test_csv_data_sets_are_tables_too(lake, session, posts):
    awswrangler.s3.to_csv(
        posts[["id", "score"]],
        path="s3://lake-data/texts/",
        dataset=True,
        index=False,
        database="wrangled",
        table="texts",
        boto3_session=session,
    )
    frame = read("SELECT sum(score) AS total FROM texts", session, ctas_approach=False)
    assert frame["total"][0] == 317

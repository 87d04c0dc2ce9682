"""Real files of Reddit, crawled and queried; every count is checked against an independent reader."""

import csv
import time

import pytest

from athena import PAUSE_SECONDS, Lake
from house import PATIENCE_SECONDS
from people import allow, service_role
from reddit import COMMENTS, MIXED_COMMENTS, PIPELINE, read_lines


@pytest.fixture(scope="module")
def lake(house):
    return Lake(house, "reddit")


def crawl(house, lake, name, path, **settings):
    """Crawls a folder and waits until it is done; the crawler as it then is."""
    lake.glue.create_crawler(
        Name=name,
        Role=service_role(house, "glue.amazonaws.com", f"crawl-{name}", allow(["s3:*", "glue:*"])),
        DatabaseName="reddit",
        Targets={"S3Targets": [{"Path": path}]},
        **settings,
    )
    lake.glue.start_crawler(Name=name)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        crawler = lake.glue.get_crawler(Name=name)["Crawler"]
        if crawler["State"] == "READY":
            break
        assert time.monotonic() < deadline, crawler
        time.sleep(PAUSE_SECONDS)
    assert crawler["LastCrawl"]["Status"] == "SUCCEEDED", crawler["LastCrawl"]
    return crawler


def test_a_dump_of_comments(house, lake):
    lines = read_lines(COMMENTS)
    lake.put("comments/month=2005-12/RC_2005-12.zst", COMMENTS)
    crawl(house, lake, "comments", "s3://lake-data/comments/")
    answer = lake.query(
        "SELECT count(*), count_if(author = '[deleted]'), sum(score), count(DISTINCT author), max(length(body)) "
        "FROM comments WHERE month = '2005-12'"
    )
    assert answer.rows == [
        [
            str(len(lines)),
            str(sum(line["author"] == "[deleted]" for line in lines)),
            str(sum(line["score"] for line in lines)),
            str(len({line["author"] for line in lines})),
            str(max(len(line["body"]) for line in lines)),
        ]
    ]


def test_drift_between_years_widens_types(house, lake):
    lake.put("mixed/comments.json", MIXED_COMMENTS)
    crawl(house, lake, "mixed", "s3://lake-data/mixed/")
    lines = read_lines(MIXED_COMMENTS)
    table = lake.glue.get_table(DatabaseName="reddit", Name="mixed")["Table"]
    types = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    assert types["created_utc"] == "string"
    assert types["body"] == "string"
    answer = lake.query("SELECT id, CAST(CAST(created_utc AS double) AS bigint) FROM mixed ORDER BY id")
    expected = sorted([line["id"], str(int(float(line["created_utc"])))] for line in lines)
    assert answer.rows == expected


def test_csv_with_line_ends_inside_quotes(house, lake):
    """Athena's OpenCSVSerde, and a header that is no row."""
    expected = []
    for file in PIPELINE:
        day = file.stem[-8:]
        lake.put(f"posts/day={day}/{file.name}", file)
        with file.open(newline="", encoding="utf-8") as text:
            rows = csv.DictReader(text, escapechar="\\")
            expected += [[day, row["id"], row["score"], str(len(row["selftext"]))] for row in rows]
    lake.query(
        "CREATE EXTERNAL TABLE posts (id string, title string, selftext string, score string, num_comments string, "
        "author string, created_utc string, url string, upvote_ratio string, over_18 string, edited string, "
        "spoiler string, stickied string) PARTITIONED BY (day string) "
        "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' "
        "LOCATION 's3://lake-data/posts/' TBLPROPERTIES ('skip.header.line.count'='1')"
    )
    lake.query("MSCK REPAIR TABLE posts")
    answer = lake.query("SELECT day, id, score, length(selftext) FROM posts ORDER BY day, id")
    assert answer.rows == sorted(expected)

"""Crawlers over real objects: every format and compression, partitions, roles, schedules, crashes."""

import bz2
import gzip
import io
import json
import time
import uuid

import fastavro
import pyarrow
import pyarrow.orc
import pyarrow.parquet
import pytest

from people import allow, document, make_user, trust
from refusal import refused

TRUST = trust({"Service": "glue.amazonaws.com"})
EVERYTHING = document(allow(["s3:GetObject", "s3:ListBucket", "glue:*"]))
ROWS = [{"id": n, "name": f"n{n}", "price": n + 0.5} for n in range(3)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def make_role(iam, name: str, policy: str = EVERYTHING) -> str:
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    return role["Arn"]


@pytest.fixture(scope="module")
def role(iam):
    return make_role(iam, "crawler")


@pytest.fixture
def crawler(glue, role, bucket):
    """Makes a crawler of the bucket, whose database has its own name, and says its name."""

    def make(path: str = "", **settings) -> str:
        name = f"c-{uuid.uuid4().hex[:8]}"
        settings.setdefault("Targets", {"S3Targets": [{"Path": f"s3://{bucket}/{path}"}]})
        glue.create_crawler(**{"Name": name, "Role": role, "DatabaseName": name, **settings})
        return name

    return make


def wait(glue, name: str) -> dict:
    """The crawler, once it is ready."""
    for _ in range(600):
        crawler = glue.get_crawler(Name=name)["Crawler"]
        if crawler["State"] == "READY":
            return crawler
        time.sleep(0.05)
    raise AssertionError(f"{name} still crawls")


def crawl(glue, name: str) -> dict:
    """Tables by their names, after a crawl that went well."""
    glue.start_crawler(Name=name)
    last = wait(glue, name)["LastCrawl"]
    assert last["Status"] == "SUCCEEDED", last
    tables = glue.get_tables(DatabaseName=name)["TableList"]
    return {table["Name"]: table for table in tables}


def columns(table: dict) -> dict[str, str]:
    return {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}


def parquet() -> bytes:
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), out)
    return out.getvalue()


def orc() -> bytes:
    out = io.BytesIO()
    pyarrow.orc.write_table(pyarrow.Table.from_pylist(ROWS), out)
    return out.getvalue()


def avro() -> bytes:
    fields = [{"name": "id", "type": "long"}, {"name": "name", "type": "string"}, {"name": "price", "type": "double"}]
    out = io.BytesIO()
    fastavro.writer(out, {"type": "record", "name": "row", "fields": fields}, ROWS)
    return out.getvalue()


def csv() -> bytes:
    return b"id,name,price\n" + b"".join(f"{row['id']},{row['name']},{row['price']}\n".encode() for row in ROWS)


@pytest.mark.parametrize(
    ("body", "classification", "compression", "number"),
    [
        (parquet(), "parquet", "none", "bigint"),
        (orc(), "orc", "none", "bigint"),
        (avro(), "avro", "none", "bigint"),
        (csv(), "csv", "none", "bigint"),
        (csv().replace(b",", b"|"), "csv", "none", "bigint"),
        (LINES, "json", "none", "int"),
        (gzip.compress(LINES, mtime=0), "json", "gzip", "int"),
        (bz2.compress(LINES), "json", "bzip2", "int"),
        (pyarrow.compress(LINES, codec="zstd", asbytes=True), "json", "zstd", "int"),
    ],
)
def test_formats_are_recognised(glue, s3, bucket, crawler, body, classification, compression, number):
    s3.put_object(Bucket=bucket, Key="t/data", Body=body)
    table = crawl(glue, crawler("t/"))["t"]
    assert columns(table) == {"id": number, "name": "string", "price": "double"}
    parameters = table["Parameters"]
    assert (parameters["classification"], parameters["compressionType"]) == (classification, compression)
    assert (parameters["objectCount"], parameters["recordCount"]) == ("1", "3")
    assert parameters["sizeKey"] == str(len(body))


def test_partitions_are_found_and_kept_up_to_date(house, glue, s3, bucket, crawler):
    for month in ("01", "02"):
        s3.put_object(Bucket=bucket, Key=f"sales/year=2024/month={month}/a.json", Body=LINES)
    name = crawler("sales")
    table = crawl(glue, name)["sales"]
    assert table["PartitionKeys"] == [{"Name": "year", "Type": "string"}, {"Name": "month", "Type": "string"}]
    assert table["CreatedBy"].startswith("arn:aws:sts::000000000000:assumed-role/crawler/")
    s3.put_object(Bucket=bucket, Key="sales/year=2024/month=03/a.json", Body=LINES)
    s3.delete_object(Bucket=bucket, Key="sales/year=2024/month=01/a.json")
    glue.update_crawler(
        Name=name,
        SchemaChangePolicy={"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DELETE_FROM_DATABASE"},
    )
    crawl(glue, name)
    partitions = glue.get_partitions(DatabaseName=name, TableName="sales", Expression="year = '2024'")["Partitions"]
    assert [partition["Values"] for partition in partitions] == [["2024", "02"], ["2024", "03"]]
    location = partitions[0]["StorageDescriptor"]["Location"]
    assert location == f"s3://{bucket}/sales/year=2024/month=02/"
    events = [event for event in house.page("events?limit=1000")["events"] if event["source"] == "aws.glue"]
    ends = [event["detail"] for event in events if event["detail"].get("crawlerName") == name]
    ends = [detail for detail in ends if detail["state"] == "Succeeded"]
    counts = {(detail["partitionsCreated"], detail["partitionsDeleted"]) for detail in ends}
    assert counts == {("2", "0"), ("1", "1")}


def test_drifting_types_widen(glue, s3, bucket, crawler):
    """As Reddit's dumps do: times as numbers and as text, edits as false or a time."""
    first = [{"id": "a", "created_utc": 1134365188, "edited": False, "score": 1}]
    later = [{"id": "b", "created_utc": "1400000000", "edited": 1400000001.0, "score": 5_000_000_000}]
    for name, rows in (("RC_2005-12", first), ("RC_2014-05", later)):
        body = "\n".join(json.dumps(row) for row in rows).encode()
        s3.put_object(Bucket=bucket, Key=f"comments/{name}.zst", Body=pyarrow.compress(body, codec="zstd", asbytes=True))
    configuration = json.dumps({"Version": 1.0, "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas"}})
    table = crawl(glue, crawler("comments/", Configuration=configuration))["comments"]
    assert columns(table) == {"id": "string", "created_utc": "string", "edited": "string", "score": "bigint"}


def test_quoted_text_with_a_classifier_is_read_by_the_quoting_serde(glue, s3, bucket, crawler):
    classifier = f"quoted-{uuid.uuid4().hex[:8]}"
    glue.create_classifier(
        CsvClassifier={"Name": classifier, "Delimiter": ",", "QuoteSymbol": '"', "ContainsHeader": "PRESENT"}
    )
    s3.put_object(Bucket=bucket, Key="t/a.csv", Body=b'title,score\n"a, ""b""\nand more",1\n')
    table = crawl(glue, crawler("t/", Classifiers=[classifier]))["t"]
    assert columns(table) == {"title": "string", "score": "string"}
    serde = table["StorageDescriptor"]["SerdeInfo"]
    assert serde["SerializationLibrary"] == "org.apache.hadoop.hive.serde2.OpenCSVSerde"
    assert serde["Parameters"] == {"quoteChar": '"', "separatorChar": ","}
    assert table["Parameters"]["recordCount"] == "1"


def test_a_role_must_trust_glue_and_may_read(glue, iam, s3, bucket, crawler):
    with refused("InvalidInputException", starts="Service is unable to assume provided role."):
        crawler(Role="arn:aws:iam::000000000000:role/nobody")
    with refused("InvalidInputException", "S3 bucket no-such-bucket-here does not exist."):
        crawler(Targets={"S3Targets": [{"Path": "s3://no-such-bucket-here/"}]})
    s3.put_object(Bucket=bucket, Key="t/a.json", Body=LINES)
    blind = make_role(iam, f"blind-{uuid.uuid4().hex[:8]}", document(allow("glue:*")))
    name = crawler("t/", Role=blind)
    glue.start_crawler(Name=name)
    last = wait(glue, name)["LastCrawl"]
    assert last["Status"] == "FAILED"
    assert last["ErrorMessage"].startswith("Access Denied (Service: Amazon S3; Status Code: 403;")
    mute = make_role(iam, f"mute-{uuid.uuid4().hex[:8]}", document(allow("s3:*")))
    glue.update_crawler(Name=name, Role=mute)
    glue.start_crawler(Name=name)
    last = wait(glue, name)["LastCrawl"]
    assert last["Status"] == "FAILED"
    assert "is not authorized to perform: glue:CreateDatabase" in last["ErrorMessage"]


def test_handing_on_a_role_wants_permission(house, role, bucket):
    own = house.client("glue", make_user(house, f"u-{uuid.uuid4().hex[:8]}", allow("glue:*")))
    with refused("AccessDeniedException") as caught:
        targets = {"S3Targets": [{"Path": f"s3://{bucket}/"}]}
        own.create_crawler(Name="x", Role=role, DatabaseName="x", Targets=targets)
    assert "iam:PassRole" in caught.value.response["Error"]["Message"]


def test_a_schedule_crawls_by_the_clock(open_house):
    house = open_house()
    iam, s3, glue = house.client("iam"), house.client("s3"), house.client("glue")
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="t/a.json", Body=LINES)
    target = {"S3Targets": [{"Path": "s3://lake/t/"}]}
    schedule = "cron(0 12 * * ? *)"
    role = make_role(iam, "crawler")
    glue.create_crawler(Name="c", Role=role, DatabaseName="db", Targets=target, Schedule=schedule)
    house.advance(2 * 24 * 3600)
    crawls = glue.list_crawls(CrawlerName="c")["Crawls"]
    assert [crawl["State"] for crawl in crawls] == ["COMPLETED", "COMPLETED"]
    assert [crawl["StartTime"].astimezone().utctimetuple()[3:5] for crawl in crawls] == [(12, 0), (12, 0)]
    assert glue.get_table(DatabaseName="db", Name="t")["Table"]["Name"] == "t"


def test_a_crawl_does_not_outlive_its_house(open_house):
    house = open_house("--data-dir", "data")
    iam, s3, glue = house.client("iam"), house.client("s3"), house.client("glue")
    s3.create_bucket(Bucket="lake")
    body = gzip.compress(b'{"a": 1}\n' * 50_000)
    for number in range(100):
        s3.put_object(Bucket="lake", Key=f"t/{number}.json.gz", Body=body)
    target = {"S3Targets": [{"Path": "s3://lake/t/"}]}
    glue.create_crawler(Name="c", Role=make_role(iam, "crawler"), DatabaseName="db", Targets=target)
    glue.start_crawler(Name="c")
    house.crash()
    house = open_house("--data-dir", "data")
    crawler = wait(house.client("glue"), "c")
    # Unless the crawl was faster than the crash.
    assert crawler["LastCrawl"]["Status"] in ("FAILED", "SUCCEEDED")
    again = house.client("glue")
    again.start_crawler(Name="c")
    assert wait(again, "c")["LastCrawl"]["Status"] == "SUCCEEDED"
    assert again.get_table(DatabaseName="db", Name="t")["Table"]["Parameters"]["objectCount"] == "100"


def test_a_crawl_can_be_stopped(glue, s3, bucket, crawler):
    body = gzip.compress(b'{"a": 1}\n' * 100_000)
    for number in range(50):
        s3.put_object(Bucket=bucket, Key=f"t/{number}.json.gz", Body=body)
    name = crawler("t/")
    with refused("CrawlerNotRunningException", f"Crawler with name {name} isn't running"):
        glue.stop_crawler(Name=name)
    glue.start_crawler(Name=name)
    with refused("CrawlerRunningException", f"Crawler with name {name} has already started"):
        glue.start_crawler(Name=name)
    glue.stop_crawler(Name=name)
    assert wait(glue, name)["LastCrawl"]["Status"] == "CANCELLED"
    assert glue.list_crawls(CrawlerName=name)["Crawls"][0]["State"] == "STOPPED"


def test_the_cli_crawls(house, s3, glue, bucket, role):
    s3.put_object(Bucket=bucket, Key="t/a.json", Body=LINES)
    name = f"cli-{uuid.uuid4().hex[:8]}"
    targets = json.dumps({"S3Targets": [{"Path": f"s3://{bucket}/t/"}]})
    house.cli(
        "glue", "create-crawler", "--name", name, "--role", role, "--database-name", name, "--targets", targets
    )
    house.cli("glue", "start-crawler", "--name", name)
    wait(glue, name)
    crawls = house.cli("glue", "list-crawls", "--crawler-name", name)["Crawls"]
    assert crawls[0]["State"] == "COMPLETED"
    assert house.cli("glue", "get-crawler", "--name", name)["Crawler"]["State"] == "READY"
    with refused("EntityNotFoundException", "Crawler entry with name none does not exist"):
        glue.get_crawler(Name="none")

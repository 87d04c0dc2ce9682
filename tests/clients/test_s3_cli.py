"""S3 through the aws CLI: its own commands for trees of files, and the calls beneath."""

import json
import os

from people import allow, document
from refusal import refused_by_cli
from storage import MIB, ask, keys_of, put_many, read

TREE = {
    "a.txt": b"alpha",
    "empty": b"",
    "with space/b+c.txt": b"beta",
    "deep/er/ünï.json": b"{}",
    "large.bin": bytes(range(256)) * (9 * MIB // 256),
}


def plant(folder, tree: dict):
    """Writes files as if long ago: S3 tells times in seconds, and one of this second would look newer than its copy."""
    for path, body in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
        os.utime(folder / path, (1_700_000_000, 1_700_000_000))


def harvest(folder) -> dict:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def say(house, *arguments: str) -> str:
    """What `aws s3 …` prints where it succeeds."""
    ran = house.aws("s3", *arguments)
    assert ran.returncode == 0, ran.stderr or ran.stdout
    return ran.stdout


def test_a_tree_is_synced_both_ways(house, s3, tmp_path):
    assert say(house, "mb", "s3://cli-sync") == "make_bucket: cli-sync\n"
    plant(tmp_path / "up", TREE)
    say(house, "sync", str(tmp_path / "up"), "s3://cli-sync/tree")
    assert keys_of(s3.list_objects_v2(Bucket="cli-sync")) == sorted(f"tree/{path}" for path in TREE)
    assert say(house, "sync", str(tmp_path / "up"), "s3://cli-sync/tree") == ""
    say(house, "sync", "s3://cli-sync/tree", str(tmp_path / "down"))
    assert harvest(tmp_path / "down") == TREE
    (tmp_path / "up/a.txt").unlink()
    (tmp_path / "up/new").write_bytes(b"new")
    said = say(house, "sync", "--delete", "--no-progress", str(tmp_path / "up"), "s3://cli-sync/tree")
    assert sorted(line.split(":")[0] for line in said.splitlines()) == ["delete", "upload"]
    say(house, "sync", "s3://cli-sync/tree", "s3://cli-sync/again")
    assert read(s3, "cli-sync", "again/large.bin") == TREE["large.bin"]
    say(house, "rm", "--recursive", "s3://cli-sync/tree")
    say(house, "rb", "--force", "s3://cli-sync")
    refused_by_cli(house.aws("s3api", "list-objects-v2", "--bucket", "cli-sync"), "NoSuchBucket", "ListObjectsV2")


def test_files_are_copied_listed_moved_and_removed(house, s3, bucket, tmp_path):
    plant(tmp_path, {"a.txt": b"alpha"})
    say(house, "cp", str(tmp_path / "a.txt"), f"s3://{bucket}/in/")
    assert s3.head_object(Bucket=bucket, Key="in/a.txt")["ContentType"] == "text/plain"
    listed = say(house, "ls", f"s3://{bucket}")
    assert listed.split() == ["PRE", "in/"]
    [line] = say(house, "ls", "--recursive", f"s3://{bucket}").splitlines()
    assert line.split()[2:] == ["5", "in/a.txt"]
    say(house, "mv", f"s3://{bucket}/in/a.txt", f"s3://{bucket}/out/b.txt")
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["out/b.txt"]
    assert say(house, "cp", f"s3://{bucket}/out/b.txt", "-") == "alpha"
    say(house, "rm", f"s3://{bucket}/out/b.txt")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert bucket in say(house, "ls")


def test_more_than_a_page_is_removed(house, s3, bucket):
    put_many(s3, bucket, [f"many/{number:04}" for number in range(1100)])
    s3.put_object(Bucket=bucket, Key="kept", Body=b"")
    assert len(say(house, "rm", "--recursive", f"s3://{bucket}/many/").splitlines()) == 1100
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["kept"]


def test_a_missing_file_is_an_error(house, bucket, tmp_path):
    ran = house.aws("s3", "cp", f"s3://{bucket}/none", str(tmp_path / "none"))
    assert ran.returncode == 1
    assert "An error occurred (404) when calling the HeadObject operation" in ran.stderr


def test_a_presigned_link_of_the_cli_works(house, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    url = say(house, "presign", f"s3://{bucket}/k").strip()
    reply = ask(house, "GET", url)
    assert (reply.status, reply.body) == (200, b"hello")


def test_an_object_is_put_with_all_that_is_said_of_it(house, bucket, tmp_path):
    plant(tmp_path, {"a": b"hello"})
    put = ["s3api", "put-object", "--bucket", bucket, "--key", "k", "--body", str(tmp_path / "a")]
    said = house.cli(*put, "--metadata", "a=1,b=2", "--tagging", "t=1", "--checksum-algorithm", "SHA256")
    assert said["ChecksumSHA256"] == "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
    head = house.cli("s3api", "head-object", "--bucket", bucket, "--key", "k")
    assert (head["Metadata"], head["ContentLength"]) == ({"a": "1", "b": "2"}, 5)
    get = ["s3api", "get-object", "--bucket", bucket, "--key", "k", "--range", "bytes=1-2", str(tmp_path / "b")]
    assert house.cli(*get)["ContentRange"] == "bytes 1-2/5"
    assert (tmp_path / "b").read_bytes() == b"el"


def test_a_bucket_is_configured_from_shorthand_and_json(house, bucket):
    house.cli("s3api", "put-bucket-versioning", "--bucket", bucket, "--versioning-configuration", "Status=Enabled")
    assert house.cli("s3api", "get-bucket-versioning", "--bucket", bucket) == {"Status": "Enabled"}
    tagging = "TagSet=[{Key=team,Value=blue}]"
    house.cli("s3api", "put-bucket-tagging", "--bucket", bucket, "--tagging", tagging)
    assert house.cli("s3api", "get-bucket-tagging", "--bucket", bucket)["TagSet"] == [{"Key": "team", "Value": "blue"}]
    policy = document(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": "000000000000"}))
    house.cli("s3api", "put-bucket-policy", "--bucket", bucket, "--policy", policy)
    told = house.cli("s3api", "get-bucket-policy", "--bucket", bucket)["Policy"]
    assert json.loads(told)["Statement"][0]["Effect"] == "Allow"
    refused_by_cli(
        house.aws("s3api", "get-bucket-cors", "--bucket", bucket), "NoSuchCORSConfiguration", "GetBucketCors"
    )


def test_a_bucket_is_waited_for(house, bucket):
    house.cli("s3api", "wait", "bucket-exists", "--bucket", bucket)
    house.cli("s3api", "wait", "object-not-exists", "--bucket", bucket, "--key", "none")

"""Keys are any text: none is normalised, shortened or mistaken for something else on its way."""

import pytest

from refusal import refused
from storage import ask, etag, keys_of, read

ODD = [
    "with space",
    " starts with one",
    "ends with one ",
    "a+b",
    "a%20b",
    "100%",
    "%2F",
    "//",
    "/leading",
    "a//b",
    "folder/",
    ".hidden",
    ".",
    "..",
    "a/./b",
    "a/../b",
    "größe/日本語/😀",
    "e\u0301 is not \u00e9",
    "q?a=b&c=d#e",
    "quote'\"<&>",
    "back\\slash",
    "semi;colon,comma:@=$!*()",
    "tilde~-_.",
    "tab\tand\nline",
    "acl",
    "a" * 1024,
]


@pytest.mark.parametrize("key", ODD, ids=ascii)
def test_an_odd_key_goes_round(s3, bucket, key):
    body = key.encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata={"is": "odd"})
    head = s3.head_object(Bucket=bucket, Key=key)
    assert (head["ETag"], head["Metadata"]) == (etag(body), {"is": "odd"})
    assert read(s3, bucket, key) == body
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == [key]
    assert keys_of(s3.list_objects_v2(Bucket=bucket, Prefix=key)) == [key]
    assert keys_of(s3.list_object_versions(Bucket=bucket), "Versions") == [key]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert read(s3, bucket, "copy") == body
    assert keys_of(s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]}), "Deleted") == [key]
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == ["copy"]


def test_a_presigned_url_takes_odd_keys_too(house, s3, bucket):
    signer = house.client("s3", signature_version="s3v4")
    for key in ["a b+c%20d/ü?x=1&y", "a//b", ".hidden", "folder/"]:
        put = signer.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": key})
        assert ask(house, "PUT", put, key.encode()).status == 200
        assert read(s3, bucket, key) == key.encode()


def test_keys_are_sorted_by_their_bytes(s3, bucket):
    keys = ["a", "a/", "a/b", "a0", "aa", "b", "B", "é", "z", "\uffee", "😀", "-", "~"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == sorted(keys, key=str.encode)


def test_equal_looking_keys_are_two(s3, bucket):
    s3.put_object(Bucket=bucket, Key="\u00e9", Body=b"one")
    s3.put_object(Bucket=bucket, Key="e\u0301", Body=b"two")
    assert (read(s3, bucket, "\u00e9"), read(s3, bucket, "e\u0301")) == (b"one", b"two")


def test_a_key_has_1024_bytes_at_most(s3, bucket):
    s3.put_object(Bucket=bucket, Key="ü" * 512, Body=b"")
    for key in ["a" * 1025, "ü" * 513]:
        with refused("KeyTooLongError", "Your key is too long", 400) as caught:
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
        assert caught.value.response["Error"]["MaxSizeAllowed"] == "1024"


def test_a_key_is_not_the_path_of_a_file(house, s3, bucket):
    s3.put_object(Bucket=bucket, Key="../../../etc/passwd", Body=b"mine")
    assert read(s3, bucket, "../../../etc/passwd") == b"mine"
    assert keys_of(s3.list_objects_v2(Bucket=bucket, Prefix="../")) == ["../../../etc/passwd"]

"""Listings: pages, prefixes, delimiters, in both of S3's ways to ask."""

import pytest

from refusal import refused
from storage import ask, etag, keys_of, prefixes_of, put_many

MANY = [f"d{number % 3}/{number:04}" for number in range(1500)]


@pytest.fixture(scope="module")
def full(s3):
    """A bucket with 1,500 objects in three folders."""
    s3.create_bucket(Bucket="full-of-keys")
    put_many(s3, "full-of-keys", MANY)
    return "full-of-keys"


@pytest.fixture
def tree(s3, bucket):
    put_many(s3, bucket, ["a.txt", "photos/2024/a", "photos/2024/b", "photos/2025/a", "photos/index", "z"], b"hello")
    return bucket


def test_an_entry_says_what_the_object_is(s3, tree):
    entry = s3.list_objects_v2(Bucket=tree, FetchOwner=True)["Contents"][0]
    assert (entry["Key"], entry["Size"], entry["ETag"]) == ("a.txt", 5, etag(b"hello"))
    assert entry["StorageClass"] == "STANDARD"
    assert entry["Owner"]["ID"] == s3.list_buckets()["Owner"]["ID"]
    assert entry["LastModified"] == s3.head_object(Bucket=tree, Key="a.txt")["LastModified"].replace(
        microsecond=entry["LastModified"].microsecond
    )
    assert "Owner" not in s3.list_objects_v2(Bucket=tree)["Contents"][0]
    assert "Owner" in s3.list_objects(Bucket=tree)["Contents"][0]


def test_a_page_has_a_thousand_and_says_so(s3, full):
    page = s3.list_objects_v2(Bucket=full)
    assert (page["KeyCount"], page["MaxKeys"], page["IsTruncated"]) == (1000, 1000, True)
    rest = s3.list_objects_v2(Bucket=full, ContinuationToken=page["NextContinuationToken"])
    assert (rest["KeyCount"], rest["IsTruncated"]) == (500, False)
    assert rest["ContinuationToken"] == page["NextContinuationToken"]
    assert "NextContinuationToken" not in rest
    assert keys_of(page) + keys_of(rest) == sorted(MANY)
    more = s3.list_objects_v2(Bucket=full, MaxKeys=5000)
    assert (more["KeyCount"], more["MaxKeys"]) == (1000, 1000)


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("size", [7, 500, 1000])
def test_pages_together_are_the_whole(s3, full, operation, size):
    pages = s3.get_paginator(operation).paginate(Bucket=full, PaginationConfig={"PageSize": size})
    found = [keys_of(page) for page in pages]
    assert sum(found, []) == sorted(MANY)
    assert max(len(keys) for keys in found) == size


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2", "list_object_versions"])
def test_pages_of_folders_name_each_once(s3, full, operation):
    pages = s3.get_paginator(operation).paginate(Bucket=full, Delimiter="/", PaginationConfig={"PageSize": 1})
    assert [prefixes_of(page) for page in pages] == [["d0/"], ["d1/"], ["d2/"]]


def test_versions_are_paged_too(s3, full):
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=full, PaginationConfig={"PageSize": 400})
    found = [keys_of(page, "Versions") for page in pages]
    assert [len(keys) for keys in found] == [400, 400, 400, 300]
    assert sum(found, []) == sorted(MANY)


def test_a_delimiter_makes_folders(s3, tree):
    top = s3.list_objects_v2(Bucket=tree, Delimiter="/")
    assert (keys_of(top), prefixes_of(top), top["KeyCount"]) == (["a.txt", "z"], ["photos/"], 3)
    inner = s3.list_objects_v2(Bucket=tree, Delimiter="/", Prefix="photos/")
    assert (keys_of(inner), prefixes_of(inner)) == (["photos/index"], ["photos/2024/", "photos/2025/"])
    assert (inner["Prefix"], inner["Delimiter"]) == ("photos/", "/")
    within = s3.list_objects_v2(Bucket=tree, Delimiter="/", Prefix="photos/20")
    assert prefixes_of(within) == ["photos/2024/", "photos/2025/"]


def test_a_delimiter_may_be_any_text(s3, tree):
    found = s3.list_objects_v2(Bucket=tree, Delimiter="20")
    assert (keys_of(found), prefixes_of(found)) == (["a.txt", "photos/index", "z"], ["photos/20"])


def test_a_page_of_keys_and_folders_is_filled_in_order(s3, tree):
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=tree, Delimiter="/", PaginationConfig={"PageSize": 2}
    )
    assert [(keys_of(page), prefixes_of(page)) for page in pages] == [(["a.txt"], ["photos/"]), (["z"], [])]


def test_a_listing_starts_after(s3, tree):
    found = s3.list_objects_v2(Bucket=tree, StartAfter="photos/2024/a")
    assert keys_of(found) == ["photos/2024/b", "photos/2025/a", "photos/index", "z"]
    assert found["StartAfter"] == "photos/2024/a"
    assert keys_of(s3.list_objects_v2(Bucket=tree, StartAfter="photos/index0")) == ["z"]


def test_the_older_way_continues_after_a_marker(s3, tree):
    page = s3.list_objects(Bucket=tree, MaxKeys=2)
    assert (keys_of(page), page["IsTruncated"]) == (["a.txt", "photos/2024/a"], True)
    # Without a delimiter the last key is the next marker.
    assert "NextMarker" not in page
    assert keys_of(s3.list_objects(Bucket=tree, Marker="photos/2025/a")) == ["photos/index", "z"]
    folders = s3.list_objects(Bucket=tree, MaxKeys=2, Delimiter="/")
    assert folders["NextMarker"] == "photos/"
    assert keys_of(s3.list_objects(Bucket=tree, Marker="photos/", Delimiter="/")) == ["z"]


def test_none_may_be_asked_for(s3, tree):
    page = s3.list_objects_v2(Bucket=tree, MaxKeys=0)
    assert (page["KeyCount"], page["IsTruncated"]) == (0, False)
    assert "Contents" not in page


def test_a_prefix_without_keys_is_an_empty_list(s3, tree):
    page = s3.list_objects_v2(Bucket=tree, Prefix="none/")
    assert page["KeyCount"] == 0
    assert "Contents" not in page and "CommonPrefixes" not in page


def test_nonsense_is_refused(s3, tree):
    with refused("InvalidArgument", "The continuation token provided is incorrect", 400):
        s3.list_objects_v2(Bucket=tree, ContinuationToken="made up")
    with refused("InvalidArgument", status=400):
        s3.list_objects_v2(Bucket=tree, MaxKeys=-1)
    with refused("InvalidArgument", "Invalid Encoding Method specified in Request", 400):
        s3.list_objects_v2(Bucket=tree, EncodingType="base64")


def test_keys_are_encoded_where_that_is_asked(house, s3, bucket):
    put_many(s3, bucket, ["a b/ü", "a b/x+y"])
    signer = house.client("s3", signature_version="s3v4")
    url = signer.generate_presigned_url("list_objects_v2", Params={"Bucket": bucket, "EncodingType": "url"})
    reply = ask(house, "GET", url)
    assert reply.texts("Key") == ["a+b/x%2By", "a+b/%C3%BC"]
    assert reply.text("EncodingType") == "url"
    plain = ask(house, "GET", signer.generate_presigned_url("list_objects", Params={"Bucket": bucket}))
    assert plain.status == 200
    assert b'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"' in plain.body


def test_a_listing_is_of_this_moment(s3, bucket):
    put_many(s3, bucket, ["a", "b", "c", "d"])
    page = s3.list_objects_v2(Bucket=bucket, MaxKeys=2)
    s3.delete_object(Bucket=bucket, Key="b")
    s3.delete_object(Bucket=bucket, Key="c")
    s3.put_object(Bucket=bucket, Key="bb", Body=b"")
    rest = s3.list_objects_v2(Bucket=bucket, MaxKeys=2, ContinuationToken=page["NextContinuationToken"])
    assert keys_of(rest) == ["bb", "d"]

"""Who may: users by their own policies, everybody by the bucket's, nobody by default."""

import pytest
from botocore import UNSIGNED

from house import Keys
from people import allow, deny, document, make_user, user_arn
from refusal import refused
from storage import ask, keys_of, read

OWNER = Keys("111111111111", "any")
NEIGHBOUR = Keys("222222222222", "any")


def arn(bucket: str, keys: str = "") -> str:
    return f"arn:aws:s3:::{bucket}{keys}"


@pytest.fixture(scope="module")
def nobody(house):
    return house.client("s3", signature_version=UNSIGNED)


@pytest.fixture
def filled(s3, bucket):
    for key in ["in/a", "in/b", "out/a"]:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    return bucket


def test_a_user_without_a_policy_may_nothing(house, filled):
    user = house.client("s3", make_user(house, "s3-nothing"))
    start = f"User: {user_arn('s3-nothing')} is not authorized to perform: s3:"
    with refused("AccessDenied", status=403, starts=start + "GetObject on resource: "):
        user.get_object(Bucket=filled, Key="in/a")
    with refused("AccessDenied", status=403, starts=start + "PutObject on resource: "):
        user.put_object(Bucket=filled, Key="in/a", Body=b"")
    with refused("AccessDenied", status=403, starts=start + "ListBucket on resource: "):
        user.list_objects_v2(Bucket=filled)
    with refused("AccessDenied", status=403, starts=start + "ListAllMyBuckets"):
        user.list_buckets()
    with refused("AccessDenied", status=403, starts=start + "CreateBucket on resource: "):
        user.create_bucket(Bucket="s3-nothing")
    with refused("403", "Forbidden", 403):
        user.head_object(Bucket=filled, Key="in/a")


def test_a_user_may_read_below_a_prefix(house, filled):
    user = house.client("s3", make_user(house, "s3-reader", allow("s3:GetObject", arn(filled, "/in/*"))))
    assert read(user, filled, "in/a") == b"in/a"
    assert user.head_object(Bucket=filled, Key="in/b")["ContentLength"] == 4
    for key in ["out/a", "in"]:
        with refused("AccessDenied", status=403):
            user.get_object(Bucket=filled, Key=key)
    with refused("AccessDenied"):
        user.put_object(Bucket=filled, Key="in/a", Body=b"")
    with refused("AccessDenied"):
        user.delete_object(Bucket=filled, Key="in/a")


def test_whether_a_key_is_there_is_told_to_those_who_may_list(house, filled):
    reader = house.client("s3", make_user(house, "s3-blind", allow("s3:GetObject", arn(filled, "/*"))))
    with refused("AccessDenied", status=403):
        reader.get_object(Bucket=filled, Key="in/none")
    with refused("403", status=403):
        reader.head_object(Bucket=filled, Key="in/none")
    both = [allow("s3:GetObject", arn(filled, "/*")), allow("s3:ListBucket", arn(filled))]
    lister = house.client("s3", make_user(house, "s3-seeing", *both))
    with refused("NoSuchKey", status=404):
        lister.get_object(Bucket=filled, Key="in/none")


def test_a_user_may_list_below_a_prefix(house, filled):
    below = allow("s3:ListBucket", arn(filled), Condition={"StringLike": {"s3:prefix": ["in/*"]}})
    user = house.client("s3", make_user(house, "s3-lister", below))
    assert keys_of(user.list_objects_v2(Bucket=filled, Prefix="in/")) == ["in/a", "in/b"]
    for prefix in ["", "out/"]:
        with refused("AccessDenied"):
            user.list_objects_v2(Bucket=filled, Prefix=prefix)


def test_a_version_is_another_permission(house, s3, filled):
    s3.put_bucket_versioning(Bucket=filled, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=filled, Key="in/a", Body=b"1")["VersionId"]
    user = house.client("s3", make_user(house, "s3-current", allow("s3:GetObject", arn(filled, "/*"))))
    read(user, filled, "in/a")
    with refused("AccessDenied") as caught:
        user.get_object(Bucket=filled, Key="in/a", VersionId=version)
    assert "s3:GetObjectVersion" in str(caught.value)


def test_a_copy_reads_there_and_writes_here(house, filled):
    reading, writing = allow("s3:GetObject", arn(filled, "/in/*")), allow("s3:PutObject", arn(filled, "/out/*"))
    user = house.client("s3", make_user(house, "s3-copier", reading, writing, allow("s3:GetObjectTagging")))
    user.copy_object(Bucket=filled, Key="out/b", CopySource={"Bucket": filled, "Key": "in/b"})
    with refused("AccessDenied"):
        user.copy_object(Bucket=filled, Key="out/b", CopySource={"Bucket": filled, "Key": "out/a"})
    with refused("AccessDenied"):
        user.copy_object(Bucket=filled, Key="in/b", CopySource={"Bucket": filled, "Key": "in/a"})


def test_of_a_batch_each_key_is_asked_for(house, s3, filled):
    user = house.client("s3", make_user(house, "s3-deleter", allow("s3:DeleteObject", arn(filled, "/in/*"))))
    answer = user.delete_objects(Bucket=filled, Delete={"Objects": [{"Key": "in/a"}, {"Key": "out/a"}]})
    assert keys_of(answer, "Deleted") == ["in/a"]
    [error] = answer["Errors"]
    assert (error["Key"], error["Code"]) == ("out/a", "AccessDenied")
    assert keys_of(s3.list_objects_v2(Bucket=filled)) == ["in/b", "out/a"]


def test_tags_of_an_object_can_open_it(house, s3, filled):
    s3.put_object(Bucket=filled, Key="in/a", Body=b"1", Tagging="open=yes")
    when = {"StringEquals": {"s3:ExistingObjectTag/open": "yes"}}
    user = house.client("s3", make_user(house, "s3-tagged", allow("s3:GetObject", arn(filled, "/*"), Condition=when)))
    assert read(user, filled, "in/a") == b"1"
    with refused("AccessDenied"):
        user.get_object(Bucket=filled, Key="in/b")


def test_a_bucket_lets_a_user_in(house, s3, filled):
    user = house.client("s3", make_user(house, "s3-guest"))
    with refused("AccessDenied"):
        user.get_object(Bucket=filled, Key="in/a")
    principal = {"AWS": user_arn("s3-guest")}
    policy = document(allow("s3:GetObject", arn(filled, "/in/*"), Principal=principal))
    s3.put_bucket_policy(Bucket=filled, Policy=policy)
    assert read(user, filled, "in/a") == b"in/a"
    with refused("AccessDenied"):
        user.get_object(Bucket=filled, Key="out/a")
    s3.delete_bucket_policy(Bucket=filled)
    with refused("AccessDenied"):
        user.get_object(Bucket=filled, Key="in/a")


def test_a_bucket_keeps_a_user_out(house, s3, filled):
    user = house.client("s3", make_user(house, "s3-banned", allow("s3:*")))
    principal = {"AWS": user_arn("s3-banned")}
    policy = document(deny("s3:GetObject", arn(filled, "/in/*"), Principal=principal))
    s3.put_bucket_policy(Bucket=filled, Policy=policy)
    with refused("AccessDenied", status=403) as caught:
        user.get_object(Bucket=filled, Key="in/a")
    assert "with an explicit deny in a resource-based policy" in str(caught.value)
    assert read(user, filled, "out/a") == b"out/a"


def test_nobody_is_let_in_by_default(house, nobody, filled):
    with refused("AccessDenied", status=403):
        nobody.get_object(Bucket=filled, Key="in/a")
    with refused("AccessDenied", status=403):
        nobody.list_objects_v2(Bucket=filled)
    with refused("AccessDenied", status=403):
        nobody.put_object(Bucket=filled, Key="in/a", Body=b"")
    reply = ask(house, "GET", f"/{filled}/in/a")
    assert (reply.status, reply.code(), reply.text("Message")) == (403, "AccessDenied", "Access Denied")


def test_everybody_is_let_in_where_the_bucket_says_so(house, s3, nobody, filled):
    s3.delete_public_access_block(Bucket=filled)
    policy = document(allow("s3:GetObject", arn(filled, "/in/*"), Principal="*"))
    s3.put_bucket_policy(Bucket=filled, Policy=policy)
    assert read(nobody, filled, "in/a") == b"in/a"
    reply = ask(house, "GET", f"/{filled}/in/a", headers={"Range": "bytes=1-"})
    assert (reply.status, reply.body) == (206, b"n/a")
    for key in ["out/a", "in"]:
        with refused("AccessDenied", status=403):
            nobody.get_object(Bucket=filled, Key=key)
    with refused("AccessDenied", status=403):
        nobody.delete_object(Bucket=filled, Key="in/a")


def test_the_block_closes_what_a_policy_opened(s3, nobody, filled):
    s3.delete_public_access_block(Bucket=filled)
    policy = document(allow("s3:GetObject", arn(filled, "/*"), Principal="*"))
    s3.put_bucket_policy(Bucket=filled, Policy=policy)
    assert read(nobody, filled, "in/a") == b"in/a"
    s3.put_public_access_block(Bucket=filled, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    with refused("AccessDenied", status=403):
        nobody.get_object(Bucket=filled, Key="in/a")
    assert read(s3, filled, "in/a") == b"in/a"


def test_a_bucket_can_ask_for_encryption(house, s3, filled):
    when = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    policy = document(deny("s3:PutObject", arn(filled, "/*"), Principal="*", Condition=when))
    s3.put_bucket_policy(Bucket=filled, Policy=policy)
    user = house.client("s3", make_user(house, "s3-writer", allow("s3:*")))
    with refused("AccessDenied"):
        user.put_object(Bucket=filled, Key="k", Body=b"")
    user.put_object(Bucket=filled, Key="k", Body=b"", ServerSideEncryption="aws:kms")


def test_another_account_needs_both_policies(open_house):
    house = open_house("--ephemeral", "--auth", "off")
    owner, neighbour = house.client("s3", OWNER), house.client("s3", NEIGHBOUR)
    owner.create_bucket(Bucket="shared")
    owner.put_object(Bucket="shared", Key="k", Body=b"over the fence")
    with refused("AccessDenied"):
        neighbour.get_object(Bucket="shared", Key="k")
    policy = document(allow(["s3:GetObject", "s3:PutObject"], arn("shared", "/*"), Principal={"AWS": "222222222222"}))
    owner.put_bucket_policy(Bucket="shared", Policy=policy)
    assert read(neighbour, "shared", "k") == b"over the fence"
    neighbour.put_object(Bucket="shared", Key="l", Body=b"back")
    assert read(owner, "shared", "l") == b"back"
    with refused("AccessDenied"):
        neighbour.list_objects_v2(Bucket="shared")


def test_a_wrong_secret_is_refused_in_s3s_words(house, bucket):
    start = "The request signature we calculated does not match the signature you provided."
    with refused("SignatureDoesNotMatch", status=403, starts=start):
        house.client("s3", Keys("test", "guess")).list_objects_v2(Bucket=bucket)
    with refused("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403):
        house.client("s3", Keys("AKIAIOSFODNN7EXAMPLE", "x")).list_buckets()
    with refused("InvalidToken", "The provided token is malformed or otherwise invalid.", 400):
        house.client("s3", Keys("test", "test", "made-up")).list_buckets()


def test_the_ledger_names_who_did_what_to_which_object(house, filled):
    user = house.client("s3", make_user(house, "s3-seen", allow("s3:GetObject", arn(filled, "/in/*"))))
    read(user, filled, "in/a")
    with refused("AccessDenied"):
        user.get_object(Bucket=filled, Key="out/a")
    suggested = house.haar("iam", "suggest", "--principal", "user/s3-seen").stdout
    assert "s3:GetObject" in suggested
    assert arn(filled, "/in/a") in suggested and arn(filled, "/out/a") in suggested

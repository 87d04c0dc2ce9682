"""What a bucket can be told: each configuration's answer before, its round trip, its end, and what it refuses."""

import json

import pytest

from house import ACCOUNT
from people import allow, document
from refusal import refused
from storage import ask, ask_signed

XML_INVALID = "The XML you provided was not well-formed or did not validate against our published schema"


@pytest.mark.parametrize(
    "operation, code, message",
    [
        ("get_bucket_policy", "NoSuchBucketPolicy", "The bucket policy does not exist"),
        ("get_bucket_policy_status", "NoSuchBucketPolicy", "The bucket policy does not exist"),
        ("get_bucket_tagging", "NoSuchTagSet", "The TagSet does not exist"),
        ("get_bucket_cors", "NoSuchCORSConfiguration", "The CORS configuration does not exist"),
        (
            "get_bucket_lifecycle_configuration",
            "NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist",
        ),
    ],
)
def test_what_was_never_set_is_not_found(s3, bucket, operation, code, message):
    with refused(code, message, 404) as caught:
        getattr(s3, operation)(Bucket=bucket)
    assert caught.value.response["Error"]["BucketName"] == bucket


def test_a_new_bucket_has_what_aws_gives_all_since_2023(s3, bucket):
    [rule] = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert rule["BucketKeyEnabled"] is False
    [rule] = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rule == {"ObjectOwnership": "BucketOwnerEnforced"}
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }


def test_a_new_bucket_has_no_versions_and_tells_nobody(s3, bucket):
    assert set(s3.get_bucket_versioning(Bucket=bucket)) == {"ResponseMetadata"}
    assert set(s3.get_bucket_notification_configuration(Bucket=bucket)) == {"ResponseMetadata"}


def test_a_new_bucket_is_its_owners(s3, bucket):
    acl = s3.get_bucket_acl(Bucket=bucket)
    [grant] = acl["Grants"]
    assert grant["Permission"] == "FULL_CONTROL"
    assert (grant["Grantee"]["Type"], grant["Grantee"]["ID"]) == ("CanonicalUser", acl["Owner"]["ID"])


def test_versioning_goes_on_and_is_only_ever_suspended(s3, bucket):
    for status in ["Enabled", "Suspended"]:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == status
    with refused("MalformedXML", XML_INVALID, 400):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Off"})


def test_tags_are_replaced_as_a_whole_and_deleted(s3, bucket):
    for tags in [[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "ü"}], [{"Key": "c", "Value": ""}]]:
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
        assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    gone = s3.delete_bucket_tagging(Bucket=bucket)
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)


def test_bad_tags_are_refused(s3, bucket):
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    for tags in [twice, [{"Key": "aws:mine", "Value": "1"}]]:
        with refused("InvalidTag", status=400):
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})


def test_a_policy_reads_back_as_it_was_written(s3, bucket):
    policy = document(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": ACCOUNT}))
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]["Action"] == "s3:GetObject"
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}
    s3.delete_bucket_policy(Bucket=bucket)
    with refused("NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=bucket)


def test_a_public_policy_is_public(s3, bucket):
    policy = document(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal="*"))
    with refused("AccessDenied", status=403):
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": True}


@pytest.mark.parametrize("broken", ["{", "[]", '{"Version": "2012-10-17", "Statement": []}'])
def test_a_policy_that_is_none_is_refused(s3, bucket, broken):
    with refused("MalformedPolicy", status=400):
        s3.put_bucket_policy(Bucket=bucket, Policy=broken)


def test_a_policy_must_be_about_its_bucket(s3, bucket):
    policy = document(allow("s3:GetObject", "arn:aws:s3:::another/*", Principal={"AWS": ACCOUNT}))
    with refused("MalformedPolicy", "Policy has invalid resource", 400):
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    policy = document(allow("sqs:SendMessage", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": ACCOUNT}))
    with refused("MalformedPolicy", "Policy has invalid action", 400):
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)


CORS = {
    "CORSRules": [
        {
            "ID": "shop",
            "AllowedOrigins": ["https://*.example.com"],
            "AllowedMethods": ["GET", "PUT"],
            "AllowedHeaders": ["content-*", "x-amz-*"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 3000,
        }
    ]
}


def test_cors_rules_read_back_and_are_deleted(s3, bucket):
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=CORS)
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == CORS["CORSRules"]
    s3.delete_bucket_cors(Bucket=bucket)
    with refused("NoSuchCORSConfiguration"):
        s3.get_bucket_cors(Bucket=bucket)


def preflight(house, bucket: str, origin: str, method: str, headers: str | None = None):
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    asked |= {"Access-Control-Request-Headers": headers} if headers else {}
    return ask(house, "OPTIONS", f"/{bucket}/k", headers=asked)


def test_a_browser_is_let_in_as_the_rules_say(house, s3, bucket):
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=CORS)
    reply = preflight(house, bucket, "https://a.example.com", "PUT", "content-type, x-amz-meta-a")
    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == "https://a.example.com"
    assert reply.headers["access-control-allow-methods"] == "GET, PUT"
    assert reply.headers["access-control-allow-headers"] == "content-type, x-amz-meta-a"
    assert reply.headers["access-control-expose-headers"] == "ETag"
    assert reply.headers["access-control-max-age"] == "3000"
    assert "Origin" in reply.headers["vary"]


@pytest.mark.parametrize(
    "origin, method, headers",
    [
        ("https://example.org", "GET", None),
        ("https://a.example.com", "DELETE", None),
        ("https://a.example.com", "GET", "authorization"),
    ],
)
def test_a_browser_is_kept_out_as_the_rules_say(house, s3, bucket, origin, method, headers):
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=CORS)
    reply = preflight(house, bucket, origin, method, headers)
    assert (reply.status, reply.code()) == (403, "AccessForbidden")
    assert reply.text("Message").startswith("CORSResponse: This CORS request is not allowed.")


def test_a_browser_is_kept_out_where_there_are_no_rules(house, bucket):
    reply = preflight(house, bucket, "https://a.example.com", "GET")
    assert (reply.status, reply.code()) == (403, "AccessForbidden")
    assert reply.text("Message").startswith("CORSResponse: CORS is not enabled for this bucket.")


def test_an_answer_tells_the_browser_what_it_may_read(house, s3, bucket):
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=CORS)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = house.client("s3", signature_version="s3v4").generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "k"}
    )
    reply = ask(house, "GET", url, headers={"Origin": "https://a.example.com"})
    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == "https://a.example.com"
    assert reply.headers["access-control-expose-headers"] == "ETag"
    stranger = ask(house, "GET", url, headers={"Origin": "https://example.org"})
    assert stranger.status == 200 and "access-control-allow-origin" not in stranger.headers


def test_a_cors_rule_with_another_method_is_refused(s3, bucket):
    rules = {"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["PATCH"]}]}
    message = "Found unsupported HTTP method in CORS config. Unsupported method is PATCH"
    with refused("InvalidRequest", message, 400):
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=rules)


def test_lifecycle_rules_read_back_and_are_deleted(s3, bucket):
    rules = [
        {
            "ID": "logs",
            "Status": "Enabled",
            "Filter": {"Prefix": "logs/"},
            "Expiration": {"Days": 30},
            "Transitions": [{"Days": 10, "StorageClass": "GLACIER"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 5, "NewerNoncurrentVersions": 2},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
        {
            "ID": "small",
            "Status": "Disabled",
            "Filter": {
                "And": {
                    "Prefix": "s/",
                    "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
                    "ObjectSizeLessThan": 9,
                }
            },
            "Expiration": {"Days": 1},
        },
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
    s3.delete_bucket_lifecycle(Bucket=bucket)
    with refused("NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


def test_a_lifecycle_rule_that_does_nothing_is_refused(s3, bucket):
    rule = {"ID": "idle", "Status": "Enabled", "Filter": {"Prefix": ""}}
    message = "At least one action needs to be specified in a rule"
    with refused("InvalidRequest", message, 400):
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})


def test_a_lifecycle_rule_of_no_days_is_refused(s3, bucket):
    rule = {"ID": "now", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 0}}
    with refused("InvalidArgument", "'Days' for Expiration action must be a positive integer", 400):
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})


def test_lifecycle_rules_have_names_of_their_own(s3, bucket):
    rule = {"ID": "same", "Status": "Enabled", "Filter": {"Prefix": "a"}, "Expiration": {"Days": 1}}
    twice = {"Rules": [rule, rule | {"Filter": {"Prefix": "b"}}]}
    with refused("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule", 400):
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=twice)


def test_default_encryption_reads_back_and_marks_new_objects(s3, bucket):
    key = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    [rule] = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == default
    assert rule["BucketKeyEnabled"] is True
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    head = s3.head_object(Bucket=bucket, Key="k")
    for answer in [put, head]:
        assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms", key)
        assert answer["BucketKeyEnabled"] is True
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"


def test_ownership_reads_back_and_is_deleted(s3, bucket):
    for ownership in ["BucketOwnerPreferred", "BucketOwnerEnforced"]:
        s3.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]}
        )
        [rule] = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        assert rule["ObjectOwnership"] == ownership
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    with refused("OwnershipControlsNotFoundError", "The bucket ownership controls were not found", 404):
        s3.get_bucket_ownership_controls(Bucket=bucket)


def test_the_public_access_block_reads_back_and_is_deleted(s3, bucket):
    block = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": False,
    }
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == block
    s3.delete_public_access_block(Bucket=bucket)
    message = "The public access block configuration was not found"
    with refused("NoSuchPublicAccessBlockConfiguration", message, 404):
        s3.get_public_access_block(Bucket=bucket)


def test_acls_are_refused_where_the_owner_has_all(s3, bucket):
    message = "The bucket does not allow ACLs"
    with refused("AccessControlListNotSupported", message, 400):
        s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    with refused("AccessControlListNotSupported", message, 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="public-read")
    s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="bucket-owner-full-control")


@pytest.mark.parametrize("broken", [b"<VersioningConfiguration", b"<Other/>", b""])
def test_a_configuration_that_is_no_xml_is_refused(house, bucket, broken):
    reply = ask_signed(house, "PUT", f"/{bucket}?versioning", broken)
    assert reply.status == 400
    # A document of another kind is refused for what it lacks: roots are not looked at.
    assert reply.code() in ("MalformedXML", "MissingRequestBodyError", "IllegalVersioningConfigurationException")


def test_an_object_is_its_owners(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    acl = s3.get_object_acl(Bucket=bucket, Key="k")
    [grant] = acl["Grants"]
    assert (grant["Permission"], grant["Grantee"]["ID"]) == ("FULL_CONTROL", acl["Owner"]["ID"])
    with refused("AccessControlListNotSupported", "The bucket does not allow ACLs", 400):
        s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")


def test_what_is_not_honoured_is_refused(s3, bucket):
    with refused("NotImplemented", status=501):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey=b"k" * 32)
    with refused("InvalidRequest", "Bucket is missing Object Lock Configuration", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ObjectLockLegalHoldStatus="ON")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

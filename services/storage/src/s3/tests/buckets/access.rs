//! Who may come in: bucket policies, Block Public Access, actions and condition keys.

use std::sync::Arc;

use haar_gateway::testkit::{ACCOUNT, FixedAuthority, REGION};
use haar_platform::kernel::caller::Permissions;
use haar_platform::kernel::{AccountId, Authority, Body, Caller};
use haar_platform::policy::{Document, Kind, Principal, Source, SourceKind};
use haar_platform::store::Config;
use serde_json::{Value, json};

use super::*;

const OTHER: &str = "111111111111";

fn user(account: &str, name: &str) -> Arc<Caller> {
    let account_id = AccountId::parse(account).unwrap();
    let arn = format!("arn:aws:iam::{account}:user/{name}");
    let unique_id = format!("AIDA{:A>17}", name.to_uppercase());
    let principal = Principal::User { arn: arn.clone(), account: account.into(), unique_id: unique_id.clone() };
    Arc::new(Caller { principal, arn, user_id: unique_id, ..Caller::root(&account_id) })
}

/// A house with `lake`, and a user who has one policy of its own.
async fn house_with(caller: &Caller, policy: Value) -> Bench {
    let document = Arc::new(Document::parse(&policy.to_string(), Kind::Identity).unwrap());
    let source = Source { id: "Own".into(), arn: None, kind: SourceKind::User, document };
    let permissions = Arc::new(Permissions { identity: vec![source], ..Permissions::default() });
    let mut authority = FixedAuthority::default();
    authority.permissions.insert(caller.arn.clone(), permissions);
    let house = TestHouse::with_authority(Config::in_memory(), |platform| {
        (vec![crate::s3::service(platform)], Arc::new(authority) as Arc<dyn Authority>)
    });
    let bench = Bench { house };
    bench.create_bucket("lake").await;
    bench
}

fn allowing(action: &str, resource: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": action, "Resource": resource }],
    })
}

fn bucket_policy(effect: &str, principal: Value, action: &str, resource: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": effect, "Principal": principal, "Action": action, "Resource": resource }],
    })
    .to_string()
}

async fn set_policy(bench: &Bench, policy: String) -> Result<(), Fault> {
    let input = PutBucketPolicyRequest { bucket: "lake".into(), policy, ..Default::default() };
    bench.house.call::<PutBucketPolicy>(input).await
}

async fn get_policy_as(bench: &Bench, caller: &Arc<Caller>) -> Result<GetBucketPolicyOutput, Fault> {
    let input = GetBucketPolicyRequest { bucket: "lake".into(), expected_bucket_owner: None };
    bench.house.call_as::<GetBucketPolicy>(caller, REGION, input).await
}

async fn delete_policy(bench: &Bench) -> Result<(), Fault> {
    let input = DeleteBucketPolicyRequest { bucket: "lake".into(), expected_bucket_owner: None };
    bench.house.call::<DeleteBucketPolicy>(input).await
}

async fn head_as(bench: &Bench, caller: &Arc<Caller>) -> Result<HeadBucketOutput, Fault> {
    let input = HeadBucketRequest { bucket: "lake".into(), expected_bucket_owner: None };
    bench.house.call_as::<HeadBucket>(caller, REGION, input).await
}

async fn open_to_public(bench: &Bench) {
    let input = DeletePublicAccessBlockRequest { bucket: "lake".into(), expected_bucket_owner: None };
    bench.house.call::<DeletePublicAccessBlock>(input).await.unwrap();
}

async fn is_public(bench: &Bench) -> bool {
    let input = GetBucketPolicyStatusRequest { bucket: "lake".into(), expected_bucket_owner: None };
    bench.house.call::<GetBucketPolicyStatus>(input).await.unwrap().policy_status.unwrap().is_public.unwrap()
}

#[tokio::test]
async fn a_policy_is_kept_as_it_was_written() {
    let bench = Bench::with_bucket("lake").await;
    let root = bench.house.root(ACCOUNT);
    refused(get_policy_as(&bench, &root).await, "NoSuchBucketPolicy", "The bucket policy does not exist");
    let text = format!("  {}  ", bucket_policy("Allow", json!({ "AWS": OTHER }), "s3:ListBucket", "arn:aws:s3:::lake"));
    set_policy(&bench, text.clone()).await.unwrap();
    assert_eq!(get_policy_as(&bench, &root).await.unwrap().policy.unwrap(), text);
    assert!(!is_public(&bench).await);
    delete_policy(&bench).await.unwrap();
    delete_policy(&bench).await.unwrap();
    refused(get_policy_as(&bench, &root).await, "NoSuchBucketPolicy", "The bucket policy does not exist");
}

#[tokio::test]
async fn a_policy_about_something_else_is_malformed() {
    let bench = Bench::with_bucket("lake").await;
    let elsewhere = bucket_policy("Allow", json!({ "AWS": OTHER }), "s3:ListBucket", "arn:aws:s3:::sea");
    refused(set_policy(&bench, elsewhere).await, "MalformedPolicy", "Policy has invalid resource");
}

#[tokio::test]
async fn a_policy_lets_another_account_in() {
    let stranger = user(OTHER, "ann");
    let bench = house_with(&stranger, allowing("s3:ListBucket", "arn:aws:s3:::lake")).await;
    assert_eq!(&*head_as(&bench, &stranger).await.unwrap_err().code, "AccessDenied");
    set_policy(&bench, bucket_policy("Allow", json!({ "AWS": OTHER }), "s3:ListBucket", "arn:aws:s3:::lake"))
        .await
        .unwrap();
    head_as(&bench, &stranger).await.unwrap();
}

#[tokio::test]
async fn policies_are_the_business_of_the_owners_account() {
    let stranger = user(OTHER, "ann");
    let bench = house_with(&stranger, allowing("s3:*", "*")).await;
    set_policy(&bench, bucket_policy("Allow", json!({ "AWS": OTHER }), "s3:*", "arn:aws:s3:::lake")).await.unwrap();
    let fault = get_policy_as(&bench, &stranger).await.unwrap_err();
    assert_eq!((&*fault.code, fault.status), ("MethodNotAllowed", 405));
}

#[tokio::test]
async fn a_policy_that_denies_everybody_can_be_removed_by_root_alone() {
    let bench = Bench::with_bucket("lake").await;
    set_policy(&bench, bucket_policy("Deny", json!("*"), "s3:*", "arn:aws:s3:::lake")).await.unwrap();
    let root = bench.house.root(ACCOUNT);
    assert_eq!(&*head_as(&bench, &root).await.unwrap_err().code, "AccessDenied");
    delete_policy(&bench).await.unwrap();
    head_as(&bench, &root).await.unwrap();
}

#[tokio::test]
async fn public_policies_are_blocked_until_allowed() {
    let bench = Bench::with_bucket("lake").await;
    let public = bucket_policy("Allow", json!("*"), "s3:ListBucket", "arn:aws:s3:::lake");
    refused(set_policy(&bench, public.clone()).await, "AccessDenied", "Access Denied");
    open_to_public(&bench).await;
    set_policy(&bench, public).await.unwrap();
    assert!(is_public(&bench).await);
}

#[tokio::test]
async fn a_public_policy_opens_the_bucket_unless_that_is_restricted() {
    let bench = Bench::with_bucket("lake").await;
    let nobody = Arc::new(Caller::anonymous(&AccountId::parse(OTHER).unwrap()));
    assert_eq!(&*head_as(&bench, &nobody).await.unwrap_err().code, "AccessDenied");
    open_to_public(&bench).await;
    set_policy(&bench, bucket_policy("Allow", json!("*"), "s3:ListBucket", "arn:aws:s3:::lake")).await.unwrap();
    head_as(&bench, &nobody).await.unwrap();

    let public_access_block_configuration =
        PublicAccessBlockConfiguration { restrict_public_buckets: Some(true), ..Default::default() };
    let input =
        PutPublicAccessBlockRequest { bucket: "lake".into(), public_access_block_configuration, ..Default::default() };
    bench.house.call::<PutPublicAccessBlock>(input).await.unwrap();
    assert_eq!(&*head_as(&bench, &nobody).await.unwrap_err().code, "AccessDenied");
    head_as(&bench, &bench.house.root(ACCOUNT)).await.unwrap();
}

#[tokio::test]
async fn operations_are_authorized_as_their_own_actions() {
    let bob = user(ACCOUNT, "bob");
    let bench = house_with(&bob, allowing("s3:PutLifecycleConfiguration", "arn:aws:s3:::lake")).await;
    let input = DeleteBucketLifecycleRequest { bucket: "lake".into(), expected_bucket_owner: None };
    bench.house.call_as::<DeleteBucketLifecycle>(&bob, REGION, input).await.unwrap();
    let input = DeleteBucketCorsRequest { bucket: "lake".into(), expected_bucket_owner: None };
    let fault = bench.house.call_as::<DeleteBucketCors>(&bob, REGION, input).await.unwrap_err();
    assert_eq!(&*fault.code, "AccessDenied");
    assert!(fault.message.contains("s3:PutBucketCORS"), "{}", fault.message);
}

#[tokio::test]
async fn conditions_see_what_part_of_a_bucket_is_listed() {
    let bob = user(ACCOUNT, "bob");
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::lake",
            "Condition": { "StringLike": { "s3:prefix": "home/bob/*" } },
        }],
    });
    let bench = house_with(&bob, policy).await;
    let list = async |prefix: Option<&str>| {
        let input =
            ListObjectsV2Request { bucket: "lake".into(), prefix: prefix.map(str::to_owned), ..Default::default() };
        bench.house.call_as::<ListObjectsV2>(&bob, REGION, input).await
    };
    list(Some("home/bob/notes")).await.unwrap();
    assert_eq!(&*list(Some("home/eve/")).await.unwrap_err().code, "AccessDenied");
    assert_eq!(&*list(None).await.unwrap_err().code, "AccessDenied");
}

#[tokio::test]
async fn of_a_batch_each_key_is_asked_for() {
    let bob = user(ACCOUNT, "bob");
    let bench = house_with(&bob, allowing("s3:DeleteObject", "arn:aws:s3:::lake/own/*")).await;
    let delete = async |keys: &[&str]| {
        let objects =
            keys.iter().map(|key| ObjectIdentifier { key: (*key).into(), ..ObjectIdentifier::default() }).collect();
        let input = DeleteObjectsRequest {
            bucket: "lake".into(),
            delete: Delete { objects, quiet: None },
            ..Default::default()
        };
        bench.house.call_as::<DeleteObjects>(&bob, REGION, input).await
    };
    let output = delete(&["own/a", "other", "own/b"]).await.unwrap();
    let deleted: Vec<_> = output.deleted.iter().flatten().map(|object| object.key.as_deref().unwrap()).collect();
    assert_eq!(deleted, ["own/a", "own/b"]);
    let errors = output.errors.unwrap();
    assert_eq!(
        (errors.len(), errors[0].key.as_deref(), errors[0].code.as_deref()),
        (1, Some("other"), Some("AccessDenied"))
    );
}

async fn put(bench: &Bench, caller: &Arc<Caller>, key: &str, tagging: Option<&str>) -> Result<PutObjectOutput, Fault> {
    let input = PutObjectRequest {
        bucket: "lake".into(),
        key: key.into(),
        body: Body::full("x"),
        tagging: tagging.map(str::to_owned),
        ..Default::default()
    };
    bench.house.call_as::<PutObject>(caller, REGION, input).await
}

async fn head_object(bench: &Bench, caller: &Arc<Caller>, key: &str, version: Option<String>) -> Result<(), Fault> {
    let input = HeadObjectRequest { bucket: "lake".into(), key: key.into(), version_id: version, ..Default::default() };
    bench.house.call_as::<HeadObject>(caller, REGION, input).await.map(|_| ())
}

#[tokio::test]
async fn conditions_see_the_tags_of_objects() {
    let bob = user(ACCOUNT, "bob");
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/*",
                "Condition": { "StringEquals": { "s3:ExistingObjectTag/team": "data" } },
            },
            {
                "Effect": "Allow", "Action": ["s3:PutObject", "s3:PutObjectTagging"], "Resource": "arn:aws:s3:::lake/*",
                "Condition": { "StringEquals": { "s3:RequestObjectTag/team": "data" } },
            },
        ],
    });
    let bench = house_with(&bob, policy).await;
    let root = bench.house.root(ACCOUNT);
    put(&bench, &bob, "ours", Some("team=data")).await.unwrap();
    assert_eq!(&*put(&bench, &bob, "ours", Some("team=web")).await.unwrap_err().code, "AccessDenied");
    assert_eq!(&*put(&bench, &bob, "ours", None).await.unwrap_err().code, "AccessDenied");
    put(&bench, &root, "theirs", Some("team=web")).await.unwrap();
    head_object(&bench, &bob, "ours", None).await.unwrap();
    assert_eq!(&*head_object(&bench, &bob, "theirs", None).await.unwrap_err().code, "AccessDenied");
}

#[tokio::test]
async fn a_version_by_its_id_needs_another_permission() {
    let bob = user(ACCOUNT, "bob");
    let bench = house_with(&bob, allowing("s3:GetObject", "arn:aws:s3:::lake/*")).await;
    bench.set_versioning("lake", BucketVersioningStatus::Enabled).await;
    let version = put(&bench, &bench.house.root(ACCOUNT), "a", None).await.unwrap().version_id;
    head_object(&bench, &bob, "a", None).await.unwrap();
    let fault = head_object(&bench, &bob, "a", version).await.unwrap_err();
    assert!(fault.message.contains("s3:GetObjectVersion"), "{}", fault.message);
}

#[tokio::test]
async fn a_policy_can_demand_conditional_writes() {
    let bench = Bench::with_bucket("lake").await;
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::lake/*",
            "Condition": { "Null": { "s3:if-none-match": "true" }, "Bool": { "s3:ObjectCreationOperation": "true" } },
        }],
    });
    set_policy(&bench, policy.to_string()).await.unwrap();
    let root = bench.house.root(ACCOUNT);
    assert_eq!(&*put(&bench, &root, "a", None).await.unwrap_err().code, "AccessDenied");
    let conditional = PutObjectRequest {
        bucket: "lake".into(),
        key: "a".into(),
        body: Body::full("x"),
        if_none_match: Some("*".into()),
        ..Default::default()
    };
    bench.house.call::<PutObject>(conditional).await.unwrap();
    let upload = CreateMultipartUploadRequest { bucket: "lake".into(), key: "b".into(), ..Default::default() };
    bench.house.call::<CreateMultipartUpload>(upload).await.unwrap();
}

#[tokio::test]
async fn that_there_is_no_object_is_told_to_those_who_may_list() {
    let bob = user(ACCOUNT, "bob");
    let bench = house_with(&bob, allowing("s3:GetObject", "arn:aws:s3:::lake/*")).await;
    let fault = head_object(&bench, &bob, "none", None).await.unwrap_err();
    assert_eq!(fault.status, 403);
    assert!(fault.message.contains("s3:ListBucket"), "{}", fault.message);
    let root = bench.house.root(ACCOUNT);
    assert_eq!(head_object(&bench, &root, "none", None).await.unwrap_err().status, 404);
    let principal = json!({ "AWS": bob.arn });
    set_policy(&bench, bucket_policy("Allow", principal, "s3:ListBucket", "arn:aws:s3:::lake")).await.unwrap();
    assert_eq!(head_object(&bench, &bob, "none", None).await.unwrap_err().status, 404);
}

#[tokio::test]
async fn a_copy_reads_one_object_and_writes_another() {
    let bob = user(ACCOUNT, "bob");
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/in/*" },
            { "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::lake/out/*" },
        ],
    });
    let bench = house_with(&bob, policy).await;
    let root = bench.house.root(ACCOUNT);
    put(&bench, &root, "in/a", None).await.unwrap();
    put(&bench, &root, "secret", None).await.unwrap();
    let copy = async |from: &str, to: &str| {
        let input = CopyObjectRequest {
            bucket: "lake".into(),
            key: to.into(),
            copy_source: format!("lake/{from}"),
            ..Default::default()
        };
        bench.house.call_as::<CopyObject>(&bob, REGION, input).await.map(|_| ())
    };
    copy("in/a", "out/a").await.unwrap();
    let fault = copy("secret", "out/a").await.unwrap_err();
    assert!(fault.message.contains("s3:GetObject on resource: \"arn:aws:s3:::lake/secret\""), "{}", fault.message);
    let fault = copy("in/a", "in/b").await.unwrap_err();
    assert!(fault.message.contains("s3:PutObject on resource: \"arn:aws:s3:::lake/in/b\""), "{}", fault.message);
}

#[tokio::test]
async fn a_new_bucket_with_tags_needs_the_permission_to_tag() {
    let bob = user(ACCOUNT, "bob");
    let bench = house_with(&bob, allowing("s3:CreateBucket", "*")).await;
    let create = async |name: &str, tags: Option<Vec<Tag>>| {
        let configuration = CreateBucketConfiguration { tags, ..CreateBucketConfiguration::default() };
        let input = CreateBucketRequest {
            bucket: name.into(),
            create_bucket_configuration: Some(configuration),
            ..Default::default()
        };
        bench.house.call_as::<CreateBucket>(&bob, REGION, input).await
    };
    create("plain", None).await.unwrap();
    let fault = create("tagged", Some(vec![Tag { key: "a".into(), value: "b".into() }])).await.unwrap_err();
    assert!(fault.message.contains("s3:TagResource"), "{}", fault.message);
}

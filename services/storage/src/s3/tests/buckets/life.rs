//! Buckets themselves: names, regions, lists, versioning, tags.

use haar_gateway::testkit::{ACCOUNT, REGION};

use super::*;

const OTHER: &str = "111111111111";

fn wish(bucket: &str) -> CreateBucketRequest {
    CreateBucketRequest { bucket: bucket.into(), ..Default::default() }
}

fn wish_in(bucket: &str, region: &str) -> CreateBucketRequest {
    let configuration =
        CreateBucketConfiguration { location_constraint: Some(region.into()), ..CreateBucketConfiguration::default() };
    CreateBucketRequest { create_bucket_configuration: Some(configuration), ..wish(bucket) }
}

async fn create(bench: &Bench, region: &str, input: CreateBucketRequest) -> Result<CreateBucketOutput, Fault> {
    bench.house.call_as::<CreateBucket>(&bench.house.root(ACCOUNT), region, input).await
}

async fn head(bench: &Bench, bucket: &str, owner: Option<&str>) -> Result<HeadBucketOutput, Fault> {
    let input = HeadBucketRequest { bucket: bucket.into(), expected_bucket_owner: owner.map(str::to_owned) };
    bench.house.call::<HeadBucket>(input).await
}

async fn location(bench: &Bench, bucket: &str) -> Option<String> {
    let input = GetBucketLocationRequest { bucket: bucket.into(), expected_bucket_owner: None };
    bench.house.call::<GetBucketLocation>(input).await.unwrap().location_constraint
}

async fn delete(bench: &Bench, bucket: &str) -> Result<(), Fault> {
    let input = DeleteBucketRequest { bucket: bucket.into(), expected_bucket_owner: None };
    bench.house.call::<DeleteBucket>(input).await
}

fn names(output: &ListBucketsOutput) -> Vec<&str> {
    output.buckets.iter().flatten().map(|bucket| bucket.name.as_deref().unwrap()).collect()
}

async fn list(bench: &Bench, input: ListBucketsRequest) -> ListBucketsOutput {
    bench.house.call::<ListBuckets>(input).await.unwrap()
}

#[tokio::test]
async fn a_bucket_is_where_it_was_asked_for() {
    let bench = Bench::open();
    let output = create(&bench, REGION, wish("lake")).await.unwrap();
    assert_eq!(output.location.unwrap(), "/lake");
    let output = create(&bench, REGION, wish_in("north", "eu-north-1")).await.unwrap();
    assert_eq!(output.location.unwrap(), "http://north.s3.amazonaws.com/");
    create(&bench, "eu-west-1", wish_in("west", "EU")).await.unwrap();

    assert_eq!(location(&bench, "lake").await, None);
    assert_eq!(location(&bench, "north").await.unwrap(), "eu-north-1");
    assert_eq!(location(&bench, "west").await.unwrap(), "eu-west-1");
    assert_eq!(head(&bench, "north", None).await.unwrap().bucket_region.unwrap(), "eu-north-1");
}

#[tokio::test]
async fn a_regional_endpoint_takes_its_own_buckets_only() {
    let bench = Bench::open();
    refused(
        create(&bench, "eu-west-1", wish("lake")).await,
        "IllegalLocationConstraintException",
        "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.",
    );
    refused(
        create(&bench, "eu-west-1", wish_in("lake", "eu-north-1")).await,
        "IllegalLocationConstraintException",
        "The eu-north-1 location constraint is incompatible for the region specific endpoint this request was sent to.",
    );
    for region in ["us-east-1", "moon", "eu-west", "eu-1"] {
        refused(
            create(&bench, REGION, wish_in("lake", region)).await,
            "InvalidLocationConstraint",
            "The specified location-constraint is not valid",
        );
    }
}

#[tokio::test]
async fn making_a_bucket_again_is_quiet_in_the_first_region_only() {
    let bench = Bench::open();
    create(&bench, REGION, wish("lake")).await.unwrap();
    create(&bench, REGION, wish("lake")).await.unwrap();
    let yours = "Your previous request to create the named bucket succeeded and you already own it.";
    create(&bench, "eu-west-1", wish_in("west", "eu-west-1")).await.unwrap();
    refused(create(&bench, "eu-west-1", wish_in("west", "eu-west-1")).await, "BucketAlreadyOwnedByYou", yours);
    refused(create(&bench, "eu-west-1", wish_in("lake", "eu-west-1")).await, "BucketAlreadyOwnedByYou", yours);

    let theirs = bench.house.call_as::<CreateBucket>(&bench.house.root(OTHER), REGION, wish("lake")).await;
    let fault = theirs.unwrap_err();
    assert_eq!((&*fault.code, fault.status), ("BucketAlreadyExists", 409));
}

#[tokio::test]
async fn what_a_new_bucket_cannot_be_is_refused() {
    let bench = Bench::open();
    refused(create(&bench, REGION, wish("Lake")).await, "InvalidBucketName", "The specified bucket is not valid.");
    let locked = CreateBucketRequest { object_lock_enabled_for_bucket: Some(true), ..wish("lake") };
    let fault = create(&bench, REGION, locked).await.unwrap_err();
    assert_eq!(&*fault.code, "NotImplemented");
    assert!(fault.message.contains("Object Lock"), "{}", fault.message);

    let public = CreateBucketRequest { acl: Some(BucketCannedACL::PublicRead), ..wish("lake") };
    refused(
        create(&bench, REGION, public.clone()).await,
        "InvalidBucketAclWithObjectOwnership",
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
    );
    let public = CreateBucketRequest { object_ownership: Some(ObjectOwnership::ObjectWriter), ..public };
    refused(
        create(&bench, REGION, public).await,
        "InvalidBucketAclWithBlockPublicAccessError",
        "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
    );
    let private = CreateBucketRequest { acl: Some(BucketCannedACL::Private), ..wish("lake") };
    create(&bench, REGION, private).await.unwrap();
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_missed() {
    let bench = Bench::open();
    let fault = head(&bench, "lake", None).await.unwrap_err();
    assert_eq!((&*fault.code, fault.status), ("NoSuchBucket", 404));
    refused(delete(&bench, "lake").await, "NoSuchBucket", "The specified bucket does not exist");
    refused(delete(&bench, "La_ke").await, "InvalidBucketName", "The specified bucket is not valid.");
}

#[tokio::test]
async fn the_expected_owner_must_be_the_owner() {
    let bench = Bench::with_bucket("lake").await;
    head(&bench, "lake", Some(ACCOUNT)).await.unwrap();
    let fault = head(&bench, "lake", Some(OTHER)).await.unwrap_err();
    assert_eq!((&*fault.code, &*fault.message, fault.status), ("AccessDenied", "Access Denied", 403));
}

#[tokio::test]
async fn a_bucket_goes_with_all_that_is_set_on_it() {
    let bench = Bench::with_bucket("lake").await;
    let tag = Tag { key: "team".into(), value: "data".into() };
    let tagging = Tagging { tag_set: vec![tag] };
    let input = PutBucketTaggingRequest { bucket: "lake".into(), tagging, ..Default::default() };
    bench.house.call::<PutBucketTagging>(input).await.unwrap();
    delete(&bench, "lake").await.unwrap();
    bench.create_bucket("lake").await;
    let input = GetBucketTaggingRequest { bucket: "lake".into(), expected_bucket_owner: None };
    refused(bench.house.call::<GetBucketTagging>(input).await, "NoSuchTagSet", "The TagSet does not exist");
}

#[tokio::test]
async fn a_bucket_goes_only_when_nothing_is_in_it() {
    let bench = Bench::with_bucket("lake").await;
    let full = "The bucket you tried to delete is not empty";
    bench.set_versioning("lake", BucketVersioningStatus::Enabled).await;
    let erase = async |version_id| {
        let input = DeleteObjectRequest { bucket: "lake".into(), key: "a".into(), version_id, ..Default::default() };
        bench.house.call::<DeleteObject>(input).await.unwrap()
    };
    let marker = erase(None).await.version_id;
    refused(delete(&bench, "lake").await, "BucketNotEmpty", full);
    erase(marker).await;
    delete(&bench, "lake").await.unwrap();
}

#[tokio::test]
async fn uploads_under_way_go_with_their_bucket() {
    let bench = Bench::with_bucket("lake").await;
    let upload = CreateMultipartUploadRequest { bucket: "lake".into(), key: "a".into(), ..Default::default() };
    let upload_id = bench.house.call::<CreateMultipartUpload>(upload).await.unwrap().upload_id.unwrap();
    delete(&bench, "lake").await.unwrap();
    bench.create_bucket("lake").await;
    let abort = AbortMultipartUploadRequest { bucket: "lake".into(), key: "a".into(), upload_id, ..Default::default() };
    let gone = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been \
                aborted or completed.";
    refused(bench.house.call::<AbortMultipartUpload>(abort).await, "NoSuchUpload", gone);
}

#[tokio::test]
async fn lists_are_paged_and_show_ones_own_buckets() {
    let bench = Bench::open();
    for name in ["data-b", "data-a", "logs", "data-c"] {
        bench.create_bucket(name).await;
    }
    create(&bench, REGION, wish_in("data-north", "eu-north-1")).await.unwrap();
    bench.house.call_as::<CreateBucket>(&bench.house.root(OTHER), REGION, wish("data-theirs")).await.unwrap();

    let all = list(&bench, ListBucketsRequest::default()).await;
    assert_eq!(names(&all), ["data-a", "data-b", "data-c", "data-north", "logs"]);
    assert_eq!((all.continuation_token, all.owner.unwrap().id.unwrap().len()), (None, 64));

    let by_two = |token| ListBucketsRequest {
        max_buckets: Some(2),
        prefix: Some("data-".into()),
        continuation_token: token,
        bucket_region: None,
    };
    let first = list(&bench, by_two(None)).await;
    assert_eq!(names(&first), ["data-a", "data-b"]);
    let second = list(&bench, by_two(first.continuation_token)).await;
    assert_eq!((names(&second), second.continuation_token.clone()), (vec!["data-c", "data-north"], None));

    let north = ListBucketsRequest { bucket_region: Some("eu-north-1".into()), ..Default::default() };
    assert_eq!(names(&list(&bench, north).await), ["data-north"]);

    let forged = bench.house.call::<ListBuckets>(by_two(Some("forged".into()))).await;
    refused(forged, "InvalidArgument", "The continuation token provided is incorrect");
}

#[tokio::test]
async fn versioning_is_enabled_and_suspended_but_never_unheard_of_again() {
    let bench = Bench::with_bucket("lake").await;
    let status = async || {
        let input = GetBucketVersioningRequest { bucket: "lake".into(), expected_bucket_owner: None };
        bench.house.call::<GetBucketVersioning>(input).await.unwrap().status
    };
    assert_eq!(status().await, None);
    bench.set_versioning("lake", BucketVersioningStatus::Enabled).await;
    assert_eq!(status().await, Some(BucketVersioningStatus::Enabled));
    bench.set_versioning("lake", BucketVersioningStatus::Suspended).await;
    assert_eq!(status().await, Some(BucketVersioningStatus::Suspended));

    let wish = |versioning_configuration| PutBucketVersioningRequest {
        bucket: "lake".into(),
        versioning_configuration,
        ..Default::default()
    };
    let nothing = bench.house.call::<PutBucketVersioning>(wish(VersioningConfiguration::default())).await;
    refused(nothing, "IllegalVersioningConfigurationException", "The Versioning element must be specified");
    let mfa =
        VersioningConfiguration { mfa_delete: Some(MFADelete::Enabled), status: Some(BucketVersioningStatus::Enabled) };
    let fault = bench.house.call::<PutBucketVersioning>(wish(mfa)).await.unwrap_err();
    assert!(fault.message.contains("MFA delete"), "{}", fault.message);
    assert_eq!(status().await, Some(BucketVersioningStatus::Suspended));
}

#[tokio::test]
async fn tags_are_set_at_once_and_removed_at_once() {
    let bench = Bench::with_bucket("lake").await;
    let set = async |pairs: &[(&str, &str)]| {
        let tag = |(key, value): &(&str, &str)| Tag { key: (*key).into(), value: (*value).into() };
        let tagging = Tagging { tag_set: pairs.iter().map(tag).collect() };
        let input = PutBucketTaggingRequest { bucket: "lake".into(), tagging, ..Default::default() };
        bench.house.call::<PutBucketTagging>(input).await
    };
    let get = async || {
        let input = GetBucketTaggingRequest { bucket: "lake".into(), expected_bucket_owner: None };
        let output = bench.house.call::<GetBucketTagging>(input).await?;
        Ok::<_, Fault>(output.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect::<Vec<_>>())
    };
    set(&[("a", "1"), ("b", "2")]).await.unwrap();
    set(&[("c", "3")]).await.unwrap();
    assert_eq!(get().await.unwrap(), [("c".to_owned(), "3".to_owned())]);
    refused(set(&[("c", "1"), ("c", "2")]).await, "InvalidTag", "Cannot provide multiple Tags with the same key");
    let input = DeleteBucketTaggingRequest { bucket: "lake".into(), expected_bucket_owner: None };
    bench.house.call::<DeleteBucketTagging>(input).await.unwrap();
    refused(get().await, "NoSuchTagSet", "The TagSet does not exist");
}

#[tokio::test]
async fn a_new_bucket_may_come_with_tags() {
    let bench = Bench::open();
    let configuration = CreateBucketConfiguration {
        tags: Some(vec![Tag { key: "team".into(), value: "data".into() }]),
        ..CreateBucketConfiguration::default()
    };
    let input = CreateBucketRequest { create_bucket_configuration: Some(configuration), ..wish("lake") };
    create(&bench, REGION, input).await.unwrap();
    let input = GetBucketTaggingRequest { bucket: "lake".into(), expected_bucket_owner: None };
    let output = bench.house.call::<GetBucketTagging>(input).await.unwrap();
    assert_eq!(output.tag_set[0].key, "team");
}

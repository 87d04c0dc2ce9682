//! What is set on a bucket: ownership, ACL, encryption, CORS, lifecycle, notification.

use haar_gateway::testkit::ACCOUNT;
use haar_platform::kernel::Timestamp;
use haar_platform::kernel::service::CrossOrigin;

use super::*;
use crate::s3::bucket::cors;
use crate::s3::{S3, owner};

const LAKE: &str = "lake";

#[tokio::test]
async fn a_new_bucket_is_closed_and_has_no_acls() {
    let bench = Bench::with_bucket(LAKE).await;
    let input = GetPublicAccessBlockRequest { bucket: LAKE.into(), expected_bucket_owner: None };
    let block = bench.house.call::<GetPublicAccessBlock>(input).await.unwrap();
    let block = block.public_access_block_configuration.unwrap();
    let switches =
        [block.block_public_acls, block.ignore_public_acls, block.block_public_policy, block.restrict_public_buckets];
    assert_eq!(switches, [Some(true); 4]);
    let input = GetBucketOwnershipControlsRequest { bucket: LAKE.into(), expected_bucket_owner: None };
    let controls = bench.house.call::<GetBucketOwnershipControls>(input).await.unwrap().ownership_controls.unwrap();
    assert_eq!(controls.rules[0].object_ownership, ObjectOwnership::BucketOwnerEnforced);
}

#[tokio::test]
async fn what_was_removed_is_missed_in_its_own_words() {
    let bench = Bench::with_bucket(LAKE).await;
    let house = &bench.house;
    let bucket = LAKE.to_owned();

    let input = DeletePublicAccessBlockRequest { bucket: bucket.clone(), expected_bucket_owner: None };
    house.call::<DeletePublicAccessBlock>(input).await.unwrap();
    let input = GetPublicAccessBlockRequest { bucket: bucket.clone(), expected_bucket_owner: None };
    refused(
        house.call::<GetPublicAccessBlock>(input).await,
        "NoSuchPublicAccessBlockConfiguration",
        "The public access block configuration was not found",
    );

    let input = DeleteBucketOwnershipControlsRequest { bucket: bucket.clone(), expected_bucket_owner: None };
    house.call::<DeleteBucketOwnershipControls>(input).await.unwrap();
    let input = GetBucketOwnershipControlsRequest { bucket: bucket.clone(), expected_bucket_owner: None };
    refused(
        house.call::<GetBucketOwnershipControls>(input).await,
        "OwnershipControlsNotFoundError",
        "The bucket ownership controls were not found",
    );

    let input = DeleteBucketCorsRequest { bucket: bucket.clone(), expected_bucket_owner: None };
    house.call::<DeleteBucketCors>(input).await.unwrap();
    let input = GetBucketCorsRequest { bucket: bucket.clone(), expected_bucket_owner: None };
    refused(
        house.call::<GetBucketCors>(input).await,
        "NoSuchCORSConfiguration",
        "The CORS configuration does not exist",
    );

    let input = DeleteBucketLifecycleRequest { bucket: bucket.clone(), expected_bucket_owner: None };
    house.call::<DeleteBucketLifecycle>(input).await.unwrap();
    let input = GetBucketLifecycleConfigurationRequest { bucket, expected_bucket_owner: None };
    refused(
        house.call::<GetBucketLifecycleConfiguration>(input).await,
        "NoSuchLifecycleConfiguration",
        "The lifecycle configuration does not exist",
    );
}

async fn set_ownership(bench: &Bench, object_ownership: ObjectOwnership) {
    let ownership_controls = OwnershipControls { rules: vec![OwnershipControlsRule { object_ownership }] };
    let input = PutBucketOwnershipControlsRequest { bucket: LAKE.into(), ownership_controls, ..Default::default() };
    bench.house.call::<PutBucketOwnershipControls>(input).await.unwrap();
}

async fn set_acl(bench: &Bench, acl: BucketCannedACL) -> Result<(), Fault> {
    let input = PutBucketAclRequest { bucket: LAKE.into(), acl: Some(acl), ..Default::default() };
    bench.house.call::<PutBucketAcl>(input).await
}

#[tokio::test]
async fn the_acl_is_the_owners_full_control() {
    let bench = Bench::with_bucket(LAKE).await;
    let input = GetBucketAclRequest { bucket: LAKE.into(), expected_bucket_owner: None };
    let acl = bench.house.call::<GetBucketAcl>(input).await.unwrap();
    let id = owner::canonical_id(ACCOUNT);
    assert_eq!(acl.owner.clone().unwrap().id.unwrap(), id);
    let grants = acl.grants.clone().unwrap();
    assert_eq!((grants.len(), grants[0].permission), (1, Some(Permission::FullControl)));
    assert_eq!(grants[0].grantee.as_ref().unwrap().id.as_ref().unwrap(), &id);

    // Saying what is so is allowed, whatever the ownership.
    let policy = AccessControlPolicy { grants: acl.grants, owner: acl.owner };
    let input = PutBucketAclRequest { bucket: LAKE.into(), access_control_policy: Some(policy), ..Default::default() };
    bench.house.call::<PutBucketAcl>(input).await.unwrap();
}

#[tokio::test]
async fn acls_need_an_ownership_that_has_them() {
    let bench = Bench::with_bucket(LAKE).await;
    let unsupported = "The bucket does not allow ACLs";
    refused(set_acl(&bench, BucketCannedACL::Private).await, "AccessControlListNotSupported", unsupported);
    set_ownership(&bench, ObjectOwnership::BucketOwnerPreferred).await;
    set_acl(&bench, BucketCannedACL::Private).await.unwrap();
    refused(set_acl(&bench, BucketCannedACL::PublicRead).await, "AccessDenied", "Access Denied");

    let input = DeletePublicAccessBlockRequest { bucket: LAKE.into(), expected_bucket_owner: None };
    bench.house.call::<DeletePublicAccessBlock>(input).await.unwrap();
    let fault = set_acl(&bench, BucketCannedACL::PublicRead).await.unwrap_err();
    assert_eq!(&*fault.code, "NotImplemented");

    let input = PutBucketAclRequest { bucket: LAKE.into(), ..Default::default() };
    let nothing = bench.house.call::<PutBucketAcl>(input).await;
    refused(nothing, "InvalidRequest", "Your request was missing a required header");
}

async fn set_encryption(bench: &Bench, algorithm: ServerSideEncryption, key: Option<&str>) -> Result<(), Fault> {
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(ServerSideEncryptionByDefault {
            sse_algorithm: algorithm,
            kms_master_key_id: key.map(str::to_owned),
        }),
        bucket_key_enabled: Some(true),
        blocked_encryption_types: None,
    };
    let input = PutBucketEncryptionRequest {
        bucket: LAKE.into(),
        server_side_encryption_configuration: ServerSideEncryptionConfiguration { rules: vec![rule] },
        ..Default::default()
    };
    bench.house.call::<PutBucketEncryption>(input).await
}

async fn encryption(bench: &Bench) -> (ServerSideEncryption, Option<String>, Option<bool>) {
    let input = GetBucketEncryptionRequest { bucket: LAKE.into(), expected_bucket_owner: None };
    let output = bench.house.call::<GetBucketEncryption>(input).await.unwrap();
    let rule = output.server_side_encryption_configuration.unwrap().rules.remove(0);
    let by_default = rule.apply_server_side_encryption_by_default.unwrap();
    (by_default.sse_algorithm, by_default.kms_master_key_id, rule.bucket_key_enabled)
}

#[tokio::test]
async fn encryption_is_never_off() {
    let bench = Bench::with_bucket(LAKE).await;
    assert_eq!(encryption(&bench).await, (ServerSideEncryption::Aes256, None, Some(false)));
    set_encryption(&bench, ServerSideEncryption::AwsKms, Some("alias/lake")).await.unwrap();
    assert_eq!(encryption(&bench).await, (ServerSideEncryption::AwsKms, Some("alias/lake".into()), Some(true)));
    let odd = set_encryption(&bench, ServerSideEncryption::Aes256, Some("alias/lake")).await;
    assert_eq!(&*odd.unwrap_err().code, "InvalidArgument");
    let input = DeleteBucketEncryptionRequest { bucket: LAKE.into(), expected_bucket_owner: None };
    bench.house.call::<DeleteBucketEncryption>(input).await.unwrap();
    assert_eq!(encryption(&bench).await.0, ServerSideEncryption::Aes256);
}

fn cors_rule(methods: &[&str], origins: &[&str]) -> CORSRule {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    CORSRule { allowed_methods: owned(methods), allowed_origins: owned(origins), ..CORSRule::default() }
}

async fn set_cors(bench: &Bench, cors_rules: Vec<CORSRule>) -> Result<(), Fault> {
    let cors_configuration = CORSConfiguration { cors_rules };
    let input = PutBucketCorsRequest { bucket: LAKE.into(), cors_configuration, ..Default::default() };
    bench.house.call::<PutBucketCors>(input).await
}

#[tokio::test]
async fn cors_rules_are_kept_in_order() {
    let bench = Bench::with_bucket(LAKE).await;
    let first = CORSRule {
        expose_headers: Some(vec!["ETag".into()]),
        max_age_seconds: Some(3000),
        ..cors_rule(&["PUT", "GET"], &["https://*.example"])
    };
    set_cors(&bench, vec![first, cors_rule(&["GET"], &["*"])]).await.unwrap();
    let input = GetBucketCorsRequest { bucket: LAKE.into(), expected_bucket_owner: None };
    let rules = bench.house.call::<GetBucketCors>(input).await.unwrap().cors_rules.unwrap();
    assert_eq!((rules.len(), rules[0].max_age_seconds, rules[1].max_age_seconds), (2, Some(3000), None));
    assert_eq!(
        (rules[0].expose_headers.as_deref().unwrap(), &rules[0].allowed_headers),
        (&["ETag".to_owned()][..], &None)
    );
}

#[tokio::test]
async fn cors_rules_that_say_too_much_are_refused() {
    let bench = Bench::with_bucket(LAKE).await;
    refused(
        set_cors(&bench, vec![cors_rule(&["PATCH"], &["*"])]).await,
        "InvalidRequest",
        "Found unsupported HTTP method in CORS config. Unsupported method is PATCH",
    );
    refused(
        set_cors(&bench, vec![cors_rule(&["GET"], &["https://*.*.example"])]).await,
        "InvalidRequest",
        "AllowedOrigin \"https://*.*.example\" can not have more than one wildcard.",
    );
    let exposing = CORSRule { expose_headers: Some(vec!["x-*".into()]), ..cors_rule(&["GET"], &["*"]) };
    refused(
        set_cors(&bench, vec![exposing]).await,
        "InvalidRequest",
        "ExposeHeader \"x-*\" contains wildcard. We currently do not support wildcard for ExposeHeader.",
    );
    let many = vec![cors_rule(&["GET"], &["*"]); 101];
    refused(
        set_cors(&bench, many).await,
        "InvalidRequest",
        "The number of CORS rules should not exceed allowed limit of 100 rules.",
    );
    assert_eq!(&*set_cors(&bench, Vec::new()).await.unwrap_err().code, "MalformedXML");
}

#[tokio::test]
async fn browsers_are_told_what_the_rules_say() {
    let bench = Bench::with_bucket(LAKE).await;
    let s3 = S3::of(&bench.house.platform);
    let ask = |resource: &'static str, method: &'static str| CrossOrigin {
        resource,
        origin: "https://a.example",
        method,
        headers: vec!["content-type".into()],
        preflight: true,
    };
    let forbidden = |result: Result<Vec<(&'static str, String)>, Fault>, why: &str| {
        let fault = result.unwrap_err();
        assert_eq!((&*fault.code, fault.status), ("AccessForbidden", 403));
        assert!(fault.message.starts_with(&format!("CORSResponse: {why}")), "{}", fault.message);
    };
    forbidden(cors::answer(&s3, &ask("nowhere", "PUT")), "Bucket not found");
    forbidden(cors::answer(&s3, &ask(LAKE, "PUT")), "CORS is not enabled for this bucket.");
    let rule = CORSRule {
        allowed_headers: Some(vec!["*".into()]),
        max_age_seconds: Some(60),
        ..cors_rule(&["PUT", "GET"], &["https://a.example"])
    };
    set_cors(&bench, vec![rule]).await.unwrap();
    forbidden(cors::answer(&s3, &ask(LAKE, "DELETE")), "This CORS request is not allowed.");
    let headers = cors::answer(&s3, &ask(LAKE, "PUT")).unwrap();
    let expected = [
        ("access-control-allow-origin", "https://a.example"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "PUT, GET"),
        ("access-control-allow-headers", "content-type"),
        ("access-control-max-age", "60"),
        ("vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"),
    ];
    assert_eq!(headers, expected.map(|(name, value)| (name, value.to_owned())));
}

fn expiring(id: &str, prefix: &str, days: i32) -> LifecycleRule {
    LifecycleRule {
        id: Some(id.into()),
        filter: Some(LifecycleRuleFilter { prefix: Some(prefix.into()), ..LifecycleRuleFilter::default() }),
        expiration: Some(LifecycleExpiration { days: Some(days), ..LifecycleExpiration::default() }),
        ..LifecycleRule::default()
    }
}

async fn set_lifecycle(bench: &Bench, rules: Vec<LifecycleRule>) -> Result<(), Fault> {
    let input = PutBucketLifecycleConfigurationRequest {
        bucket: LAKE.into(),
        lifecycle_configuration: Some(BucketLifecycleConfiguration { rules }),
        ..Default::default()
    };
    bench.house.call::<PutBucketLifecycleConfiguration>(input).await.map(|_| ())
}

async fn lifecycle(bench: &Bench) -> Vec<LifecycleRule> {
    let input = GetBucketLifecycleConfigurationRequest { bucket: LAKE.into(), expected_bucket_owner: None };
    bench.house.call::<GetBucketLifecycleConfiguration>(input).await.unwrap().rules.unwrap()
}

#[tokio::test]
async fn lifecycle_rules_are_answered_as_they_were_written() {
    let bench = Bench::with_bucket(LAKE).await;
    let midnight = Timestamp::from_seconds(1_767_225_600);
    let and = LifecycleRuleAndOperator {
        prefix: Some("a/".into()),
        tags: Some(vec![Tag { key: "k".into(), value: "v".into() }]),
        object_size_greater_than: Some(1000),
        object_size_less_than: None,
    };
    let rules = vec![
        LifecycleRule { prefix: Some("old/".into()), filter: None, ..expiring("by-prefix", "", 1) },
        LifecycleRule {
            filter: Some(LifecycleRuleFilter { and: Some(and), ..LifecycleRuleFilter::default() }),
            transitions: Some(vec![
                Transition { days: Some(30), date: None, storage_class: Some(TransitionStorageClass::StandardIa) },
                Transition { days: Some(90), date: None, storage_class: Some(TransitionStorageClass::Glacier) },
            ]),
            ..expiring("by-and", "", 365)
        },
        LifecycleRule {
            filter: Some(LifecycleRuleFilter::default()),
            status: ExpirationStatus::Disabled,
            expiration: Some(LifecycleExpiration { date: Some(midnight), ..LifecycleExpiration::default() }),
            noncurrent_version_expiration: Some(NoncurrentVersionExpiration {
                noncurrent_days: Some(7),
                newer_noncurrent_versions: Some(3),
            }),
            abort_incomplete_multipart_upload: Some(AbortIncompleteMultipartUpload { days_after_initiation: Some(2) }),
            ..expiring("all", "", 1)
        },
        LifecycleRule {
            expiration: Some(LifecycleExpiration {
                expired_object_delete_marker: Some(true),
                ..LifecycleExpiration::default()
            }),
            ..expiring("markers", "logs/", 1)
        },
    ];
    set_lifecycle(&bench, rules.clone()).await.unwrap();
    assert_eq!(format!("{:?}", lifecycle(&bench).await), format!("{rules:?}"));
}

#[tokio::test]
async fn a_lifecycle_rule_without_an_id_gets_one() {
    let bench = Bench::with_bucket(LAKE).await;
    set_lifecycle(&bench, vec![LifecycleRule { id: None, ..expiring("", "a/", 1) }]).await.unwrap();
    assert!(!lifecycle(&bench).await[0].id.as_ref().unwrap().is_empty());
}

#[tokio::test]
async fn lifecycle_rules_that_make_no_sense_are_refused() {
    let bench = Bench::with_bucket(LAKE).await;
    let try_rule = async |rule: LifecycleRule| {
        let fault = set_lifecycle(&bench, vec![rule]).await.unwrap_err();
        (fault.code.to_string(), fault.message)
    };
    let invalid = |message: &str| ("InvalidArgument".to_owned(), message.to_owned());
    let request = |message: &str| ("InvalidRequest".to_owned(), message.to_owned());
    let malformed = || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        ("MalformedXML".to_owned(), message.to_owned())
    };
    let rule = || expiring("r", "a/", 10);

    assert_eq!(
        try_rule(expiring("r", "a/", 0)).await,
        invalid("'Days' for Expiration action must be a positive integer")
    );
    assert_eq!(
        try_rule(expiring(&"i".repeat(256), "", 1)).await,
        invalid("ID length should not exceed allowed limit of 255")
    );
    let idle = LifecycleRule { expiration: None, ..rule() };
    assert_eq!(try_rule(idle).await, request("At least one action needs to be specified in a rule"));
    assert_eq!(try_rule(LifecycleRule { filter: None, ..rule() }).await, malformed());
    assert_eq!(try_rule(LifecycleRule { prefix: Some("b/".into()), ..rule() }).await, malformed());

    let noon = Timestamp::from_seconds(1_767_225_600 + 12 * 3600);
    let at_noon = LifecycleExpiration { date: Some(noon), ..LifecycleExpiration::default() };
    assert_eq!(
        try_rule(LifecycleRule { expiration: Some(at_noon), ..rule() }).await,
        invalid("'Date' must be at midnight GMT")
    );
    let both = LifecycleExpiration { days: Some(1), expired_object_delete_marker: Some(true), date: None };
    assert_eq!(try_rule(LifecycleRule { expiration: Some(both), ..rule() }).await, malformed());

    let to = |days: i32, class| Transition { days: Some(days), date: None, storage_class: Some(class) };
    let early =
        LifecycleRule { transitions: Some(vec![to(5, TransitionStorageClass::StandardIa)]), ..expiring("r", "", 60) };
    assert_eq!(
        try_rule(early).await,
        invalid("'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'")
    );
    let late = LifecycleRule { transitions: Some(vec![to(10, TransitionStorageClass::Glacier)]), ..rule() };
    assert_eq!(
        try_rule(late).await,
        invalid(
            "'Days' in the Expiration action for filter '(prefix=a/)' must be greater than 'Days' in the Transition \
             action"
        )
    );
    let twice = vec![to(1, TransitionStorageClass::Glacier), to(2, TransitionStorageClass::Glacier)];
    assert_eq!(
        try_rule(LifecycleRule { transitions: Some(twice), ..rule() }).await,
        request("'StorageClass' must be different for 'Transition' actions in same 'Rule' with prefix 'a/'")
    );
    let tag = Tag { key: "k".into(), value: "v".into() };
    let aborting = LifecycleRule {
        filter: Some(LifecycleRuleFilter { tag: Some(tag), ..LifecycleRuleFilter::default() }),
        abort_incomplete_multipart_upload: Some(AbortIncompleteMultipartUpload { days_after_initiation: Some(2) }),
        ..rule()
    };
    assert_eq!(
        try_rule(aborting).await,
        request("AbortIncompleteMultipartUpload cannot be specified with Object Tags.")
    );
    refused(
        set_lifecycle(&bench, vec![rule(), rule()]).await,
        "InvalidArgument",
        "Rule ID must be unique. Found same ID for more than one rule",
    );
    assert_eq!(&*set_lifecycle(&bench, Vec::new()).await.unwrap_err().code, "MalformedXML");
}

fn queue(id: &str, event: &str, prefix: Option<&str>) -> QueueConfiguration {
    let rule = |value: &str| FilterRule { name: Some("Prefix".into()), value: Some(value.into()) };
    let filter = prefix.map(|prefix| NotificationConfigurationFilter {
        key: Some(S3KeyFilter { filter_rules: Some(vec![rule(prefix)]) }),
    });
    QueueConfiguration {
        id: Some(id.into()),
        queue_arn: "arn:aws:sqs:us-east-1:000000000000:news".into(),
        events: vec![event.into()],
        filter,
    }
}

/// Without asking the queues, which these tests have none of.
async fn set_notification(bench: &Bench, configuration: NotificationConfiguration) -> Result<(), Fault> {
    let input = PutBucketNotificationConfigurationRequest {
        bucket: LAKE.into(),
        notification_configuration: configuration,
        skip_destination_validation: Some(true),
        ..Default::default()
    };
    bench.house.call::<PutBucketNotificationConfiguration>(input).await
}

async fn notification(bench: &Bench) -> NotificationConfiguration {
    let input = GetBucketNotificationConfigurationRequest { bucket: LAKE.into(), expected_bucket_owner: None };
    bench.house.call::<GetBucketNotificationConfiguration>(input).await.unwrap()
}

#[tokio::test]
async fn a_notification_configuration_replaces_the_one_before() {
    let bench = Bench::with_bucket(LAKE).await;
    let empty = notification(&bench).await;
    assert!(empty.queue_configurations.is_none() && empty.event_bridge_configuration.is_none());

    let wish = NotificationConfiguration {
        queue_configurations: Some(vec![queue("images", "s3:ObjectCreated:*", Some("images/"))]),
        event_bridge_configuration: Some(EventBridgeConfiguration {}),
        ..Default::default()
    };
    set_notification(&bench, wish.clone()).await.unwrap();
    assert_eq!(format!("{:?}", notification(&bench).await), format!("{wish:?}"));

    set_notification(&bench, NotificationConfiguration::default()).await.unwrap();
    assert!(notification(&bench).await.queue_configurations.is_none());
}

#[tokio::test]
async fn notification_configurations_that_make_no_sense_are_refused() {
    let bench = Bench::with_bucket(LAKE).await;
    let queues = |queues: Vec<QueueConfiguration>| NotificationConfiguration {
        queue_configurations: Some(queues),
        ..Default::default()
    };
    let one = || queue("one", "s3:ObjectCreated:*", None);
    refused(
        set_notification(&bench, queues(vec![one(), queue("two", "s3:ObjectCreated:Put", Some("a/"))])).await,
        "InvalidArgument",
        "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
    );
    refused(
        set_notification(&bench, queues(vec![one(), queue("one", "s3:ObjectRemoved:*", None)])).await,
        "InvalidArgument",
        "Same ID used for multiple configurations. IDs must be unique",
    );
    refused(
        set_notification(&bench, queues(vec![queue("one", "s3:ObjectSeen:*", None)])).await,
        "InvalidArgument",
        "The event is not supported for notifications",
    );
    let topic = TopicConfiguration {
        topic_arn: "arn:aws:kinesis:us-east-1:000000000000:stream/news".into(),
        events: vec!["s3:ObjectCreated:*".into()],
        ..Default::default()
    };
    let elsewhere = NotificationConfiguration { topic_configurations: Some(vec![topic]), ..Default::default() };
    refused(set_notification(&bench, elsewhere).await, "InvalidArgument", "The ARN is not well formed");
}

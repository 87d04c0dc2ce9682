//! What is said of objects: tags, attributes, ACLs.

use haar_platform::aws::s3 as aws;

use super::*;

fn tag(key: &str, value: &str) -> aws::Tag {
    aws::Tag { key: key.into(), value: value.into() }
}

fn tagging(tags: Vec<aws::Tag>) -> aws::PutObjectTaggingRequest {
    aws::PutObjectTaggingRequest {
        bucket: BUCKET.into(),
        key: "a".into(),
        tagging: aws::Tagging { tag_set: tags },
        ..Default::default()
    }
}

async fn tags(house: &TestHouse) -> Vec<(String, String)> {
    let request = aws::GetObjectTaggingRequest { bucket: BUCKET.into(), key: "a".into(), ..Default::default() };
    let output = house.call::<aws::GetObjectTagging>(request).await.unwrap();
    output.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

#[tokio::test]
async fn tags_are_replaced_as_a_whole() {
    let house = open().await;
    put(&house, aws::PutObjectRequest { tagging: Some("old=1".into()), ..object("a", "x") }).await;
    house.call::<aws::PutObjectTagging>(tagging(vec![tag("b", "2"), tag("a", "")])).await.unwrap();
    assert_eq!(tags(&house).await, [("b".to_owned(), "2".to_owned()), ("a".to_owned(), String::new())]);
    assert_eq!(text(&house, "a").await, "x");
    let delete = aws::DeleteObjectTaggingRequest { bucket: BUCKET.into(), key: "a".into(), ..Default::default() };
    house.call::<aws::DeleteObjectTagging>(delete).await.unwrap();
    assert_eq!(tags(&house).await, []);
}

#[tokio::test]
async fn ten_tags_are_the_most() {
    let house = open().await;
    put(&house, object("a", "x")).await;
    let many = |count: usize| tagging((0..count).map(|number| tag(&number.to_string(), "")).collect());
    house.call::<aws::PutObjectTagging>(many(10)).await.unwrap();
    let fault = house.call::<aws::PutObjectTagging>(many(11)).await.unwrap_err();
    assert_eq!(fault.message, "Object tags cannot be greater than 10");
    let absent = aws::PutObjectTaggingRequest { key: "b".into(), ..many(1) };
    assert_eq!(house.call::<aws::PutObjectTagging>(absent).await.unwrap_err().code, "NoSuchKey");
}

#[tokio::test]
async fn tags_belong_to_a_version() {
    let house = open_versioned().await;
    let one = put(&house, object("a", "one")).await.version_id.unwrap();
    put(&house, object("a", "two")).await;
    let request = aws::PutObjectTaggingRequest { version_id: Some(one.clone()), ..tagging(vec![tag("k", "v")]) };
    let output = house.call::<aws::PutObjectTagging>(request).await.unwrap();
    assert_eq!(output.version_id, Some(one.clone()));
    assert_eq!(tags(&house).await, []);
    let first = aws::GetObjectRequest { version_id: Some(one), ..wanted("a") };
    assert_eq!(get(&house, first).await.0.tag_count, Some(1));
}

#[tokio::test]
async fn attributes_are_told_as_far_as_they_are_asked_for() {
    let house = open().await;
    put(&house, object("a", "123456789")).await;
    let asking = |object_attributes| aws::GetObjectAttributesRequest {
        bucket: BUCKET.into(),
        key: "a".into(),
        object_attributes,
        ..Default::default()
    };
    let all = aws::ObjectAttributes::ALL.to_vec();
    let output = house.call::<aws::GetObjectAttributes>(asking(all)).await.unwrap();
    assert_eq!(output.e_tag.as_deref(), Some("25f9e794323b453885f5181f1b624d0b"));
    assert_eq!(output.object_size, Some(9));
    assert_eq!(output.storage_class, Some(aws::StorageClass::Standard));
    assert_eq!(output.checksum.unwrap().checksum_crc64nvme.as_deref(), Some("rosUhgp5mIg="));
    assert!(output.object_parts.is_none());
    let size = asking(vec![aws::ObjectAttributes::ObjectSize]);
    let output = house.call::<aws::GetObjectAttributes>(size).await.unwrap();
    assert_eq!((output.object_size, output.e_tag, output.storage_class), (Some(9), None, None));
}

#[tokio::test]
async fn the_owner_has_full_control_and_nobody_gets_any() {
    let house = open().await;
    put(&house, object("a", "x")).await;
    let request = aws::GetObjectAclRequest { bucket: BUCKET.into(), key: "a".into(), ..Default::default() };
    let acl = house.call::<aws::GetObjectAcl>(request).await.unwrap();
    let grants = acl.grants.clone().unwrap();
    assert_eq!(grants.len(), 1);
    assert_eq!(grants[0].permission, Some(aws::Permission::FullControl));
    assert_eq!(grants[0].grantee.as_ref().unwrap().id, acl.owner.as_ref().unwrap().id);

    let asking = || aws::PutObjectAclRequest { bucket: BUCKET.into(), key: "a".into(), ..Default::default() };
    let canned = |acl| aws::PutObjectAclRequest { acl: Some(acl), ..asking() };
    let full = canned(aws::ObjectCannedACL::BucketOwnerFullControl);
    house.call::<aws::PutObjectAcl>(full).await.unwrap();
    let same = aws::AccessControlPolicy { grants: acl.grants, owner: acl.owner };
    let same = aws::PutObjectAclRequest { access_control_policy: Some(same), ..asking() };
    house.call::<aws::PutObjectAcl>(same).await.unwrap();
    let public = canned(aws::ObjectCannedACL::PublicRead);
    let fault = house.call::<aws::PutObjectAcl>(public).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.status), ("AccessControlListNotSupported", 400));
}

//! S3 on the wire, by its real model: addressing, which request means what, documents, headers, errors.

use bytes::Bytes;
use haar_aws::s3::MODEL;
use haar_kernel::schema::{Kind, Location, Operation};
use haar_kernel::{Fault, Timestamp, Value, check};
use haar_wire::{Dialect, Payload, Recognised, Recogniser, Recognition, Refusal};
use http::Response;
use http::request::Parts;

use crate::params::collect;

fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request.body(()).unwrap().into_parts().0
}

fn recognise(parts: &Parts, scope: Option<&str>) -> Result<Recognised, Box<Refusal>> {
    match Recogniser::new(haar_aws::MODELS).recognise(parts, scope)? {
        Recognition::Whole(recognised) => Ok(recognised),
        Recognition::NeedsForm => panic!("S3 has no forms of this kind"),
    }
}

fn meant(method: &str, uri: &str) -> String {
    match recognise(&parts(method, uri, &[]), Some("s3")) {
        Ok(recognised) => recognised.operation.name.to_owned(),
        Err(refusal) => refusal.operation.map_or(refusal.fault.code.to_string(), |operation| operation.name.to_owned()),
    }
}

/// A member of the operation's input, by AWS's name.
fn read(parts: &Parts, scope: Option<&str>, body: &str, member: &str) -> Result<Value, Fault> {
    let recognised = recognise(parts, scope).map_err(|refusal| refusal.fault)?;
    let body = Payload::Whole(Bytes::copy_from_slice(body.as_bytes()));
    let input = haar_wire::decode(&recognised, parts, body)?.input;
    check::input(&MODEL, recognised.operation, &input)?;
    let Kind::Structure(structure) = &MODEL.shape(recognised.operation.input.unwrap()).kind else { panic!() };
    let Value::Struct(mut fields) = input else { panic!() };
    let index = structure.members.iter().position(|known| known.name == member).unwrap();
    Ok(std::mem::take(&mut fields[index]))
}

fn text(value: &str) -> Value {
    Value::String(value.into())
}

/// The answer of an operation with these members.
fn answered(operation: &str, members: &[(&str, Value)]) -> Response<haar_kernel::Body> {
    let operation = MODEL.operation(operation).unwrap();
    let output = tree(operation.output.unwrap(), members);
    let recognised = recognise(&request_for(operation, true), Some("s3")).unwrap();
    haar_wire::encode(&recognised, output, "id")
}

/// A structure by the names of its members.
fn tree(shape: haar_kernel::schema::ShapeId, members: &[(&str, Value)]) -> Value {
    let Kind::Structure(structure) = &MODEL.shape(shape).kind else { panic!() };
    let mut fields: Vec<Value> = structure.members.iter().map(|_| Value::Absent).collect();
    for (name, value) in members {
        let index = structure.members.iter().position(|member| member.name == *name).unwrap();
        fields[index] = copy(value);
    }
    Value::Struct(fields)
}

fn copy(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.clone()),
        Value::Integer(number) => Value::Integer(*number),
        Value::Bool(fact) => Value::Bool(*fact),
        Value::Timestamp(moment) => Value::Timestamp(*moment),
        Value::List(items) => Value::List(items.iter().map(copy).collect()),
        Value::Struct(fields) => Value::Struct(fields.iter().map(copy).collect()),
        Value::Map(entries) => Value::Map(entries.iter().map(|(key, value)| (key.clone(), copy(value))).collect()),
        _ => Value::Absent,
    }
}

fn body(response: Response<haar_kernel::Body>) -> String {
    String::from_utf8(collect(response.into_body()).to_vec()).unwrap()
}

/// A request that means the operation: its template with labels filled in, and all that its input requires.
fn request_for(operation: &'static Operation, with_required: bool) -> Parts {
    let mut uri = operation.uri.replace("{Bucket}", "photos").replace("{Key+}", "2006/a.jpg");
    let mut headers = Vec::new();
    if let (Some(input), true) = (operation.input, with_required) {
        let Kind::Structure(structure) = &MODEL.shape(input).kind else { panic!() };
        for member in structure.members.iter().filter(|member| member.required) {
            match member.location {
                Location::QueryString => {
                    uri.push(if uri.contains('?') { '&' } else { '?' });
                    uri.push_str(&format!("{}=1", member.wire_name()));
                }
                Location::Header => headers.push((member.wire_name(), "a/b")),
                _ => {}
            }
        }
    }
    parts(operation.method, &uri, &headers)
}

/// Operations that share a request with another one, which is served or the newer.
const TWINS: [&str; 6] = [
    "GetBucketLifecycle",
    "GetBucketNotification",
    "ListDirectoryBuckets",
    "ListObjectAnnotations",
    "PutBucketLifecycle",
    "PutBucketNotification",
];

#[test]
fn every_operation_is_recognised_and_what_is_not_served_is_refused_by_its_name() {
    for operation in MODEL.operations.iter().filter(|operation| !TWINS.contains(&operation.name)) {
        let outcome = recognise(&request_for(operation, true), Some("s3"));
        match outcome {
            Ok(recognised) => assert_eq!((recognised.operation.name, operation.served), (operation.name, true)),
            Err(refusal) => {
                assert_eq!(refusal.operation.map(|found| found.name), Some(operation.name), "{}", refusal.fault);
                assert!(!operation.served, "{}", operation.name);
                assert_eq!(refusal.fault.status, 501);
            }
        }
    }
}

#[test]
fn sub_resources_never_fall_back_to_their_resource() {
    for (method, uri, wanted) in [
        ("GET", "/", "ListBuckets"),
        ("GET", "/b", "ListObjects"),
        ("GET", "/b/", "ListObjects"),
        ("GET", "/b/?prefix=x&delimiter=%2F", "ListObjects"),
        ("GET", "/b?list-type=2&prefix=x", "ListObjectsV2"),
        ("GET", "/b?versions", "ListObjectVersions"),
        ("GET", "/b?versions=&prefix=x", "ListObjectVersions"),
        ("GET", "/b?lifecycle", "GetBucketLifecycleConfiguration"),
        ("GET", "/b?website", "GetBucketWebsite"),
        ("GET", "/b?analytics&id=1", "GetBucketAnalyticsConfiguration"),
        ("GET", "/b?analytics", "ListBucketAnalyticsConfigurations"),
        ("GET", "/b/k?torrent", "GetObjectTorrent"),
        ("GET", "/b/k?x-id=GetObject", "GetObject"),
        ("GET", "/b/k?versionId=1", "GetObject"),
        ("GET", "/b/k?partNumber=1", "GetObject"),
        ("GET", "/b/k?uploadId=1", "ListParts"),
        ("PUT", "/b/k?partNumber=1&uploadId=1", "UploadPart"),
        ("PUT", "/b/k?retention", "PutObjectRetention"),
        ("PUT", "/b?object-lock", "PutObjectLockConfiguration"),
        ("POST", "/b/k?uploads", "CreateMultipartUpload"),
        ("POST", "/b/k?uploadId=1", "CompleteMultipartUpload"),
        ("POST", "/b/k?restore", "RestoreObject"),
        ("POST", "/b?delete", "DeleteObjects"),
        ("POST", "/b/?delete", "DeleteObjects"),
        ("DELETE", "/b", "DeleteBucket"),
        ("DELETE", "/b?location", "MethodNotAllowed"),
        ("DELETE", "/b/k?acl", "MethodNotAllowed"),
        ("PUT", "/b?versions", "MethodNotAllowed"),
        ("PATCH", "/b/k", "MethodNotAllowed"),
        ("POST", "/b/k", "CompleteMultipartUpload"),
        ("DELETE", "/", "MethodNotAllowed"),
    ] {
        assert_eq!(meant(method, uri), wanted, "{method} {uri}");
    }
}

#[test]
fn copies_are_told_from_uploads_by_their_source() {
    let copied = |uri, headers: &[(&str, &str)]| recognise(&parts("PUT", uri, headers), Some("s3")).unwrap();
    let source = [("x-amz-copy-source", "a/b")];
    assert_eq!(copied("/b/k", &source).operation.name, "CopyObject");
    assert_eq!(copied("/b/k?partNumber=1&uploadId=1", &source).operation.name, "UploadPartCopy");
    assert_eq!(copied("/b/k?x-amz-copy-source=a%2Fb", &[]).operation.name, "CopyObject");
}

#[test]
fn a_key_is_what_was_sent_byte_for_byte() {
    for (path, key) in [
        ("/photos/a/b", "a/b"),
        ("/photos//a//b/", "/a//b/"),
        ("/photos//", "/"),
        ("/photos/a%2Fb", "a/b"),
        ("/photos/a+b%2B%20c", "a+b+ c"),
        ("/photos/%C3%A4%E2%82%AC%F0%9F%90%84", "ä€🐄"),
        ("/photos/./../a/.", "./../a/."),
        ("/photos/%25%2541%3F%23%26=", "%%41?#&="),
        ("/photos/photos", "photos"),
    ] {
        let styles =
            [(path.to_owned(), "localhost:4566"), (path["/photos".len()..].to_owned(), "photos.localhost:4566")];
        for (path, host) in styles {
            let parts = parts("GET", &path, &[("host", host)]);
            assert_eq!(read(&parts, Some("s3"), "", "Key").unwrap(), text(key), "{host} {path}");
            assert_eq!(read(&parts, Some("s3"), "", "Bucket").unwrap(), text("photos"), "{host} {path}");
        }
    }
    let fault = read(&parts("GET", "/photos/%FF", &[]), Some("s3"), "", "Key").unwrap_err();
    assert_eq!(fault.code, "InvalidURI");
}

#[test]
fn hosts_and_unsigned_paths_reach_s3() {
    let at = |host, uri| {
        let recognised = recognise(&parts("GET", uri, &[("host", host)]), None).unwrap();
        (recognised.operation.name, recognised.label("Bucket").map(|bucket| bucket.into_owned()))
    };
    let photos = Some("photos".to_owned());
    assert_eq!(at("photos.s3.us-east-1.amazonaws.com", "/"), ("ListObjects", photos.clone()));
    assert_eq!(at("photos.localhost:4566", "/a.jpg"), ("GetObject", photos.clone()));
    assert_eq!(at("photos.localhost:4566", "/?list-type=2"), ("ListObjectsV2", photos.clone()));
    assert_eq!(at("localhost:4566", "/photos/a.jpg"), ("GetObject", photos));
    assert_eq!(at("s3.localhost:4566", "/"), ("ListBuckets", None));
    let recogniser = Recogniser::new(haar_aws::MODELS);
    let bucket =
        |host, uri| recogniser.bucket(&parts("OPTIONS", uri, &[("host", host)]), None).map(|(_, bucket)| bucket);
    assert_eq!(bucket("photos.localhost", "/k").as_deref(), Some("photos"));
    assert_eq!(bucket("localhost", "/photos/k").as_deref(), Some("photos"));
    assert_eq!(bucket("localhost", "/"), None);
}

#[test]
fn answers_have_the_roots_that_s3_sends() {
    let opening = |root: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        )
    };
    for (operation, root) in [
        ("ListBuckets", "ListAllMyBucketsResult"),
        ("ListObjects", "ListBucketResult"),
        ("ListObjectsV2", "ListBucketResult"),
        ("ListObjectVersions", "ListVersionsResult"),
        ("ListMultipartUploads", "ListMultipartUploadsResult"),
        ("ListParts", "ListPartsResult"),
        ("CreateMultipartUpload", "InitiateMultipartUploadResult"),
        ("CompleteMultipartUpload", "CompleteMultipartUploadResult"),
        ("DeleteObjects", "DeleteResult"),
        ("GetObjectAttributes", "GetObjectAttributesResponse"),
        ("GetObjectTagging", "Tagging"),
        ("GetBucketTagging", "Tagging"),
        ("GetBucketVersioning", "VersioningConfiguration"),
        ("GetBucketCors", "CORSConfiguration"),
        ("GetBucketLifecycleConfiguration", "LifecycleConfiguration"),
        ("GetBucketNotificationConfiguration", "NotificationConfiguration"),
        ("GetBucketAcl", "AccessControlPolicy"),
        ("GetObjectAcl", "AccessControlPolicy"),
    ] {
        let written = body(answered(operation, &[]));
        assert_eq!(written, format!("{}</{root}>", opening(root)), "{operation}");
    }
    for (operation, member) in [
        ("CopyObject", "CopyObjectResult"),
        ("UploadPartCopy", "CopyPartResult"),
        ("GetBucketEncryption", "ServerSideEncryptionConfiguration"),
        ("GetBucketOwnershipControls", "OwnershipControls"),
        ("GetPublicAccessBlock", "PublicAccessBlockConfiguration"),
        ("GetBucketPolicyStatus", "PolicyStatus"),
    ] {
        let written = body(answered(operation, &[(member, Value::Struct(Vec::new()))]));
        assert_eq!(written, format!("{}</{member}>", opening(member)), "{operation}");
    }
}

#[test]
fn a_location_is_the_document_itself() {
    let root = "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    let written = body(answered("GetBucketLocation", &[("LocationConstraint", text("eu-west-1"))]));
    assert!(written.ends_with(&format!("{root}eu-west-1</LocationConstraint>")), "{written}");
    let written = body(answered("GetBucketLocation", &[]));
    assert!(written.ends_with(&format!("{root}</LocationConstraint>")), "{written}");
}

#[test]
fn a_grantee_has_its_type_in_an_attribute_with_a_namespace() {
    let Kind::Structure(acl) = &MODEL.shape(MODEL.operation("GetBucketAcl").unwrap().output.unwrap()).kind else {
        panic!()
    };
    let grants = acl.members.iter().find(|member| member.name == "Grants").unwrap().target;
    let Kind::List { element, .. } = &MODEL.shape(grants).kind else { panic!() };
    let Kind::Structure(grant) = &MODEL.shape(element.target).kind else { panic!() };
    let grantee = tree(grant.members[0].target, &[("Type", text("CanonicalUser")), ("ID", text("abc"))]);
    let grant = tree(element.target, &[("Grantee", grantee), ("Permission", text("FULL_CONTROL"))]);
    let written = body(answered("GetBucketAcl", &[("Grants", Value::List(vec![grant]))]));
    let wanted = "<AccessControlList><Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
                  xsi:type=\"CanonicalUser\"><ID>abc</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>\
                  </AccessControlList>";
    assert!(written.contains(wanted), "{written}");
    let sent = "<AccessControlPolicy xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Owner><ID>abc</ID></Owner>\
                <AccessControlList><Grant><Grantee xmlns:n=\"http://www.w3.org/2001/XMLSchema-instance\" \
                n:type=\"CanonicalUser\"><ID>abc</ID></Grantee><Permission>READ</Permission></Grant></AccessControlList>\
                </AccessControlPolicy>";
    let policy = read(&parts("PUT", "/b?acl", &[]), Some("s3"), sent, "AccessControlPolicy").unwrap();
    assert!(format!("{policy:?}").contains("CanonicalUser"), "{policy:?}");
}

#[test]
fn documents_carry_times_with_their_fraction_and_headers_without() {
    let moment = Value::Timestamp(Timestamp::from_seconds(1_576_540_098));
    let Kind::Structure(copied) = &MODEL.shape(MODEL.operation("CopyObject").unwrap().output.unwrap()).kind else {
        panic!()
    };
    let result = copied.members.iter().find(|member| member.name == "CopyObjectResult").unwrap().target;
    let result = tree(result, &[("LastModified", copy(&moment)), ("ETag", text("\"abc\""))]);
    let written = body(answered("CopyObject", &[("CopyObjectResult", result)]));
    assert!(written.contains("<ETag>&quot;abc&quot;</ETag>"), "{written}");
    assert!(written.contains("<LastModified>2019-12-16T23:48:18.000Z</LastModified>"), "{written}");
    let response = answered("HeadObject", &[("LastModified", moment), ("ETag", text("\"abc\""))]);
    assert_eq!(response.headers()["last-modified"], "Mon, 16 Dec 2019 23:48:18 GMT");
    assert_eq!(response.headers()["etag"], "\"abc\"");
}

#[test]
fn ranges_are_partial_and_heads_keep_their_length() {
    let members = [("ContentLength", Value::Integer(5)), ("AcceptRanges", text("bytes"))];
    let whole = answered("HeadObject", &members);
    assert_eq!(whole.status(), 200);
    assert_eq!(whole.headers()["content-length"], "5");
    assert_eq!(whole.headers()["x-amz-request-id"], "id");
    assert!(whole.headers().contains_key("x-amz-id-2"));
    let part = answered("GetObject", &[("ContentRange", text("bytes 0-4/9"))]);
    assert_eq!((part.status().as_u16(), &part.headers()["content-range"]), (206, &"bytes 0-4/9".parse().unwrap()));
}

#[test]
fn metadata_beyond_ascii_is_an_encoded_word() {
    let metadata = Value::Map(vec![("name".into(), text("Ä b c")), ("plain".into(), text("x"))]);
    let response = answered("HeadObject", &[("Metadata", metadata)]);
    assert_eq!(response.headers()["x-amz-meta-name"], "=?UTF-8?Q?=C3=84_b_c?=");
    assert_eq!(response.headers()["x-amz-meta-plain"], "x");
    let sent = parts("PUT", "/b/k", &[("x-amz-meta-Name", "=?UTF-8?Q?=C3=84_b_c?=")]);
    let read = read(&sent, Some("s3"), "", "Metadata").unwrap();
    assert_eq!(read, Value::Map(vec![("name".into(), text("Ä b c"))]));
}

#[test]
fn what_belongs_to_the_transport_is_not_the_operations() {
    let headers = [
        ("content-encoding", "aws-chunked, gzip"),
        ("content-length", "99"),
        ("x-amz-decoded-content-length", "13"),
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
    ];
    let put = parts("PUT", "/b/k", &headers);
    assert_eq!(read(&put, Some("s3"), "", "ContentEncoding").unwrap(), text("gzip"));
    assert_eq!(read(&put, Some("s3"), "", "ContentLength").unwrap(), Value::Integer(13));
    let put = parts("PUT", "/b/k", &[("content-encoding", "deflate, gzip")]);
    assert_eq!(read(&put, Some("s3"), "", "ContentEncoding").unwrap(), text("deflate, gzip"));
    let put = parts("PUT", "/b/k", &[("content-encoding", "aws-chunked"), ("content-length", "99")]);
    assert_eq!(read(&put, Some("s3"), "", "ContentEncoding").unwrap(), Value::Absent);
    assert_eq!(read(&put, Some("s3"), "", "ContentLength").unwrap(), Value::Integer(99));
}

#[test]
fn presigned_urls_carry_headers_as_parameters() {
    let put = parts("PUT", "/b/k?x-amz-acl=private&X-Amz-Storage-Class=STANDARD&x-amz-meta-A=b", &[]);
    assert_eq!(read(&put, Some("s3"), "", "ACL").unwrap(), text("private"));
    assert_eq!(read(&put, Some("s3"), "", "StorageClass").unwrap(), text("STANDARD"));
    assert_eq!(read(&put, Some("s3"), "", "Metadata").unwrap(), Value::Map(vec![("a".into(), text("b"))]));
}

#[test]
fn wrong_arguments_are_named_and_wrong_documents_are_not() {
    let refused = |parts: &Parts, body: &str| {
        let fault = read(parts, Some("s3"), body, "Bucket").unwrap_err();
        let named = fault.fields.iter().find(|(name, _)| *name == "ArgumentName").map(|(_, value)| copy(value));
        (fault.code.to_string(), named.unwrap_or_default())
    };
    let list = parts("GET", "/b?max-keys=many", &[]);
    assert_eq!(refused(&list, ""), ("InvalidArgument".into(), text("max-keys")));
    let list = parts("GET", "/b?encoding-type=rot13", &[]);
    assert_eq!(refused(&list, ""), ("InvalidArgument".into(), text("encoding-type")));
    let put = parts("PUT", "/b/k", &[("x-amz-acl", "open")]);
    assert_eq!(refused(&put, ""), ("InvalidArgument".into(), text("x-amz-acl")));
    let put = parts("PUT", "/b/k", &[("x-amz-storage-class", "WARM")]);
    assert_eq!(refused(&put, "").0, "InvalidStorageClass");
    let attributes = parts("GET", "/b/k?attributes", &[]);
    assert_eq!(refused(&attributes, "").0, "InvalidRequest");
    let versioning = parts("PUT", "/b?versioning", &[]);
    assert_eq!(refused(&versioning, "").0, "MissingRequestBodyError");
    let wrong = "<VersioningConfiguration><Status>Maybe</Status></VersioningConfiguration>";
    assert_eq!(refused(&versioning, wrong).0, "MalformedXML");
    assert_eq!(refused(&versioning, "<VersioningConfiguration>").0, "MalformedXML");
    let get = parts("GET", "/b/k", &[("if-modified-since", "yesterday")]);
    assert_eq!(read(&get, Some("s3"), "", "IfModifiedSince").unwrap(), Value::Absent);
}

#[test]
fn errors_have_s3s_elements_and_headers() {
    let dialect = Dialect { protocol: haar_kernel::schema::Protocol::RestXml, model: Some(&MODEL), query_mode: false };
    let fault = Fault::common("NoSuchBucket", 404, "The specified bucket does not exist")
        .with("BucketName", text("photos"))
        .with_header("x-amz-bucket-region", "eu-west-1");
    let response = haar_wire::encode_fault(&dialect, &fault, "id");
    assert_eq!(response.headers()["x-amz-bucket-region"], "eu-west-1");
    assert_eq!(
        body(response),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchBucket</Code><Message>The specified bucket does \
         not exist</Message><BucketName>photos</BucketName><RequestId>id</RequestId><HostId>aWQ=</HostId></Error>"
    );
    let unchanged = Fault::common("NotModified", 304, "Not Modified").with_header("ETag", "\"abc\"");
    let response = haar_wire::encode_fault(&dialect, &unchanged, "id");
    assert_eq!((response.status().as_u16(), &response.headers()["etag"]), (304, &"\"abc\"".parse().unwrap()));
    assert_eq!(body(response), "");
    let broken = haar_wire::encode_fault(&dialect, &Fault::internal("a disk"), "id");
    assert!(body(broken).contains("<Code>InternalError</Code>"));
}

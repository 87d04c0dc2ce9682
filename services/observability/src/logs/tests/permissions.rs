//! What identities' policies must say.

use haar_gateway::testkit::FixedAuthority;
use haar_platform::kernel::caller::Permissions;
use haar_platform::kernel::{AccountId, Authority, Caller};
use haar_platform::policy::{Document, Kind, Principal, Source, SourceKind};
use haar_platform::store::Config;

use super::*;

/// A user who may do what Lambda's guides let a function's role do.
fn alice() -> Arc<Caller> {
    let account = AccountId::parse(ACCOUNT).unwrap();
    let arn = format!("arn:aws:iam::{account}:user/alice");
    let principal = Principal::User { arn: arn.clone(), unique_id: "AIDA".into(), account: account.to_string() };
    Arc::new(Caller { principal, arn, user_id: "AIDA".into(), ..Caller::root(&account) })
}

#[tokio::test]
async fn a_role_for_one_group_writes_there_and_nowhere_else() {
    let alice = alice();
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[
        {{"Effect":"Allow","Action":"logs:CreateLogGroup","Resource":"arn:aws:logs:{REGION}:{ACCOUNT}:*"}},
        {{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents","logs:FilterLogEvents"],
          "Resource":"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*"}}]}}"#
    );
    let document = Arc::new(Document::parse(&text, Kind::Identity).unwrap());
    let source = Source { id: "p".into(), arn: None, kind: SourceKind::User, document };
    let permissions = Arc::new(Permissions { identity: vec![source], ..Default::default() });
    let authority = FixedAuthority { permissions: [(alice.arn.clone(), permissions)].into(), ..Default::default() };
    let house = TestHouse::with_authority(Config::in_memory(), |platform| {
        (vec![service(platform)], Arc::new(authority) as Arc<dyn Authority>)
    });
    for group in [GROUP, "/other"] {
        let input = aws::CreateLogGroupRequest { log_group_name: group.into(), ..Default::default() };
        house.call_as::<aws::CreateLogGroup>(&alice, REGION, input).await.unwrap();
    }
    let tagged = aws::CreateLogGroupRequest {
        log_group_name: "/tagged".into(),
        tags: Some([("a".to_owned(), "b".to_owned())].into()),
        ..Default::default()
    };
    let fault = house.call_as::<aws::CreateLogGroup>(&alice, REGION, tagged).await.unwrap_err();
    assert!(fault.message.contains("logs:TagResource"), "{fault}");

    let stream =
        |group: &str| aws::CreateLogStreamRequest { log_group_name: group.into(), log_stream_name: STREAM.into() };
    house.call_as::<aws::CreateLogStream>(&alice, REGION, stream(GROUP)).await.unwrap();
    house.call_as::<aws::PutLogEvents>(&alice, REGION, batch(GROUP, STREAM, &[(NOW, "a")])).await.unwrap();
    let filter = aws::FilterLogEventsRequest { log_group_name: Some(GROUP.into()), ..Default::default() };
    let events = house.call_as::<aws::FilterLogEvents>(&alice, REGION, filter).await.unwrap().events.unwrap();
    assert_eq!(events.len(), 1);
    let fault = house.call_as::<aws::CreateLogStream>(&alice, REGION, stream("/other")).await.unwrap_err();
    assert_eq!(fault.name, "AccessDeniedException");
    assert!(fault.message.contains("log-group:/other:log-stream:a"), "{fault}");
    let fault = house.call_as::<aws::DescribeLogGroups>(&alice, REGION, Default::default()).await.unwrap_err();
    assert!(fault.message.contains("log-group::log-stream:"), "{fault}");
}

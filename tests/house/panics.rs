//! A panic in one call is that call's InternalFailure; everyone else is served on.

use std::sync::{Arc, Weak};

use haar_gateway::testkit::FixedAuthority;
use haar_gateway::{AuthMode, Gateway, IamMode, Listener, Switchboard};
use haar_platform::Platform;
use haar_platform::aws::sts::{self, GetCallerIdentityRequest, GetCallerIdentityResponse};
use haar_platform::kernel::ctx::Dispatch;
use haar_platform::kernel::paging::Pager;
use haar_platform::kernel::{Access, AccountId, Clock, Ctx, Fault, House, Region, Service};
use haar_platform::store::{Config, Store};
use haar_tests::{raw, signed};

/// Says who is there, once it has fallen over.
async fn panic(ctx: &Ctx, _: &(), _: GetCallerIdentityRequest) -> Result<GetCallerIdentityResponse, Fault> {
    panic!("deliberately, at {}", ctx.now().seconds())
}

async fn refuse<I, O>(_: &Ctx, _: &(), _: I) -> Result<O, Fault> {
    Err(Fault::not_served("anything"))
}

fn broken_service() -> Service {
    Service::of(&sts::MODEL, ())
        .op::<sts::GetCallerIdentity>(|_, (), _| Ok(Access::open()), panic)
        .op::<sts::AssumeRole>(|_, (), _| panic!("before it began"), refuse)
        .op::<sts::AssumeRoleWithWebIdentity>(|_, (), _| Ok(Access::open()), refuse)
        .op::<sts::GetAccessKeyInfo>(|_, (), _| Ok(Access::open()), refuse)
        .op::<sts::GetSessionToken>(|_, (), _| Ok(Access::open()), refuse)
        .build()
}

/// A front door with nothing but the broken service behind it; its address.
async fn open_broken_house() -> (Platform, String) {
    let (account, region) = (AccountId::parse("000000000000").unwrap(), Region::parse("us-east-1").unwrap());
    let house = House::new(Clock::system(), Pager::new(b"test"), account, region);
    let platform = Platform::assemble(house, Store::open(Config::in_memory()).unwrap()).unwrap();
    let authority = Arc::new(FixedAuthority::default());
    let switchboard =
        Arc::new(Switchboard::new(vec![broken_service()], authority, IamMode::Off, platform.ledger.clone()));
    let dispatch: Weak<dyn Dispatch> = Arc::<Switchboard>::downgrade(&switchboard);
    platform.house.connect(dispatch);
    let models = haar_platform::aws::MODELS;
    let gateway = Arc::new(Gateway::new(platform.clone(), models, switchboard, AuthMode::Off, "memory".into()));
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address().unwrap().to_string();
    listener.serve(gateway);
    (platform, address)
}

#[tokio::test]
async fn a_panic_is_answered_as_an_internal_failure_with_a_request_id() {
    let (platform, address) = open_broken_house().await;
    // One connection for both: not even that breaks.
    let mut connection = raw::Connection::to(&address).await;
    let assume = "Action=AssumeRole&Version=2011-06-15&RoleSessionName=me&RoleArn=arn:aws:iam::000000000000:role/glue";
    for form in ["Action=GetCallerIdentity&Version=2011-06-15", assume] {
        connection.write(&signed::form(&address, "sts", form.as_bytes())).await;
        let answer = connection.read().await.unwrap();
        assert_eq!((answer.status, answer.code().as_deref()), (500, Some("InternalFailure")), "{}", answer.text());
        let id = answer.header("x-amzn-requestid").unwrap().to_owned();
        assert!(answer.text().contains(&id), "{}", answer.text());
        assert!(!answer.text().contains("deliberately"), "the cause is the operator's: {}", answer.text());
    }
    platform.house.tasks.close().await;
}

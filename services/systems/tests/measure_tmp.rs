//! Temporary.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]
use haar_gateway::testkit::TestHouse;
use haar_platform::aws::ssm as aws;
use haar_systems::ssm::{service_with, Quotas};
use std::time::Instant;
#[tokio::test]
async fn measure() {
    for count in [1000u32, 150_000] {
        let house = TestHouse::open(|p| vec![service_with(p, Quotas { standard: 10_000_000, advanced: 0 })]);
        let t = Instant::now();
        for n in 0..count {
            let r = aws::PutParameterRequest { name: format!("/p/{n:07}/leaf"), value: "v".into(), r#type: Some(aws::ParameterType::String), ..Default::default() };
            house.call::<aws::PutParameter>(r).await.unwrap();
        }
        for n in 0..20 {
            let r = aws::PutParameterRequest { name: format!("/p/{n:02}"), value: "v".into(), r#type: Some(aws::ParameterType::String), ..Default::default() };
            house.call::<aws::PutParameter>(r).await.unwrap();
        }
        println!("{count} put: {:?} each", t.elapsed() / count);
        for (path, recursive) in [("/p", false), ("/p", true), ("/", true)] {
            let req = || aws::GetParametersByPathRequest { path: path.into(), recursive: Some(recursive), ..Default::default() };
            let first = house.call::<aws::GetParametersByPath>(req()).await.unwrap();
            assert_eq!(first.parameters.unwrap().len(), 10);
            let t = Instant::now();
            for _ in 0..300 { house.call::<aws::GetParametersByPath>(req()).await.unwrap(); }
            println!("{count} {path} {recursive}: {:?}", t.elapsed() / 300);
        }
        let t = Instant::now();
        for _ in 0..3000 { house.call::<aws::GetParameter>(aws::GetParameterRequest { name: "/p/0000500/leaf".into(), with_decryption: None }).await.unwrap(); }
        println!("{count} get: {:?}", t.elapsed() / 3000);
    }
}

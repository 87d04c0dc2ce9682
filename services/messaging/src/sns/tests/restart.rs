//! What is still to be delivered survives the house.

use haar_gateway::testkit::FixedAuthority;
use haar_platform::store::Config;

use super::hooks::Hook;
use super::*;

fn open(directory: &std::path::Path) -> Bench {
    let house = TestHouse::with_authority(Config::at(directory), |platform| {
        let services = vec![crate::sns::service(platform), crate::sqs::service(platform)];
        (services, Arc::new(FixedAuthority::default()) as _)
    });
    Bench { house }
}

#[tokio::test]
async fn an_acknowledged_message_is_delivered_by_the_next_house() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let bench = open(&data);
    let topic = bench.create("a").await;
    let hook = Hook::open(&bench, &[200, 500]).await;
    bench.subscribe(&topic, "http", &hook.url, &[]).await;
    bench.house.settle().await;
    let token = hook.bodies()[0]["Token"].as_str().unwrap().to_owned();
    bench.confirm(&topic, &token).await.unwrap();
    let id = bench.publish(&topic, "do not forget").await;
    assert_eq!(hook.bodies().len(), 2, "it was tried and failed");
    bench.house.platform.house.tasks.close().await;
    bench.house.platform.store.close().await.unwrap();
    drop(bench);

    let bench = open(&data);
    hook.serve(&bench, &[200]).await;
    bench.advance(20).await;
    assert_eq!(hook.bodies().last().unwrap()["MessageId"], id);
    bench.advance(3600).await;
    assert_eq!(hook.bodies().len(), 3, "once it was delivered it is over");
}

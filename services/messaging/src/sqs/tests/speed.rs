//! temporary
use super::*;
use haar_platform::store::Config;
#[test]
fn speed() {
    let directory = tempfile::tempdir_in("/var/tmp").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let bench = std::sync::Arc::new(Bench {
            house: TestHouse::with_authority(Config::at(directory.path()), |platform| {
                let nobody = haar_gateway::testkit::FixedAuthority::default();
                (vec![crate::sqs::service(platform)], std::sync::Arc::new(nobody) as _)
            }),
        });
        let url = bench.create("orders", &[]).await;
        for clients in [1usize, 64, 256] {
            let each = 20000 / clients / if clients == 1 { 10 } else { 1 };
            let started = std::time::Instant::now();
            let tasks: Vec<_> = (0..clients).map(|_| { let (b, u) = (bench.clone(), url.clone()); tokio::spawn(async move { for _ in 0..each { b.send(&u, "hello world, a body of a typical size, perhaps").await; } }) }).collect();
            for t in tasks { t.await.unwrap(); }
            let t = started.elapsed();
            println!("{clients} clients: {:.0} sends/s", (each * clients) as f64 / t.as_secs_f64());
        }
        let started = std::time::Instant::now();
        let n = 64;
        let tasks: Vec<_> = (0..n).map(|_| { let (b, u) = (bench.clone(), url.clone()); tokio::spawn(async move { let mut c = 0; for _ in 0..100 { for m in b.receive(&u, 1).await { b.delete(&u, &m).await.unwrap(); c += 1; } } c }) }).collect();
        let mut c = 0; for t in tasks { c += t.await.unwrap(); }
        println!("receive+delete {:.0}/s", c as f64 / started.elapsed().as_secs_f64());
    });
}

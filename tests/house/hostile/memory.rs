//! What hostile clients can make the house remember.

use haar_tests::raw::Connection;
use haar_tests::signed;
use tokio::task::JoinSet;

use super::{Besieged, assert_refused};

/// The most that may ever be resident while all of this goes on. Bodies that are being read take at most 256 MiB
/// together; of the larger ones at most 32 MiB are decoded and at work at once, and a decoded message takes up to ten
/// times its bytes; the rest is the ledger in memory and the program itself.
const MEMORY_MAX: u64 = 768 * 1024 * 1024;

/// As large as a body may be.
const LARGE: usize = 8 * 1024 * 1024 - 4096;

/// Clients at once.
const CLIENTS: usize = 16;

/// Fills a body with as many copies of a piece as fit.
fn filled(before: &str, piece: &str, after: &str) -> Vec<u8> {
    let times = (LARGE - before.len() - after.len()) / piece.len();
    let pieces = piece.repeat(times);
    format!("{before}{}{after}", pieces.trim_end_matches(',')).into()
}

#[tokio::test]
async fn small_things_by_the_million_do_not_fill_the_memory() {
    let mut house = Besieged::open().await;
    let json: Vec<(&str, Vec<u8>)> = vec![
        ("empty objects", filled(r#"{"Name":"/p","Tags":["#, "{},", "]}")),
        ("nulls in a list", filled(r#"{"Names":["#, "null,", "]}")),
        ("empty texts", filled(r#"{"Names":["#, r#""","#, "]}")),
        ("members that AWS does not have", filled("{", r#""a":1,"#, r#","Name":"/p"}"#)),
        ("lists in a member that AWS does not have", filled(r#"{"x":["#, "[],", r#"],"Name":"/p"}"#)),
        ("the same member again and again", filled("{", r#""Name":"","#, r#","Name":""}"#)),
        ("one long text", filled(r#"{"Names":[""#, "a", r#""]}"#)),
        ("one text of escapes", filled(r#"{"Names":[""#, r"\u0041", r#""]}"#)),
    ];
    for (case, body) in json {
        let target = if case == "empty objects" { "AmazonSSM.PutParameter" } else { "AmazonSSM.GetParameters" };
        let request = signed::json(house.address(), target, &body);
        flood(&mut house, case, request).await;
    }
    let create = "Action=CreateUser&Version=2010-05-08&UserName=!";
    let numbered: String = (1..300_000).map(|number| format!("&Tags.member.{number}.Key=")).collect();
    for (case, body) in
        [("pairs", filled(create, "&a=b", "")), ("numbered members", format!("{create}{numbered}").into_bytes())]
    {
        let request = signed::form(house.address(), "iam", &body);
        flood(&mut house, case, request).await;
    }
    house.close().await;
}

/// The same request from many at once. All are refused, and the memory holds.
async fn flood(house: &mut Besieged, case: &str, request: Vec<u8>) {
    let request = bytes::Bytes::from(request);
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (address, request) = (house.address().to_owned(), request.clone());
        clients.spawn(async move {
            let mut connection = Connection::to(&address).await;
            connection.write(&request).await;
            connection.read().await
        });
    }
    while let Some(answer) = clients.join_next().await {
        let answer = assert_refused(case, answer.unwrap());
        assert!(answer.body.len() < 1024 * 1024, "{case}: an answer of {} bytes", answer.body.len());
    }
    house.serves(case).await;
    let resident = house.house.resident_bytes_max();
    eprintln!("{case}: {} MiB", resident >> 20);
    assert!(resident < MEMORY_MAX, "{case}: {resident} bytes are resident");
}

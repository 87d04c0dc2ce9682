//! `haar status`: whether a house answers, and what is in it.

use http::Method;

use crate::cli::Status;
use crate::client::Client;
use crate::failure::Failure;

/// Prints it.
pub async fn run(status: &Status) -> Result<(), Failure> {
    let answer = Client::new(&status.house.endpoint).page(Method::GET, "/_haar/status").await?;
    if status.json {
        println!("{answer}");
        return Ok(());
    }
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    println!(
        "haar {} at {}, account {}, region {}",
        text("version"),
        status.house.endpoint,
        text("account"),
        text("region")
    );
    println!("clock    {}", text("now"));
    println!("data     {}", text("data"));
    println!("calls    {}", answer["calls"]);
    println!("services {}", names(&answer["services"]));
    for (table, rows) in answer["tables"].as_object().into_iter().flatten() {
        println!("{rows:>10}  {table}");
    }
    Ok(())
}

fn names(services: &serde_json::Value) -> String {
    let names: Vec<&str> = services.as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
    names.join(", ")
}

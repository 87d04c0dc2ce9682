//! `haar logs`: the calls that the house has recorded.

use http::Method;

use crate::cli::Logs;
use crate::client::Client;
use crate::failure::Failure;

/// Prints them, newest last.
pub async fn run(logs: &Logs) -> Result<(), Failure> {
    let service = logs.service.as_ref().map(|service| format!("&service={service}")).unwrap_or_default();
    let format = if logs.access_log { "&format=access-log" } else { "" };
    let path = format!("/_haar/ledger?limit={}{service}{format}", logs.limit);
    let answer = Client::new(&logs.house.endpoint).page(Method::GET, &path).await?;
    for line in answer["lines"].as_array().into_iter().flatten().rev() {
        match line.as_str() {
            Some(text) => println!("{text}"),
            None if logs.json => println!("{line}"),
            None => println!("{}", readable(line)),
        }
    }
    Ok(())
}

fn readable(line: &serde_json::Value) -> String {
    let text = |pointer: &str| line.pointer(pointer).and_then(|value| value.as_str()).unwrap_or("-").to_owned();
    let micros = line["duration_micros"].as_u64().unwrap_or(0);
    let code = text("/error_code");
    let status = if code == "-" { line["status"].to_string() } else { format!("{} {code}", line["status"]) };
    let call = format!("{}:{}", text("/service"), text("/operation"));
    let millis = micros as f64 / 1000.0;
    format!("{}  {call:<36} {status:<28} {millis:>8.2} ms  {}", text("/time"), text("/caller/arn"))
}

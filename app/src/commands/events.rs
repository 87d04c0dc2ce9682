//! `haar events`: the events that services and callers have put on the bus.

use http::Method;

use crate::cli::Events;
use crate::client::Client;
use crate::failure::Failure;

/// Prints them as JSON lines, newest last.
pub async fn run(events: &Events) -> Result<(), Failure> {
    let path = format!("/_haar/events?limit={}", events.limit);
    let answer = Client::new(&events.house.endpoint).page(Method::GET, &path).await?;
    for event in answer["events"].as_array().into_iter().flatten().rev() {
        println!("{event}");
    }
    Ok(())
}

//! `haar reset`: empties all state of a running house.

use http::Method;

use crate::cli::Endpoint;
use crate::client::Client;
use crate::failure::Failure;

/// Empties it.
pub async fn run(house: &Endpoint) -> Result<(), Failure> {
    Client::new(&house.endpoint).page(Method::POST, "/_haar/reset").await?;
    println!("the house at {} is empty", house.endpoint);
    Ok(())
}

//! `haar iam suggest`: the least policy for what was called.

use http::Method;

use crate::cli::{Iam, IamAction};
use crate::client::Client;
use crate::failure::Failure;

/// Prints the policy document.
pub async fn run(iam: &Iam) -> Result<(), Failure> {
    let IamAction::Suggest { house, principal } = &iam.action;
    let wanted = principal.as_ref().map(|arn| {
        let encoded = percent_encoding::utf8_percent_encode(arn, percent_encoding::NON_ALPHANUMERIC);
        format!("?principal={encoded}")
    });
    let path = format!("/_haar/iam/suggest{}", wanted.unwrap_or_default());
    let answer = Client::new(&house.endpoint).page(Method::GET, &path).await?;
    eprintln!("# from {} recorded calls", answer["calls"]);
    println!("{}", answer["policy"].as_str().unwrap_or_default());
    Ok(())
}

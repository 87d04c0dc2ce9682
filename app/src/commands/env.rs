//! `haar env`: what a shell must export so that the aws CLI and SDKs talk to the house.

use std::io::IsTerminal;

use crate::cli::Endpoint;
use crate::client::Client;
use crate::failure::Failure;

/// The lines, for a house at `endpoint`.
///
/// Version 1 of the aws CLI has addresses of its own for SQS and ignores `AWS_ENDPOINT_URL` there; it obeys
/// `--endpoint-url`, so a shell function says both.
pub fn exports(endpoint: &str, region: &str) -> String {
    format!(
        "export AWS_ENDPOINT_URL={endpoint}\n\
         export AWS_ACCESS_KEY_ID=test\n\
         export AWS_SECRET_ACCESS_KEY=test\n\
         export AWS_DEFAULT_REGION={region}\n\
         aws() {{ command aws --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"; }}\n"
    )
}

/// Prints the lines; a house that does not answer is a note on standard error, since it may start later.
pub async fn run(house: &Endpoint) -> Result<(), Failure> {
    let region = match Client::new(&house.endpoint).page(http::Method::GET, "/_haar/health").await {
        Ok(health) => health["region"].as_str().unwrap_or("us-east-1").to_owned(),
        Err(failure) => {
            eprint!("{}", failure.to_string().replacen("error:", "note:", 1));
            "us-east-1".to_owned()
        }
    };
    print!("{}", exports(&house.endpoint, &region));
    if std::io::stdout().is_terminal() {
        eprintln!("# to take these over into your shell: eval \"$(haar env)\"");
    }
    Ok(())
}

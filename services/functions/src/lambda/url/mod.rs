//! Function URLs: an address over which a function is called like a web server.
//!
//! ```text
//!   configuration   where a URL is made, changed and removed
//!   page            a request for one: who may, and what comes of it
//!   event           the request as the function gets it, in payload format 2.0
//!   answer          what the function returns, as a response
//!   cors            pages of other origins
//! ```
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html>

pub mod answer;
pub mod configuration;
pub mod cors;
pub mod event;
pub mod page;

/// What stands between a URL's id and the region in its host.
const LABEL: &str = "lambda-url";

/// The id and the region of a URL's host, `<id>.lambda-url.<region>.localhost`.
fn parts(host: &str) -> Option<(&str, &str)> {
    let mut labels = host.split('.');
    let id = labels.next().filter(|id| !id.is_empty())?;
    let is_url = labels.next() == Some(LABEL);
    let region = labels.next()?;
    is_url.then_some((id, region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_names_the_url_and_its_region() {
        assert_eq!(parts("abc.lambda-url.eu-west-1.localhost"), Some(("abc", "eu-west-1")));
        assert_eq!(parts("bucket.s3.us-east-1.localhost"), None);
        assert_eq!(parts("localhost"), None);
    }
}

//! How endpoints are reached, and what an endpoint of each kind looks like.
//! <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>

use haar_platform::kernel::Arn;
use http::Uri;

use super::error::SnsError;
use super::model::Protocol;

impl Protocol {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Sqs, "sqs"),
        (Self::Lambda, "lambda"),
        (Self::Http, "http"),
        (Self::Https, "https"),
        (Self::Email, "email"),
        (Self::EmailJson, "email-json"),
    ];

    /// By AWS's name.
    pub fn parse(text: &str) -> Result<Self, SnsError> {
        if let Some((protocol, _)) = Self::ALL.iter().find(|(_, name)| *name == text) {
            return Ok(*protocol);
        }
        match text {
            "sms" | "application" | "firehose" => {
                Err(SnsError::NotServed(format!("SNS subscriptions by {text} (Protocol={text})")))
            }
            _ => Err(SnsError::invalid(format!("Amazon SNS does not support this protocol string: {text}"))),
        }
    }

    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(protocol, _)| *protocol == self).expect("all are listed").1
    }

    /// The endpoint as an ARN, where it is one.
    pub fn target(self, endpoint: &str) -> Option<Arn> {
        matches!(self, Self::Sqs | Self::Lambda).then(|| endpoint.parse().ok())?
    }

    /// Refuses an endpoint that is none of this protocol.
    pub fn check(self, endpoint: &str) -> Result<(), SnsError> {
        let (fits, refusal) = match self {
            Self::Sqs => (self.target(endpoint).is_some_and(|arn| arn.service == "sqs"), "SQS endpoint ARN"),
            Self::Lambda => {
                let target = self.target(endpoint);
                let is_function = |arn: &Arn| arn.service == "lambda" && arn.resource.starts_with("function:");
                (target.as_ref().is_some_and(is_function), "Lambda endpoint ARN")
            }
            Self::Http | Self::Https => {
                let uri = endpoint.parse::<Uri>().ok();
                let fits = uri.is_some_and(|uri| uri.scheme_str() == Some(self.as_str()) && uri.host().is_some());
                (fits, "Endpoint must match the specified protocol")
            }
            Self::Email | Self::EmailJson => (is_mail_address(endpoint), "Email address"),
        };
        if fits { Ok(()) } else { Err(SnsError::invalid(refusal)) }
    }
}

fn is_mail_address(text: &str) -> bool {
    let plain = |text: &str| !text.is_empty() && !text.chars().any(|char| char.is_whitespace() || char.is_control());
    text.rsplit_once('@').is_some_and(|(name, domain)| plain(name) && plain(domain) && !name.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_fit_their_protocol() {
        for (protocol, good, bad) in [
            (Protocol::Sqs, "arn:aws:sqs:us-east-1:000000000000:q", "http://localhost/000000000000/q"),
            (
                Protocol::Lambda,
                "arn:aws:lambda:us-east-1:000000000000:function:f",
                "arn:aws:sqs:us-east-1:000000000000:q",
            ),
            (Protocol::Http, "http://localhost:8080/hook?a=b", "https://localhost/"),
            (Protocol::Https, "https://user:word@example.com/", "example.com"),
            (Protocol::Email, "ops@example.com", "ops"),
        ] {
            assert!(protocol.check(good).is_ok(), "{good}");
            assert!(protocol.check(bad).is_err(), "{bad}");
        }
    }
}

//! Where a queue is: its account, region and name, and how these are written as URL and ARN.

use haar_platform::kernel::{AccountId, Arn, Ctx};

use super::error::SqsError;

/// Characters of a queue's name, the `.fifo` suffix included.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>
const NAME_CHARS_MAX: usize = 80;

/// What the name of every FIFO queue ends with.
pub const FIFO_SUFFIX: &str = ".fifo";

/// A queue by its coordinates; the queue need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub account: String,
    pub region: String,
    pub name: String,
}

impl Address {
    /// A queue of the call's region.
    pub fn of(ctx: &Ctx, account: &str, name: &str) -> Self {
        Self { account: account.to_owned(), region: ctx.region.to_string(), name: name.to_owned() }
    }

    /// From a queue URL: any scheme and host, because haar answers under many; the path names account and queue.
    pub fn from_url(ctx: &Ctx, url: &str) -> Result<Self, SqsError> {
        let invalid = || SqsError::InvalidAddress(url.to_owned());
        let path = match url.split_once("://") {
            Some((_, rest)) => rest.split_once('/').ok_or_else(invalid)?.1,
            None => url,
        };
        let mut segments = path.trim_end_matches('/').rsplit('/');
        let name = segments.next().filter(|name| fits(name)).ok_or_else(invalid)?;
        let account = segments.next().and_then(AccountId::parse).ok_or_else(invalid)?;
        Ok(Self::of(ctx, &account, name))
    }

    /// From a queue's ARN.
    pub fn from_arn(text: &str) -> Option<Self> {
        let arn: Arn = text.parse().ok()?;
        let is_queue = arn.service == "sqs" && !arn.region.is_empty() && AccountId::parse(&arn.account).is_some();
        (is_queue && fits(&arn.resource)).then_some(Self {
            account: arn.account,
            region: arn.region,
            name: arn.resource,
        })
    }

    /// The queue's ARN.
    pub fn arn(&self) -> Arn {
        Arn::new("sqs", &self.region, &self.account, self.name.clone())
    }

    /// The URL that works from where the caller is.
    pub fn url(&self, ctx: &Ctx) -> String {
        let endpoint = ctx.origin.endpoint.trim_end_matches('/');
        format!("{endpoint}/{}/{}", self.account, self.name)
    }

    /// The key of its record, in its borrowed form.
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.account, &self.region, &self.name)
    }

    /// Only FIFO queues may have the suffix, and all of them have it.
    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(FIFO_SUFFIX)
    }
}

/// Checks the name of a queue that is to be created.
pub fn check_name(name: &str, fifo: bool) -> Result<(), SqsError> {
    if fifo && !(name.ends_with(FIFO_SUFFIX) && fits(name)) {
        return Err(SqsError::InvalidParameterValue(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end \
             with .fifo suffix and be 1 to 80 in length"
                .into(),
        ));
    }
    if !fifo && (name.contains('.') || !fits(name)) {
        return Err(SqsError::InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length".into(),
        ));
    }
    Ok(())
}

fn fits(name: &str) -> bool {
    let stem = name.strip_suffix(FIFO_SUFFIX).unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !stem.is_empty() && name.len() <= NAME_CHARS_MAX && stem.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        let longest = "a".repeat(80);
        for good in ["a", "Orders-2_x", &longest] {
            assert!(check_name(good, false).is_ok(), "{good}");
        }
        let too_long = "a".repeat(81);
        for bad in ["", "a b", "ä", "a.b", "a.fifo", &too_long] {
            assert!(check_name(bad, false).is_err(), "{bad}");
        }
        assert!(check_name("a.fifo", true).is_ok());
        for bad in ["a", ".fifo", "a.fifo.fifo", &format!("{}.fifo", "a".repeat(76))] {
            assert!(check_name(bad, true).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_arn_of_another_service_is_no_queue() {
        assert!(Address::from_arn("arn:aws:sqs:us-east-1:000000000000:q").is_some());
        assert!(Address::from_arn("arn:aws:sns:us-east-1:000000000000:q").is_none());
        assert!(Address::from_arn("arn:aws:sqs:us-east-1:0:q").is_none());
        assert!(Address::from_arn("dummy").is_none());
    }
}

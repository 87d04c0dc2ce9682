//! Amazon Resource Names, accounts and regions.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The one partition that we are.
pub const PARTITION: &str = "aws";

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// As AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// Twelve digits.
    AccountId
);
name!(
    /// `us-east-1`.
    Region
);

impl AccountId {
    /// Twelve digits, or nothing.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| Self(text.into()))
    }
}

impl Region {
    /// Letters, digits and hyphens, as every region's name; we keep no list of regions.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=63).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        fits.then(|| Self(text.into()))
    }
}

/// `arn:partition:service:region:account:resource`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Arn {
    /// `aws`.
    pub partition: String,
    /// `sqs`.
    pub service: String,
    /// Empty for global services.
    pub region: String,
    /// Empty for S3 buckets.
    pub account: String,
    /// All the rest, colons and slashes included.
    pub resource: String,
}

impl Arn {
    /// An ARN of ours.
    pub fn new(service: &str, region: &str, account: &str, resource: impl Into<String>) -> Self {
        Self {
            partition: PARTITION.into(),
            service: service.into(),
            region: region.into(),
            account: account.into(),
            resource: resource.into(),
        }
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

/// A text that is no ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ARN")]
pub struct NotAnArn;

impl FromStr for Arn {
    type Err = NotAnArn;
    fn from_str(text: &str) -> Result<Self, NotAnArn> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().ok_or(NotAnArn);
        if next()? != "arn" {
            return Err(NotAnArn);
        }
        let arn = Self {
            partition: next()?.into(),
            service: next()?.into(),
            region: next()?.into(),
            account: next()?.into(),
            resource: next()?.into(),
        };
        if arn.partition.is_empty() || arn.service.is_empty() || arn.resource.is_empty() {
            Err(NotAnArn)
        } else {
            Ok(arn)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_keeps_its_colons() {
        let text = "arn:aws:logs:eu-west-1:123456789012:log-group:/a:*";
        let arn: Arn = text.parse().expect("an ARN");
        assert_eq!(arn.resource, "log-group:/a:*");
        assert_eq!(arn.to_string(), text);
        assert_eq!("arn:aws:sqs".parse::<Arn>(), Err(NotAnArn));
        assert_eq!("arn:aws:sqs:r:1:".parse::<Arn>(), Err(NotAnArn));
    }

    #[test]
    fn an_account_is_twelve_digits() {
        assert!(AccountId::parse("000000000000").is_some());
        assert!(AccountId::parse("12345678901").is_none());
        assert!(AccountId::parse("12345678901a").is_none());
    }
}

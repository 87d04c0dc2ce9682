//! AWS's own managed policies, as far as haar ships them: those of the services that it serves or will serve.
//!
//! Their documents are the permissions that AWS publishes; each has one version here, whatever its number on AWS.
//! <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html>

use std::sync::{Arc, LazyLock};

use haar_platform::aws::iam as api;
use haar_platform::kernel::Timestamp;
use haar_platform::policy::{Document, Kind, Source, SourceKind};

use super::policy::Uses;
use super::{document, policy_version};

/// A managed policy of AWS's.
pub struct AwsManaged {
    pub name: &'static str,
    pub path: &'static str,
    pub description: &'static str,
    pub created: Timestamp,
    pub text: &'static str,
}

/// By name, as `ListPolicies` shows them.
pub static ALL: &[AwsManaged] = &[
    AwsManaged {
        name: "AdministratorAccess",
        path: "/",
        description: "Provides full access to AWS services and resources.",
        created: Timestamp::from_seconds(1423247986),
        text: include_str!("managed/AdministratorAccess.json"),
    },
    AwsManaged {
        name: "AmazonAthenaFullAccess",
        path: "/",
        description: "Provide full access to Amazon Athena and scoped access to the dependencies needed to enable querying, writing results, and data management.",
        created: Timestamp::from_seconds(1480524361),
        text: include_str!("managed/AmazonAthenaFullAccess.json"),
    },
    AwsManaged {
        name: "AmazonEventBridgeFullAccess",
        path: "/",
        description: "Provides full access to Amazon EventBridge.",
        created: Timestamp::from_seconds(1562854126),
        text: include_str!("managed/AmazonEventBridgeFullAccess.json"),
    },
    AwsManaged {
        name: "AmazonRedshiftFullAccess",
        path: "/",
        description: "Provides full access to Amazon Redshift via the AWS Management Console.",
        created: Timestamp::from_seconds(1423248050),
        text: include_str!("managed/AmazonRedshiftFullAccess.json"),
    },
    AwsManaged {
        name: "AmazonS3FullAccess",
        path: "/",
        description: "Provides full access to all buckets via the AWS Management Console.",
        created: Timestamp::from_seconds(1423248058),
        text: include_str!("managed/AmazonS3FullAccess.json"),
    },
    AwsManaged {
        name: "AmazonS3ReadOnlyAccess",
        path: "/",
        description: "Provides read only access to all buckets via the AWS Management Console.",
        created: Timestamp::from_seconds(1423248059),
        text: include_str!("managed/AmazonS3ReadOnlyAccess.json"),
    },
    AwsManaged {
        name: "AmazonSNSFullAccess",
        path: "/",
        description: "Provides full access to Amazon SNS via the AWS Management Console.",
        created: Timestamp::from_seconds(1423248065),
        text: include_str!("managed/AmazonSNSFullAccess.json"),
    },
    AwsManaged {
        name: "AmazonSQSFullAccess",
        path: "/",
        description: "Provides full access to Amazon SQS via the AWS Management Console.",
        created: Timestamp::from_seconds(1423248067),
        text: include_str!("managed/AmazonSQSFullAccess.json"),
    },
    AwsManaged {
        name: "AmazonSQSReadOnlyAccess",
        path: "/",
        description: "Provides read only access to Amazon SQS via the AWS Management Console.",
        created: Timestamp::from_seconds(1423248068),
        text: include_str!("managed/AmazonSQSReadOnlyAccess.json"),
    },
    AwsManaged {
        name: "AmazonSSMFullAccess",
        path: "/",
        description: "Provides full access to Amazon SSM.",
        created: Timestamp::from_seconds(1432921187),
        text: include_str!("managed/AmazonSSMFullAccess.json"),
    },
    AwsManaged {
        name: "AmazonSSMManagedInstanceCore",
        path: "/",
        description: "The policy for Amazon EC2 Role to enable AWS Systems Manager service core functionality.",
        created: Timestamp::from_seconds(1552670532),
        text: include_str!("managed/AmazonSSMManagedInstanceCore.json"),
    },
    AwsManaged {
        name: "AmazonSSMReadOnlyAccess",
        path: "/",
        description: "Provides read only access to Amazon SSM.",
        created: Timestamp::from_seconds(1432921444),
        text: include_str!("managed/AmazonSSMReadOnlyAccess.json"),
    },
    AwsManaged {
        name: "AWSGlueServiceRole",
        path: "/service-role/",
        description: "Policy for AWS Glue service role which allows access to related services including EC2, S3, and Cloudwatch Logs",
        created: Timestamp::from_seconds(1502717841),
        text: include_str!("managed/AWSGlueServiceRole.json"),
    },
    AwsManaged {
        name: "AWSLambdaBasicExecutionRole",
        path: "/service-role/",
        description: "Provides write permissions to CloudWatch Logs.",
        created: Timestamp::from_seconds(1428591823),
        text: include_str!("managed/AWSLambdaBasicExecutionRole.json"),
    },
    AwsManaged {
        name: "AWSLambdaSQSQueueExecutionRole",
        path: "/service-role/",
        description: "Provides receive message, delete message, and read attribute access to SQS queues, and write permissions to CloudWatch logs.",
        created: Timestamp::from_seconds(1529013045),
        text: include_str!("managed/AWSLambdaSQSQueueExecutionRole.json"),
    },
    AwsManaged {
        name: "CloudWatchFullAccess",
        path: "/",
        description: "Provides full access to CloudWatch.",
        created: Timestamp::from_seconds(1423248000),
        text: include_str!("managed/CloudWatchFullAccess.json"),
    },
    AwsManaged {
        name: "CloudWatchLogsFullAccess",
        path: "/",
        description: "Provides full access to CloudWatch Logs",
        created: Timestamp::from_seconds(1423248002),
        text: include_str!("managed/CloudWatchLogsFullAccess.json"),
    },
    AwsManaged {
        name: "CloudWatchReadOnlyAccess",
        path: "/",
        description: "Provides read only access to CloudWatch.",
        created: Timestamp::from_seconds(1423248001),
        text: include_str!("managed/CloudWatchReadOnlyAccess.json"),
    },
    AwsManaged {
        name: "IAMFullAccess",
        path: "/",
        description: "Provides full access to IAM via the AWS Management Console.",
        created: Timestamp::from_seconds(1423248038),
        text: include_str!("managed/IAMFullAccess.json"),
    },
    AwsManaged {
        name: "IAMReadOnlyAccess",
        path: "/",
        description: "Provides read only access to IAM via the AWS Management Console.",
        created: Timestamp::from_seconds(1423248039),
        text: include_str!("managed/IAMReadOnlyAccess.json"),
    },
    AwsManaged {
        name: "PowerUserAccess",
        path: "/",
        description: "Provides full access to AWS services and resources, but does not allow management of Users and groups.",
        created: Timestamp::from_seconds(1423247987),
        text: include_str!("managed/PowerUserAccess.json"),
    },
    AwsManaged {
        name: "ReadOnlyAccess",
        path: "/",
        description: "Provides read-only access to AWS services and resources.",
        created: Timestamp::from_seconds(1423247988),
        text: include_str!("managed/ReadOnlyAccess.json"),
    },
];

/// Compiled at first use, in the order of [`ALL`].
static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| ALL.iter().map(compile).collect());

/// The policy with that ARN.
pub fn find(arn: &str) -> Option<&'static AwsManaged> {
    let path_and_name = arn.strip_prefix("arn:aws:iam::aws:policy")?;
    ALL.iter().find(|policy| {
        let path = path_and_name.strip_suffix(policy.name);
        path == Some(policy.path)
    })
}

impl AwsManaged {
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{}{}", self.path, self.name)
    }

    /// Ready for evaluation.
    pub fn source(&self) -> Source {
        let index = ALL.iter().position(|policy| policy.name == self.name);
        SOURCES[index.expect("policies are found in the list")].clone()
    }

    pub fn answer(&self, uses: Uses) -> api::Policy {
        api::Policy {
            policy_name: Some(self.name.into()),
            policy_id: Some(self.id()),
            arn: Some(self.arn()),
            path: Some(self.path.into()),
            default_version_id: Some(policy_version::id(1)),
            attachment_count: i32::try_from(uses.attached).ok(),
            permissions_boundary_usage_count: i32::try_from(uses.boundaries).ok(),
            is_attachable: Some(true),
            description: Some(self.description.into()),
            create_date: Some(self.created),
            update_date: Some(self.created),
            tags: None,
        }
    }

    /// The one version.
    pub fn version(&self, with_document: bool) -> api::PolicyVersion {
        api::PolicyVersion {
            document: with_document.then(|| document::encoded(self.text)),
            version_id: Some(policy_version::id(1)),
            is_default_version: Some(true),
            create_date: Some(self.created),
        }
    }

    /// In the form of AWS's, made from the ARN: the same in every house, though not AWS's own.
    fn id(&self) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        // FNV-1a, 128 bits: 17 characters need 85 of them.
        let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        for byte in self.arn().bytes() {
            hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
        let mut id = String::from("ANPA");
        for position in 0..17 {
            let digit = (hash >> (position * 5)) as usize % ALPHABET.len();
            id.push(char::from(ALPHABET[digit]));
        }
        id
    }
}

fn compile(policy: &AwsManaged) -> Source {
    let document = Document::parse(policy.text, Kind::Managed).expect("the policies that haar ships are tested");
    Source {
        id: policy.name.into(),
        arn: Some(policy.arn().into()),
        kind: SourceKind::AwsManaged,
        document: Arc::new(document),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_policy_is_found_by_its_arn_and_compiles() {
        for policy in ALL {
            let found = find(&policy.arn()).expect("it is in the list");
            assert_eq!(found.name, policy.name);
            assert_eq!(&*policy.source().id, policy.name);
        }
        assert!(find("arn:aws:iam::aws:policy/AWSGlueServiceRole").is_none(), "the path is part of the ARN");
        assert!(find("arn:aws:iam::123456789012:policy/ReadOnlyAccess").is_none());
    }

    #[test]
    fn ids_are_unique_and_in_order() {
        let ids: HashSet<_> = ALL.iter().map(AwsManaged::id).collect();
        assert_eq!(ids.len(), ALL.len());
        assert!(ids.iter().all(|id| id.len() == 21));
    }
}

//! Making buckets.

use haar_platform::aws::s3::*;
use haar_platform::kernel::{Ctx, Region, ids};
use haar_platform::store::{Read, Span};

use super::name::BucketName;
use super::{acl, ownership, public_access_block};
use crate::s3::S3;
use crate::s3::error::Error;
use crate::s3::model::{BUCKETS, BY_OWNER, Bucket, Configuration, ConfigurationKind, Versioning};
use crate::s3::object::REQUESTS_WRITE;
use crate::s3::tag_set::{self, BUCKET_TAGS_MAX, TagSet};

/// The region of buckets that name none, and of callers who come to the endpoint without a region.
pub const FIRST_REGION: &str = "us-east-1";

/// Buckets of an account.
/// <https://docs.aws.amazon.com/general/latest/gr/s3.html#limits_s3>
const BUCKETS_MAX: u64 = 10_000;

/// Makes a bucket, closed to the public and without ACLs unless asked otherwise.
pub async fn create(ctx: &Ctx, s3: &S3, input: CreateBucketRequest) -> Result<CreateBucketOutput, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let draft = Draft::parse(ctx, input)?;
    let location = draft.location();
    let quiet = ctx.region.as_str() == FIRST_REGION;
    s3.store.write(move |tx| draft.write(tx, quiet)).await?;
    Ok(CreateBucketOutput { location: Some(location), ..CreateBucketOutput::default() })
}

/// A bucket to be.
struct Draft {
    name: BucketName,
    bucket: Bucket,
    ownership: ObjectOwnership,
    tags: TagSet,
}

impl Draft {
    fn parse(ctx: &Ctx, input: CreateBucketRequest) -> Result<Self, Error> {
        let name = BucketName::parse(&input.bucket)?;
        if input.object_lock_enabled_for_bucket == Some(true) {
            return Err(Error::not_served("Object Lock (x-amz-bucket-object-lock-enabled)"));
        }
        if input.bucket_namespace == Some(BucketNamespace::AccountRegional) {
            return Err(Error::not_served("account regional namespaces (x-amz-bucket-namespace)"));
        }
        let ownership = input.object_ownership.unwrap_or(ObjectOwnership::BucketOwnerEnforced);
        let grants = [
            input.grant_full_control,
            input.grant_read,
            input.grant_read_acp,
            input.grant_write,
            input.grant_write_acp,
        ];
        acl::check_new_bucket(ownership, input.acl, grants.iter().any(Option::is_some))?;
        let configuration = input.create_bucket_configuration.unwrap_or_default();
        if configuration.location.is_some() || configuration.bucket.is_some() {
            return Err(Error::not_served("directory buckets (Location and Bucket of CreateBucketConfiguration)"));
        }
        let tags = tag_set::check(configuration.tags.unwrap_or_default(), BUCKET_TAGS_MAX)?;
        let bucket = Bucket {
            number: u64::from_be_bytes(ids::random()),
            owner: ctx.account.to_string(),
            region: region(ctx, configuration.location_constraint.as_deref())?,
            created: ctx.now(),
            versioning: Versioning::Off,
        };
        Ok(Self { name, bucket, ownership, tags })
    }

    /// The answer's header: a path where AWS has only ever had one region.
    fn location(&self) -> String {
        match self.bucket.region.as_str() {
            FIRST_REGION => format!("/{}", self.name.as_str()),
            _ => format!("http://{}.s3.amazonaws.com/", self.name.as_str()),
        }
    }

    /// `quiet`: asked for in the first region, which for reasons of its age takes no offence at a second request for
    /// the same bucket there.
    fn write(self, tx: &mut haar_platform::store::Tx, quiet: bool) -> Result<(), Error> {
        let Self { name, bucket, ownership, tags } = self;
        if let Some(known) = tx.get(BUCKETS, name.as_str())? {
            return if known.owner != bucket.owner {
                Err(Error::BucketAlreadyExists(name.as_str().to_owned()))
            } else if quiet && known.region == FIRST_REGION && bucket.region == FIRST_REGION {
                Ok(())
            } else {
                Err(Error::BucketAlreadyOwnedByYou(name.as_str().to_owned()))
            };
        }
        if tx.count_index(BY_OWNER, Span::under((bucket.owner.as_str(),)))? >= BUCKETS_MAX {
            return Err(Error::TooManyBuckets);
        }
        tx.put(BUCKETS, name.as_str(), &bucket)?;
        super::put(tx, &bucket, ConfigurationKind::Ownership, &ownership::configuration(ownership))?;
        let closed = Configuration::PublicAccessBlock(public_access_block::ALL);
        super::put(tx, &bucket, ConfigurationKind::PublicAccessBlock, &closed)?;
        if !tags.is_empty() {
            super::put(tx, &bucket, ConfigurationKind::Tagging, &Configuration::Tagging(tags))?;
        }
        Ok(())
    }
}

/// Where the bucket will be. The first region takes requests for all others, as AWS's global endpoint does.
fn region(ctx: &Ctx, constraint: Option<&str>) -> Result<String, Error> {
    let here = ctx.region.as_str();
    let wanted = match constraint {
        Some("EU") => Some("eu-west-1"),
        Some(constraint) if !could_be_constraint(constraint) => {
            return Err(Error::InvalidLocationConstraint(constraint.to_owned()));
        }
        constraint => constraint,
    };
    match wanted {
        None if here == FIRST_REGION => Ok(FIRST_REGION.to_owned()),
        None => Err(Error::IllegalLocationConstraint("unspecified".into())),
        Some(wanted) if here == FIRST_REGION || here == wanted => Ok(wanted.to_owned()),
        Some(wanted) => Err(Error::IllegalLocationConstraint(wanted.to_owned())),
    }
}

/// Every region's name ends in a number. The first region is named by naming none.
fn could_be_constraint(text: &str) -> bool {
    let numbered = text.rsplit_once('-').is_some_and(|(area, number)| {
        area.contains('-') && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    numbered && Region::parse(text).is_some() && text != FIRST_REGION
}

//! What callers may ask of a crawler, and what is refused by name.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Ctx, Fault, ObjectsError};
use haar_platform::store::Read;

use super::super::Glue;
use super::super::error::Error;
use super::super::kept::Kept;
use super::super::model::{CLASSIFIERS, Rule};
use super::super::place::Place;
use super::configuration::Configuration;
use super::model::{CrawlerInput, CrawlerTargets};
use super::target::Target;
use super::{crawl, role};

/// Characters of a prefix.
const PREFIX_CHARS_MAX: usize = 64;

/// A crawler's new settings, and its role if that is another.
pub struct Change {
    /// All of them.
    pub input: CrawlerInput,
    /// To be checked.
    pub role: Option<String>,
}

/// The settings of a new crawler.
pub fn parse(ctx: &Ctx, glue: &Glue, place: &Place, input: aws::CreateCrawlerRequest) -> Result<CrawlerInput, Fault> {
    refuse_settings(
        ctx,
        input.crawler_security_configuration.as_deref(),
        input.lineage_configuration.as_ref(),
        input.lake_formation_configuration.as_ref(),
        input.recrawl_policy.as_ref(),
        input.catalog_id.as_deref(),
    )?;
    let kept = CrawlerInput {
        role: input.role,
        targets: targets(input.targets)?,
        database_name: input.database_name,
        description: input.description,
        classifiers: input.classifiers,
        table_prefix: input.table_prefix,
        schema_change_policy: Kept::keep(input.schema_change_policy),
        recrawl_policy: Kept::keep(input.recrawl_policy),
        lineage_configuration: Kept::keep(input.lineage_configuration),
        lake_formation_configuration: Kept::keep(input.lake_formation_configuration),
        configuration: input.configuration,
    };
    check(glue, place, &kept)?;
    Ok(kept)
}

/// The settings of a crawler after a change.
pub fn change(
    ctx: &Ctx,
    glue: &Glue,
    place: &Place,
    before: CrawlerInput,
    input: aws::UpdateCrawlerRequest,
) -> Result<Change, Fault> {
    refuse_settings(
        ctx,
        input.crawler_security_configuration.as_deref(),
        input.lineage_configuration.as_ref(),
        input.lake_formation_configuration.as_ref(),
        input.recrawl_policy.as_ref(),
        input.catalog_id.as_deref(),
    )?;
    let sent = input.targets.map(targets).transpose()?;
    if crawl::is_incremental(&before) && sent.as_ref().is_some_and(|sent| *sent != before.targets) {
        let stays = input.recrawl_policy.as_ref().and_then(|policy| policy.recrawl_behavior)
            != Some(aws::RecrawlBehavior::CrawlEverything);
        if stays {
            let message = "The S3 targets of a crawler that crawls new folders only cannot be changed.";
            return Err(Error::invalid(message).into());
        }
    }
    let kept = CrawlerInput {
        role: input.role.clone().unwrap_or(before.role),
        targets: sent.unwrap_or(before.targets),
        database_name: input.database_name.or(before.database_name),
        description: input.description.or(before.description),
        classifiers: input.classifiers.or(before.classifiers),
        table_prefix: input.table_prefix.or(before.table_prefix),
        schema_change_policy: input.schema_change_policy.map(Kept::keep).or(before.schema_change_policy),
        recrawl_policy: input.recrawl_policy.map(Kept::keep).or(before.recrawl_policy),
        lineage_configuration: input.lineage_configuration.map(Kept::keep).or(before.lineage_configuration),
        lake_formation_configuration: input
            .lake_formation_configuration
            .map(Kept::keep)
            .or(before.lake_formation_configuration),
        configuration: input.configuration.or(before.configuration),
    };
    check(glue, place, &kept)?;
    Ok(Change { input: kept, role: input.role })
}

/// Glue must be trusted by the role.
pub async fn check_role(ctx: &Ctx, role: &str) -> Result<(), Fault> {
    match role::assume(ctx, role).await {
        Ok(_) => Ok(()),
        Err(fault) if fault.status >= 500 => Err(fault),
        Err(_) => Err(Error::invalid(crawl::UNTRUSTED).into()),
    }
}

/// Targets as a caller sees them: every kind is there.
pub fn show_targets(targets: CrawlerTargets) -> aws::CrawlerTargets {
    let mut shown: aws::CrawlerTargets = Kept::show(targets);
    shown.s3_targets.get_or_insert_default().iter_mut().for_each(|target| {
        target.exclusions.get_or_insert_default();
    });
    shown.catalog_targets.get_or_insert_default();
    aws::CrawlerTargets {
        jdbc_targets: Some(Vec::new()),
        mongo_db_targets: Some(Vec::new()),
        dynamo_db_targets: Some(Vec::new()),
        delta_targets: Some(Vec::new()),
        iceberg_targets: Some(Vec::new()),
        hudi_targets: Some(Vec::new()),
        ..shown
    }
}

fn targets(sent: aws::CrawlerTargets) -> Result<CrawlerTargets, Fault> {
    fn some<T>(list: &Option<Vec<T>>) -> bool {
        list.as_ref().is_some_and(|list| !list.is_empty())
    }
    for (asked, what) in [
        (some(&sent.jdbc_targets), "JdbcTargets"),
        (some(&sent.mongo_db_targets), "MongoDBTargets"),
        (some(&sent.dynamo_db_targets), "DynamoDBTargets"),
        (some(&sent.delta_targets), "DeltaTargets"),
        (some(&sent.iceberg_targets), "IcebergTargets"),
        (some(&sent.hudi_targets), "HudiTargets"),
    ] {
        if asked {
            return Err(Fault::not_served(format_args!("glue crawlers with {what}")));
        }
    }
    let filled = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let s3 = sent.s3_targets.iter().flatten();
    let catalog = sent.catalog_targets.iter().flatten();
    let connected = s3.clone().any(|target| filled(&target.connection_name))
        || catalog.clone().any(|target| filled(&target.connection_name));
    let queued = s3.clone().any(|target| filled(&target.event_queue_arn) || filled(&target.dlq_event_queue_arn))
        || catalog.clone().any(|target| filled(&target.event_queue_arn) || filled(&target.dlq_event_queue_arn));
    if connected {
        return Err(Fault::not_served("glue crawlers' targets with ConnectionName"));
    }
    if queued {
        return Err(Fault::not_served("glue crawlers' targets with EventQueueArn"));
    }
    if some(&sent.s3_targets) == some(&sent.catalog_targets) {
        let message = match some(&sent.s3_targets) {
            true => "Catalog targets cannot be combined with other targets.",
            false => "The crawler targets must not be empty.",
        };
        return Err(Error::invalid(message).into());
    }
    Ok(Kept::keep(sent))
}

/// Settings that nobody here would honour.
fn refuse_settings(
    ctx: &Ctx,
    security: Option<&str>,
    lineage: Option<&aws::LineageConfiguration>,
    lake_formation: Option<&aws::LakeFormationConfiguration>,
    recrawl: Option<&aws::RecrawlPolicy>,
    catalog_id: Option<&str>,
) -> Result<(), Fault> {
    let lineage = lineage.and_then(|lineage| lineage.crawler_lineage_settings);
    let credentials = lake_formation.and_then(|configuration| configuration.use_lake_formation_credentials);
    let recrawl = recrawl.and_then(|policy| policy.recrawl_behavior);
    for (asked, what) in [
        (security.is_some_and(|name| !name.is_empty()), "CrawlerSecurityConfiguration"),
        (lineage == Some(aws::CrawlerLineageSettings::Enable), "CrawlerLineageSettings = ENABLE"),
        (credentials == Some(true), "UseLakeFormationCredentials"),
        (recrawl == Some(aws::RecrawlBehavior::CrawlEventMode), "RecrawlBehavior = CRAWL_EVENT_MODE"),
        (catalog_id.is_some_and(|id| id != ctx.account.as_str()), "CatalogId of another account"),
    ] {
        if asked {
            return Err(Fault::not_served(format_args!("glue crawlers with {what}")));
        }
    }
    Ok(())
}

fn check(glue: &Glue, place: &Place, input: &CrawlerInput) -> Result<(), Fault> {
    Configuration::parse(input.configuration.as_deref()).map_err(Error::invalid)?;
    if input.table_prefix.as_ref().is_some_and(|prefix| prefix.chars().count() > PREFIX_CHARS_MAX) {
        return Err(Error::invalid(format!("A table prefix can have {PREFIX_CHARS_MAX} characters at most.")).into());
    }
    for target in input.targets.s3_targets.iter().flatten() {
        let target = Target::parse(target)?;
        if let Err(ObjectsError::NoSuchBucket(bucket)) = glue.objects.list(&target.bucket, &target.prefix, None, 1) {
            return Err(Error::invalid(format!("S3 bucket {bucket} does not exist.")).into());
        }
    }
    let has_database = input.database_name.as_ref().is_some_and(|name| !name.is_empty());
    if input.database_name.is_some() && !has_database {
        return Err(Error::invalid("Database name cannot be empty.").into());
    }
    let read = glue.store.snapshot();
    for name in input.classifiers.iter().flatten() {
        match read.get(CLASSIFIERS, &place.key(name)).map_err(Error::from)? {
            None => return Err(Error::invalid(format!("Classifier {name} not found.")).into()),
            Some(classifier) if matches!(classifier.rule, Rule::Xml { .. }) => {
                return Err(Fault::not_served("glue crawlers with XML classifiers"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

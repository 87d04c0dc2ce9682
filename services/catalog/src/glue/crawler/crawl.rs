//! One crawl, from its role to the last partition.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use haar_formats::infer::Classifier;
use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Caller, Ctx};
use haar_platform::store::{Read, Span};

use super::super::Glue;
use super::super::model::PARTITIONS;
use super::super::place::Place;
use super::change::Update;
use super::configuration::Configuration;
use super::definition::Author;
use super::grouping;
use super::model::{CatalogTarget, Crawler, CrawlerInput, Tally};
use super::output::{Delete, Known, Located, Output, broken};
use super::recognise;
use super::role;
use super::run::Stop;
use super::target::Target;
use super::walk::{Ended, Walk};

/// Where tables go when a crawler names no database.
const DATABASE: &str = "default";

/// AWS's words for a role that does not trust Glue.
pub const UNTRUSTED: &str = "Service is unable to assume provided role. Please verify role's TrustPolicy";

/// Looks at all targets of a crawler and writes what was found; the tally tells of everything that was written, also
/// when the crawl ends early.
pub async fn crawl(
    ctx: &Ctx,
    glue: &Glue,
    name: &str,
    crawler: &Crawler,
    id: &str,
    stop: &Stop,
    tally: &mut Tally,
) -> Result<(), Ended> {
    let input = &crawler.input;
    let configuration = Configuration::parse(input.configuration.as_deref()).map_err(Ended::Failed)?;
    let place = Place::of(ctx, None).map_err(broken)?;
    let classifiers = recognise::classifiers(glue, &place, input)?;
    let role = role::assume(ctx, &input.role).await.map_err(|_| Ended::Failed(UNTRUSTED.into()))?;
    let is_incremental = is_incremental(input);
    let (update, delete) = policies(input, &configuration, is_incremental);
    let output = Output {
        ctx,
        glue,
        place,
        database: input.database_name.clone().unwrap_or_else(|| DATABASE.into()),
        role,
        author: Author { crawler: name.to_owned(), crawl: id.to_owned(), exclusions: Vec::new() },
        prefix: input.table_prefix.clone().unwrap_or_default(),
        update,
        delete,
        is_incremental,
        configuration,
        stop: stop.clone(),
    };
    match input.targets.catalog_targets.as_deref() {
        Some(targets) if !targets.is_empty() => crawl_tables(&output, targets, classifiers, tally).await,
        _ => crawl_paths(output, input, classifiers, is_incremental, tally).await,
    }
}

/// Looks at paths, and makes tables of what is there.
async fn crawl_paths(
    output: Output<'_>,
    input: &CrawlerInput,
    classifiers: Arc<Vec<Classifier>>,
    is_incremental: bool,
    tally: &mut Tally,
) -> Result<(), Ended> {
    let known = output.known()?;
    let mut walk = Walk {
        objects: output.glue.objects.clone(),
        classifiers,
        combine: output.configuration.combine || output.configuration.table_level.is_some(),
        known: None,
        stop: output.stop.clone(),
    };
    if is_incremental {
        walk.known = Some(known_folders(&output, &known)?);
    }
    let (mut found, mut roots) = (Vec::new(), Vec::new());
    for target in input.targets.s3_targets.iter().flatten() {
        let target = Target::parse(target).map_err(|error| Ended::Failed(error.to_string()))?;
        let target = Arc::new(target.or_object(output.glue.objects.as_ref()));
        check_reading(output.ctx, &output.role, &target).await?;
        let folders = walk.folders(&target).await?;
        let tables = grouping::tables(&folders, target.depth(), &output.configuration);
        found.extend(tables.into_iter().map(|table| located(&target, table)));
        roots.push(target.location());
    }
    if let Some(threshold) = output.configuration.table_threshold.filter(|threshold| found.len() > *threshold) {
        return Err(Ended::Failed(format!(
            "The number of tables detected by crawler: {} is greater than the table threshold value provided: \
             {threshold}. Failing crawler without writing to Data Catalog.",
            found.len()
        )));
    }
    if !found.is_empty() {
        output.ensure_database().await?;
    }
    let (mut known, mut names) = (known, BTreeSet::new());
    for table in &found {
        names.insert(output.write(table, &mut known, tally).await?);
    }
    if is_incremental {
        return Ok(());
    }
    output.forget(&roots, &names, tally).await
}

/// Looks at the data of tables that are there, and brings the tables up to date.
async fn crawl_tables(
    output: &Output<'_>,
    targets: &[CatalogTarget],
    classifiers: Arc<Vec<Classifier>>,
    tally: &mut Tally,
) -> Result<(), Ended> {
    let walk = Walk {
        objects: output.glue.objects.clone(),
        classifiers,
        combine: true,
        known: None,
        stop: output.stop.clone(),
    };
    for target in targets {
        // Tables stay when their data are gone.
        let output = Output { database: target.database_name.clone(), delete: Delete::Log, ..output.again() };
        for name in &target.tables {
            let table = output.find(name)?.ok_or_else(|| Ended::Failed(format!("Table {name} not found.")))?;
            let storage = table.version.input.storage_descriptor.and_then(|storage| storage.location);
            let location = storage.as_deref().and_then(Target::of_location);
            let location = location.ok_or_else(|| Ended::Failed(format!("Table {name} has no location in S3.")))?;
            let location = Arc::new(location);
            check_reading(output.ctx, &output.role, &location).await?;
            let folders = walk.folders(&location).await?;
            let configuration = Configuration { combine: true, table_level: None, ..output.configuration };
            let mut tables = grouping::tables(&folders, location.depth(), &configuration).into_iter();
            // Data that are several tables now are left to their owner.
            if let (Some(table), None) = (tables.next(), tables.next()) {
                output.refresh(name, &located(&location, table), tally).await?;
            }
        }
    }
    Ok(())
}

fn located(target: &Target, table: grouping::FoundTable) -> Located {
    Located {
        location: format!("{}{}", target.location(), if target.is_folder() { table.path.as_str() } else { "" }),
        root: target.location(),
        exclusions: target.exclusion_locations.clone(),
        table,
    }
}

async fn check_reading(ctx: &Ctx, role: &Arc<Caller>, target: &Target) -> Result<(), Ended> {
    role::check_reading(ctx, role, &target.bucket, &target.prefix).await.map_err(Ended::Failed)
}

/// Whether only folders that were added are looked at.
pub fn is_incremental(input: &CrawlerInput) -> bool {
    let behavior = input.recrawl_policy.as_ref().and_then(|policy| policy.recrawl_behavior.as_deref());
    behavior == Some(aws::RecrawlBehavior::CrawlNewFoldersOnly.as_str())
}

/// What becomes of tables. Incremental crawls change and delete nothing.
fn policies(input: &CrawlerInput, configuration: &Configuration, is_incremental: bool) -> (Update, Delete) {
    if is_incremental {
        return (Update::Log, Delete::Log);
    }
    let policy = input.schema_change_policy.clone().unwrap_or_default();
    let update = match policy.update_behavior.as_deref() {
        _ if configuration.merge => Update::Merge,
        Some("LOG") => Update::Log,
        _ => Update::InDatabase,
    };
    let delete = match policy.delete_behavior.as_deref() {
        Some("LOG") => Delete::Log,
        Some("DELETE_FROM_DATABASE") => Delete::FromDatabase,
        _ => Delete::Deprecate,
    };
    (update, delete)
}

/// The folders that tables and partitions of this crawler are for.
fn known_folders(output: &Output<'_>, known: &Known) -> Result<HashSet<String>, Ended> {
    let folder = |location: &str| format!("{}/", location.trim_end_matches('/'));
    let mut folders = HashSet::new();
    let read = output.glue.store.snapshot();
    for table in known.of_crawler(&output.author.crawler) {
        let location = table.version.input.storage_descriptor.as_ref().and_then(|storage| storage.location.as_deref());
        folders.extend(location.map(folder));
        for row in read.scan(PARTITIONS, Span::under((table.number,))) {
            let storage = row.map_err(broken)?.1.input.storage_descriptor;
            folders.extend(storage.and_then(|storage| storage.location).as_deref().map(folder));
        }
    }
    Ok(folders)
}

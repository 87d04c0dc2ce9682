//! Crawlers: they look at objects, tell what is in them, and write tables to the catalog.
//!
//! ```text
//!   request   what callers may ask of a crawler
//!   run       a crawl begins, is stopped, ends; crawl is what happens between
//!     role      whose permissions it has
//!     target    paths to look at; exclusion is what is left out
//!     recognise the crawler's own classifiers
//!     walk      objects are listed and looked at: folder
//!     grouping  folders become tables and partitions
//!     output    tables are written (definition, table_name, change), and their partitions (partitions)
//!   schedule  crawls that begin by themselves: cron
//!   history   crawls of the past
//! ```
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/add-crawler.html>

mod change;
mod configuration;
mod crawl;
mod definition;
mod event;
mod exclusion;
mod folder;
mod grouping;
pub mod history;
pub mod model;
mod output;
mod partitions;
mod recognise;
mod request;
mod role;
pub mod run;
pub mod schedule;
mod table_name;
mod target;
mod walk;

use haar_platform::aws::glue as aws;
use haar_platform::kernel::access::Resource;
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp, ids};
use haar_platform::store::{Read, Span};

use self::model::{CRAWLERS, Crawler, End};
use super::Glue;
use super::access::Touch;
use super::error::Error;
use super::kept::Kept;
use super::listing;
use super::model::{GONE, Gone, TAGS};
use super::place::Place;
use super::quota::{self, Counted};
use super::tag;

/// The resource part of a crawler's ARN.
pub fn resource(name: &str) -> String {
    format!("crawler/{name}")
}

/// The crawler of a name.
pub fn find(read: &impl Read, place: &Place, name: &str) -> Result<Crawler, Error> {
    read.get(CRAWLERS, &place.key(name))?.ok_or_else(|| not_found(name))
}

fn not_found(name: &str) -> Error {
    Error::EntityNotFound(format!("Crawler entry with name {name} does not exist"))
}

/// The crawler with the tags that it shall have, and the role that is handed to it.
pub fn create_access(ctx: &Ctx, glue: &Glue, input: &aws::CreateCrawlerRequest) -> Result<Access, Fault> {
    let access = Touch::inside(ctx, glue, None)?.resource(resource(&input.name))?.done()?;
    Ok(tag::requested(passing(ctx, access, &input.role), input.tags.as_ref()))
}

/// With the permission to hand a role to Glue.
fn passing(ctx: &Ctx, access: Access, role: &str) -> Access {
    let role = Resource::of(&role::arn(ctx, role)).for_action("iam:PassRole");
    access.and(role).with_key("iam:PassedToService", "glue.amazonaws.com")
}

/// CreateCrawler.
pub async fn create(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::CreateCrawlerRequest,
) -> Result<aws::CreateCrawlerResponse, Fault> {
    let place = Place::enter(ctx, None)?;
    let tags = tag::checked(input.tags.clone().unwrap_or_default())?;
    let name = input.name.clone();
    let schedule = schedule::parse(input.schedule.as_deref(), ctx.now())?;
    let kept = request::parse(ctx, glue, &place, input)?;
    request::check_role(ctx, &kept.role).await?;
    let now = ctx.now();
    let crawler = Crawler {
        number: u64::from_be_bytes(ids::random()),
        created: now,
        updated: now,
        version: 1,
        input: kept,
        schedule,
        crawl: None,
        last: None,
    };
    let (quotas, scheduler) = (glue.quotas, glue.scheduler.clone());
    glue.store
        .write(move |tx| {
            if tx.contains(CRAWLERS, &place.key(&name))? {
                return Err(Error::AlreadyExists(format!("Crawler with name {name}")));
            }
            quota::add(tx, &quotas, &Counted::Crawlers(&place))?;
            tx.put(CRAWLERS, &place.key(&name), &crawler)?;
            if !tags.0.is_empty() {
                tx.put(TAGS, &place.key(&resource(&name)), &tags)?;
            }
            tx.on_commit(move || scheduler.wake());
            Ok(())
        })
        .await?;
    Ok(aws::CreateCrawlerResponse {})
}

/// The crawler.
pub fn delete_access(ctx: &Ctx, glue: &Glue, input: &aws::DeleteCrawlerRequest) -> Result<Access, Fault> {
    Touch::inside(ctx, glue, None)?.resource(resource(&input.name))?.done()
}

/// DeleteCrawler; its history is swept away behind it.
pub async fn delete(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::DeleteCrawlerRequest,
) -> Result<aws::DeleteCrawlerResponse, Error> {
    let place = Place::enter(ctx, None)?;
    let sweeper = glue.sweeper.clone();
    glue.store
        .write(move |tx| {
            let name = input.name.as_str();
            let crawler = find(tx, &place, name)?;
            if crawler.crawl.is_some() {
                return Err(Error::CrawlerRunning(format!("Crawler with name {name} is currently running")));
            }
            tx.delete(CRAWLERS, &place.key(name))?;
            tx.delete(TAGS, &place.key(&resource(name)))?;
            tx.put(GONE, &crawler.number, &Gone::Crawler)?;
            quota::remove(tx, &Counted::Crawlers(&place))?;
            tx.on_commit(move || sweeper.wake());
            Ok(())
        })
        .await?;
    Ok(aws::DeleteCrawlerResponse {})
}

/// The crawler.
pub fn get_access(ctx: &Ctx, glue: &Glue, input: &aws::GetCrawlerRequest) -> Result<Access, Fault> {
    Touch::inside(ctx, glue, None)?.resource(resource(&input.name))?.done()
}

/// GetCrawler.
pub async fn get(ctx: &Ctx, glue: &Glue, input: aws::GetCrawlerRequest) -> Result<aws::GetCrawlerResponse, Error> {
    let place = Place::enter(ctx, None)?;
    let crawler = glue.store.read(|tx| find(tx, &place, &input.name))?;
    Ok(aws::GetCrawlerResponse { crawler: Some(show(&place, input.name, crawler, ctx.now())) })
}

/// The crawlers.
pub fn get_many_access(ctx: &Ctx, glue: &Glue, input: &aws::BatchGetCrawlersRequest) -> Result<Access, Fault> {
    let touch = Touch::inside(ctx, glue, None)?;
    input.crawler_names.iter().try_fold(touch, |touch, name| touch.resource(resource(name)))?.done()
}

/// BatchGetCrawlers.
pub async fn get_many(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::BatchGetCrawlersRequest,
) -> Result<aws::BatchGetCrawlersResponse, Error> {
    let place = Place::enter(ctx, None)?;
    let read = glue.store.snapshot();
    let (mut crawlers, mut missing) = (Vec::new(), Vec::new());
    for name in input.crawler_names {
        match read.get(CRAWLERS, &place.key(&name))? {
            Some(crawler) => crawlers.push(show(&place, name, crawler, ctx.now())),
            None => missing.push(name),
        }
    }
    Ok(aws::BatchGetCrawlersResponse { crawlers: Some(crawlers), crawlers_not_found: Some(missing) })
}

/// All crawlers.
pub fn list_access(_: &Ctx, _: &Glue, _: &aws::GetCrawlersRequest) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// GetCrawlers.
pub async fn list(ctx: &Ctx, glue: &Glue, input: aws::GetCrawlersRequest) -> Result<aws::GetCrawlersResponse, Error> {
    let place = Place::enter(ctx, None)?;
    let scope = "glue:GetCrawlers";
    let after = listing::cursor(ctx, scope, input.next_token)?;
    let read = glue.store.snapshot();
    let rows = read.scan(CRAWLERS, Span::under(place.prefix()).after(&place.key(&after)));
    let rows = rows.map(|row| row.map(|((_, _, name), crawler)| (name, crawler)));
    let page = listing::cut(rows, listing::size(input.max_results), |name, crawler| {
        Ok(Some(show(&place, name.to_owned(), crawler, ctx.now())))
    })?;
    Ok(aws::GetCrawlersResponse {
        crawlers: Some(page.items),
        next_token: page.next.map(|cursor| ctx.page_token(scope, &cursor)),
    })
}

/// All crawlers.
pub fn list_names_access(_: &Ctx, _: &Glue, _: &aws::ListCrawlersRequest) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// ListCrawlers: names, of all or of those that have the tags.
pub async fn list_names(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::ListCrawlersRequest,
) -> Result<aws::ListCrawlersResponse, Error> {
    let place = Place::enter(ctx, None)?;
    let scope = "glue:ListCrawlers";
    let after = listing::cursor(ctx, scope, input.next_token)?;
    let wanted = input.tags.unwrap_or_default();
    let read = glue.store.snapshot();
    let rows = read.scan_keys(CRAWLERS, Span::under(place.prefix()).after(&place.key(&after)));
    let rows = rows.map(|row| row.map(|(_, _, name)| (name, ())));
    let page = listing::cut(rows, listing::size(input.max_results), |name, ()| {
        let tags = if wanted.is_empty() { None } else { read.get(TAGS, &place.key(&resource(name)))? };
        let tags = tags.unwrap_or_default().0;
        Ok(wanted.iter().all(|(key, value)| tags.get(key) == Some(value)).then(|| name.to_owned()))
    })?;
    Ok(aws::ListCrawlersResponse {
        crawler_names: Some(page.items),
        next_token: page.next.map(|cursor| ctx.page_token(scope, &cursor)),
    })
}

/// The crawler, and the role that is handed to it if it gets another.
pub fn update_access(ctx: &Ctx, glue: &Glue, input: &aws::UpdateCrawlerRequest) -> Result<Access, Fault> {
    let access = Touch::inside(ctx, glue, None)?.resource(resource(&input.name))?.done()?;
    Ok(match &input.role {
        Some(role) => passing(ctx, access, role),
        None => access,
    })
}

/// UpdateCrawler: what the request leaves out stays as it is.
pub async fn update(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::UpdateCrawlerRequest,
) -> Result<aws::UpdateCrawlerResponse, Fault> {
    let place = Place::enter(ctx, None)?;
    let name = input.name.clone();
    let schedule = input.schedule.as_deref().map(|text| schedule::parse(Some(text), ctx.now())).transpose()?;
    let before = glue.store.read(|tx| find(tx, &place, &name))?;
    let changed = request::change(ctx, glue, &place, before.input, input)?;
    if let Some(role) = &changed.role {
        request::check_role(ctx, role).await?;
    }
    let (now, scheduler) = (ctx.now(), glue.scheduler.clone());
    glue.store
        .write(move |tx| {
            let mut crawler = find(tx, &place, &name)?;
            if crawler.crawl.is_some() {
                return Err(Error::CrawlerRunning(format!("Crawler with name {name} is currently running")));
            }
            if crawler.version != before.version {
                return Err(Error::VersionMismatch(format!("Crawler with name {name} has been changed meanwhile")));
            }
            crawler.input = changed.input;
            if let Some(schedule) = schedule {
                crawler.schedule = schedule;
            }
            crawler.version += 1;
            crawler.updated = now;
            tx.put(CRAWLERS, &place.key(&name), &crawler)?;
            tx.on_commit(move || scheduler.wake());
            Ok(())
        })
        .await?;
    Ok(aws::UpdateCrawlerResponse {})
}

fn show(place: &Place, name: String, crawler: Crawler, now: Timestamp) -> aws::Crawler {
    let Crawler { created, updated, version, input, schedule, crawl, last, .. } = crawler;
    let last_crawl = last.map(|last| {
        let (status, error_message) = match last.end {
            End::Completed => (aws::LastCrawlStatus::Succeeded, None),
            End::Failed(why) => (aws::LastCrawlStatus::Failed, Some(why)),
            End::Stopped => (aws::LastCrawlStatus::Cancelled, None),
        };
        aws::LastCrawlInfo {
            status: Some(status),
            error_message,
            log_group: Some(event::LOG_GROUP.into()),
            log_stream: Some(name.clone()),
            message_prefix: Some(last.id),
            start_time: Some(last.started),
        }
    });
    let elapsed = crawl.as_ref().map_or(0, |crawl| (now - crawl.started).as_millis() as i64);
    let policy = input.schema_change_policy.unwrap_or_default();
    let recrawl = input.recrawl_policy.unwrap_or_default();
    aws::Crawler {
        name: Some(name),
        role: Some(input.role),
        targets: Some(request::show_targets(input.targets)),
        database_name: input.database_name,
        description: input.description,
        classifiers: Some(input.classifiers.unwrap_or_default()),
        recrawl_policy: Some(aws::RecrawlPolicy {
            recrawl_behavior: Kept::show(recrawl.recrawl_behavior).or(Some(aws::RecrawlBehavior::CrawlEverything)),
        }),
        schema_change_policy: Some(aws::SchemaChangePolicy {
            update_behavior: Kept::show(policy.update_behavior).or(Some(aws::UpdateBehavior::UpdateInDatabase)),
            delete_behavior: Kept::show(policy.delete_behavior).or(Some(aws::DeleteBehavior::DeprecateInDatabase)),
        }),
        lineage_configuration: Some(aws::LineageConfiguration {
            crawler_lineage_settings: Some(aws::CrawlerLineageSettings::Disable),
        }),
        state: Some(match &crawl {
            None => aws::CrawlerState::Ready,
            Some(crawl) if crawl.stopping => aws::CrawlerState::Stopping,
            Some(_) => aws::CrawlerState::Running,
        }),
        table_prefix: input.table_prefix,
        schedule: schedule.map(|schedule| aws::Schedule {
            schedule_expression: Some(schedule.expression),
            state: Some(match schedule.running {
                true => aws::ScheduleState::Scheduled,
                false => aws::ScheduleState::NotScheduled,
            }),
        }),
        crawl_elapsed_time: Some(elapsed),
        creation_time: Some(created),
        last_updated: Some(updated),
        last_crawl,
        version: Some(version),
        configuration: input.configuration,
        crawler_security_configuration: None,
        lake_formation_configuration: Some(input.lake_formation_configuration.map(Kept::show).unwrap_or(
            aws::LakeFormationConfiguration {
                use_lake_formation_credentials: Some(false),
                account_id: Some(String::new()),
            },
        )),
        catalog_id: Some(place.account.to_string()),
    }
}

//! Schedules: crawlers that begin to crawl by themselves.

use std::time::Duration;

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, AccountId, Ctx, Fault, Next, Region, Timestamp};
use haar_platform::schedule::{Cron, Zone};
use haar_platform::store::{Read, Span};

use super::super::Glue;
use super::super::access::Touch;
use super::super::error::Error;
use super::super::place::Place;
use super::model::{BY_DUE, CRAWLERS, Crawler, Schedule};
use super::{event, run};

/// What the times of a schedule must be apart.
/// <https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html>
const APART_MIN: Duration = Duration::from_secs(5 * 60);

/// A schedule, which runs from now on; an empty text is none.
pub fn parse(text: Option<&str>, now: Timestamp) -> Result<Option<Schedule>, Error> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let Some(cron) = Cron::parse(text) else {
        return Err(Error::invalid(format!("Invalid cron expression: {text}")));
    };
    if cron.is_faster_than(APART_MIN) {
        return Err(Error::invalid(format!(
            "Cron expressions that lead to rates faster than 5 minutes are not supported: {text}"
        )));
    }
    Ok(Some(Schedule { expression: text.to_owned(), running: true, due: cron.after(now, &Zone::UTC) }))
}

/// The crawler.
pub fn update_access(ctx: &Ctx, glue: &Glue, input: &aws::UpdateCrawlerScheduleRequest) -> Result<Access, Fault> {
    Touch::inside(ctx, glue, None)?.resource(super::resource(&input.crawler_name))?.done()
}

/// UpdateCrawlerSchedule. Without a schedule the crawler has none.
pub async fn update(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::UpdateCrawlerScheduleRequest,
) -> Result<aws::UpdateCrawlerScheduleResponse, Error> {
    let schedule = parse(input.schedule.as_deref(), ctx.now())?;
    change(ctx, glue, input.crawler_name, move |crawler, _| {
        crawler.schedule = schedule;
        Ok(())
    })
    .await?;
    Ok(aws::UpdateCrawlerScheduleResponse {})
}

/// The crawler.
pub fn start_access(ctx: &Ctx, glue: &Glue, input: &aws::StartCrawlerScheduleRequest) -> Result<Access, Fault> {
    Touch::inside(ctx, glue, None)?.resource(super::resource(&input.crawler_name))?.done()
}

/// StartCrawlerSchedule.
pub async fn start(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::StartCrawlerScheduleRequest,
) -> Result<aws::StartCrawlerScheduleResponse, Error> {
    let name = input.crawler_name.clone();
    change(ctx, glue, input.crawler_name, move |crawler, now| {
        let Some(schedule) = &mut crawler.schedule else {
            return Err(Error::NoSchedule(format!("There is no schedule for crawler {name}")));
        };
        if schedule.running {
            return Err(Error::SchedulerRunning(format!("The schedule of crawler {name} is already SCHEDULED")));
        }
        schedule.running = true;
        schedule.due = next(schedule, now);
        Ok(())
    })
    .await?;
    Ok(aws::StartCrawlerScheduleResponse {})
}

/// The crawler.
pub fn stop_access(ctx: &Ctx, glue: &Glue, input: &aws::StopCrawlerScheduleRequest) -> Result<Access, Fault> {
    Touch::inside(ctx, glue, None)?.resource(super::resource(&input.crawler_name))?.done()
}

/// StopCrawlerSchedule: a crawl under way goes on.
pub async fn stop(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::StopCrawlerScheduleRequest,
) -> Result<aws::StopCrawlerScheduleResponse, Error> {
    let name = input.crawler_name.clone();
    change(ctx, glue, input.crawler_name, move |crawler, _| {
        match crawler.schedule.as_mut().filter(|schedule| schedule.running) {
            Some(schedule) => schedule.running = false,
            None => {
                return Err(Error::SchedulerNotRunning(format!("The schedule of crawler {name} is not SCHEDULED")));
            }
        }
        Ok(())
    })
    .await?;
    Ok(aws::StopCrawlerScheduleResponse {})
}

async fn change(
    ctx: &Ctx,
    glue: &Glue,
    name: String,
    change: impl FnOnce(&mut Crawler, Timestamp) -> Result<(), Error> + Send + 'static,
) -> Result<(), Error> {
    let place = Place::enter(ctx, None)?;
    let (now, scheduler) = (ctx.now(), glue.scheduler.clone());
    glue.store
        .write(move |tx| {
            let mut crawler = super::find(tx, &place, &name)?;
            change(&mut crawler, now)?;
            crawler.version += 1;
            crawler.updated = now;
            tx.put(CRAWLERS, &place.key(&name), &crawler)?;
            tx.on_commit(move || scheduler.wake());
            Ok(())
        })
        .await
}

/// Starts the crawlers that are due. One that still crawls is not started again, and the bus is told.
pub async fn work(ctx: &Ctx, glue: &Glue) -> Result<Next, Error> {
    loop {
        let first = glue.store.read(|tx| tx.scan_index_keys(BY_DUE, Span::all()).next().transpose())?;
        let Some(((due,), key)) = first else { return Ok(Next::WhenWoken) };
        let (due, now) = (Timestamp::from_millis(due), ctx.now());
        if due > now {
            return Ok(Next::At(due));
        }
        let state = glue.clone();
        glue.store
            .write(move |tx| {
                let Some(mut crawler) = tx.get(CRAWLERS, &key)?.filter(|crawler| crawler.due() == Some(due)) else {
                    return Ok(());
                };
                // Times that were missed while the house was closed are one.
                if let Some(schedule) = &mut crawler.schedule {
                    schedule.due = next(schedule, now);
                }
                tx.put(CRAWLERS, &key, &crawler)?;
                let (account, region, name) = &key;
                let (Some(account_id), Some(region_name)) = (AccountId::parse(account), Region::parse(region)) else {
                    return Ok(());
                };
                let place = Place { account: account_id, region: region_name };
                match run::begin(tx, &state, &place, name, crawler, now) {
                    Err(Error::CrawlerRunning(why)) => {
                        event::not_started(tx, &state.bus, (account, region, name), &why, now)?;
                        Ok(())
                    }
                    begun => begun,
                }
            })
            .await?;
    }
}

fn next(schedule: &Schedule, now: Timestamp) -> Option<Timestamp> {
    // What is kept was checked before.
    Cron::parse(&schedule.expression)?.after(now, &Zone::UTC)
}

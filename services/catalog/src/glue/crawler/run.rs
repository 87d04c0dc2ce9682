//! Crawls: started by a call or a schedule, run in the background, stopped, ended and remembered.
//!
//! That a crawler crawls is kept in the store. The job looks for crawlers whose crawl is kept but does not run: those
//! of this opening of the house are begun, and those of an earlier one, which ended with it, have failed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use haar_platform::aws::glue as aws;
use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::{Access, AccountId, Caller, Ctx, Fault, Next, Region, ids};
use haar_platform::store::{Read, Span, StoreError, Tx};
use parking_lot::Mutex;

use super::super::Glue;
use super::super::access::Touch;
use super::super::error::Error;
use super::super::model::NameKey;
use super::super::place::Place;
use super::crawl;
use super::event;
use super::model::{CRAWLERS, CRAWLING, CRAWLS, Crawl, CrawlUnderWay, Crawler, End, LastCrawl, Tally};
use super::walk::Ended;

/// What AWS says of a crawl that broke.
const BROKEN: &str = "Internal Service Exception";

/// Crawls that run in this process.
#[derive(Clone)]
pub struct Crawls {
    running: Arc<Mutex<HashMap<String, Stop>>>,
    /// Another one each time the house opens.
    opening: u64,
}

/// Asks a crawl to stop.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Somebody does.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether somebody did.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Threads of a crawl whose task is dropped, because the house closes, shall not go on.
struct AskOnDrop(Stop);

impl Drop for AskOnDrop {
    fn drop(&mut self) {
        self.0.ask();
    }
}

impl Default for Crawls {
    fn default() -> Self {
        Self { running: Arc::default(), opening: u64::from_be_bytes(ids::random()) }
    }
}

impl Crawls {
    /// Asks a crawl to stop, if it has begun. Others learn it when they begin.
    fn ask_to_stop(&self, id: &str) {
        if let Some(stop) = self.running.lock().get(id) {
            stop.ask();
        }
    }

    /// Everything was forgotten: what still runs has nothing left to write to.
    pub fn forget(&self) {
        self.running.lock().drain().for_each(|(_, stop)| stop.ask());
    }
}

/// The crawler.
pub fn start_access(ctx: &Ctx, glue: &Glue, input: &aws::StartCrawlerRequest) -> Result<Access, Fault> {
    Touch::inside(ctx, glue, None)?.resource(super::resource(&input.name))?.done()
}

/// StartCrawler.
pub async fn start(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::StartCrawlerRequest,
) -> Result<aws::StartCrawlerResponse, Error> {
    let place = Place::enter(ctx, None)?;
    let (glue, now) = (glue.clone(), ctx.now());
    let store = glue.store.clone();
    store
        .write(move |tx| {
            let crawler = super::find(tx, &place, &input.name)?;
            begin(tx, &glue, &place, &input.name, crawler, now)
        })
        .await?;
    Ok(aws::StartCrawlerResponse {})
}

/// Notes that a crawler crawls from now on, and lets the job know.
pub fn begin(
    tx: &mut Tx,
    glue: &Glue,
    place: &Place,
    name: &str,
    mut crawler: Crawler,
    now: haar_platform::kernel::Timestamp,
) -> Result<(), Error> {
    if crawler.crawl.is_some() {
        return Err(Error::CrawlerRunning(format!("Crawler with name {name} has already started")));
    }
    let id = ids::uuid();
    tx.put(CRAWLS, &(crawler.number, now.millis(), id.as_str()), &Crawl { end: None, tally: Tally::default() })?;
    crawler.crawl = Some(CrawlUnderWay { id, started: now, stopping: false, opening: glue.crawls.opening });
    tx.put(CRAWLERS, &place.key(name), &crawler)?;
    event::started(tx, &glue.bus, place, name, now)?;
    let waker = glue.crawling.clone();
    tx.on_commit(move || waker.wake());
    Ok(())
}

/// The crawler.
pub fn stop_access(ctx: &Ctx, glue: &Glue, input: &aws::StopCrawlerRequest) -> Result<Access, Fault> {
    Touch::inside(ctx, glue, None)?.resource(super::resource(&input.name))?.done()
}

/// StopCrawler: the crawl ends before it looks at another object or writes another batch.
pub async fn stop(ctx: &Ctx, glue: &Glue, input: aws::StopCrawlerRequest) -> Result<aws::StopCrawlerResponse, Error> {
    let place = Place::enter(ctx, None)?;
    let (waker, crawls) = (glue.crawling.clone(), glue.crawls.clone());
    glue.store
        .write(move |tx| {
            let mut crawler = super::find(tx, &place, &input.name)?;
            let name = &input.name;
            let id = match &mut crawler.crawl {
                None => return Err(Error::CrawlerNotRunning(format!("Crawler with name {name} isn't running"))),
                Some(crawl) if crawl.stopping => {
                    return Err(Error::CrawlerStopping(format!("Crawler with name {name} is already stopping")));
                }
                Some(crawl) => {
                    crawl.stopping = true;
                    crawl.id.clone()
                }
            };
            tx.put(CRAWLERS, &place.key(name), &crawler)?;
            tx.on_commit(move || {
                crawls.ask_to_stop(&id);
                waker.wake();
            });
            Ok(())
        })
        .await?;
    Ok(aws::StopCrawlerResponse {})
}

/// Begins crawls, hands on wishes to stop, and ends crawls that no longer run.
pub async fn work(ctx: &Ctx, glue: &Glue) -> Result<Next, Error> {
    let rows = glue.store.read(|tx| tx.scan_index(CRAWLING, Span::all()).collect::<Result<Vec<_>, StoreError>>())?;
    for (_, key, crawler) in rows {
        let Some(crawl) = crawler.crawl.clone() else { continue };
        if crawl.opening != glue.crawls.opening {
            end(ctx, glue, key, &crawl.id, Err(Ended::Failed(BROKEN.into())), Tally::default()).await?;
            continue;
        }
        let running = glue.crawls.running.lock().get(&crawl.id).cloned();
        match running {
            Some(stop) if crawl.stopping => stop.ask(),
            Some(_) => {}
            None => run(ctx, glue, key, crawler, crawl),
        }
    }
    Ok(Next::WhenWoken)
}

/// Runs a crawl in the background. The clock waits for it when it is moved.
fn run(ctx: &Ctx, glue: &Glue, key: NameKey, crawler: Crawler, crawl: CrawlUnderWay) {
    let (Some(account), Some(region)) = (AccountId::parse(&key.0), Region::parse(&key.1)) else {
        tracing::error!(account = key.0, region = key.1, "a crawler is kept in a place that does not exist");
        return;
    };
    let stop = Stop::default();
    if crawl.stopping {
        stop.ask();
    }
    glue.crawls.running.lock().insert(crawl.id.clone(), stop.clone());
    let caller = Arc::new(Caller::service("glue", &account));
    let ctx = Ctx::new(ctx.house.clone(), caller, region, Arc::new(Origin::internal("glue.amazonaws.com")));
    let (glue, runner) = (glue.clone(), ctx.house.clock.runner());
    let tasks = ctx.house.tasks.clone();
    tasks.spawn_forever("crawl", async move {
        let _gone = AskOnDrop(stop.clone());
        let mut tally = Tally::default();
        let outcome = crawl::crawl(&ctx, &glue, &key.2, &crawler, &crawl.id, &stop, &mut tally).await;
        glue.crawls.running.lock().remove(&crawl.id);
        if let Err(error) = end(&ctx, &glue, key, &crawl.id, outcome, tally).await {
            tracing::error!(%error, "failed to note the end of a crawl");
        }
        drop(runner);
    });
}

/// Notes the end of a crawl, if the crawler is still there and still at it.
async fn end(
    ctx: &Ctx,
    glue: &Glue,
    key: NameKey,
    id: &str,
    outcome: Result<(), Ended>,
    tally: Tally,
) -> Result<(), Error> {
    let (id, now, bus) = (id.to_owned(), ctx.now(), glue.bus.clone());
    glue.store
        .write(move |tx| {
            let Some(mut crawler) = tx.get(CRAWLERS, &key)? else { return Ok(()) };
            let Some(crawl) = crawler.crawl.take_if(|crawl| crawl.id == id) else { return Ok(()) };
            let end = match outcome {
                Ok(()) => End::Completed,
                Err(Ended::Stopped) => End::Stopped,
                Err(Ended::Failed(why)) => End::Failed(why),
            };
            let (account, region, name) = &key;
            event::ended(tx, &bus, (account, region, name), &end, &tally, crawl.started, now)?;
            super::history::remember(tx, &crawler, &crawl, Crawl { end: Some((now, end.clone())), tally })?;
            crawler.last = Some(LastCrawl { id: crawl.id, started: crawl.started, end });
            tx.put(CRAWLERS, &key, &crawler)?;
            Ok::<_, Error>(())
        })
        .await
}

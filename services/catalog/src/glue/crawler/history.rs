//! The history of crawls: ListCrawls and GetCrawlerMetrics.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp};
use haar_platform::store::{Read, Span, StoreError, Tx};
use serde_json::{Map, Value, json};

use super::super::Glue;
use super::super::access::Touch;
use super::super::error::Error;
use super::super::listing;
use super::super::place::Place;
use super::event::LOG_GROUP;
use super::model::{CRAWLERS, CRAWLS, Changes, Crawl, CrawlUnderWay, Crawler, End};

/// Crawls are remembered for twelve months.
const KEPT_MILLIS: i64 = 366 * 24 * 60 * 60 * 1000;

/// Old crawls that one ending crawl forgets.
const FORGOTTEN_MAX: usize = 100;

/// Crawls that metrics are computed from: the latest.
const MEASURED_MAX: usize = 100;

/// What a crawler works with, in data processing units.
const DPUS: f64 = 2.0;

const HOUR_MILLIS: f64 = 3_600_000.0;

/// Puts the end of a crawl into the history, and forgets what is too old.
pub fn remember(tx: &mut Tx, crawler: &Crawler, under_way: &CrawlUnderWay, crawl: Crawl) -> Result<(), StoreError> {
    let started = under_way.started.millis();
    tx.put(CRAWLS, &(crawler.number, started, under_way.id.as_str()), &crawl)?;
    let old = Span::under((crawler.number,)).before(&(crawler.number, started - KEPT_MILLIS, ""));
    let old: Vec<_> = tx.scan_keys(CRAWLS, old).take(FORGOTTEN_MAX).collect::<Result<_, _>>()?;
    for key in old {
        tx.delete(CRAWLS, &key)?;
    }
    Ok(())
}

/// The crawler.
pub fn list_access(ctx: &Ctx, glue: &Glue, input: &aws::ListCrawlsRequest) -> Result<Access, Fault> {
    Touch::inside(ctx, glue, None)?.resource(super::resource(&input.crawler_name))?.done()
}

/// ListCrawls: the latest first.
pub async fn list(ctx: &Ctx, glue: &Glue, input: aws::ListCrawlsRequest) -> Result<aws::ListCrawlsResponse, Error> {
    let place = Place::enter(ctx, None)?;
    let filters: Vec<Filter> =
        input.filters.unwrap_or_default().into_iter().map(Filter::parse).collect::<Result<_, _>>()?;
    let name = input.crawler_name;
    let scope = format!("glue:ListCrawls {name}");
    let before = listing::cursor(ctx, &scope, input.next_token)?;
    let read = glue.store.snapshot();
    let crawler = super::find(&read, &place, &name)?;
    let span = Span::under((crawler.number,));
    let span = match before.split_once(' ').and_then(|(started, id)| Some((started.parse::<i64>().ok()?, id))) {
        Some((started, id)) => span.before(&(crawler.number, started, id)),
        None => span,
    };
    let rows = read.scan_back(CRAWLS, span);
    let rows = rows.map(|row| row.map(|((_, started, id), crawl)| (format!("{started} {id}"), (started, id, crawl))));
    let page = listing::cut(rows, listing::size(input.max_results), |_, (started, id, crawl)| {
        let fits = filters.iter().all(|filter| filter.fits(started, &id, &crawl));
        Ok(fits.then(|| show(&name, started, id, crawl, ctx.now())))
    })?;
    Ok(aws::ListCrawlsResponse {
        crawls: Some(page.items),
        next_token: page.next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

fn show(crawler: &str, started: i64, id: String, crawl: Crawl, now: Timestamp) -> aws::CrawlerHistory {
    let error = match &crawl.end {
        Some((_, End::Failed(why))) => Some(why.clone()),
        _ => None,
    };
    let until = crawl.end.as_ref().map_or(now, |(ended, _)| *ended);
    aws::CrawlerHistory {
        state: Some(state(&crawl)),
        start_time: Some(Timestamp::from_millis(started)),
        end_time: crawl.end.as_ref().map(|(ended, _)| *ended),
        summary: summary(&crawl),
        error_message: error,
        log_group: Some(LOG_GROUP.into()),
        log_stream: Some(crawler.into()),
        message_prefix: Some(id.clone()),
        dpu_hour: Some(dpu_hours(started, until)),
        crawl_id: Some(id),
    }
}

fn state(crawl: &Crawl) -> aws::CrawlerHistoryState {
    match crawl.end {
        None => aws::CrawlerHistoryState::Running,
        Some((_, End::Completed)) => aws::CrawlerHistoryState::Completed,
        Some((_, End::Failed(_))) => aws::CrawlerHistoryState::Failed,
        Some((_, End::Stopped)) => aws::CrawlerHistoryState::Stopped,
    }
}

fn dpu_hours(started: i64, ended: Timestamp) -> f64 {
    DPUS * (ended.millis() - started).max(0) as f64 / HOUR_MILLIS
}

/// JSON: what came, changed and went among tables and partitions. None where nothing did.
fn summary(crawl: &Crawl) -> Option<String> {
    let mut summary = Map::new();
    for (what, changes) in [("TABLE", &crawl.tally.tables), ("PARTITION", &crawl.tally.partitions)] {
        let counted = counted(changes);
        if !counted.is_empty() {
            summary.insert(what.into(), Value::from(Value::Object(counted).to_string()));
        }
    }
    (!summary.is_empty()).then(|| Value::Object(summary).to_string())
}

fn counted(changes: &Changes) -> Map<String, Value> {
    let counts = [("ADD", changes.created), ("UPDATE", changes.updated), ("DELETE", changes.deleted)];
    let counts = counts.into_iter().filter(|(_, count)| *count > 0).map(|(operation, count)| {
        let names = changes.names.iter().filter(|(of, _)| of == operation).map(|(_, name)| name.as_str());
        let detail = json!({"Count": count, "Details": {"names": names.collect::<Vec<_>>()}});
        (operation.to_owned(), detail)
    });
    counts.collect()
}

/// A filter of ListCrawls.
struct Filter {
    field: aws::FieldName,
    operator: aws::FilterOperator,
    value: String,
}

impl Filter {
    fn parse(sent: aws::CrawlsFilter) -> Result<Self, Error> {
        let (Some(field), Some(operator), Some(value)) = (sent.field_name, sent.filter_operator, sent.field_value)
        else {
            return Err(Error::invalid("A filter needs FieldName, FilterOperator and FieldValue."));
        };
        let filter = Self { field, operator, value };
        let is_number = filter.value.parse::<f64>().is_ok();
        let is_known = match filter.field {
            aws::FieldName::CrawlId => true,
            aws::FieldName::State => aws::CrawlerHistoryState::parse(&filter.value).is_some(),
            aws::FieldName::StartTime | aws::FieldName::EndTime | aws::FieldName::DpuHour => is_number,
        };
        if !is_known {
            let (value, field) = (&filter.value, filter.field.as_str());
            return Err(Error::invalid(format!("{value} is not a valid value for {field}.")));
        }
        Ok(filter)
    }

    fn fits(&self, started: i64, id: &str, crawl: &Crawl) -> bool {
        let number = |own: f64| self.value.parse::<f64>().ok().and_then(|value| own.partial_cmp(&value));
        let ended = crawl.end.as_ref().map(|(ended, _)| *ended);
        let order = match self.field {
            aws::FieldName::CrawlId => Some(id.cmp(self.value.as_str())),
            aws::FieldName::State => Some(state(crawl).as_str().cmp(self.value.as_str())),
            aws::FieldName::StartTime => number(started as f64),
            aws::FieldName::EndTime => ended.and_then(|ended| number(ended.millis() as f64)),
            aws::FieldName::DpuHour => ended.and_then(|ended| number(dpu_hours(started, ended))),
        };
        let Some(order) = order else { return false };
        match self.operator {
            aws::FilterOperator::Gt => order.is_gt(),
            aws::FilterOperator::Ge => order.is_ge(),
            aws::FilterOperator::Lt => order.is_lt(),
            aws::FilterOperator::Le => order.is_le(),
            aws::FilterOperator::Eq => order.is_eq(),
            aws::FilterOperator::Ne => order.is_ne(),
        }
    }
}

/// All crawlers.
pub fn metrics_access(_: &Ctx, _: &Glue, _: &aws::GetCrawlerMetricsRequest) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// GetCrawlerMetrics: of the crawlers that are named, or of all.
pub async fn metrics(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetCrawlerMetricsRequest,
) -> Result<aws::GetCrawlerMetricsResponse, Error> {
    let place = Place::enter(ctx, None)?;
    let scope = "glue:GetCrawlerMetrics";
    let after = listing::cursor(ctx, scope, input.next_token)?;
    let named = input.crawler_name_list.filter(|names| !names.is_empty());
    let read = glue.store.snapshot();
    let rows = read.scan(CRAWLERS, Span::under(place.prefix()).after(&place.key(&after)));
    let rows = rows.map(|row| row.map(|((_, _, name), crawler)| (name, crawler)));
    let page = listing::cut(rows, listing::size(input.max_results), |name, crawler| {
        let wanted = named.as_ref().is_none_or(|names| names.iter().any(|named| named == name));
        Ok(if wanted { Some(measure(&read, name, &crawler, ctx.now())?) } else { None })
    })?;
    Ok(aws::GetCrawlerMetricsResponse {
        crawler_metrics_list: Some(page.items),
        next_token: page.next.map(|cursor| ctx.page_token(scope, &cursor)),
    })
}

fn measure(read: &impl Read, name: &str, crawler: &Crawler, now: Timestamp) -> Result<aws::CrawlerMetrics, StoreError> {
    let mut runtimes = Vec::new();
    let mut last: Option<Crawl> = None;
    for row in read.scan_back(CRAWLS, Span::under((crawler.number,))).take(MEASURED_MAX) {
        let ((_, started, _), crawl) = row?;
        if let Some((ended, _)) = crawl.end {
            runtimes.push((ended.millis() - started).max(0) as f64 / 1000.0);
            last.get_or_insert(crawl);
        }
    }
    let last_runtime = runtimes.first().copied().unwrap_or_default();
    runtimes.sort_by(f64::total_cmp);
    let median = runtimes.get(runtimes.len() / 2).copied().unwrap_or_default();
    let left = crawler.crawl.as_ref().map_or(0.0, |crawl| (median - (now - crawl.started).as_secs_f64()).max(0.0));
    let tables = last.map(|crawl| crawl.tally.tables).unwrap_or_default();
    let count = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
    Ok(aws::CrawlerMetrics {
        crawler_name: Some(name.to_owned()),
        time_left_seconds: Some(left),
        still_estimating: Some(crawler.crawl.is_some() && runtimes.is_empty()),
        last_runtime_seconds: Some(last_runtime),
        median_runtime_seconds: Some(median),
        tables_created: Some(count(tables.created)),
        tables_updated: Some(count(tables.updated)),
        tables_deleted: Some(count(tables.deleted)),
    })
}

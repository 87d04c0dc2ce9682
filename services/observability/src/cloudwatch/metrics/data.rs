//! GetMetricData, and its pages.

use haar_platform::aws::cloudwatch::{
    GetMetricDataInput, GetMetricDataOutput, MessageData, MetricDataResult, ScanBy, StatusCode,
};
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp};

use super::evaluate::Evaluated;
use super::query::{self, Kind, Query};
use super::window::Window;
use crate::cloudwatch::CloudWatch;
use crate::cloudwatch::error::Error;
use crate::cloudwatch::place::Place;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
const POINTS_MAX: usize = 100_800;

/// Queries that are evaluated together where none depends on another: until the page is full.
const WAVE: usize = 128;

/// A metric that was asked for, in what AWS bills.
const METRICS: &str = "cloudwatch-get-metric-data-metrics";

/// No resource.
pub fn access(_: &Ctx, _: &CloudWatch, _: &GetMetricDataInput) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// A page of what the queries come to.
pub async fn get(ctx: &Ctx, cloudwatch: &CloudWatch, input: GetMetricDataInput) -> Result<GetMetricDataOutput, Fault> {
    let place = Place::of(ctx);
    let queries = query::check(&place, "MetricDataQueries", &input.metric_data_queries)?;
    if input.start_time >= input.end_time {
        let message = "The parameter StartTime must be less than the parameter EndTime.";
        return Err(Error::Validation(message.into()).into());
    }
    let zone = input.label_options.as_ref().and_then(|options| options.timezone.as_deref());
    let zone = zone.unwrap_or("+0000");
    let window = Window::new(input.start_time, input.end_time, ctx.now()).in_zone(zone).ok_or_else(|| {
        Error::Validation(format!("The value {zone} for parameter LabelOptions.Timezone is invalid."))
    })?;
    let scope = format!("GetMetricData {} {} {}", window.from, window.to, queries.len());
    let from = match &input.next_token {
        None => Cursor::default(),
        Some(token) => Cursor::parse(&ctx.page_cursor(&scope, token).map_err(|_| Error::InvalidNextToken)?)?,
    };
    let points_max = input.max_datapoints.and_then(|max| usize::try_from(max).ok()).filter(|max| *max > 0);
    let points_max = points_max.unwrap_or(POINTS_MAX).min(POINTS_MAX);
    let ascending = input.scan_by == Some(ScanBy::TimestampAscending);
    if input.next_token.is_none() {
        let metrics = queries.iter().filter(|query| matches!(query.kind, Kind::Metric(_))).count();
        ctx.meter(METRICS, metrics as u64);
    }
    let mut page = Page { results: Vec::new(), room: points_max, ascending, exceeded: false, next: None };
    let plain = queries.iter().all(|query| matches!(query.kind, Kind::Metric(_)));
    if plain {
        // Each query is one result: those of other pages are not even read.
        let returned: Vec<Query> = queries.into_iter().filter(|query| query.return_data).collect();
        let mut index = from.index;
        while index < returned.len() && page.next.is_none() {
            let wave = &returned[index..(index + WAVE).min(returned.len())];
            for evaluated in cloudwatch.evaluate(&place, wave, window).await? {
                page.add(index, evaluated, from);
                index += 1;
            }
        }
    } else {
        let all = cloudwatch.evaluate(&place, &queries, window).await?;
        for (index, evaluated) in all.into_iter().enumerate().skip(from.index) {
            page.add(index, evaluated, from);
        }
    }
    let next_token = page.next.map(|next| ctx.page_token(&scope, &next.to_string()));
    let exceeded = page.exceeded.then(|| MessageData {
        code: Some("MaxMetricsExceeded".into()),
        value: Some("Maximum number of allowed metrics exceeded".into()),
    });
    let messages = Some(exceeded.into_iter().collect());
    Ok(GetMetricDataOutput { metric_data_results: Some(page.results), next_token, messages })
}

/// Where a page begins: a result, and the points of it that were on earlier pages.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Cursor {
    index: usize,
    points: usize,
}

impl Cursor {
    fn parse(text: &str) -> Result<Self, Error> {
        let parsed = text
            .split_once(':')
            .and_then(|(index, points)| Some(Self { index: index.parse().ok()?, points: points.parse().ok()? }));
        parsed.ok_or(Error::InvalidNextToken)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.index, self.points)
    }
}

/// A page in the making.
struct Page {
    results: Vec<MetricDataResult>,
    /// Points that still fit.
    room: usize,
    ascending: bool,
    /// Whether a search found more than is shown.
    exceeded: bool,
    /// Where the next page begins, once this one is full.
    next: Option<Cursor>,
}

impl Page {
    fn add(&mut self, index: usize, evaluated: Evaluated, from: Cursor) {
        if self.next.is_some() {
            return;
        }
        let Evaluated { id, series, exceeded } = evaluated;
        self.exceeded |= exceeded;
        let skipped = if index == from.index { from.points.min(series.points.len()) } else { 0 };
        let left = series.points.len() - skipped;
        if left > 0 && self.room == 0 {
            self.next = Some(Cursor { index, points: skipped });
            return;
        }
        let taken = left.min(self.room);
        self.room -= taken;
        let mut points = series.points;
        if !self.ascending {
            points.reverse();
        }
        let points = &points[skipped..skipped + taken];
        let status = if taken < left {
            self.next = Some(Cursor { index, points: skipped + taken });
            StatusCode::PartialData
        } else {
            StatusCode::Complete
        };
        self.results.push(MetricDataResult {
            id: Some(id),
            label: Some(series.label),
            timestamps: Some(points.iter().map(|(time, _)| Timestamp::from_seconds(*time)).collect()),
            values: Some(points.iter().map(|(_, value)| *value).collect()),
            status_code: Some(status),
            messages: None,
        });
    }
}

//! GetMetricStatistics: the statistics of one metric by periods.

use haar_platform::aws::cloudwatch::{
    Datapoint, GetMetricStatisticsInput, GetMetricStatisticsOutput, Statistic as Simple,
};
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_telemetry::series::{Bucket, MetricName, Question, SeriesError, Statistic};

use super::window::{Window, is_period};
use crate::cloudwatch::error::Error;
use crate::cloudwatch::place::Place;
use crate::cloudwatch::{CloudWatch, unit};

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>
const POINTS_MAX: i64 = 1440;

/// No resource.
pub fn access(_: &Ctx, _: &CloudWatch, _: &GetMetricStatisticsInput) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// The points in the order of their times; those of different units apart.
pub async fn get(
    ctx: &Ctx,
    cloudwatch: &CloudWatch,
    input: GetMetricStatisticsInput,
) -> Result<GetMetricStatisticsOutput, Error> {
    let window = Window::new(input.start_time, input.end_time, ctx.now());
    let wanted = Wanted::of(&input, window)?;
    cloudwatch.catch_up().await?;
    let label = Some(input.metric_name.clone());
    let dimensions = input.dimensions.into_iter().flatten().map(|dimension| (dimension.name, dimension.value));
    let name = MetricName {
        partition: Place::of(ctx).partition(),
        namespace: input.namespace,
        name: input.metric_name,
        dimensions: dimensions.collect(),
    };
    let Some(metric) = cloudwatch.series.metric(&name) else {
        return Ok(GetMetricStatisticsOutput { label, datapoints: Some(Vec::new()) });
    };
    let (series, only, period) = (cloudwatch.series.clone(), input.unit.map(unit::number), i64::from(input.period));
    let from = window.start(period);
    let values = !wanted.extended.is_empty();
    let read = tokio::task::spawn_blocking(move || -> Result<Vec<Datapoint>, SeriesError> {
        let units = only.map_or_else(|| series.units(&metric), |only| Ok(vec![only]))?;
        let mut points = Vec::new();
        for unit in units {
            let question = Question { unit: Some(unit), from, to: window.to, period, now: window.now, values };
            points.extend(series.read(&metric, question)?.iter().map(|bucket| wanted.point(bucket, unit)));
        }
        points.sort_by_key(|point| point.timestamp);
        Ok(points)
    });
    let datapoints = read.await.map_err(|_| Error::Interrupted)??;
    Ok(GetMetricStatisticsOutput { label, datapoints: Some(datapoints) })
}

/// The statistics of the request.
struct Wanted {
    simple: Vec<Simple>,
    /// As they are spelled, and what they are.
    extended: Vec<(String, Statistic)>,
}

impl Wanted {
    fn of(input: &GetMetricStatisticsInput, window: Window) -> Result<Self, Error> {
        let period = i64::from(input.period);
        if input.start_time >= input.end_time {
            let message = "The parameter StartTime must be less than the parameter EndTime.";
            return Err(Error::InvalidParameterCombination(message.into()));
        }
        if !is_period(period) {
            let message = "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.";
            return Err(Error::InvalidParameterValue(message.into()));
        }
        let simple = input.statistics.clone().unwrap_or_default();
        let texts = input.extended_statistics.iter().flatten();
        if simple.is_empty() && texts.clone().next().is_none() {
            let message = "Must specify either Statistics or ExtendedStatistics";
            return Err(Error::InvalidParameterCombination(message.into()));
        }
        let points = (window.to - window.start(period) + period - 1) / period;
        if points > POINTS_MAX {
            return Err(Error::InvalidParameterCombination(format!(
                "You have requested up to {points} datapoints, which exceeds the limit of {POINTS_MAX}. You may reduce \
                 the datapoints requested by increasing Period, or decreasing the time range."
            )));
        }
        let mut extended = Vec::new();
        for (index, text) in texts.enumerate() {
            match Statistic::parse(text).filter(|statistic| !statistic.is_simple()) {
                Some(statistic) => extended.push((text.clone(), statistic)),
                None => {
                    return Err(Error::InvalidParameterValue(format!(
                        "The value {text} for parameter ExtendedStatistics.member.{} is not a valid statistic.",
                        index + 1
                    )));
                }
            }
        }
        Ok(Self { simple, extended })
    }

    fn point(&self, bucket: &Bucket, number: u8) -> Datapoint {
        let simple = |wanted: Simple, statistic: Statistic| {
            self.simple.contains(&wanted).then(|| statistic.of(&bucket.tally)).flatten()
        };
        let extended = self
            .extended
            .iter()
            .filter_map(|(text, statistic)| statistic.of(&bucket.tally).map(|value| (text.clone(), value)));
        Datapoint {
            timestamp: Some(haar_platform::kernel::Timestamp::from_seconds(bucket.time)),
            sample_count: simple(Simple::SampleCount, Statistic::SampleCount),
            average: simple(Simple::Average, Statistic::Average),
            sum: simple(Simple::Sum, Statistic::Sum),
            minimum: simple(Simple::Minimum, Statistic::Minimum),
            maximum: simple(Simple::Maximum, Statistic::Maximum),
            unit: Some(unit::of(number)),
            extended_statistics: Some(extended.collect()).filter(|_| !self.extended.is_empty()),
        }
    }
}

//! PutMetricData: values, lists of values with counts, statistic sets.

use haar_platform::aws::cloudwatch::{MetricDatum, PutMetricDataInput, StandardUnit, StatisticSet};
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp};
use haar_platform::policy::Principal;
use haar_telemetry::series::{FUTURE_SECONDS, MetricName, NewPoint, Sample, Summary};

use crate::cloudwatch::error::Error;
use crate::cloudwatch::place::Place;
use crate::cloudwatch::{CloudWatch, unit};

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
const DATA_MAX: usize = 1000;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>
const VALUES_MAX: usize = 150;

/// The same page: "−2^360 to 2^360".
const MAGNITUDE_EXPONENT_MAX: i32 = 360;

/// Two weeks: how old data may be.
const AGE_SECONDS_MAX: i64 = 14 * 86_400;

/// A call, in what AWS bills.
const REQUESTS: &str = "cloudwatch-put-requests";

/// No resource: a namespace is a condition. Services put their own metrics and need nobody's permission.
pub fn access(ctx: &Ctx, _: &CloudWatch, input: &PutMetricDataInput) -> Result<Access, Fault> {
    if is_service(ctx) {
        return Ok(Access::open());
    }
    Ok(Access::all().with_key("cloudwatch:namespace", input.namespace.as_str()))
}

fn is_service(ctx: &Ctx) -> bool {
    matches!(ctx.caller.principal, Principal::Service { .. })
}

/// Stores data: durable when answered.
pub async fn put(ctx: &Ctx, cloudwatch: &CloudWatch, input: PutMetricDataInput) -> Result<(), Fault> {
    if input.entity_metric_data.is_some() {
        return Err(Fault::not_served("EntityMetricData of PutMetricData"));
    }
    if input.namespace.starts_with("AWS/") && !is_service(ctx) {
        let message = format!("The value {} for parameter Namespace is invalid.", input.namespace);
        return Err(Error::InvalidParameterValue(message).into());
    }
    let points = points(&Place::of(ctx), input, ctx.now())?;
    cloudwatch.series.put(points, ctx.now().millis()).await.map_err(Error::from)?;
    cloudwatch.tend();
    ctx.meter(REQUESTS, 1);
    Ok(())
}

impl CloudWatch {
    /// Lets upkeep know of new points: the first ones have a time to be moved, too many are moved at once.
    pub fn tend(&self) {
        if self.series.wants_upkeep() {
            self.upkeep.wake();
        }
    }
}

fn points(place: &Place, input: PutMetricDataInput, now: Timestamp) -> Result<Vec<NewPoint>, Error> {
    let data = input.metric_data.unwrap_or_default();
    if data.is_empty() {
        return Err(Error::MissingParameter("The parameter MetricData is required.".into()));
    }
    if data.len() > DATA_MAX {
        let message = format!("The collection MetricData must not have a size greater than {DATA_MAX}.");
        return Err(Error::InvalidParameterValue(message));
    }
    let partition = place.partition();
    let mut points = Vec::with_capacity(data.len());
    for (index, datum) in data.into_iter().enumerate() {
        let checked = Checked { path: format!("MetricData.member.{}", index + 1), now };
        let (time, fine) = (checked.time(&datum)?, checked.fine(&datum)?);
        // Counts that are all zero are taken and leave nothing.
        let Some(sample) = checked.sample(&datum)? else { continue };
        let dimensions = checked.dimensions(&datum)?;
        let metric = MetricName {
            partition: partition.clone(),
            namespace: input.namespace.clone(),
            name: datum.metric_name,
            dimensions,
        };
        let unit = unit::number(datum.unit.unwrap_or(StandardUnit::None));
        points.push(NewPoint { metric, unit, time, fine, sample });
    }
    Ok(points)
}

/// The rules for one datum.
struct Checked {
    path: String,
    now: Timestamp,
}

impl Checked {
    fn invalid(&self, member: &str, what: &str) -> Error {
        Error::InvalidParameterValue(format!("The parameter {}.{member} {what}", self.path))
    }

    fn time(&self, datum: &MetricDatum) -> Result<i64, Error> {
        let (now, time) = (self.now.seconds(), datum.timestamp.unwrap_or(self.now).seconds());
        if time < now - AGE_SECONDS_MAX {
            return Err(self.invalid("Timestamp", "must specify a time within the past two weeks."));
        }
        if time > now + FUTURE_SECONDS {
            return Err(self.invalid("Timestamp", "must specify a time no more than two hours in the future."));
        }
        Ok(time)
    }

    fn fine(&self, datum: &MetricDatum) -> Result<bool, Error> {
        match datum.storage_resolution {
            None | Some(60) => Ok(false),
            Some(1) => Ok(true),
            Some(_) => Err(self.invalid("StorageResolution", "must be a value in the set [ 1, 60 ].")),
        }
    }

    fn dimensions(&self, datum: &MetricDatum) -> Result<Vec<(String, String)>, Error> {
        let given = datum.dimensions.iter().flatten();
        let mut dimensions: Vec<(String, String)> = Vec::new();
        for (index, dimension) in given.enumerate() {
            let member = |name: &str| format!("Dimensions.member.{}.{name}", index + 1);
            for (name, text) in [("Name", &dimension.name), ("Value", &dimension.value)] {
                if text.trim().is_empty() || text.chars().any(|c| c.is_control() || !c.is_ascii()) {
                    let what = "must contain only ASCII characters, and at least one that is not white space.";
                    return Err(self.invalid(&member(name), what));
                }
            }
            if dimension.name.starts_with(':') {
                return Err(self.invalid(&member("Name"), "must not start with a colon."));
            }
            if dimensions.iter().any(|(name, _)| *name == dimension.name) {
                return Err(Error::InvalidParameterValue(format!(
                    "The parameter {}.Dimensions contains the dimension name {} more than once.",
                    self.path, dimension.name
                )));
            }
            dimensions.push((dimension.name.clone(), dimension.value.clone()));
        }
        Ok(dimensions)
    }

    fn sample(&self, datum: &MetricDatum) -> Result<Option<Sample>, Error> {
        let given = [
            ("Value", datum.value.is_some()),
            ("Values", datum.values.is_some()),
            ("StatisticValues", datum.statistic_values.is_some()),
        ];
        let mut given = given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name);
        if let (Some(one), Some(other)) = (given.next(), given.next()) {
            let path = &self.path;
            return Err(Error::InvalidParameterCombination(format!(
                "The parameters {path}.{one} and {path}.{other} are mutually exclusive and you have specified both."
            )));
        }
        match (datum.value, &datum.values, &datum.statistic_values) {
            (Some(value), ..) => {
                self.number("Value", value)?;
                Ok(Some(Sample::One(value)))
            }
            (_, Some(values), _) => self.values(values, datum.counts.as_deref()),
            (.., Some(set)) => self.set(set),
            _ => {
                let path = &self.path;
                Err(Error::InvalidParameterCombination(format!(
                    "At least one of the parameters {path}.Value and {path}.StatisticValues must be specified."
                )))
            }
        }
    }

    fn number(&self, member: &str, number: f64) -> Result<(), Error> {
        if number.is_finite() && number.abs() <= 2f64.powi(MAGNITUDE_EXPONENT_MAX) {
            return Ok(());
        }
        let message = format!("The value {number} for parameter {}.{member} is invalid.", self.path);
        Err(Error::InvalidParameterValue(message))
    }

    fn values(&self, values: &[f64], counts: Option<&[f64]>) -> Result<Option<Sample>, Error> {
        if values.len() > VALUES_MAX {
            let path = &self.path;
            let message = format!("The collection {path}.Values must not have a size greater than {VALUES_MAX}.");
            return Err(Error::InvalidParameterValue(message));
        }
        if counts.is_some_and(|counts| counts.len() != values.len()) {
            let path = &self.path;
            let message = format!("The parameters {path}.Values and {path}.Counts must be of the same size.");
            return Err(Error::InvalidParameterValue(message));
        }
        for (index, value) in values.iter().enumerate() {
            self.number(&format!("Values.member.{}", index + 1), *value)?;
        }
        for (index, count) in counts.into_iter().flatten().enumerate() {
            let member = format!("Counts.member.{}", index + 1);
            self.number(&member, *count)?;
            if *count < 0.0 {
                return Err(self.invalid(&member, "must not be negative."));
            }
        }
        let count_of = |index: usize| counts.map_or(1.0, |counts| counts[index]);
        Ok(Sample::of_values(values.iter().enumerate().map(|(index, value)| (*value, count_of(index)))))
    }

    fn set(&self, set: &StatisticSet) -> Result<Option<Sample>, Error> {
        let StatisticSet { sample_count: count, sum, minimum, maximum } = *set;
        for (name, number) in [("SampleCount", count), ("Sum", sum), ("Minimum", minimum), ("Maximum", maximum)] {
            self.number(&format!("StatisticValues.{name}"), number)?;
        }
        if count < 0.0 {
            return Err(self.invalid("StatisticValues.SampleCount", "must not be negative."));
        }
        if minimum > maximum {
            let path = &self.path;
            return Err(Error::InvalidParameterValue(format!(
                "The parameter {path}.StatisticValues.Maximum must be greater than or equal to \
                 {path}.StatisticValues.Minimum."
            )));
        }
        Ok((count > 0.0).then(|| Sample::of_set(Summary { count, sum, minimum, maximum })))
    }
}

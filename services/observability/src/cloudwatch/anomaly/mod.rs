//! Anomaly detectors: which metrics have a model of what is normal, and what was not normal in their past.

mod band;
mod model;

use haar_platform::aws::cloudwatch::{
    AnomalyDetector, AnomalyDetectorConfiguration, AnomalyDetectorStateValue, AnomalyDetectorType,
    DeleteAnomalyDetectorInput, DeleteAnomalyDetectorOutput, DescribeAnomalyDetectorsInput,
    DescribeAnomalyDetectorsOutput, Dimension, MetricMathAnomalyDetector, PutAnomalyDetectorInput,
    PutAnomalyDetectorOutput, Range, SingleMetricAnomalyDetector,
};
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp, ids};
use haar_platform::store::Read;
use haar_telemetry::series::{MetricName, Question, Statistic};

pub use band::band;
pub use model::{DETECTORS, Excluded, StoredQuery, stored};

use self::model::{Detector, Subject};
use super::CloudWatch;
use super::error::Error;
use super::metrics::query;
use super::metrics::window::TRAINING_SECONDS;
use super::place::Place;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAnomalyDetectors.html>
const PAGE_MAX: usize = 100;

/// A model of less is not trusted yet.
const HISTORY_SECONDS_MIN: i64 = 3 * 86_400;

/// The period that a detector's history is looked at with.
const HISTORY_PERIOD: i64 = 3600;

/// No resource.
pub fn access(_: &Ctx, _: &CloudWatch, _: &PutAnomalyDetectorInput) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// Creates a detector, or changes what it leaves out.
pub async fn put(
    ctx: &Ctx,
    cloudwatch: &CloudWatch,
    input: PutAnomalyDetectorInput,
) -> Result<PutAnomalyDetectorOutput, Fault> {
    let place = Place::of(ctx);
    if input.metric_characteristics.is_some() {
        return Err(Fault::not_served("MetricCharacteristics of PutAnomalyDetector"));
    }
    let configuration = input.configuration.unwrap_or_default();
    refuse_settings(&configuration)?;
    let subject = Subject::of(
        &place,
        Named {
            namespace: input.namespace,
            metric_name: input.metric_name,
            dimensions: input.dimensions,
            stat: input.stat,
            single: input.single_metric_anomaly_detector,
            math: input.metric_math_anomaly_detector,
        },
    )?;
    let ranges = configuration.excluded_time_ranges.into_iter().flatten();
    let excluded = ranges.map(|range| (range.start_time, range.end_time)).collect();
    let key = (place.account.to_string(), place.region.to_string(), subject.key());
    let fresh = ids::uuid();
    let written = cloudwatch.store.write(move |tx| -> Result<String, Error> {
        let id = tx.get(DETECTORS, &key)?.map_or(fresh, |known| known.id);
        tx.put(DETECTORS, &key, &Detector { id: id.clone(), subject, excluded })?;
        Ok(id)
    });
    Ok(PutAnomalyDetectorOutput { anomaly_detector_id: Some(written.await?) })
}

/// What AWS's model can be told and ours cannot.
fn refuse_settings(configuration: &AnomalyDetectorConfiguration) -> Result<(), Fault> {
    let zone = configuration.metric_timezone.as_deref();
    let named = [
        ("MetricTimezone", zone.is_some_and(|zone| !matches!(zone, "UTC" | "Etc/UTC" | "GMT"))),
        ("AdaptationSpeed", configuration.adaptation_speed.is_some()),
        ("OutlierFilteringStrength", configuration.outlier_filtering_strength.is_some()),
    ];
    match named.into_iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(Fault::not_served(format!("Configuration.{name} of PutAnomalyDetector"))),
        None => Ok(()),
    }
}

/// No resource.
pub fn describe_access(_: &Ctx, _: &CloudWatch, _: &DescribeAnomalyDetectorsInput) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// A page of detectors, each with how far its model has come.
pub async fn describe(
    ctx: &Ctx,
    cloudwatch: &CloudWatch,
    input: DescribeAnomalyDetectorsInput,
) -> Result<DescribeAnomalyDetectorsOutput, Error> {
    cloudwatch.catch_up().await?;
    let place = Place::of(ctx);
    let scope = "DescribeAnomalyDetectors";
    let from: usize = match &input.next_token {
        None => 0,
        Some(token) => {
            let cursor = ctx.page_cursor(scope, token).map_err(|_| Error::InvalidNextToken)?;
            cursor.parse().map_err(|_| Error::InvalidNextToken)?
        }
    };
    let size = input.max_results.and_then(|max| usize::try_from(max).ok()).filter(|max| *max > 0);
    let size = size.unwrap_or(PAGE_MAX).min(PAGE_MAX);
    let mut all = cloudwatch.detectors(&place)?;
    all.retain(|detector| asked_for(&input, detector));
    let more = all.len() > from + size;
    let page: Vec<Detector> = all.into_iter().skip(from).take(size).collect();
    let (states, now) = (cloudwatch.clone(), ctx.now());
    let described = tokio::task::spawn_blocking(move || {
        page.into_iter().map(|detector| states.described(&place, detector, now)).collect::<Result<Vec<_>, _>>()
    });
    Ok(DescribeAnomalyDetectorsOutput {
        anomaly_detectors: Some(described.await.map_err(|_| Error::Interrupted)??),
        next_token: more.then(|| ctx.page_token(scope, &(from + size).to_string())),
    })
}

fn asked_for(input: &DescribeAnomalyDetectorsInput, detector: &Detector) -> bool {
    let types = input.anomaly_detector_types.as_deref().unwrap_or(&[AnomalyDetectorType::SingleMetric]);
    let of_type = match &detector.subject {
        Subject::Metric { .. } => types.contains(&AnomalyDetectorType::SingleMetric),
        Subject::Math { .. } => types.contains(&AnomalyDetectorType::MetricMath),
    };
    if let Some(ids) = &input.anomaly_detector_ids {
        return ids.contains(&detector.id);
    }
    let named = input.namespace.is_some() || input.metric_name.is_some() || input.dimensions.is_some();
    of_type
        && match &detector.subject {
            Subject::Math { .. } => !named,
            Subject::Metric { namespace, name, dimensions, .. } => {
                let mut wanted = input.dimensions.iter().flatten();
                input.namespace.as_ref().is_none_or(|wanted| wanted == namespace)
                    && input.metric_name.as_ref().is_none_or(|wanted| wanted == name)
                    && wanted.all(|one| dimensions.iter().any(|(name, value)| *name == one.name && *value == one.value))
            }
        }
}

/// No resource.
pub fn delete_access(_: &Ctx, _: &CloudWatch, _: &DeleteAnomalyDetectorInput) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// Deletes a detector.
pub async fn delete(
    ctx: &Ctx,
    cloudwatch: &CloudWatch,
    input: DeleteAnomalyDetectorInput,
) -> Result<DeleteAnomalyDetectorOutput, Error> {
    let place = Place::of(ctx);
    let subject = match &input.anomaly_detector_id {
        Some(id) => cloudwatch.detectors(&place)?.into_iter().find(|known| known.id == *id).map(|known| known.subject),
        None => Some(Subject::of(
            &place,
            Named {
                namespace: input.namespace,
                metric_name: input.metric_name,
                dimensions: input.dimensions,
                stat: input.stat,
                single: input.single_metric_anomaly_detector,
                math: input.metric_math_anomaly_detector,
            },
        )?),
    };
    let unknown = || Error::ResourceNotFound("No anomaly detector was found for the specified parameters.".into());
    let key = (place.account.to_string(), place.region.to_string(), subject.ok_or_else(unknown)?.key());
    let deleted =
        cloudwatch.store.write(move |tx| -> Result<bool, Error> { Ok(tx.delete(DETECTORS, &key)?.is_some()) });
    if deleted.await? { Ok(DeleteAnomalyDetectorOutput {}) } else { Err(unknown()) }
}

/// The members by which requests name a detector's subject, old and new.
struct Named {
    namespace: Option<String>,
    metric_name: Option<String>,
    dimensions: Option<Vec<Dimension>>,
    stat: Option<String>,
    single: Option<SingleMetricAnomalyDetector>,
    math: Option<MetricMathAnomalyDetector>,
}

impl Subject {
    fn of(place: &Place, named: Named) -> Result<Self, Error> {
        let Named { namespace, metric_name, dimensions, stat, single, math } = named;
        let flat = namespace.is_some() || metric_name.is_some() || dimensions.is_some() || stat.is_some();
        if usize::from(flat) + usize::from(single.is_some()) + usize::from(math.is_some()) > 1 {
            return Err(Error::InvalidParameterCombination(
                "Only one of SingleMetricAnomalyDetector, MetricMathAnomalyDetector and the metric's own parameters may \
                 be specified."
                    .into(),
            ));
        }
        if let Some(math) = math {
            let queries = math.metric_data_queries.unwrap_or_default();
            query::check(place, "MetricMathAnomalyDetector.MetricDataQueries", &queries)?;
            return Ok(Self::Math { queries: model::stored(&queries) });
        }
        let single = single.unwrap_or(SingleMetricAnomalyDetector {
            account_id: None,
            namespace,
            metric_name,
            dimensions,
            stat,
        });
        let missing = |name: &str| Error::MissingParameter(format!("The parameter {name} is required."));
        let stat = single.stat.ok_or_else(|| missing("Stat"))?;
        if Statistic::parse(&stat).is_none() {
            let message = format!("The value {stat} for parameter Stat is not a valid statistic.");
            return Err(Error::InvalidParameterValue(message));
        }
        let dimensions = single.dimensions.into_iter().flatten().map(|dimension| (dimension.name, dimension.value));
        Ok(Self::Metric {
            namespace: single.namespace.ok_or_else(|| missing("Namespace"))?,
            name: single.metric_name.ok_or_else(|| missing("MetricName"))?,
            dimensions: dimensions.collect(),
            stat,
        })
    }
}

impl CloudWatch {
    fn detectors(&self, place: &Place) -> Result<Vec<Detector>, Error> {
        let all = self.store.read(|tx| {
            let all = tx.scan(DETECTORS, haar_platform::store::Span::under(place.prefix()));
            all.map(|entry| entry.map(|(_, detector)| detector)).collect::<Result<Vec<_>, _>>()
        });
        Ok(all?)
    }

    /// What the detectors of a place leave out of the past.
    pub fn excluded(&self, place: &Place) -> Result<Excluded, Error> {
        let detectors = self.detectors(place)?;
        Ok(Excluded(detectors.into_iter().filter(|detector| !detector.excluded.is_empty()).collect()))
    }

    /// Reads the series: not for an async thread.
    fn described(&self, place: &Place, detector: Detector, now: Timestamp) -> Result<AnomalyDetector, Error> {
        let Detector { id, subject, excluded } = detector;
        let state = self.state(place, &subject, now)?;
        let range = |(start_time, end_time)| Range { start_time, end_time };
        let configuration = AnomalyDetectorConfiguration {
            excluded_time_ranges: Some(excluded.into_iter().map(range).collect()),
            ..Default::default()
        };
        let mut described = AnomalyDetector {
            anomaly_detector_id: Some(id),
            configuration: Some(configuration),
            state_value: Some(state),
            ..Default::default()
        };
        match subject {
            Subject::Metric { namespace, name, dimensions, stat } => {
                let dimensions: Vec<Dimension> =
                    dimensions.into_iter().map(|(name, value)| Dimension { name, value }).collect();
                let single = SingleMetricAnomalyDetector {
                    account_id: Some(place.account.to_string()),
                    namespace: Some(namespace),
                    metric_name: Some(name),
                    dimensions: Some(dimensions),
                    stat: Some(stat),
                };
                // Both the old members and the new ones, as AWS does.
                described.namespace.clone_from(&single.namespace);
                described.metric_name.clone_from(&single.metric_name);
                described.dimensions.clone_from(&single.dimensions);
                described.stat.clone_from(&single.stat);
                described.single_metric_anomaly_detector = Some(single);
            }
            Subject::Math { queries } => {
                let queries = queries.into_iter().map(Into::into).collect();
                described.metric_math_anomaly_detector =
                    Some(MetricMathAnomalyDetector { metric_data_queries: Some(queries) });
            }
        }
        Ok(described)
    }

    /// How much of a past the model has: the longest of the metrics that it is about.
    fn state(&self, place: &Place, subject: &Subject, now: Timestamp) -> Result<AnomalyDetectorStateValue, Error> {
        let now = now.seconds();
        let mut spanned = None;
        for metric in subject.metrics() {
            let name = MetricName { partition: place.partition(), ..metric };
            let Some(metric) = self.series.metric(&name) else { continue };
            let from = now - now.rem_euclid(HISTORY_PERIOD) - TRAINING_SECONDS;
            let question = Question { unit: None, from, to: now, period: HISTORY_PERIOD, now, values: false };
            let buckets = self.series.read(&metric, question)?;
            if let (Some(first), Some(last)) = (buckets.first(), buckets.last()) {
                spanned = spanned.max(Some(last.time - first.time));
            }
        }
        Ok(match spanned {
            None => AnomalyDetectorStateValue::PendingTraining,
            Some(seconds) if seconds < HISTORY_SECONDS_MIN => AnomalyDetectorStateValue::TrainedInsufficientData,
            Some(_) => AnomalyDetectorStateValue::Trained,
        })
    }
}

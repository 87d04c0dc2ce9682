//! What queries come to: the one path for GetMetricData and for alarms.

use std::collections::HashMap;

use haar_telemetry::series::{MetricName, Question, SeriesError, Statistic};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::label;
use super::list::VISIBLE_MILLIS;
use super::math::search::{Search, Subject};
use super::math::{self, Expression, Grid, MathError, Origin, Series, Surroundings, Value};
use super::query::{Kind, MetricQuery, Query};
use super::window::{TRAINING_SECONDS, Window, is_period};
use crate::cloudwatch::CloudWatch;
use crate::cloudwatch::anomaly::Excluded;
use crate::cloudwatch::error::Error;
use crate::cloudwatch::place::Place;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>
const FOUND_MAX: usize = 500;

/// Metrics that one thread reads in a row.
const READ_AT_ONCE: usize = 16;

/// Evaluations at once, in the whole process: a large one holds hundreds of metrics over weeks.
static EVALUATING: Semaphore = Semaphore::const_new(4);

/// A time series that a query came to; an array comes to several of the same id.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    /// The query's.
    pub id: String,
    /// With its label made out, and its points in ascending order.
    pub series: Series,
    /// Whether a search on the way found more metrics than CloudWatch looks at.
    pub exceeded: bool,
}

impl CloudWatch {
    /// What the queries that return data come to, in their order: expressions and searches included, our own services'
    /// metrics as of now. Periods without data have no point. GetMetricData answers with this, and alarms are evaluated
    /// by it; `window.now` is the time that gaps are filled up to.
    pub async fn evaluate(&self, place: &Place, queries: &[Query], window: Window) -> Result<Vec<Evaluated>, Error> {
        self.catch_up().await?;
        let _turn = EVALUATING.acquire().await.map_err(|_| Error::Interrupted)?;
        let excluded = self.excluded(place)?;
        let series = self.read_metrics(queries, window).await?;
        let (cloudwatch, place, queries) = (self.clone(), place.clone(), queries.to_vec());
        let evaluated = tokio::task::spawn_blocking(move || {
            let mut evaluator = Evaluator::new(&cloudwatch, &place, &queries, window, &excluded);
            for (index, series) in series {
                evaluator.known.insert(index, Value::Series(series));
            }
            evaluator.all()
        });
        evaluated.await.map_err(|_| Error::Interrupted)?
    }

    /// The series of all queries that are metrics, with their place among the queries; read by several threads.
    async fn read_metrics(&self, queries: &[Query], window: Window) -> Result<Vec<(usize, Series)>, Error> {
        let metrics = queries.iter().enumerate().filter_map(|(index, query)| match &query.kind {
            Kind::Metric(metric) => Some((index, metric.clone())),
            Kind::Expression(_) => None,
        });
        let metrics: Vec<_> = metrics.collect();
        let mut reading = JoinSet::new();
        for part in metrics.chunks(READ_AT_ONCE) {
            let (cloudwatch, part) = (self.clone(), part.to_vec());
            reading.spawn_blocking(move || -> Result<Vec<(usize, Series)>, SeriesError> {
                part.iter().map(|(index, metric)| Ok((*index, cloudwatch.read_metric(metric, window)?))).collect()
            });
        }
        let mut series = Vec::with_capacity(metrics.len());
        while let Some(part) = reading.join_next().await {
            series.extend(part.map_err(|_| Error::Interrupted)??);
        }
        series.sort_unstable_by_key(|(index, _)| *index);
        Ok(series)
    }

    /// The series of one metric. Reads the store: not for an async thread.
    fn read_metric(&self, query: &MetricQuery, window: Window) -> Result<Series, SeriesError> {
        let MetricQuery { metric: name, statistic, stat, period, unit } = query;
        let mut series = Series { label: name.name.clone(), period: *period, ..Series::default() };
        if let Some(metric) = self.series.metric(name) {
            let question = Question {
                unit: *unit,
                from: window.start(*period),
                to: window.to,
                period: *period,
                now: window.now,
                values: !statistic.is_simple(),
            };
            let buckets = self.series.read(&metric, question)?;
            series.points.reserve_exact(buckets.len());
            for bucket in &buckets {
                series.points.extend(statistic.of(&bucket.tally).map(|value| (bucket.time, value)));
            }
        }
        series.origin = Some(Box::new(Origin {
            namespace: name.namespace.clone(),
            name: name.name.clone(),
            dimensions: name.dimensions.clone(),
            stat: stat.clone(),
        }));
        Ok(series)
    }
}

/// One evaluation: what is known so far, and what is under way.
struct Evaluator<'a> {
    cloudwatch: &'a CloudWatch,
    place: &'a Place,
    queries: &'a [Query],
    window: Window,
    excluded: &'a Excluded,
    known: HashMap<usize, Value>,
    /// The query that is being evaluated.
    current: Option<usize>,
    /// Whether this is about the past that a band is learnt from.
    learning: bool,
    exceeded: bool,
}

impl<'a> Evaluator<'a> {
    fn new(
        cloudwatch: &'a CloudWatch,
        place: &'a Place,
        queries: &'a [Query],
        window: Window,
        excluded: &'a Excluded,
    ) -> Self {
        Self {
            cloudwatch,
            place,
            queries,
            window,
            excluded,
            known: HashMap::new(),
            current: None,
            learning: false,
            exceeded: false,
        }
    }

    fn all(&mut self) -> Result<Vec<Evaluated>, Error> {
        let mut results = Vec::new();
        for (index, query) in self.queries.iter().enumerate().filter(|(_, query)| query.return_data) {
            let value = self.query(index).map_err(|cause| Error::in_expression(&query.id, cause))?;
            let found = match value {
                Value::Series(series) => {
                    let label = label::of_one(query, &series);
                    vec![Series { label, ..series }]
                }
                Value::Array(all) => label::of_many(query, all),
                other => {
                    let reason = format!(
                        "The expression must return a time series or an array of time series, not {}",
                        other.kind()
                    );
                    return Err(Error::in_expression(&query.id, MathError::InvalidArgument(reason)));
                }
            };
            for mut series in found {
                label::make_out(&mut series, self.place, self.window);
                results.push(Evaluated { id: query.id.clone(), series, exceeded: self.exceeded });
            }
        }
        Ok(results)
    }

    /// The value of a query. What it depends on comes first, one after the other: a chain of 500 expressions must not
    /// be as many calls deep.
    fn query(&mut self, index: usize) -> Result<Value, MathError> {
        let mut waiting = vec![index];
        while let Some(next) = waiting.last().copied() {
            match self.unknown_dependency(next) {
                Some(dependency) if waiting.contains(&dependency) => return Err(MathError::Circular),
                Some(dependency) => waiting.push(dependency),
                None => {
                    waiting.pop();
                    self.make_known(next)?;
                }
            }
        }
        Ok(self.known[&index].clone())
    }

    /// A query that must be known before this one.
    fn unknown_dependency(&self, index: usize) -> Option<usize> {
        let Kind::Expression(expression) = &self.queries[index].kind else { return None };
        let names = expression.names().into_iter();
        let mut indexes = names.filter_map(|name| self.queries.iter().position(|query| query.id == name));
        indexes.find(|index| !self.known.contains_key(index))
    }

    fn make_known(&mut self, index: usize) -> Result<(), MathError> {
        if self.known.contains_key(&index) {
            return Ok(());
        }
        let queries = self.queries;
        let value = match &queries[index].kind {
            Kind::Metric(metric) => Value::Series(self.cloudwatch.read_metric(metric, self.window)?),
            Kind::Expression(expression) => {
                let before = self.current.replace(index);
                let value = math::evaluate(expression, self)?;
                self.current = before;
                value
            }
        };
        self.known.insert(index, value);
        Ok(())
    }

    /// The period of the query that is being evaluated.
    fn period(&self) -> i64 {
        self.current.map_or(60, |index| self.queries[index].period)
    }
}

impl Surroundings for Evaluator<'_> {
    fn variable(&mut self, id: &str) -> Result<Value, MathError> {
        let index = self.queries.iter().position(|query| query.id == id);
        self.query(index.ok_or_else(|| MathError::UndefinedVariable(id.to_owned()))?)
    }

    fn metrics(&self) -> Vec<String> {
        let metrics = self.queries.iter().filter(|query| matches!(query.kind, Kind::Metric(_)));
        metrics.map(|query| query.id.clone()).collect()
    }

    fn search(&mut self, search: &str, stat: &str, period: Option<i64>) -> Result<Vec<Series>, MathError> {
        let search = Search::parse(search)?;
        let statistic = Statistic::parse(stat)
            .ok_or_else(|| MathError::InvalidArgument(format!("{stat} is not a valid statistic")))?;
        let period = period.unwrap_or_else(|| self.period());
        if !is_period(period) {
            return Err(MathError::InvalidArgument("Period must be 1, 5, 10, 20, 30 or a multiple of 60".into()));
        }
        let partition = self.place.partition();
        let since = self.window.now.saturating_mul(1000) - VISIBLE_MILLIS;
        let found = self.cloudwatch.series.metrics(&partition, search.namespace());
        let found = found.into_iter().filter(|metric| {
            let Self { place, .. } = self;
            let (namespace, name, dimensions) = (&metric.namespace, &metric.name, &metric.dimensions);
            metric.published() >= since
                && search.finds(Subject { account: &place.account, namespace, name, dimensions })
        });
        let mut found: Vec<_> = found.take(FOUND_MAX + 1).collect();
        self.exceeded |= found.len() > FOUND_MAX;
        found.truncate(FOUND_MAX);
        let mut all = Vec::with_capacity(found.len());
        for metric in found {
            let metric = MetricName {
                partition: partition.clone(),
                namespace: metric.namespace.clone(),
                name: metric.name.clone(),
                dimensions: metric.dimensions.clone(),
            };
            let query = MetricQuery { metric, statistic, stat: stat.to_owned(), period, unit: None };
            all.push(self.cloudwatch.read_metric(&query, self.window)?);
        }
        label::tell_apart(&mut all);
        Ok(all)
    }

    fn history(&mut self, argument: &Expression) -> Result<Series, MathError> {
        if self.learning {
            return Err(MathError::InvalidArgument("ANOMALY_DETECTION_BAND cannot be made of another band".into()));
        }
        let window = self.window.before(self.period(), TRAINING_SECONDS);
        let mut before = Evaluator::new(self.cloudwatch, self.place, self.queries, window, self.excluded);
        before.current = self.current;
        before.learning = true;
        match math::evaluate(argument, &mut before)? {
            Value::Series(mut series) => {
                self.excluded.leave_out(&mut series);
                Ok(series)
            }
            other => Err(MathError::Argument { function: "ANOMALY_DETECTION_BAND".into(), found: other.kind() }),
        }
    }

    fn grid(&self) -> Grid {
        let period = self.period();
        // What has not happened yet is no gap.
        let to = self.window.to.min(self.window.now + 1);
        Grid { from: self.window.start(period), to, period, now: self.window.now }
    }
}

//! Points written, kept, made coarser and read again; over a restart too.

use haar_store::{Config, Store};

use super::*;

const DAY: i64 = 86_400;

/// A Thursday's midnight.
const START: i64 = 1_767_225_600;

fn name(metric: &str) -> MetricName {
    MetricName {
        partition: "p".into(),
        namespace: "App".into(),
        name: metric.into(),
        dimensions: vec![("Host".into(), "a".into())],
    }
}

fn point(metric: &str, time: i64, value: f64) -> NewPoint {
    NewPoint { metric: name(metric), unit: 0, time, fine: false, sample: Sample::One(value) }
}

fn question(from: i64, to: i64, period: i64, now: i64) -> Question {
    Question { unit: None, from, to, period, now, values: true }
}

fn sums(series: &SeriesStore, metric: &str, question: Question) -> Vec<(i64, f64)> {
    let metric = series.metric(&name(metric)).unwrap();
    series.read(&metric, question).unwrap().into_iter().map(|bucket| (bucket.time, bucket.tally.summary.sum)).collect()
}

#[tokio::test]
async fn points_of_a_period_are_taken_together_wherever_they_lie() {
    let series = SeriesStore::open(&Store::open(Config::in_memory()).unwrap()).unwrap();
    series.put(vec![point("m", START, 1.0), point("m", START + 59, 2.0)], 1000 * START).await.unwrap();
    let all = question(START, START + 600, 60, START + 600);
    assert_eq!(sums(&series, "m", all), [(START, 3.0)]);
    // Into columns, and more of the same minute in memory.
    series.upkeep(1000 * (START + 7200)).await.unwrap();
    assert_eq!(series.waiting(), 0);
    series.put(vec![point("m", START + 30, 4.0), point("m", START + 300, 5.0)], 1000 * START).await.unwrap();
    assert_eq!(sums(&series, "m", all), [(START, 7.0), (START + 300, 5.0)]);
    assert_eq!(sums(&series, "m", Question { values: false, ..all }), [(START, 7.0), (START + 300, 5.0)]);
    assert_eq!(sums(&series, "m", Question { from: START + 240, ..all }), [(START + 300, 5.0)]);
    assert_eq!(sums(&series, "m", Question { period: 600, ..all }), [(START, 12.0)]);
    assert_eq!(sums(&series, "m", Question { unit: Some(1), ..all }), []);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let now = 1000 * START;
    {
        let store = Store::open(Config::at(folder.path())).unwrap();
        let series = SeriesStore::open(&store).unwrap();
        series.put(vec![point("m", START, 1.0), point("n", START, 9.0)], now).await.unwrap();
        series.upkeep(now + 2 * 3_600_000).await.unwrap();
        series.put(vec![point("m", START + 60, 2.0)], now).await.unwrap();
        store.close().await.unwrap();
    }
    let series = SeriesStore::open(&Store::open(Config::at(folder.path())).unwrap()).unwrap();
    assert_eq!(series.waiting(), 1);
    let all = question(START, START + 600, 60, START + 600);
    assert_eq!(sums(&series, "m", all), [(START, 1.0), (START + 60, 2.0)]);
    assert_eq!(sums(&series, "n", all), [(START, 9.0)]);
    // The same metrics go on under the same numbers.
    series.put(vec![point("m", START + 60, 5.0)], now).await.unwrap();
    assert_eq!(sums(&series, "m", all), [(START, 1.0), (START + 60, 7.0)]);
    assert_eq!(series.metrics("p", None).len(), 2);
}

#[tokio::test]
async fn points_grow_coarser_with_age_and_go_in_the_end() {
    let store = Store::open(Config::in_memory()).unwrap();
    let series = SeriesStore::open(&store).unwrap();
    let minutes = (0..1440).map(|minute| point("m", START + 60 * minute, 1.0)).collect();
    series.put(minutes, 1000 * START).await.unwrap();
    let seconds = (0..120).map(|second| NewPoint { fine: true, ..point("fine", START + second, 2.0) }).collect();
    series.put(seconds, 1000 * START).await.unwrap();

    let at = |now: i64, period: i64| question(START, START + DAY, period, now);
    assert_eq!(sums(&series, "fine", at(START + 300, 1)).len(), 120);
    assert_eq!(sums(&series, "fine", at(START + 300, 60)), [(START, 120.0), (START + 60, 120.0)]);
    let day = 20 * DAY;
    for hours in [2, 5, 24 * 17, 24 * 20] {
        series.upkeep(1000 * (START + 3600 * hours)).await.unwrap();
    }
    // By the minute nothing is left, by five minutes all is there, in one piece.
    assert_eq!(sums(&series, "m", at(START + day, 60)), []);
    let coarse = sums(&series, "m", at(START + day, 300));
    assert_eq!(coarse.len(), 288);
    assert!(coarse.iter().all(|(_, sum)| *sum == 5.0));
    assert_eq!(sums(&series, "fine", at(START + day, 300)), [(START, 240.0)]);
    // And so on, by the hour.
    series.upkeep(1000 * (START + 70 * DAY)).await.unwrap();
    assert_eq!(sums(&series, "m", at(START + 70 * DAY, 300)), []);
    assert_eq!(sums(&series, "m", at(START + 70 * DAY, 3600)).len(), 24);
    let metric = series.metric(&name("m")).unwrap();
    let hours = series.read(&metric, at(START + 70 * DAY, 3600)).unwrap();
    assert_eq!(Statistic::Percentile(99.0).of(&hours[0].tally), Some(1.0));
    series.upkeep(1000 * (START + 500 * DAY)).await.unwrap();
    assert!(series.metrics("p", None).is_empty());
    let report = store.check(tables()).await.unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
}

#[tokio::test]
async fn many_writes_of_a_day_end_in_one_chunk() {
    let store = Store::open(Config::in_memory()).unwrap();
    let series = SeriesStore::open(&store).unwrap();
    let mut due = None;
    for hour in 0..24 {
        let points = (0..60).map(|minute| point("m", START + 3600 * hour + 60 * minute, 1.0)).collect();
        series.put(points, 1000 * (START + 3600 * hour)).await.unwrap();
        due = series.upkeep(1000 * (START + 3600 * (hour + 1))).await.unwrap();
    }
    let merging = due.unwrap();
    assert_eq!(merging, 1000 * (START + DAY + 2 * 3600));
    let next = series.upkeep(merging).await.unwrap();
    // Nothing but the age of the one chunk is left to wait for.
    assert_eq!(next, Some(1000 * (START + DAY + 15 * DAY)));
    assert_eq!(sums(&series, "m", question(START, START + DAY, 86_400, START + DAY)), [(START, 1440.0)]);
}

#[tokio::test]
async fn dimensions_in_another_order_are_the_same_metric() {
    let series = SeriesStore::open(&Store::open(Config::in_memory()).unwrap()).unwrap();
    let of = |dimensions: [(&str, &str); 2]| MetricName {
        dimensions: dimensions.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..name("m")
    };
    let [one, other] = [of([("a", "1"), ("b", "2")]), of([("b", "2"), ("a", "1")])];
    let points = [&one, &other].map(|metric| NewPoint { metric: metric.clone(), ..point("m", START, 1.0) });
    series.put(points.into(), 0).await.unwrap();
    assert_eq!(series.metrics("p", Some("App")).len(), 1);
    let metric = series.metric(&other).unwrap();
    assert_eq!(series.read(&metric, question(START, START + 60, 60, START)).unwrap()[0].tally.summary.sum, 2.0);
    assert!(series.metrics("q", None).is_empty());
    assert!(series.metrics("p", Some("Ap")).is_empty());
}

#[test]
fn stored_records_keep_their_bytes() {
    let incoming = model::Incoming {
        published: 1,
        points: vec![
            model::Point { series: 2, unit: 3, tier: 1, time: 60, sample: Sample::One(0.5) },
            model::Point { series: 2, unit: 3, tier: 1, time: 60, sample: Sample::Values(vec![(1.0, 2.0)]) },
        ],
    };
    let bytes = postcard::to_stdvec(&incoming).unwrap();
    assert_eq!(
        bytes,
        [
            2, 2, 2, 3, 1, 120, 0, 0, 0, 0, 0, 0, 0, 224, 63, 2, 3, 1, 120, 1, 1, 0, 0, 0, 0, 0, 0, 240, 63, 0, 0, 0,
            0, 0, 0, 0, 64
        ]
    );
}

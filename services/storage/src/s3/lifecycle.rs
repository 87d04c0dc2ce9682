//! Lifecycle rules at work: once a day, at midnight UTC, versions expire and move, and uploads that nobody completes
//! go.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html>

mod rules;

use haar_platform::kernel::{Ctx, Next, Timestamp};
use haar_platform::store::{Read, Span, StoreError, Table, Tx};

use super::S3;
use super::error::Error;
use super::event::{Deletion, Happening, Scene};
use super::model::{
    BUCKETS, Bucket, CONFIGURATIONS, Configuration, ConfigurationKind, LifecycleRule, Newest, UPLOADS, VERSIONS,
    Version, VersionKey, Versioning,
};
use super::multipart;
use super::object::store::{self, Found};
use rules::Verdict;

/// Rows that one look at the store takes in, so that no snapshot lives long.
const LOOK_MAX: usize = 1000;

/// Changes in one transaction, so that other writers get their turn.
const BATCH_MAX: usize = 100;

/// The last day (since 1970) whose midnight was seen to, under the one key 0. What came due while haar was down is
/// made up for at the start; what came due by a new rule waits for the next midnight, as on AWS.
pub const LAST_DAY: Table<u8, i64> = Table::new("s3.lifecycle_days");

/// Applies all rules if this day's midnight was not seen to; comes back at the next.
pub async fn apply(ctx: &Ctx, s3: &S3) -> Result<Next, Error> {
    let now = ctx.now();
    let next = Next::At(rules::next_midnight(now));
    if s3.store.read(|tx| tx.get(LAST_DAY, &0u8))?.is_some_and(|day| day >= now.day()) {
        return Ok(next);
    }
    for (name, bucket, rules) in s3.store.read(buckets_with_rules)? {
        let work = Work { scene: Scene::of_lifecycle(ctx, &s3.bus, &name), bucket, rules, now };
        work.go_through_versions(s3).await?;
        work.go_through_uploads(s3).await?;
    }
    s3.store.write(move |tx| tx.put(LAST_DAY, &0u8, &now.day())).await?;
    Ok(next)
}

/// The rules of a bucket.
pub fn rules_of(read: &impl Read, bucket: &Bucket) -> Result<Vec<LifecycleRule>, StoreError> {
    match read.get(CONFIGURATIONS, &(bucket.number, ConfigurationKind::Lifecycle.as_str()))? {
        Some(Configuration::Lifecycle(rules)) => Ok(rules),
        _ => Ok(Vec::new()),
    }
}

/// The header `x-amz-expiration` of a current version, if a rule says when it expires.
pub fn expiration(
    read: &impl Read,
    bucket: &Bucket,
    key: &str,
    version: &Version,
) -> Result<Option<String>, StoreError> {
    let Some(object) = version.object() else { return Ok(None) };
    let rules = rules_of(read, bucket)?;
    let expiration = rules::expiration(&rules, key, version.modified, object);
    Ok(expiration.map(|(due, id)| rules::expiration_header(due, id)))
}

/// When an upload goes if nobody completes it, and the id of the rule that says so.
pub fn abortion(
    read: &impl Read,
    bucket: &Bucket,
    key: &str,
    initiated: Timestamp,
) -> Result<Option<(Timestamp, String)>, StoreError> {
    let rules = rules_of(read, bucket)?;
    Ok(rules::abortion(&rules, key, initiated).map(|(due, id)| (due, id.to_owned())))
}

fn buckets_with_rules(read: &impl Read) -> Result<Vec<(String, Bucket, Vec<LifecycleRule>)>, StoreError> {
    let mut found = Vec::new();
    for row in read.scan(BUCKETS, Span::all()) {
        let (name, bucket) = row?;
        let rules = rules_of(read, &bucket)?;
        if rules.iter().any(|rule| rule.enabled) {
            found.push((name, bucket, rules));
        }
    }
    Ok(found)
}

/// One bucket's turn.
#[derive(Clone)]
struct Work {
    scene: Scene,
    bucket: Bucket,
    rules: Vec<LifecycleRule>,
    now: Timestamp,
}

/// Where the walk over a bucket's versions is: the row before the next one.
#[derive(Clone)]
struct Step {
    place: VersionKey,
    /// When the row was made: since then the one below it has been noncurrent.
    modified: Timestamp,
    /// Noncurrent versions of the key that are as new as this row or newer.
    noncurrent: usize,
}

/// One row that something is to be done about.
struct Task {
    key: String,
    sequence: u64,
    what: Action,
}

#[derive(Clone, Copy)]
enum Action {
    /// The current version, as DELETE would.
    ExpireCurrent,
    /// A noncurrent version.
    ExpireNoncurrent,
    /// A delete marker, if there is nothing below it.
    ExpireMarker,
    Move(super::model::StorageClass),
}

impl Work {
    async fn go_through_versions(&self, s3: &S3) -> Result<(), Error> {
        let mut step = None;
        loop {
            let (mut tasks, last, more) = s3.store.read(|tx| self.look(tx, step))?;
            while !tasks.is_empty() {
                let batch = tasks.split_off(tasks.len().saturating_sub(BATCH_MAX));
                let work = self.clone();
                s3.store.write(move |tx| batch.iter().try_for_each(|task| work.act(tx, task))).await?;
            }
            if !more {
                return Ok(());
            }
            step = last;
        }
    }

    /// What is due among the next rows, the last of them, and whether there are more.
    fn look(&self, read: &impl Read, mut step: Option<Step>) -> Result<(Vec<Task>, Option<Step>, bool), StoreError> {
        let mut tasks = Vec::new();
        let mut span = Span::under((self.bucket.number,));
        if let Some(step) = &step {
            span = span.after(&step.place);
        }
        let mut count = 0;
        for row in read.scan(VERSIONS, span).take(LOOK_MAX) {
            count += 1;
            let (place, version) = row?;
            let above = step.take().filter(|above| above.place.1 == place.1);
            if let Some(what) = self.judge(&place.1, &version, above.as_ref()) {
                let (_, key, Newest(sequence)) = place.clone();
                tasks.push(Task { key, sequence, what });
            }
            let noncurrent = above.map_or(0, |above| above.noncurrent + 1);
            step = Some(Step { place, modified: version.modified, noncurrent });
        }
        Ok((tasks, step, count == LOOK_MAX))
    }

    fn judge(&self, key: &str, version: &Version, above: Option<&Step>) -> Option<Action> {
        if let Some(above) = above {
            let verdict = rules::of_noncurrent(&self.rules, key, version, above.modified, above.noncurrent, self.now)?;
            return Some(match verdict {
                Verdict::Expire => Action::ExpireNoncurrent,
                Verdict::Move(class) => Action::Move(class),
            });
        }
        let Some(object) = version.object() else {
            let goes = rules::of_lone_marker(&self.rules, key, version, self.now);
            return goes.then_some(Action::ExpireMarker);
        };
        let keeps_versions = self.bucket.versioning != Versioning::Off;
        let verdict = rules::of_current(&self.rules, key, version.modified, object, keeps_versions, self.now)?;
        Some(match verdict {
            Verdict::Expire => Action::ExpireCurrent,
            Verdict::Move(class) => Action::Move(class),
        })
    }

    /// Does it, unless the row has changed since it was looked at.
    fn act(&self, tx: &mut Tx, task: &Task) -> Result<(), Error> {
        let (number, key, sequence) = (self.bucket.number, task.key.as_str(), task.sequence);
        let place = (number, key, Newest(sequence));
        let Some(version) = tx.get(VERSIONS, &place)? else { return Ok(()) };
        let current = store::current(tx, number, key)?.is_some_and(|found| found.sequence == sequence);
        match task.what {
            Action::ExpireCurrent if current => {
                let removed = store::remove_current(tx, &self.bucket, key, self.now)?;
                match (removed.marker, removed.gone) {
                    (Some(marker), _) => {
                        self.tell(tx, key, &marker.version, Happening::Expired(Deletion::Marker))?;
                    }
                    (None, Some(gone)) => {
                        self.tell(tx, key, &gone.version, Happening::Expired(Deletion::Permanent))?;
                    }
                    (None, None) => {}
                }
            }
            Action::ExpireNoncurrent if !current => {
                store::erase(tx, number, key, sequence)?;
                self.tell(tx, key, &version, Happening::Expired(Deletion::Permanent))?;
            }
            Action::ExpireMarker if current => {
                let below = Span::under((number, key)).after(&place);
                if tx.scan_keys(VERSIONS, below).next().transpose()?.is_none() {
                    store::erase(tx, number, key, sequence)?;
                    self.tell(tx, key, &version, Happening::Expired(Deletion::Permanent))?;
                }
            }
            Action::Move(class) => {
                let mut found = Found { sequence, version };
                if let super::model::State::Object(object) = &mut found.version.state {
                    object.storage_class = class;
                }
                store::rewrite(tx, number, key, &found)?;
                self.tell(tx, key, &found.version, Happening::Moved(class))?;
            }
            // Something was put on top of it, or taken off.
            _ => {}
        }
        Ok(())
    }

    fn tell(&self, tx: &mut Tx, key: &str, version: &Version, happening: Happening) -> Result<(), StoreError> {
        self.scene.tell(tx, &self.bucket, key, version, happening)
    }

    async fn go_through_uploads(&self, s3: &S3) -> Result<(), Error> {
        if self.rules.iter().all(|rule| rule.abort_upload_days.is_none()) {
            return Ok(());
        }
        let mut last = None;
        loop {
            let (due, place) = s3.store.read(|tx| self.look_at_uploads(tx, last.as_ref()))?;
            // One by one: each may have ten thousand parts.
            for (key, sequence) in due {
                let number = self.bucket.number;
                s3.store.write(move |tx| multipart::remove(tx, number, &key, sequence)).await?;
            }
            match place {
                Some(place) => last = Some(place),
                None => return Ok(()),
            }
        }
    }

    /// Uploads that are due among the next, and the last one looked at if there may be more.
    #[expect(clippy::type_complexity, reason = "a list and a cursor")]
    fn look_at_uploads(
        &self,
        read: &impl Read,
        last: Option<&(u64, String, u64)>,
    ) -> Result<(Vec<(String, u64)>, Option<(u64, String, u64)>), StoreError> {
        let mut span = Span::under((self.bucket.number,));
        if let Some(last) = last {
            span = span.after(last);
        }
        let (mut due, mut place, mut count) = (Vec::new(), None, 0);
        for row in read.scan(UPLOADS, span).take(LOOK_MAX) {
            count += 1;
            let (upload_place, upload) = row?;
            let abortion = rules::abortion(&self.rules, &upload_place.1, upload.initiated);
            if abortion.is_some_and(|(date, _)| date <= self.now) {
                due.push((upload_place.1.clone(), upload_place.2));
            }
            place = Some(upload_place);
        }
        Ok((due, place.filter(|_| count == LOOK_MAX)))
    }
}

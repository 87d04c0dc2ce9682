//! Walking over a target: its objects are listed page by page, and looked at on a few threads. What is kept grows with
//! the folders, not with the objects.

use std::collections::HashSet;
use std::sync::Arc;

use haar_formats::infer::{self, Classifier, Found};
use haar_platform::kernel::{ObjectMeta, Objects, ObjectsError};

use super::folder::Folders;
use super::run::Stop;
use super::target::Target;

/// Objects that are listed at once.
const PAGE_OBJECTS: usize = 1000;

/// Threads that one crawl looks at objects with.
const THREADS: usize = 4;

/// How a crawl looks at a target.
pub struct Walk {
    /// Where the objects are.
    pub objects: Arc<dyn Objects>,
    /// What is asked first.
    pub classifiers: Arc<Vec<Classifier>>,
    /// Schemas of one folder need not be alike.
    pub combine: bool,
    /// Locations of folders that are known already, which are left out.
    pub known: Option<HashSet<String>>,
    /// Whether somebody has stopped the crawl.
    pub stop: Stop,
}

/// Why a walk ended early.
#[derive(Debug)]
pub enum Ended {
    /// Somebody stopped it.
    Stopped,
    /// Objects cannot be listed or read.
    Failed(String),
}

impl Walk {
    /// The folders of a target.
    pub async fn folders(&self, target: &Arc<Target>) -> Result<Folders, Ended> {
        let mut folders = Folders::default();
        let mut after = None;
        loop {
            if self.stop.is_asked() {
                return Err(Ended::Stopped);
            }
            let page = self.list(target, after.take()).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            let is_last = page.len() < PAGE_OBJECTS;
            let chosen = self.choose(target, page, &mut folders);
            for (object, found) in self.look(target, chosen).await? {
                let path = behind(target, &object.key);
                folders.add(path, object.size, found, self.combine);
            }
            if is_last {
                break;
            }
        }
        folders.finish();
        Ok(folders)
    }

    async fn list(&self, target: &Arc<Target>, after: Option<String>) -> Result<Vec<ObjectMeta>, Ended> {
        let (objects, target) = (self.objects.clone(), target.clone());
        let list = move || objects.list(&target.bucket, &target.prefix, after.as_deref(), PAGE_OBJECTS);
        blocking(list).await?.map_err(failed)
    }

    /// The objects of a page that are to be looked at.
    fn choose(&self, target: &Target, page: Vec<ObjectMeta>, folders: &mut Folders) -> Vec<ObjectMeta> {
        let mut chosen = Vec::with_capacity(page.len());
        for object in page {
            let path = behind(target, &object.key);
            let (folder, name) = Folders::split(path);
            // Empty objects stand for folders, or for the success of a job. Athena does not see names with these
            // beginnings, so that they cannot be part of a table.
            let is_data = object.size > 0 && object.readable && !name.starts_with(['_', '.']);
            // Of a target that is one object, others may share the beginning.
            let is_other = !target.is_folder() && object.key != target.prefix;
            let is_known = || {
                let location = format!("{}{folder}", target.location());
                self.known.as_ref().is_some_and(|known| known.contains(&location))
            };
            if !is_data || is_other || target.excludes(path) || is_known() {
                continue;
            }
            if folders.is_sampled(path, target.sample_size) {
                folders.count(path, object.size);
            } else {
                chosen.push(object);
            }
        }
        chosen
    }

    /// Looks at objects, and answers in their order. An object that is gone meanwhile is no matter.
    async fn look(&self, target: &Arc<Target>, objects: Vec<ObjectMeta>) -> Result<Vec<(ObjectMeta, Found)>, Ended> {
        let share = objects.len().div_ceil(THREADS).max(1);
        let mut threads = Vec::new();
        let mut rest = objects.into_iter().peekable();
        while rest.peek().is_some() {
            let share: Vec<ObjectMeta> = rest.by_ref().take(share).collect();
            let looking = Looking {
                objects: self.objects.clone(),
                classifiers: self.classifiers.clone(),
                target: target.clone(),
                stop: self.stop.clone(),
                runtime: tokio::runtime::Handle::current(),
            };
            threads.push(tokio::task::spawn_blocking(move || looking.all(share)));
        }
        let mut found = Vec::new();
        for thread in threads {
            found.extend(thread.await.map_err(|_| internal())??);
        }
        Ok(found)
    }
}

/// What one thread needs.
struct Looking {
    objects: Arc<dyn Objects>,
    classifiers: Arc<Vec<Classifier>>,
    target: Arc<Target>,
    stop: Stop,
    runtime: tokio::runtime::Handle,
}

impl Looking {
    fn all(&self, objects: Vec<ObjectMeta>) -> Result<Vec<(ObjectMeta, Found)>, Ended> {
        let mut found = Vec::with_capacity(objects.len());
        for object in objects {
            if self.stop.is_asked() {
                return Err(Ended::Stopped);
            }
            let open = match self.runtime.block_on(self.objects.open(&self.target.bucket, &object.key)) {
                Ok(open) => open,
                Err(ObjectsError::NoSuchKey(_) | ObjectsError::Archived(_)) => continue,
                Err(error) => return Err(failed(error)),
            };
            let told = infer::look(&open, &self.classifiers).map_err(|error| Ended::Failed(error.to_string()))?;
            found.push((object, told));
        }
        Ok(found)
    }
}

/// The path of an object behind its target's; of a target that is one object, its name.
fn behind<'a>(target: &Target, key: &'a str) -> &'a str {
    match key.strip_prefix(&target.prefix) {
        Some("") | None => key.rsplit('/').next().unwrap_or(key),
        Some(path) => path,
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Ended> {
    tokio::task::spawn_blocking(work).await.map_err(|_| internal())
}

fn failed(error: ObjectsError) -> Ended {
    match error {
        ObjectsError::NoSuchBucket(bucket) => Ended::Failed(format!(
            "The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket) \
             retrieving file at s3://{bucket}/."
        )),
        error => Ended::Failed(error.to_string()),
    }
}

/// AWS's words for a crawl that broke.
fn internal() -> Ended {
    Ended::Failed("Internal Service Exception".into())
}

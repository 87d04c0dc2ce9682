//! What a crawl finds in the folders under a path: not the objects, which may be many, but what they have in common.

use std::collections::BTreeMap;

use haar_formats::infer::{Found, Layout, Schema};

/// Kinds of objects that are told apart in one folder; the others are counted with the last.
const KINDS_MAX: usize = 100;

/// Objects of all folders that are kept by their names, in case that each is a table.
const MEMBERS_MAX: usize = 50_000;

/// The folders of a target.
#[derive(Debug, Default)]
pub struct Folders {
    /// By their paths under the target's: `` or `year=2024/month=01/`.
    pub by_path: BTreeMap<String, Folder>,
    /// How many objects are kept by their names.
    members: usize,
}

/// A folder with objects in it.
#[derive(Debug, Default)]
pub struct Folder {
    /// What is in it, by what can be one table.
    pub kinds: Vec<Kind>,
    /// Objects that were looked at, for samples.
    pub looked_at: usize,
    /// Objects that were only counted.
    pub uncounted: Count,
}

/// Objects of a folder that can be read as one table.
#[derive(Clone, Debug)]
pub struct Kind {
    /// How they are written.
    pub layout: Layout,
    /// Columns of all of them.
    pub schema: Schema,
    /// Whether any has values in quotes.
    pub quoted: bool,
    /// The schema in Avro's language, of the first.
    pub avro_schema: Option<String>,
    /// How many.
    pub count: Count,
    /// The first of them, by their names.
    pub members: Vec<(String, Count)>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Objects.
    pub objects: u64,
    /// Bytes, as they are stored.
    pub bytes: u64,
    /// Rows, as far as they can be told.
    pub records: u64,
}

impl Count {
    /// And so much more.
    pub fn add(&mut self, more: Count) {
        self.objects += more.objects;
        self.bytes += more.bytes;
        self.records += more.records;
    }
}

impl Kind {
    /// Takes in what another has.
    pub fn merge(&mut self, other: &Kind) {
        self.schema.merge(&other.schema);
        self.quoted |= other.quoted;
        self.count.add(other.count);
    }

    /// Whether anybody knows what it is.
    pub fn is_known(&self) -> bool {
        self.layout.format != haar_formats::infer::Format::Unknown
    }
}

impl Folders {
    /// The folder of an object, and its name in it; the path is relative to the target's.
    pub fn split(path: &str) -> (&str, &str) {
        path.split_at(path.rfind('/').map_or(0, |slash| slash + 1))
    }

    /// Takes in an object. With `combine`, schemas need not be alike.
    pub fn add(&mut self, path: &str, bytes: u64, found: Found, combine: bool) {
        let (folder, name) = Folders::split(path);
        let folder = self.by_path.entry(folder.to_owned()).or_default();
        let count = Count { objects: 1, bytes, records: found.records };
        let kind = Kind {
            count,
            layout: found.layout,
            schema: found.schema,
            quoted: found.quoted,
            avro_schema: found.avro_schema,
            members: if self.members < MEMBERS_MAX { vec![(name.to_owned(), count)] } else { Vec::new() },
        };
        self.members += kind.members.len();
        let full = folder.kinds.len() == KINDS_MAX;
        let same = folder
            .kinds
            .iter_mut()
            .find(|known| known.layout == kind.layout && (combine || full || known.schema.is_similar(&kind.schema)));
        match same {
            Some(known) => {
                known.merge(&kind);
                known.members.extend(kind.members);
            }
            None if full => folder.uncounted.add(kind.count),
            None => folder.kinds.push(kind),
        }
    }

    /// Whether enough objects of the folder of this one have been looked at; if not, this is one more.
    pub fn is_sampled(&mut self, path: &str, sample_size: Option<usize>) -> bool {
        let Some(size) = sample_size else { return false };
        let folder = self.by_path.entry(Folders::split(path).0.to_owned()).or_default();
        folder.looked_at += 1;
        folder.looked_at > size
    }

    /// Counts an object that is not looked at.
    pub fn count(&mut self, path: &str, bytes: u64) {
        let folder = self.by_path.entry(Folders::split(path).0.to_owned()).or_default();
        folder.uncounted.add(Count { objects: 1, bytes, records: 0 });
    }

    /// Nothing more comes: what nobody knows is a table only where there is nothing else, and what was only counted is
    /// like the largest part of what was looked at.
    pub fn finish(&mut self) {
        let known = self.by_path.values().flat_map(|folder| &folder.kinds).any(Kind::is_known);
        for folder in self.by_path.values_mut() {
            if known {
                folder.kinds.retain(Kind::is_known);
            }
            folder.kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count.objects));
            if let Some(first) = folder.kinds.first_mut() {
                let looked_at = first.count;
                first.count.add(folder.uncounted);
                if looked_at.bytes > 0 {
                    let rows_per_byte = looked_at.records as f64 / looked_at.bytes as f64;
                    first.count.records += (folder.uncounted.bytes as f64 * rows_per_byte) as u64;
                }
            }
        }
        self.by_path.retain(|_, folder| !folder.kinds.is_empty());
    }
}

//! From folders to tables: which folder is a table, and which folders are its partitions.
//!
//! A folder is a table when nearly all folders with objects below it hold the same kind of data, equally deep. If it is
//! not, its own objects are a table (or each of them is), and the folders in it are looked at one by one.
//! <https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-folder-table-partition.html>

use haar_formats::infer::Schema;

use super::configuration::Configuration;
use super::folder::{Count, Folder, Folders, Kind};

/// Of a hundred folders, those that must hold data of one schema for their parent to be a table.
const ALIKE_PERCENT: usize = 70;

/// A table that was found.
#[derive(Clone, Debug)]
pub struct FoundTable {
    /// Its folder under the target's path; with the object's name where the table is one object.
    pub path: String,
    /// What is in it.
    pub kind: Kind,
    /// Names of its partition keys.
    pub keys: Vec<String>,
    /// Its partitions, in the order of their folders.
    pub partitions: Vec<FoundPartition>,
}

/// A partition that was found.
#[derive(Clone, Debug)]
pub struct FoundPartition {
    /// Its folder under the target's path.
    pub path: String,
    /// The values of the table's keys.
    pub values: Vec<String>,
    /// What is in it.
    pub kind: Kind,
}

/// A folder with its path taken apart.
struct Leaf<'a> {
    path: &'a str,
    names: Vec<&'a str>,
    folder: &'a Folder,
}

/// The tables of a target. `depth` is how many names its path has, the bucket among them.
pub fn tables(folders: &Folders, depth: usize, configuration: &Configuration) -> Vec<FoundTable> {
    let leaves = folders.by_path.iter().map(|(path, folder)| Leaf {
        path,
        names: path.split('/').filter(|name| !name.is_empty()).collect(),
        folder,
    });
    let leaves: Vec<Leaf<'_>> = leaves.collect();
    let level = configuration.table_level.map(|level| level.saturating_sub(depth));
    let grouping = Grouping { combine: configuration.combine || level.is_some(), level };
    let mut found = Vec::new();
    grouping.divide(&leaves, 0, &mut found);
    found
}

struct Grouping {
    /// Schemas need not be alike.
    combine: bool,
    /// How many names a table's path has under the target's.
    level: Option<usize>,
}

impl Grouping {
    /// Makes one table of all leaves, or several. They share their first `depth` names.
    fn divide(&self, leaves: &[Leaf<'_>], depth: usize, found: &mut Vec<FoundTable>) {
        let Some(first) = leaves.first() else { return };
        let high_enough = self.level.is_none_or(|level| depth >= level);
        if high_enough && let Some(table) = self.unite(leaves, depth) {
            found.push(table);
            return;
        }
        let (own, below): (Vec<&Leaf<'_>>, Vec<&Leaf<'_>>) = leaves.iter().partition(|leaf| leaf.names.len() == depth);
        for leaf in own {
            found.extend(single_tables(leaf));
        }
        debug_assert!(first.names.len() >= depth, "leaves share their first names");
        // Paths are in order, so that those of one folder follow each other.
        for below in below.chunk_by(|one, other| one.names[depth] == other.names[depth]) {
            let leaves: Vec<Leaf<'_>> = below
                .iter()
                .map(|leaf| Leaf { path: leaf.path, names: leaf.names.clone(), folder: leaf.folder })
                .collect();
            self.divide(&leaves, depth + 1, found);
        }
    }

    /// One table of all leaves, if they go together.
    fn unite(&self, leaves: &[Leaf<'_>], depth: usize) -> Option<FoundTable> {
        let first = leaves.first()?;
        let layout = &first.folder.kinds.first()?.layout;
        let fits = |leaf: &Leaf<'_>| {
            leaf.names.len() == first.names.len()
                && leaf.folder.kinds.iter().all(|kind| kind.layout == *layout)
                && (self.combine || leaf.folder.kinds.len() == 1)
        };
        if !leaves.iter().all(fits) || !(self.combine || are_alike(leaves)) {
            return None;
        }
        let kinds: Vec<Kind> = leaves.iter().filter_map(|leaf| combined(leaf.folder)).collect();
        let mut kinds_left = kinds.iter();
        let mut kind = kinds_left.next()?.clone();
        kinds_left.for_each(|other| kind.merge(other));
        let keys = partition_keys(leaves, depth, first.names.len());
        let partitions = if keys.is_empty() { Vec::new() } else { partitions(leaves, depth, &keys, kinds) };
        Some(FoundTable {
            path: first.names[..depth].iter().flat_map(|name| [name, "/"]).collect(),
            kind,
            keys,
            partitions,
        })
    }
}

/// Whether the schemas of nearly all leaves are alike. The first of each kind stands for the others, so that as many
/// comparisons are made as there are leaves and kinds.
fn are_alike(leaves: &[Leaf<'_>]) -> bool {
    let mut groups: Vec<(&Schema, usize)> = Vec::new();
    for leaf in leaves {
        let Some(kind) = leaf.folder.kinds.first() else { continue };
        match groups.iter_mut().find(|(schema, _)| schema.is_similar(&kind.schema)) {
            Some((_, count)) => *count += 1,
            None => groups.push((&kind.schema, 1)),
        }
        // Were the rest all of the largest group, it would still be too small.
        let largest = groups.iter().map(|(_, count)| *count).max().unwrap_or_default();
        let seen: usize = groups.iter().map(|(_, count)| *count).sum();
        if (largest + leaves.len() - seen) * 100 < leaves.len() * ALIKE_PERCENT {
            return false;
        }
    }
    true
}

/// All kinds of a folder in one, of which the single objects no longer matter.
fn combined(folder: &Folder) -> Option<Kind> {
    let (first, others) = folder.kinds.split_first()?;
    let mut kind = Kind { members: Vec::new(), ..first.clone() };
    others.iter().for_each(|other| kind.merge(other));
    Some(kind)
}

/// The names of the folders between a table and its data: of `year=2024` it is `year`, where all say so; other levels
/// are numbered.
fn partition_keys(leaves: &[Leaf<'_>], from: usize, to: usize) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for level in from..to {
        let key = |leaf: &Leaf<'_>| hive_style(leaf.names[level]).map(|(key, _)| key.to_lowercase());
        let named = key(&leaves[0]).filter(|first| leaves.iter().all(|leaf| key(leaf).as_ref() == Some(first)));
        let numbered = || format!("partition_{}", level - from);
        // The same name twice would be one column.
        let name = named.filter(|name| !keys.contains(name)).unwrap_or_else(numbered);
        keys.push(name);
    }
    keys
}

fn partitions(leaves: &[Leaf<'_>], depth: usize, keys: &[String], kinds: Vec<Kind>) -> Vec<FoundPartition> {
    let values = |leaf: &Leaf<'_>| {
        let names = leaf.names[depth..].iter().zip(keys);
        let value = |(name, key): (&&str, &String)| match hive_style(name) {
            Some((own, value)) if own.to_lowercase() == *key => value.to_owned(),
            _ => (*name).to_owned(),
        };
        names.map(value).collect()
    };
    let found = leaves.iter().zip(kinds);
    found.map(|(leaf, kind)| FoundPartition { path: leaf.path.to_owned(), values: values(leaf), kind }).collect()
}

/// Key and value of a folder's name like `year=2024`.
fn hive_style(name: &str) -> Option<(&str, &str)> {
    name.split_once('=').filter(|(key, _)| !key.is_empty())
}

/// The tables of a folder that is none with others: itself, or where its objects differ, each of them.
fn single_tables(leaf: &Leaf<'_>) -> Vec<FoundTable> {
    let table = |path: String, kind: Kind| FoundTable { path, kind, keys: Vec::new(), partitions: Vec::new() };
    match leaf.folder.kinds.as_slice() {
        [kind] => vec![table(leaf.path.to_owned(), kind.clone())],
        kinds => {
            let members = kinds.iter().flat_map(|kind| kind.members.iter().map(move |member| (member, kind)));
            let one = |((name, count), kind): (&(String, Count), &Kind)| {
                table(format!("{}{name}", leaf.path), Kind { count: *count, ..kind.clone() })
            };
            members.map(one).collect()
        }
    }
}

#[cfg(test)]
mod tests;

//! The fields that patterns speak of: a tree of their steps, so that all else in an event is skipped.

use crate::hashing::QuickMap;

/// A path's number.
pub(crate) type PathId = u32;

const ROOT: usize = 0;

/// Paths by their steps. `a.b` as one key and `b` inside `a` are the same path, as they are for AWS.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    nodes: Vec<Node>,
    names: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    children: QuickMap<Box<str>, usize>,
    path: Option<PathId>,
}

impl Default for Paths {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], names: Vec::new() }
    }
}

impl Paths {
    /// The number of a path, whose steps have dots between them.
    pub(crate) fn intern(&mut self, name: &str) -> PathId {
        let mut at = ROOT;
        for step in name.split('.') {
            at = match self.nodes[at].children.get(step) {
                Some(&child) => child,
                None => {
                    self.nodes.push(Node::default());
                    let child = self.nodes.len() - 1;
                    self.nodes[at].children.insert(step.into(), child);
                    child
                }
            };
        }
        *self.nodes[at].path.get_or_insert_with(|| {
            self.names.push(name.to_owned());
            self.names.len() as PathId - 1
        })
    }

    /// By number.
    pub(crate) fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    pub(crate) fn root(&self) -> usize {
        ROOT
    }

    /// Where a key leads from a node; nowhere when no pattern speaks of it.
    pub(crate) fn step(&self, from: usize, key: &str) -> Option<usize> {
        if memchr::memchr(b'.', key.as_bytes()).is_none() {
            return self.nodes[from].children.get(key).copied();
        }
        key.split('.').try_fold(from, |at, step| self.nodes[at].children.get(step).copied())
    }

    /// The path that ends at a node.
    pub(crate) fn path_at(&self, node: usize) -> Option<PathId> {
        self.nodes[node].path
    }
}

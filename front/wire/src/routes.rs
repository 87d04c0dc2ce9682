//! URI templates of the REST protocols, and which operation a method, path and query string mean.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;

use haar_kernel::schema::{Kind, Location, Model, Operation};
use http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::form;
use crate::s3;

/// A label of a template and the part of the path that it stands for, still percent-encoded.
pub(crate) type Label = (&'static str, String);

/// The routes of one service, the most specific first.
pub(crate) struct Routes {
    by_method: HashMap<&'static str, Vec<Route>>,
}

/// What a method, path and query string mean to a service.
pub(crate) enum Found {
    Operation(&'static Operation, Vec<Label>),
    /// The path is the service's, but not with this method or not with this sub-resource.
    OtherMethod,
    Nothing,
}

/// One operation's template.
struct Route {
    operation: &'static Operation,
    segments: Vec<Segment>,
    /// `?list-type=2` or `?acl` in the template: must be there. One without a value may have any, as on S3.
    query: Vec<(&'static str, &'static str)>,
    /// Members that must be there and are not in the path: what tells `UploadPart` from `PutObject`.
    required: Vec<(Location, &'static str)>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(&'static str),
    Label(&'static str),
    /// `{Key+}`: one segment or more.
    Greedy(&'static str),
}

impl Routes {
    pub fn of(model: &'static Model) -> Self {
        let mut by_method: HashMap<&'static str, Vec<Route>> = HashMap::new();
        for operation in model.operations {
            by_method.entry(operation.method).or_default().push(Route::of(model, operation));
        }
        for routes in by_method.values_mut() {
            routes.sort_by_key(|route| {
                let ranks: Vec<u8> = route.segments.iter().map(Segment::rank).collect();
                let unserved = !route.operation.served;
                (ranks, Reverse(route.query.len()), Reverse(route.required.len()), unserved)
            });
        }
        Self { by_method }
    }

    /// Whether a template begins with a label: such a service takes every path.
    pub fn takes_everything(&self) -> bool {
        self.all().any(|route| matches!(route.segments.first(), Some(Segment::Label(_) | Segment::Greedy(_))))
    }

    /// The operation that a request means, and its labels. An operation whose required members are all there is
    /// preferred; one where some are missing is better than none, because then the caller hears which. A sub-resource
    /// that the method does not have never falls back to the resource: `DELETE /bucket?location` deletes no bucket.
    pub fn find(&self, parts: &Parts, path: &str) -> Found {
        let query = Query::of(parts);
        let sub_resource = !query.0.is_empty() && self.all().any(|route| route.is_sub_resource_at(&query, path));
        let mut incomplete = None;
        for route in self.by_method.get(parts.method.as_str()).into_iter().flatten() {
            if !route.has_literals(&query) || sub_resource && route.sub_resource().is_none() {
                continue;
            }
            let Some(labels) = matches(&route.segments, path) else { continue };
            if route.has_required(parts, &query) {
                return Found::Operation(route.operation, labels);
            }
            incomplete.get_or_insert((route.operation, labels));
        }
        match incomplete {
            Some((operation, labels)) => Found::Operation(operation, labels),
            None if self.all().any(|route| matches(&route.segments, path).is_some()) => Found::OtherMethod,
            None => Found::Nothing,
        }
    }

    fn all(&self) -> impl Iterator<Item = &Route> {
        self.by_method.values().flatten()
    }
}

/// The parameters of a query string; those that cannot be decoded do not count.
struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    fn of(parts: &'a Parts) -> Self {
        Self(form::pairs(parts.uri.query().unwrap_or_default().as_bytes()).filter_map(Result::ok).collect())
    }

    /// The first value of a parameter.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| &**value)
    }
}

impl Route {
    fn of(model: &'static Model, operation: &'static Operation) -> Self {
        let (path, query) = operation.uri.split_once('?').unwrap_or((operation.uri, ""));
        let segments = path.split('/').filter(|segment| !segment.is_empty()).map(Segment::parse).collect();
        let query = query.split('&').filter(|pair| !pair.is_empty());
        let query = query.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        Self { operation, segments, query, required: required(model, operation) }
    }

    /// `acl` in `/{Bucket}?acl`: what makes it another resource than its path alone.
    fn sub_resource(&self) -> Option<&'static str> {
        self.query.first().filter(|(_, value)| value.is_empty()).map(|(name, _)| *name)
    }

    fn is_sub_resource_at(&self, query: &Query<'_>, path: &str) -> bool {
        let asked_for = self.sub_resource().is_some_and(|name| query.get(name).is_some());
        asked_for && matches(&self.segments, path).is_some()
    }

    fn has_literals(&self, query: &Query<'_>) -> bool {
        self.query.iter().all(|(name, value)| query.get(name).is_some_and(|found| value.is_empty() || found == *value))
    }

    fn has_required(&self, parts: &Parts, query: &Query<'_>) -> bool {
        self.required.iter().all(|(location, name)| match location {
            Location::Header => parts.headers.contains_key(*name) || s3::hoisted(parts, name).is_some(),
            _ => query.get(name).is_some(),
        })
    }
}

fn required(model: &'static Model, operation: &Operation) -> Vec<(Location, &'static str)> {
    let Some(input) = operation.input else { return Vec::new() };
    let Kind::Structure(structure) = &model.shape(input).kind else { return Vec::new() };
    let bound = |location| matches!(location, Location::Header | Location::QueryString);
    let members = structure.members.iter().filter(|member| member.required && bound(member.location));
    members.map(|member| (member.location, member.wire_name())).collect()
}

impl Segment {
    fn parse(text: &'static str) -> Self {
        let label = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        match label {
            Some(name) => name.strip_suffix('+').map_or(Self::Label(name), Self::Greedy),
            None => Self::Literal(text),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Label(_) => 1,
            Self::Greedy(_) => 2,
        }
    }
}

/// The labels of a path, if the template fits. A trailing slash that the template does not have is forgiven, as
/// AWS forgives it.
fn matches(segments: &[Segment], path: &str) -> Option<Vec<Label>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut rest = (!path.is_empty()).then_some(path);
    let mut labels = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let whole = rest?;
        let piece = match segment {
            Segment::Greedy(_) => greedy(whole, segments.len() - index - 1)?,
            Segment::Literal(_) | Segment::Label(_) => whole.split('/').next().unwrap_or_default(),
        };
        rest = whole.get(piece.len() + 1..);
        match segment {
            Segment::Literal(literal) if piece == *literal || decoded(piece) == *literal => {}
            Segment::Label(name) | Segment::Greedy(name) if !piece.is_empty() => labels.push((*name, piece.to_owned())),
            _ => return None,
        }
    }
    rest.is_none_or(str::is_empty).then_some(labels)
}

/// What a greedy label takes when `after` more segments follow it in the template.
fn greedy(path: &str, after: usize) -> Option<&str> {
    if after == 0 {
        return Some(path);
    }
    let (end, _) = path.rmatch_indices('/').nth(after - 1)?;
    Some(&path[..end])
}

fn decoded(piece: &str) -> Cow<'_, str> {
    percent_decode_str(piece).decode_utf8_lossy()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn labels(template: &'static str, path: &str) -> Option<Vec<Label>> {
        let segments: Vec<Segment> = template.split('/').filter(|part| !part.is_empty()).map(Segment::parse).collect();
        matches(&segments, path)
    }

    fn owned(pairs: &[(&'static str, &str)]) -> Option<Vec<Label>> {
        Some(pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
    }

    #[test]
    fn labels_take_one_segment_and_greedy_ones_the_rest() {
        assert_eq!(labels("/{Bucket}/{Key+}", "/b/k/e//y/"), owned(&[("Bucket", "b"), ("Key", "k/e//y/")]));
        assert_eq!(labels("/{Bucket}", "/b/"), owned(&[("Bucket", "b")]));
        assert_eq!(labels("/{Bucket}/{Key+}", "/b/"), None);
        assert_eq!(labels("/a/{B+}/c", "/a/x/y/c"), owned(&[("B", "x/y")]));
        assert_eq!(labels("/", "/"), owned(&[]));
        assert_eq!(labels("/a", "/b"), None);
        assert_eq!(labels("/a/{B}", "/a//"), None);
    }
}

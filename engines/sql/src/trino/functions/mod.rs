//! Trino's functions: a table of names and overloads, one file per family.
//!
//! A family has `pub(crate) fn functions() -> Vec<Function>`, and is listed in [`families`]. Each overload is one
//! line: its signature as Trino's documentation spells it, and the kernel that does the work:
//!
//! ```text
//! function("strpos", [overload("(varchar, varchar) -> bigint", strpos)]).alias("position")
//! ```
//!
//! What is not a call but has rules of its own, the planner asks for here: [`arithmetic::plan`], [`comparison::plan`],
//! [`logical::and`], [`cast::plan`], [`attempt::plan`], [`conditional::case`] and its like; [`planned`] knows the types of
//! expressions.

pub(crate) mod aggregate;
pub(crate) mod arithmetic;
mod array;
pub(crate) mod attempt;
mod binary;
mod bitwise;
pub(crate) mod call;
pub(crate) mod cast;
pub(crate) mod comparison;
pub(crate) mod conditional;
mod construct;
mod conversion;
mod datetime;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod evaluation;
mod format;
pub(crate) mod guard;
mod ip;
pub(crate) mod json;
pub(crate) mod lambda;
pub(crate) mod layout;
mod like;
pub(crate) mod logical;
mod map;
mod math;
mod pattern;
pub(crate) mod planned;
mod regexp;
pub(crate) mod scalar;
mod session;
pub(crate) mod signature;
mod stamp;
mod string;
mod text_lists;
mod url;
mod uuid;
pub(crate) mod window;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use datafusion::logical_expr::ScalarUDF;

use scalar::Function;

/// All families. A name may be in several of them (`concat` of text and of arrays): its overloads are all of theirs.
fn families() -> Vec<Vec<Function>> {
    vec![
        aggregate::functions(),
        array::functions(),
        binary::functions(),
        bitwise::functions(),
        conditional::functions(),
        construct::functions(),
        conversion::functions(),
        datetime::functions(),
        format::functions(),
        ip::functions(),
        json::functions(),
        like::functions(),
        map::functions(),
        math::functions(),
        regexp::functions(),
        session::functions(),
        string::functions(),
        url::functions(),
        uuid::functions(),
    ]
}

/// The table, by name and alias.
static TABLE: LazyLock<BTreeMap<String, Arc<ScalarUDF>>> = LazyLock::new(|| {
    let mut functions: BTreeMap<&str, Function> = BTreeMap::new();
    for function in families().into_iter().flatten() {
        match functions.get_mut(function.name) {
            Some(known) => {
                known.aliases.extend(function.aliases);
                known.overloads.extend(function.overloads);
            }
            None => {
                functions.insert(function.name, function);
            }
        }
    }
    let mut table = BTreeMap::new();
    for function in functions.into_values() {
        let udf = Arc::new(function.udf());
        for alias in udf.aliases() {
            table.insert(alias.clone(), udf.clone());
        }
        table.insert(udf.name().to_owned(), udf);
    }
    table
});

/// The scalar function of that name (in lower case), if Trino and we have it.
pub(crate) fn find(name: &str) -> Option<Arc<ScalarUDF>> {
    TABLE.get(name).cloned()
}

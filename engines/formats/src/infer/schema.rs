//! The columns of a file, of a folder of files, of a table: schemas that are merged and compared.

use super::shape::{self, Shape};
use crate::types::{Column, HiveType};

/// Of a hundred columns of the larger of two schemas, those that both must have to be of one table.
const SIMILAR_PERCENT: usize = 70;

/// Names and types, as far as they have been seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schema {
    columns: Vec<(String, Shape)>,
    /// The names as the first file spelled them, column by column.
    spelled: Vec<String>,
}

impl Schema {
    /// Of fields with the names that a file has. Columns are in lower case; what differs by case only is one column.
    pub fn of(fields: Vec<(String, Shape)>) -> Schema {
        let mut schema = Schema::default();
        for (at, (name, shape)) in fields.into_iter().enumerate() {
            schema.add(at, name.to_lowercase(), &name, &shape);
        }
        schema
    }

    /// Of columns with known types: those of a table.
    pub fn of_columns(columns: &[Column]) -> Schema {
        Schema::of(columns.iter().map(|column| (column.name.clone(), Shape::of(&column.hive_type))).collect())
    }

    /// Adds the columns of another schema, and widens those that both have.
    pub fn merge(&mut self, other: &Schema) {
        for (at, ((name, shape), spelled)) in other.columns.iter().zip(&other.spelled).enumerate() {
            self.add(at, name.clone(), spelled, shape);
        }
    }

    /// Whether both are alike enough to be of one table: most columns of the larger are in the other, with types that
    /// go together.
    pub fn is_similar(&self, other: &Schema) -> bool {
        let (larger, smaller) = if self.columns.len() < other.columns.len() { (other, self) } else { (self, other) };
        let mut known = std::collections::HashMap::new();
        if self.columns != other.columns {
            known.extend(smaller.columns.iter().map(|(name, shape)| (name.as_str(), shape)));
        } else {
            return true;
        }
        let common = larger.columns.iter().filter(|(name, shape)| {
            let same = known.get(name.as_str());
            same.is_some_and(|same| same.agrees(shape))
        });
        common.count() * 100 >= larger.columns.len() * SIMILAR_PERCENT
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// As a table has them.
    pub fn columns(&self) -> Vec<Column> {
        self.columns.iter().map(|(name, shape)| Column::new(name.clone(), shape.hive())).collect()
    }

    /// Names as the files spell them, sorted: `paths` of OpenX's SerDe.
    pub fn paths(&self) -> String {
        let mut paths: Vec<&str> = self.spelled.iter().map(String::as_str).collect();
        paths.sort_unstable();
        paths.join(",")
    }

    /// The same columns, all of them text: for SerDes that read nothing else.
    pub fn as_text(mut self) -> Schema {
        self.columns.iter_mut().for_each(|(_, shape)| *shape = Shape::Scalar(HiveType::String));
        self
    }

    fn add(&mut self, likely: usize, name: String, spelled: &str, shape: &Shape) {
        let known = self.columns.len();
        shape::field(&mut self.columns, likely, &name).widen(shape);
        if self.columns.len() > known {
            self.spelled.push(spelled.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn schema(columns: &str) -> Schema {
        let columns = columns.split(", ").filter(|column| !column.is_empty()).map(|column| {
            let (name, hive) = column.split_once(' ').unwrap();
            (name.to_owned(), Shape::of(&HiveType::parse(hive).unwrap()))
        });
        Schema::of(columns.collect())
    }

    #[test]
    fn seventy_of_a_hundred_columns_make_a_table() {
        for (one, other, similar) in [
            ("a int, b int", "a int, b int", true),
            ("a int, b int", "c int, d int", false),
            ("a int, b int, c int", "a int, b int", false),
            ("a int, b int, c int, d int", "a int, b int, c int", true),
            ("a int, b int, c int", "a int, b int, c string", false),
            ("a int, b int, c int, d int", "a int, b double, c bigint, e int", true),
            ("", "", true),
        ] {
            assert_eq!(schema(one).is_similar(&schema(other)), similar, "{one} and {other}");
            assert_eq!(schema(other).is_similar(&schema(one)), similar, "{other} and {one}");
        }
    }

    #[test]
    fn columns_fold_their_names_and_remember_how_they_were_spelled() {
        let mut merged = schema("userId int, Name string");
        merged.merge(&schema("USERID bigint, zip string"));
        assert_eq!(merged, {
            let mut expected = schema("userid bigint, name string, zip string");
            expected.spelled = vec!["userId".into(), "Name".into(), "zip".into()];
            expected
        });
        assert_eq!(merged.paths(), "Name,userId,zip");
    }
}

//! Views as Athena keeps them in Glue: the query and its columns as JSON, in base64, in a comment.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/views-glue.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_sql::{View, ViewColumn};
use serde::{Deserialize, Serialize};

const PREFIX: &str = "/* Presto View: ";
const SUFFIX: &str = " */";

/// What a view's text says, for those who look at it as a Hive view.
pub const EXPANDED_TEXT: &str = "/* Presto View */";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    original_sql: String,
    catalog: Option<String>,
    schema: Option<String>,
    columns: Vec<DefinedColumn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct DefinedColumn {
    name: String,
    r#type: String,
}

/// `ViewOriginalText`.
pub fn encode(view: &View) -> String {
    let columns = view.columns.iter();
    let definition = Definition {
        original_sql: view.sql.clone(),
        catalog: view.catalog.clone(),
        schema: view.schema.clone(),
        columns: columns
            .map(|column| DefinedColumn { name: column.name.clone(), r#type: column.trino_type.clone() })
            .collect(),
        owner: None,
    };
    let json = serde_json::to_vec(&definition).expect("texts become JSON");
    format!("{PREFIX}{}{SUFFIX}", STANDARD.encode(json))
}

/// The view behind `ViewOriginalText`, if it is one of Athena's.
pub fn decode(text: &str) -> Option<View> {
    let encoded = text.trim().strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let json = STANDARD.decode(encoded.trim()).ok()?;
    let definition: Definition = serde_json::from_slice(&json).ok()?;
    let columns = definition.columns.into_iter();
    Some(View {
        sql: definition.original_sql,
        columns: columns.map(|column| ViewColumn { name: column.name, trino_type: column.r#type }).collect(),
        catalog: definition.catalog,
        schema: definition.schema,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_view_survives_the_catalog() {
        let column = ViewColumn { name: "a".into(), trino_type: "varchar(3)".into() };
        let view = View {
            sql: "SELECT 'abc' a".into(),
            columns: vec![column],
            catalog: Some("awsdatacatalog".into()),
            schema: Some("db".into()),
        };
        let text = encode(&view);
        assert!(text.starts_with("/* Presto View: eyJ"), "{text}");
        let back = decode(&text).unwrap();
        assert_eq!((back.sql, back.columns, back.schema), (view.sql, view.columns, view.schema));
        assert!(decode("SELECT 1").is_none());
    }
}

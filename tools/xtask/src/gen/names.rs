//! AWS's names as Rust's.

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// `MD5OfBody` → `md5_of_body`; `Type` → `r#type`.
pub fn field(name: &str) -> String {
    let snake = name.to_snake_case();
    if snake == "self" || snake == "super" || snake == "crate" {
        format!("{snake}_")
    } else if KEYWORDS.contains(&snake.as_str()) {
        format!("r#{snake}")
    } else {
        snake
    }
}

/// `policyScopeType` → `PolicyScopeType`.
pub fn type_name(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// `QueueDoesNotExist` → `QUEUE_DOES_NOT_EXIST`.
pub fn constant(name: &str) -> String {
    name.to_shouty_snake_case()
}

/// Variants of an enumeration, in order, each name once.
pub fn variants(values: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let spelled: String = value.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
        let mut name = spelled.to_upper_camel_case();
        if name.is_empty() {
            name = format!("Value{index}");
        }
        if name.starts_with(|first: char| first.is_ascii_digit()) || name == "Self" {
            name = format!("V{name}");
        }
        while names.contains(&name) {
            name.push('_');
        }
        names.push(name);
    }
    names
}

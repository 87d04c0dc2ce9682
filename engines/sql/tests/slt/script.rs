//! The scripts' format; `main.rs` describes it.

use std::path::Path;

/// One file.
pub struct Script {
    /// Without `.slt`.
    pub name: String,
    pub blocks: Vec<Block>,
}

/// One statement.
pub struct Block {
    pub line: usize,
    pub kind: Kind,
    pub sql: String,
    pub wanted: Vec<String>,
}

pub enum Kind {
    Query { ordered: bool },
    Columns,
    Error,
}

/// All scripts of a folder, by name.
pub fn read(folder: &Path) -> Vec<Script> {
    let mut scripts: Vec<Script> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "slt"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            #[expect(clippy::disallowed_methods, reason = "a test reads its script")]
            let text = std::fs::read_to_string(&path).unwrap();
            Script { blocks: parse(&name, &text), name }
        })
        .collect();
    scripts.sort_by(|left, right| left.name.cmp(&right.name));
    scripts
}

fn parse(name: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')).peekable();
    while let Some((at, line)) = lines.next() {
        let kind = match line.trim_end() {
            "" => continue,
            "query" => Kind::Query { ordered: false },
            "query ordered" => Kind::Query { ordered: true },
            "columns" => Kind::Columns,
            "error" => Kind::Error,
            other => panic!("{name}.slt:{}: no block begins with {other:?}", at + 1),
        };
        let sql: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "----").collect();
        let mut wanted = Vec::new();
        while let Some((_, line)) = lines.next_if(|(_, line)| !line.is_empty()) {
            wanted.push(line.to_owned());
        }
        blocks.push(Block { line: at + 1, kind, sql: sql.join("\n"), wanted });
    }
    blocks
}

//! Exclude patterns: Unix-like globs, relative to the path of a target.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/define-crawler.html#crawler-data-stores-exclude>

use fancy_regex::Regex;

/// Characters that a pattern may have: it is compiled for every crawl.
const PATTERN_CHARS_MAX: usize = 4096;

/// A pattern.
#[derive(Clone, Debug)]
pub struct Exclusion(Regex);

impl Exclusion {
    /// Reads a pattern; `None` when it is none.
    pub fn parse(glob: &str) -> Option<Exclusion> {
        if glob.chars().count() > PATTERN_CHARS_MAX {
            return None;
        }
        Regex::new(&translate(glob)?).ok().map(Exclusion)
    }

    /// Whether it excludes what has this path behind its target's.
    pub fn fits(&self, path: &str) -> bool {
        // The engine gives up on nothing that globs turn into; if it did, the object would be looked at.
        self.0.is_match(path).unwrap_or(false)
    }
}

fn translate(glob: &str) -> Option<String> {
    let mut regex = String::from(r"\A(?s:");
    let mut rest = glob.trim_start_matches('/').chars().peekable();
    let mut inside_group = false;
    while let Some(char) = rest.next() {
        match char {
            '*' if rest.next_if_eq(&'*').is_some() => regex.push_str(".*"),
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            '[' => bracket(&mut rest, &mut regex)?,
            '{' if inside_group => return None,
            '{' => {
                inside_group = true;
                regex.push_str("(?:");
            }
            ',' if inside_group => regex.push('|'),
            '}' if inside_group => {
                inside_group = false;
                regex.push(')');
            }
            '\\' => literal(rest.next()?, &mut regex),
            char => literal(char, &mut regex),
        }
    }
    if inside_group {
        return None;
    }
    regex.push_str(r")\z");
    Some(regex)
}

/// `[abc]`, `[a-z]`, `[!abc]`: one character of a name's part.
fn bracket(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, regex: &mut String) -> Option<()> {
    regex.push_str("(?!/)[");
    if rest.next_if_eq(&'!').is_some() {
        regex.push('^');
    }
    let mut first = true;
    loop {
        match rest.next()? {
            ']' if !first => break,
            '-' if !first && rest.peek().is_some_and(|next| *next != ']') => regex.push('-'),
            char => {
                if !char.is_alphanumeric() {
                    regex.push('\\');
                }
                regex.push(char);
            }
        }
        first = false;
    }
    regex.push(']');
    Some(())
}

fn literal(char: char, regex: &mut String) {
    if r".+*?()|[]{}^$\#&-~".contains(char) {
        regex.push('\\');
    }
    regex.push(char);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn patterns_exclude_what_aws_says_they_do() {
        for (glob, excluded, kept) in [
            ("*.csv", vec!["a.csv", ".csv"], vec!["a/b.csv", "a.csv.gz"]),
            ("*.*", vec!["a.b"], vec!["a", "a/b.c"]),
            ("*.{csv,avro}", vec!["a.csv", "a.avro"], vec!["a.json"]),
            ("foo.?", vec!["foo.c"], vec!["foo.cc", "foo./"]),
            ("myfolder/*", vec!["myfolder/mysource"], vec!["myfolder/mysource/data"]),
            ("myfolder/*/*", vec!["myfolder/mysource/data"], vec!["myfolder/mysource"]),
            ("myfolder/**", vec!["myfolder/mysource/mydata", "myfolder/mysource"], vec!["myfolder2/x"]),
            ("myfolder**", vec!["myfolder", "myfolder/mydata.txt"], vec!["my"]),
            ("departments/market*", vec!["departments/market-us.json"], vec!["departments/finance.json"]),
            ("**.csv", vec!["a.csv", "employees/jane.csv"], vec!["employees/juan.txt"]),
            ("[abc].txt", vec!["a.txt"], vec!["d.txt"]),
            ("[!a-c].txt", vec!["d.txt"], vec!["a.txt", "/.txt"]),
            ("[-a].txt", vec!["-.txt", "a.txt"], vec!["b.txt"]),
            ("2015/01/{[!0],0[8-9]}**", vec!["2015/01/10/x", "2015/01/08/x"], vec!["2015/01/07/x"]),
            (r"\{a\}\*", vec!["{a}*"], vec!["a", "{a}b"]),
            (r"a\\b", vec![r"a\b"], vec!["ab"]),
            ("a+b(c)", vec!["a+b(c)"], vec!["aab(c)"]),
        ] {
            let pattern = Exclusion::parse(glob).unwrap();
            for path in excluded {
                assert!(pattern.fits(path), "{glob} excludes {path}");
            }
            for path in kept {
                assert!(!pattern.fits(path), "{glob} keeps {path}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for glob in ["{a", "{a,{b}}", "[a", "a\\"] {
            assert!(Exclusion::parse(glob).is_none(), "{glob}");
        }
    }
}

//! The schema of logs: lines that a grok pattern takes apart.

use std::sync::{Arc, LazyLock};

use super::shape::Shape;
use crate::error::FormatError;
use crate::grok::Grok;

/// Lines that are looked at: patterns are slower than anything else here.
const LINES_MAX: usize = 1000;

/// Logs that crawlers know by themselves, in the order in which they ask: classification, pattern.
const KNOWN: [(&str, &str); 4] = [
    ("combined_apache", "%{COMBINEDAPACHELOG}"),
    ("apache", "%{COMMONAPACHELOG}"),
    ("linux_kernel", "%{SYSLOGTIMESTAMP:timestamp} %{SYSLOGHOST:logsource} kernel: %{GREEDYDATA:message}"),
    (
        "ruby_logger",
        r"[DFEWI], \[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:pid}\] +%{LOGLEVEL:loglevel} -- ?%{DATA:progname}: %{GREEDYDATA:message}",
    ),
];

static BUILT_IN: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let compiled = KNOWN.iter().map(|(classification, pattern)| Pattern::compile(classification, pattern, None));
    // The tests compile every one of them.
    compiled.flatten().collect()
});

/// A pattern that is ready to be used.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The name for what it recognises.
    pub classification: String,
    /// As it was written.
    pub pattern: String,
    /// Further patterns, a name and a definition on each line.
    pub custom: Option<String>,
    grok: Arc<Grok>,
}

impl Pattern {
    /// Compiles a pattern.
    pub fn compile(classification: &str, pattern: &str, custom: Option<&str>) -> Result<Pattern, FormatError> {
        Ok(Pattern {
            classification: classification.to_owned(),
            pattern: pattern.to_owned(),
            custom: custom.map(str::to_owned),
            grok: Arc::new(Grok::compile(pattern, custom)?),
        })
    }

    /// The columns and how many lines there are, if the pattern takes all lines apart.
    pub fn infer(&self, text: &[u8], cut: bool) -> Option<Log> {
        let text = match (std::str::from_utf8(text), cut) {
            (Ok(text), _) => text,
            (Err(error), true) => std::str::from_utf8(&text[..error.valid_up_to()]).ok()?,
            (Err(_), false) => return None,
        };
        // Who knows how the last line goes on.
        let text = if cut { text.rsplit_once('\n')?.0 } else { text };
        let lines = || text.lines().filter(|line| !line.trim().is_empty());
        let mut looked_at = lines().take(LINES_MAX).peekable();
        looked_at.peek()?;
        for line in looked_at {
            if !self.grok.matches_whole(line).ok()? {
                return None;
            }
        }
        let fields = self.grok.fields().iter().map(|field| (field.name.clone(), Shape::of(&field.hive_type)));
        Some(Log { fields: fields.collect(), records: lines().count() as u64 })
    }
}

/// What is in a log.
#[derive(Debug, PartialEq)]
pub struct Log {
    /// Names and types.
    pub fields: Vec<(String, Shape)>,
    /// How many lines there are in what was looked at.
    pub records: u64,
}

/// The logs that crawlers know by themselves.
pub fn built_in() -> &'static [Pattern] {
    &BUILT_IN
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn classify(text: &str) -> String {
        let found = built_in().iter().find_map(|pattern| Some((pattern, pattern.infer(text.as_bytes(), false)?)));
        let Some((pattern, log)) = found else { return "no log".into() };
        let names: Vec<&str> = log.fields.iter().map(|(name, _)| name.as_str()).collect();
        format!("{} {} × {}", pattern.classification, log.records, names.join(" "))
    }

    #[test]
    fn known_logs_are_recognised() {
        assert_eq!(built_in().len(), KNOWN.len());
        let common = r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326"#;
        let combined = format!(r#"{common} "http://example.com/" "Mozilla/4.08""#);
        let columns = "clientip ident auth timestamp verb request httpversion rawrequest response bytes";
        assert!(classify(common).starts_with("apache 1 × clientip ident auth"), "{}", classify(common));
        assert!(classify(&combined).starts_with("combined_apache 1 × clientip ident auth"), "{columns}");
        assert_eq!(
            classify("Feb  1 06:25:43 host kernel: [12.3] up\nFeb  1 06:25:44 host kernel: down\n"),
            "linux_kernel 2 × timestamp logsource message"
        );
        assert_eq!(
            classify("I, [2024-01-01T10:00:00.123456 #12]  INFO -- main: hello"),
            "ruby_logger 1 × timestamp pid loglevel progname message"
        );
        assert_eq!(classify(&format!("{common}\nsomething else\n")), "no log");
        assert_eq!(classify(""), "no log");
    }

    #[test]
    fn patterns_of_ones_own_give_names_and_types() {
        let custom = "LEVEL (INFO|WARN)\n";
        let pattern = Pattern::compile("mine", "%{LEVEL:level} %{NUMBER:count:int}", Some(custom)).unwrap();
        let log = pattern.infer(b"INFO 1\nWARN 2\nWAR", true).unwrap();
        let fields: Vec<String> = log.fields.iter().map(|(name, shape)| format!("{name} {}", shape.hive())).collect();
        assert_eq!((fields.join(", ").as_str(), log.records), ("level string, count int", 2));
        assert_eq!(pattern.infer(b"ERROR 1\n", false), None);
    }
}

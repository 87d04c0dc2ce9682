//! The lines that Lambda writes around those of a function, as text and as JSON.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html>

use std::time::Duration;

use haar_platform::kernel::Timestamp;
use haar_platform::kernel::serde_json::{Value, json};
use haar_process::{Answer, InitPhase, InitStatus, Outcome};

use crate::lambda::model::Logging;

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub time: Timestamp,
    pub text: String,
}

/// An invocation that has ended.
pub struct Happened<'a> {
    pub request_id: &'a str,
    pub version: &'a str,
    pub runtime: &'a str,
    pub memory_mb: u32,
    pub started: Timestamp,
    pub ended: Timestamp,
    pub outcome: &'a Outcome,
}

/// How much of Lambda's own lines a function wants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Debug,
    Info,
    Warn,
}

/// All lines of an invocation in order.
pub fn lines(logging: &Logging, happened: &Happened<'_>) -> Vec<Line> {
    let level = match logging.system_level.as_deref() {
        Some("DEBUG") => Level::Debug,
        Some("WARN") => Level::Warn,
        _ => Level::Info,
    };
    let writer = Writer { happened, json: logging.json, level };
    writer.write()
}

/// The last bytes of a log, as a caller sees them; never half a character.
pub fn tail(lines: &[Line], bytes_max: usize) -> String {
    let text: String = lines.iter().map(|line| format!("{}\n", line.text.trim_end_matches('\n'))).collect();
    let mut start = text.len().saturating_sub(bytes_max);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text[start..].to_owned()
}

struct Writer<'a> {
    happened: &'a Happened<'a>,
    json: bool,
    level: Level,
}

impl Writer<'_> {
    fn write(&self) -> Vec<Line> {
        let Happened { outcome, started, ended, .. } = *self.happened;
        let mut lines = Vec::new();
        let is_cold = !outcome.inits.is_empty();
        if is_cold {
            lines.extend(self.init_start());
        }
        // The init phase's own lines come first. On a clock that stands still there is no telling them apart.
        let init = outcome.inits.iter().map(|init| init.duration).sum::<Duration>();
        let boundary = started + init;
        let before = if is_cold && ended > boundary {
            outcome.logs.iter().take_while(|line| line.time < boundary).count()
        } else {
            0
        };
        let (init_lines, invoke_lines) = outcome.logs.split_at(before);
        lines.extend(init_lines.iter().map(|line| self.own(line.time, &line.text)));
        lines.extend(self.init_reports());
        lines.extend(self.start(if is_cold { boundary.min(ended) } else { started }));
        lines.extend(invoke_lines.iter().map(|line| self.own(line.time, &line.text)));
        lines.extend(self.failure(ended));
        lines.extend(self.end(ended));
        lines
    }

    /// What the function wrote.
    fn own(&self, time: Timestamp, text: &str) -> Line {
        let text = if self.json && !text.is_empty() { text.to_owned() } else { format!("{text}\n") };
        Line { time, text }
    }

    fn line(&self, time: Timestamp, text: String) -> Line {
        Line { time, text: format!("{text}\n") }
    }

    fn record(&self, time: Timestamp, kind: &str, record: Value) -> Line {
        // AWS always writes the milliseconds.
        let at = time.format("%Y-%m-%dT%H:%M:%S.%3fZ");
        Line { time, text: json!({"time": at, "type": kind, "record": record}).to_string() }
    }

    /// `python3.12` is `python:3.12`, `provided.al2023` is `provided:al2023`.
    fn runtime_version(&self) -> String {
        let name = self.happened.runtime;
        match name.split_once('.').filter(|(family, _)| *family == "provided") {
            Some((family, system)) => format!("{family}:{system}"),
            None => match name.find(|letter: char| letter.is_ascii_digit()) {
                Some(at) => format!("{}:{}", &name[..at], &name[at..]),
                None => name.to_owned(),
            },
        }
    }

    fn init_start(&self) -> Option<Line> {
        let version = self.runtime_version();
        let time = self.happened.started;
        if !self.json {
            return Some(self.line(time, format!("INIT_START Runtime Version: {version}\t")));
        }
        let record = json!({"initializationType": "on-demand", "phase": "init", "runtimeVersion": version});
        (self.level <= Level::Info).then(|| self.record(time, "platform.initStart", record))
    }

    /// Init phases that did not succeed.
    fn init_reports(&self) -> Vec<Line> {
        let Happened { outcome, started, .. } = *self.happened;
        let mut lines = Vec::new();
        for init in &outcome.inits {
            let phase = match init.phase {
                InitPhase::Init => "init",
                InitPhase::Invoke => "invoke",
            };
            let (status, error) = match &init.status {
                InitStatus::Success => continue,
                InitStatus::Error(kind) => ("error", Some(kind)),
                InitStatus::TimedOut => ("timeout", None),
            };
            let took = millis(init.duration);
            if self.json {
                let mut record = json!({"initializationType": "on-demand", "phase": phase, "status": status, "metrics": {"durationMs": rounded(init.duration)}});
                if let Some(kind) = error {
                    record["errorType"] = json!(kind);
                }
                lines.push(self.record(started + init.duration, "platform.initReport", record));
            } else {
                let error = error.map(|kind| format!("\tError Type: {kind}")).unwrap_or_default();
                let text = format!("INIT_REPORT Init Duration: {took} ms\tPhase: {phase}\tStatus: {status}{error}");
                lines.push(self.line(started + init.duration, text));
            }
        }
        lines
    }

    fn start(&self, time: Timestamp) -> Option<Line> {
        let Happened { request_id, version, .. } = *self.happened;
        if !self.json {
            return Some(self.line(time, format!("START RequestId: {request_id} Version: {version}")));
        }
        let record = json!({"requestId": request_id, "version": version});
        (self.level <= Level::Info).then(|| self.record(time, "platform.start", record))
    }

    /// What ended the process, in Lambda's words.
    fn failure(&self, time: Timestamp) -> Option<Line> {
        let Happened { request_id, outcome, .. } = *self.happened;
        if self.json {
            return None;
        }
        let message = || {
            let payload: Option<Value> = haar_platform::kernel::serde_json::from_slice(outcome.answer.payload()).ok();
            payload?.get("errorMessage")?.as_str().map(str::to_owned)
        };
        match &outcome.answer {
            Answer::TimedOut { .. } => {
                let message = message()?;
                let words = message.split_once("Error: ").map_or(message.as_str(), |(_, words)| words);
                let at = time.format("%Y-%m-%dT%H:%M:%S.%3fZ");
                Some(self.line(time, format!("{at} {request_id} {words}\n")))
            }
            Answer::Crashed { error_type, .. } => Some(self.line(time, format!("{}\n{error_type}", message()?))),
            _ => None,
        }
    }

    fn end(&self, time: Timestamp) -> Vec<Line> {
        let Happened { request_id, outcome, memory_mb, .. } = *self.happened;
        let status = match &outcome.answer {
            Answer::Responded { .. } => "success",
            Answer::FunctionError { .. } => "error",
            Answer::TimedOut { .. } => "timeout",
            Answer::Crashed { .. } => "error",
        };
        let used_mb = outcome.memory_used_bytes.div_ceil(1024 * 1024).max(1);
        let billed = outcome.billed_duration().as_millis();
        if self.json {
            let mut metrics = json!({
                "durationMs": rounded(outcome.duration),
                "billedDurationMs": billed,
                "memorySizeMB": memory_mb,
                "maxMemoryUsedMB": used_mb,
            });
            if let Some(init) = outcome.init_duration() {
                metrics["initDurationMs"] = json!(rounded(init));
            }
            let mut record = json!({"requestId": request_id, "metrics": metrics, "status": status});
            if let Some(kind) = outcome.answer.error_type() {
                record["errorType"] = json!(kind);
            }
            let wanted = self.level <= Level::Info || status != "success";
            return wanted.then(|| self.record(time, "platform.report", record)).into_iter().collect();
        }
        let init = outcome.init_duration().map(|init| format!("Init Duration: {} ms\t", millis(init)));
        // A function that reported its own error has ended well for Lambda's log.
        let status = match &outcome.answer {
            Answer::TimedOut { .. } => "Status: timeout".to_owned(),
            Answer::Crashed { error_type, .. } => format!("Status: error\tError Type: {error_type}"),
            _ => String::new(),
        };
        vec![
            self.line(time, format!("END RequestId: {request_id}")),
            self.line(
                time,
                format!(
                    "REPORT RequestId: {request_id}\tDuration: {} ms\tBilled Duration: {billed} ms\tMemory Size: \
                     {memory_mb} MB\tMax Memory Used: {used_mb} MB\t{}{status}",
                    millis(outcome.duration),
                    init.unwrap_or_default(),
                ),
            ),
        ]
    }
}

/// Two digits behind the point.
fn millis(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1000.0)
}

/// Three digits behind the point, as a number.
fn rounded(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use haar_process::{Exit, Init, LogLine};

    use super::*;

    const ID: &str = "11111111-2222-4333-8444-555555555555";

    fn outcome(answer: Answer) -> Outcome {
        Outcome {
            answer,
            logs: vec![LogLine { time: Timestamp::from_seconds(0), text: "hello".into() }],
            duration: Duration::from_micros(1234),
            inits: vec![Init {
                duration: Duration::from_micros(80_120),
                phase: InitPhase::Init,
                status: InitStatus::Success,
            }],
            memory_used_bytes: 34 * 1024 * 1024 + 1,
            reusable: true,
        }
    }

    fn written(logging: &Logging, outcome: &Outcome) -> Vec<String> {
        let happened = Happened {
            request_id: ID,
            version: "$LATEST",
            runtime: "python3.12",
            memory_mb: 128,
            started: Timestamp::from_seconds(0),
            ended: Timestamp::from_seconds(0),
            outcome,
        };
        lines(logging, &happened).into_iter().map(|line| line.text).collect()
    }

    fn text() -> Logging {
        Logging { json: false, application_level: None, system_level: None, group: "/g".into() }
    }

    fn responded() -> Answer {
        Answer::Responded { payload: "1".into(), content_type: None }
    }

    #[test]
    fn text_is_written_as_aws_does() {
        assert_eq!(
            written(&text(), &outcome(responded())),
            [
                "INIT_START Runtime Version: python:3.12\t\n".to_owned(),
                format!("START RequestId: {ID} Version: $LATEST\n"),
                "hello\n".to_owned(),
                format!("END RequestId: {ID}\n"),
                format!(
                    "REPORT RequestId: {ID}\tDuration: 1.23 ms\tBilled Duration: 82 ms\tMemory Size: 128 MB\tMax \
                     Memory Used: 35 MB\tInit Duration: 80.12 ms\t\n"
                ),
            ]
        );
    }

    #[test]
    fn json_carries_the_same_facts() {
        let logging = Logging { json: true, system_level: Some("INFO".into()), ..text() };
        let lines = written(&logging, &outcome(responded()));
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert_eq!(lines[2], "hello");
        let report: Value = haar_platform::kernel::serde_json::from_str(&lines[3]).expect("JSON");
        assert_eq!(report["type"], "platform.report");
        assert_eq!(report["record"]["status"], "success");
        assert_eq!(report["record"]["metrics"]["initDurationMs"], 80.12);
        assert_eq!(report["record"]["metrics"]["durationMs"], 1.234);
    }

    #[test]
    fn at_level_warn_only_failures_are_reported() {
        let logging = Logging { json: true, system_level: Some("WARN".into()), ..text() };
        assert_eq!(written(&logging, &outcome(responded())), ["hello"]);
        let failed = Answer::FunctionError { payload: "{}".into(), error_type: "ValueError".into() };
        assert_eq!(written(&logging, &outcome(failed)).len(), 2);
    }

    #[test]
    fn a_crash_says_how_the_process_ended() {
        let message = format!("RequestId: {ID} Error: Runtime exited with error: exit status 1");
        let answer = Answer::Crashed {
            payload: json!({"errorMessage": message}).to_string().into(),
            error_type: "Runtime.ExitError".into(),
            exit: Exit::Status(1),
        };
        let lines = written(&text(), &outcome(answer));
        assert!(lines.contains(&format!("{message}\nRuntime.ExitError\n")), "{lines:?}");
        assert!(lines.last().is_some_and(|line| line.ends_with("Status: error\tError Type: Runtime.ExitError\n")));
    }

    #[test]
    fn a_tail_never_cuts_a_character() {
        let lines = [Line { time: Timestamp::from_seconds(0), text: "äää".into() }];
        assert_eq!(tail(&lines, 4), "ä\n");
        assert_eq!(tail(&lines, 100), "äää\n");
    }
}

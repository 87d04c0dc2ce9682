//! A line for people and scripts: one JSON object, or one line of an access log.

use std::fmt::Write;

use haar_kernel::Measure;
use serde_json::{Map, Value, json};

use crate::identity::Session;
use crate::line::Line;

impl Line {
    /// One JSON object, as `haar logs --json` and `/_haar/ledger` show it. What is absent has no member.
    pub fn to_json(&self) -> Value {
        let mut object = json!({
            "time": self.time.iso8601(),
            "duration_micros": self.duration.as_micros() as u64,
            "request_id": self.request_id,
            "event_id": self.event_id,
            "service": self.service,
            "operation": self.operation,
            "action": self.action,
            "read_only": self.read_only,
            "account": self.account,
            "region": self.region,
            "caller": {
                "type": self.caller.principal_type.as_str(),
                "arn": self.caller.arn,
                "user_id": self.caller.user_id,
                "access_key_id": self.caller.access_key_id,
                "session": self.caller.session.as_ref().map(session),
            },
            "source_ip": self.source_ip,
            "user_agent": self.user_agent,
            "secure": self.secure,
            "protocol": self.protocol,
            "resources": self.resources,
            "status": self.outcome.status,
            "error_code": self.outcome.code(),
            "error_message": self.outcome.failure.as_ref().map(|failure| &failure.message),
            "would_deny": self.would_deny.as_ref().map(|denied| json!({
                "action": denied.action,
                "resource": denied.resource,
            })),
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "usage": self.usage.iter().map(|(unit, amount)| (unit.to_string(), json!(amount))).collect::<Map<_, _>>(),
            "ignored": self.ignored,
            "measures": self.measures.iter().map(measure).collect::<Vec<_>>(),
        });
        drop_nulls(&mut object);
        object
    }

    /// One line of text, without a line break:
    ///
    /// ```text
    /// 2019-12-16T23:48:18.123Z 127.0.0.1 arn:aws:iam::000000000000:root us-east-1 sqs:SendMessage 200 - 1.234ms 300 70 request-id "user agent"
    /// ```
    ///
    /// Status, error code, duration, bytes in, bytes out; `-` stands for what is absent.
    pub fn to_access_log(&self) -> String {
        let mut text = String::with_capacity(256);
        let source_ip = self.source_ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
        let _infallible = write!(
            text,
            "{} {source_ip} {} {} {}:{} {} {} {:.3}ms {} {} {} \"{}\"",
            self.time.iso8601(),
            word(&self.caller.arn),
            word(&self.region),
            word(&self.service),
            word(&self.operation),
            self.outcome.status,
            word(self.outcome.code().unwrap_or_default()),
            self.duration.as_secs_f64() * 1000.0,
            self.bytes_in,
            self.bytes_out,
            word(&self.request_id),
            self.user_agent.escape_debug(),
        );
        text
    }
}

fn measure(measure: &Measure) -> Value {
    let dimensions = measure.dimensions.iter().map(|(name, value)| (name.to_string(), json!(value)));
    json!({
        "namespace": measure.namespace,
        "name": measure.name,
        "dimensions": dimensions.collect::<Map<_, _>>(),
        "value": measure.value,
        "unit": measure.unit,
    })
}

fn session(session: &Session) -> Value {
    json!({
        "issuer_arn": session.issuer_arn,
        "issuer_id": session.issuer_id,
        "created": session.created.map(|created| created.iso8601()),
        "mfa": session.mfa,
        "source_identity": session.source_identity,
    })
}

/// Text from outside as one word: nobody forges a second line or column.
fn word(text: &str) -> String {
    match text {
        "" => "-".into(),
        _ => text.escape_debug().to_string().replace(' ', "\\u{20}"),
    }
}

fn drop_nulls(value: &mut Value) {
    if let Value::Object(members) = value {
        members.retain(|_, member| !member.is_null());
        members.values_mut().for_each(drop_nulls);
    }
}

#[cfg(test)]
mod tests {
    use crate::line::samples;

    #[test]
    fn json_has_what_is_there_and_nothing_else() {
        let json = samples::full().to_json();
        assert_eq!(json["time"], "2019-12-16T23:48:18.123Z");
        assert_eq!(json["error_code"], "QueueDoesNotExist");
        assert_eq!(json["caller"]["session"]["created"], "2019-12-16T23:40:00Z");
        assert_eq!(json["usage"]["Requests"], 2);
        assert!(samples::at(0).to_json().get("error_code").is_none());
    }

    #[test]
    fn an_access_log_line_is_one_line_whatever_the_caller_sends() {
        let mut line = samples::full();
        line.user_agent = "a\"\r\nb".into();
        line.operation = "Send Message\n".into();
        assert_eq!(
            line.to_access_log(),
            "2019-12-16T23:48:18.123Z 127.0.0.1 arn:aws:sts::123456789012:assumed-role/deploy/ci eu-west-1 \
             sqs:Send\\u{20}Message\\n 400 QueueDoesNotExist 1.234ms 300 70 \
             11111111-2222-4333-8444-555555555555 \"a\\\"\\r\\nb\""
        );
    }
}

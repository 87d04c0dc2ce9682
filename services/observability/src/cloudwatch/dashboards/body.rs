//! What a dashboard may have on it: the parts that all widgets share, and the checks that messages are made of.

use haar_platform::kernel::serde_json::{self, Map, Value as Json};

use super::error::DashboardError;
use super::widget;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>
const WIDGETS_MAX: usize = 500;

/// Something about a body, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A JSON pointer: `/widgets/0/properties`.
    pub path: String,
    pub message: String,
}

/// Checks a body; what is only odd about it.
pub fn check(text: &str) -> Result<Vec<Finding>, DashboardError> {
    let Ok(Json::Object(body)) = serde_json::from_str::<Json>(text) else {
        return Err(DashboardError::Input("The field DashboardBody must be a valid JSON object".into()));
    };
    let mut check = Check::default();
    check.body(&body);
    if check.wrong.is_empty() { Ok(check.odd) } else { Err(DashboardError::Body(check.wrong)) }
}

/// What was found so far.
#[derive(Default)]
pub struct Check {
    wrong: Vec<Finding>,
    odd: Vec<Finding>,
}

/// What a member has to be.
pub enum Kind<'a> {
    Text,
    Flag,
    Number,
    /// Within the bounds, both included.
    Integer(i64, i64),
    OneOf(&'a [&'a str]),
    List,
    Object,
    Any,
}

impl Check {
    fn body(&mut self, body: &Map<String, Json>) {
        self.members(
            "",
            body,
            &["widgets"],
            &[
                ("widgets", Kind::List),
                ("start", Kind::Text),
                ("end", Kind::Text),
                ("periodOverride", Kind::OneOf(&["auto", "inherit"])),
                ("variables", Kind::List),
            ],
        );
        if body.contains_key("end") && !body.contains_key("start") {
            self.wrong("", "Should have property start when property end is present");
        }
        let Some(Json::Array(widgets)) = body.get("widgets") else { return };
        if widgets.len() > WIDGETS_MAX {
            self.wrong("/widgets", format!("Should NOT have more than {WIDGETS_MAX} items"));
        }
        for (index, widget) in widgets.iter().enumerate() {
            let path = format!("/widgets/{index}");
            match widget {
                Json::Object(widget) => self.widget(&path, widget),
                _ => self.wrong(&path, "Should be object"),
            }
        }
    }

    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>
    fn widget(&mut self, path: &str, widget: &Map<String, Json>) {
        let sound = self.members(
            path,
            widget,
            &["type", "properties"],
            &[
                ("type", Kind::OneOf(&["metric", "text", "log", "alarm", "explorer", "custom", "chart"])),
                ("x", Kind::Integer(0, 23)),
                ("y", Kind::Integer(0, i64::MAX)),
                ("width", Kind::Integer(1, 24)),
                ("height", Kind::Integer(1, 1000)),
                ("properties", Kind::Object),
            ],
        );
        if widget.contains_key("x") != widget.contains_key("y") {
            let (given, other) = if widget.contains_key("x") { ("x", "y") } else { ("y", "x") };
            self.wrong(path, format!("Should have property {other} when property {given} is present"));
        }
        if let (true, Some(Json::String(kind)), Some(Json::Object(properties))) =
            (sound, widget.get("type"), widget.get("properties"))
        {
            widget::check(self, &format!("{path}/properties"), kind, properties);
        }
    }

    /// Checks the members of an object; whether all of them are what they have to be. Those that nobody knows are odd.
    pub fn members(
        &mut self,
        path: &str,
        object: &Map<String, Json>,
        required: &[&str],
        known: &[(&str, Kind<'_>)],
    ) -> bool {
        let before = self.wrong.len();
        for name in required.iter().filter(|name| !object.contains_key(**name)) {
            self.wrong(path, format!("Should have required property '{name}'"));
        }
        for (name, value) in object {
            let path = format!("{path}/{name}");
            match known.iter().find(|(known, _)| known == name) {
                Some((_, kind)) => self.is(&path, value, kind),
                None => self.odd.push(Finding { path, message: "Should NOT have additional properties".into() }),
            }
        }
        self.wrong.len() == before
    }

    /// Checks one value.
    pub fn is(&mut self, path: &str, value: &Json, kind: &Kind<'_>) {
        let expected = match kind {
            Kind::Any => return,
            Kind::Text if value.is_string() => return,
            Kind::Flag if value.is_boolean() => return,
            Kind::Number if value.is_number() => return,
            Kind::List if value.is_array() => return,
            Kind::Object if value.is_object() => return,
            Kind::Text => "Should be string",
            Kind::Flag => "Should be boolean",
            Kind::Number => "Should be number",
            Kind::List => "Should be array",
            Kind::Object => "Should be object",
            Kind::Integer(least, most) => return self.integer(path, value, *least, *most),
            Kind::OneOf(allowed) => match value.as_str() {
                Some(text) if allowed.contains(&text) => return,
                Some(_) => "Should be equal to one of the allowed values",
                None => "Should be string",
            },
        };
        self.wrong(path, expected);
    }

    fn integer(&mut self, path: &str, value: &Json, least: i64, most: i64) {
        // `6.0` is the integer 6 in JSON.
        let number = value.as_i64().or_else(|| value.as_f64().filter(|it| it.fract() == 0.0).map(|it| it as i64));
        match number {
            None => self.wrong(path, "Should be integer"),
            Some(number) if number < least => self.wrong(path, format!("Should be >= {least}")),
            Some(number) if number > most => self.wrong(path, format!("Should be <= {most}")),
            Some(_) => {}
        }
    }

    /// Each of a list.
    pub fn each(&mut self, path: &str, list: Option<&Json>, kind: &Kind<'_>) {
        for (index, value) in list.and_then(Json::as_array).into_iter().flatten().enumerate() {
            self.is(&format!("{path}/{index}"), value, kind);
        }
    }

    /// Something that is wrong.
    pub fn wrong(&mut self, path: &str, message: impl Into<String>) {
        self.wrong.push(Finding { path: path.to_owned(), message: message.into() });
    }
}

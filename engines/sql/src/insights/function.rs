//! The functions of the language, by family.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html>

use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, TimestampMillisecondType};
use datafusion::functions::expr_fn::{abs, ceil, coalesce, floor, greatest, least, ln, sqrt};
use datafusion::logical_expr::{Expr, cast};
use haar_kernel::Timestamp;

use super::expression::{compile, malformed};
use super::number;
use super::scope::Scope;
use super::syntax::{Kind as Syntax, MalformedQuery, Node, Period};
use super::value::{Kind, Value};

/// Compiles a call.
pub(super) fn call(node: &Node, name: &str, arguments: &[Node], scope: &Scope) -> Result<Value, MalformedQuery> {
    let call = Call { node, name, arguments, scope };
    let families = [Call::date, Call::number, Call::text, Call::address, Call::json, Call::general];
    for family in families {
        if let Some(value) = family(&call)? {
            return Ok(value);
        }
    }
    Err(malformed(node, &format!("unknown function {name}")))
}

/// A call that is being compiled.
struct Call<'a> {
    node: &'a Node,
    name: &'a str,
    arguments: &'a [Node],
    scope: &'a Scope,
}

type Compiled = Result<Option<Value>, MalformedQuery>;

impl Call<'_> {
    fn wants(&self, least: usize, most: usize) -> Result<(), MalformedQuery> {
        let found = self.arguments.len();
        if (least..=most).contains(&found) {
            return Ok(());
        }
        let wanted = if least == most { least.to_string() } else { format!("{least} or more") };
        Err(malformed(self.node, &format!("{} wants {wanted} arguments, and has {found}", self.name)))
    }

    fn argument(&self, index: usize) -> Result<Value, MalformedQuery> {
        compile(&self.arguments[index], self.scope)
    }

    fn numbers(&self) -> Result<Vec<Expr>, MalformedQuery> {
        (0..self.arguments.len()).map(|index| Ok(self.argument(index)?.as_number())).collect()
    }

    fn texts(&self) -> Result<Vec<Expr>, MalformedQuery> {
        (0..self.arguments.len()).map(|index| Ok(self.argument(index)?.as_text())).collect()
    }

    fn period(&self, index: usize) -> Result<Period, MalformedQuery> {
        match &self.arguments[index].kind {
            Syntax::Period(Period::Exact(length)) if length.is_zero() => {
                Err(malformed(&self.arguments[index], "the length of time is zero"))
            }
            Syntax::Period(Period::Months(0)) => Err(malformed(&self.arguments[index], "the length of time is zero")),
            Syntax::Period(period) => Ok(*period),
            _ => Err(malformed(&self.arguments[index], "a length of time is wanted, like 5m")),
        }
    }

    fn date(&self) -> Compiled {
        let rounded = |time: Value, period, up| Value::new(round(period, up).call(vec![as_time(&time)]), Kind::Time);
        Ok(Some(match self.name {
            "bin" => {
                self.wants(1, 1)?;
                rounded(self.scope.value("@timestamp"), self.period(0)?, false)
            }
            "datefloor" | "dateceil" => {
                self.wants(2, 2)?;
                rounded(self.argument(0)?, self.period(1)?, self.name == "dateceil")
            }
            "frommillis" => {
                self.wants(1, 1)?;
                Value::new(as_time(&Value::new(self.argument(0)?.as_number(), Kind::Number)), Kind::Time)
            }
            "tomillis" => {
                self.wants(1, 1)?;
                Value::new(self.argument(0)?.as_number(), Kind::Number)
            }
            "now" => {
                self.wants(0, 0)?;
                #[expect(clippy::cast_precision_loss, reason = "milliseconds fit 53 bits")]
                Value::number((self.scope.now_millis / 1000) as f64)
            }
            _ => return Ok(None),
        }))
    }

    fn number(&self) -> Compiled {
        let most = usize::MAX;
        let (least_count, most_count) = match self.name {
            "greatest" | "least" => (1, most),
            "abs" | "ceil" | "floor" | "log" | "sqrt" => (1, 1),
            _ => return Ok(None),
        };
        self.wants(least_count, most_count)?;
        let mut numbers = self.numbers()?;
        let expr = match self.name {
            "greatest" => greatest(numbers),
            "least" => least(numbers),
            name => {
                let number = numbers.remove(0);
                match name {
                    "abs" => abs(number),
                    "ceil" => ceil(number),
                    "floor" => floor(number),
                    "log" => ln(number),
                    _ => sqrt(number),
                }
            }
        };
        Ok(Some(Value::new(expr, Kind::Number)))
    }

    fn text(&self) -> Compiled {
        let (least, most) = match self.name {
            "isempty" | "isblank" | "strlen" | "toupper" | "tolower" => (1, 1),
            "ltrim" | "rtrim" | "trim" => (1, 2),
            "substr" => (2, 3),
            "replace" => (3, 3),
            "strcontains" => (2, 2),
            "concat" => (1, usize::MAX),
            _ => return Ok(None),
        };
        self.wants(least, most)?;
        let mut texts = self.texts()?;
        let text = |function: datafusion::logical_expr::ScalarUDF, texts| Value::new(function.call(texts), Kind::Text);
        Ok(Some(match self.name {
            // What is missing is empty too.
            "isempty" | "isblank" => {
                let blank = self.name == "isblank";
                let test = move |texts: &[&str]| if blank { texts[0].trim().is_empty() } else { texts[0].is_empty() };
                let text = texts.remove(0);
                Value::truth(text.clone().is_null().or(number::truth(self.name, 1, test).call(vec![text])))
            }
            "strlen" => {
                let length = number::count("strlen", 1, |texts| Some(texts[0].chars().count() as f64));
                Value::new(length.call(texts), Kind::Number)
            }
            "toupper" => text(number::text("toupper", 1, |texts| Some(texts[0].to_uppercase())), texts),
            "tolower" => text(number::text("tolower", 1, |texts| Some(texts[0].to_lowercase())), texts),
            "ltrim" | "rtrim" | "trim" => {
                let (left, right) = (self.name != "rtrim", self.name != "ltrim");
                text(number::text(self.name, texts.len(), move |texts| Some(trimmed(texts, left, right))), texts)
            }
            "substr" => text(number::text("substr", texts.len(), substring), texts),
            "replace" => text(number::text("replace", 3, |texts| Some(texts[0].replace(texts[1], texts[2]))), texts),
            "strcontains" => {
                Value::truth(number::truth("strcontains", 2, |texts| texts[0].contains(texts[1])).call(texts))
            }
            _ => {
                // Missing pieces are empty ones.
                let pieces =
                    texts.into_iter().map(|piece| coalesce(vec![piece, Value::text("").expr])).collect::<Vec<_>>();
                text(number::text("concat", pieces.len(), |texts| Some(texts.concat())), pieces)
            }
        }))
    }

    fn address(&self) -> Compiled {
        type Test = fn(IpAddr) -> bool;
        let any: Test = |_| true;
        let (count, version): (usize, Test) = match self.name {
            "isvalidip" => (1, any),
            "isvalidipv4" => (1, |address| address.is_ipv4()),
            "isvalidipv6" => (1, |address| address.is_ipv6()),
            "isipinsubnet" => (2, any),
            "isipv4insubnet" => (2, |address| address.is_ipv4()),
            "isipv6insubnet" => (2, |address| address.is_ipv6()),
            _ => return Ok(None),
        };
        self.wants(count, count)?;
        let test = number::truth(self.name, count, move |texts| {
            let address = texts[0].parse().ok().filter(|address| version(*address));
            address.is_some_and(|address| texts.get(1).is_none_or(|subnet| is_in(address, subnet)))
        });
        Ok(Some(Value::truth(test.call(self.texts()?))))
    }

    fn json(&self) -> Compiled {
        Ok(Some(match self.name {
            "jsonparse" | "jsonstringify" => {
                self.wants(1, 1)?;
                let valid = |texts: &[&str]| {
                    let value: serde_json::Value = serde_json::from_str(texts[0]).ok()?;
                    Some(value.to_string())
                };
                Value::new(number::text(self.name, 1, valid).call(self.texts()?), Kind::Text)
            }
            _ => return Ok(None),
        }))
    }

    fn general(&self) -> Compiled {
        Ok(Some(match self.name {
            "ispresent" => {
                self.wants(1, 1)?;
                Value::truth(self.argument(0)?.expr.is_not_null())
            }
            "coalesce" => {
                self.wants(1, usize::MAX)?;
                let values =
                    (0..self.arguments.len()).map(|index| self.argument(index)).collect::<Result<Vec<_>, _>>()?;
                let kind = values[0].kind;
                match values.iter().all(|value| value.kind == kind) {
                    true => Value::new(coalesce(values.into_iter().map(|value| value.expr).collect()), kind),
                    false => Value::new(coalesce(values.iter().map(Value::as_text).collect()), Kind::Text),
                }
            }
            "if" => {
                self.wants(3, 3)?;
                self.either(self.argument(0)?, &self.argument(1)?, &self.argument(2)?)?
            }
            "case" => {
                self.wants(2, usize::MAX)?;
                let count = self.arguments.len();
                let mut value = match count % 2 {
                    1 => self.argument(count - 1)?,
                    _ => self.scope.value(""),
                };
                for pair in (0..count / 2).rev() {
                    value = self.either(self.argument(2 * pair)?, &self.argument(2 * pair + 1)?, &value)?;
                }
                value
            }
            _ => return Ok(None),
        }))
    }

    fn either(&self, condition: Value, then: &Value, otherwise: &Value) -> Result<Value, MalformedQuery> {
        Value::either(condition.as_truth(), then, otherwise).map_err(|error| malformed(self.node, &error.to_string()))
    }
}

/// Milliseconds, or a text of them, are times too.
fn as_time(value: &Value) -> Expr {
    match value.kind {
        Kind::Time => value.expr.clone(),
        _ => cast(cast(value.as_number(), DataType::Int64), Kind::Time.data_type()),
    }
}

/// Down or up to a multiple of a period, counted from 1970.
fn round(period: Period, up: bool) -> datafusion::logical_expr::ScalarUDF {
    number::over_columns("insights_round", &[Kind::Time], Kind::Time.data_type(), move |columns| {
        let times = columns[0].as_primitive::<TimestampMillisecondType>();
        let rounded = times.unary::<_, TimestampMillisecondType>(|millis| match period {
            Period::Exact(length) => {
                let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX).max(1);
                let down = millis - millis.rem_euclid(length);
                if up && down < millis { down + length } else { down }
            }
            Period::Months(months) => {
                let down = first_of_months(millis, months, 0);
                if up && down < millis { first_of_months(millis, months, 1) } else { down }
            }
        });
        Ok(Arc::new(rounded))
    })
}

/// The beginning of the period of months that a time is in, or of one `ahead`.
fn first_of_months(millis: i64, months: u32, ahead: i64) -> i64 {
    let months = i64::from(months);
    let text = Timestamp::from_millis(millis).format("%Y-%m");
    let (year, month) = text.split_once('-').unwrap_or(("1970", "1"));
    let counted = year.parse::<i64>().unwrap_or(1970) * 12 + month.parse::<i64>().unwrap_or(1) - 1;
    let counted = (counted.div_euclid(months) + ahead) * months;
    let first = format!("{:04}-{:02}-01T00:00:00Z", counted.div_euclid(12), counted.rem_euclid(12) + 1);
    Timestamp::parse_iso8601(&first).map_or(millis, Timestamp::millis)
}

fn trimmed(texts: &[&str], left: bool, right: bool) -> String {
    let letters = texts.get(1).copied();
    let goes = |letter: char| letters.map_or(letter.is_whitespace(), |letters| letters.contains(letter));
    let text = if left { texts[0].trim_start_matches(goes) } else { texts[0] };
    let text = if right { text.trim_end_matches(goes) } else { text };
    text.to_owned()
}

/// From an index, counted from 0, so many characters.
fn substring(texts: &[&str]) -> Option<String> {
    let whole = |text: &str| text.parse::<f64>().ok().filter(|number| *number >= 0.0).map(|number| number as usize);
    let start = whole(texts[1])?;
    let count = texts.get(2).map_or(Some(usize::MAX), |text| whole(text))?;
    Some(texts[0].chars().skip(start).take(count).collect())
}

/// Whether an address is in `10.0.0.0/8` or `fd00::/8`.
fn is_in(address: IpAddr, subnet: &str) -> bool {
    let Some((network, bits)) = subnet.split_once('/') else { return false };
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    let prefix = |number: u128, width: u32| number.checked_shr(width.saturating_sub(bits)).unwrap_or(0);
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) if bits <= 32 => {
            prefix(u128::from(address.to_bits()), 32) == prefix(u128::from(network.to_bits()), 32)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) if bits <= 128 => {
            prefix(address.to_bits(), 128) == prefix(network.to_bits(), 128)
        }
        _ => false,
    }
}

//! Types as casts name them, brought to Trino's own spelling: `row(a bigint, b array(varchar(3)))`.

use super::{Parsed, Parser};
use crate::trino::syntax::token::TokenKind;

impl Parser {
    /// A type in Trino's spelling.
    pub(super) fn type_name(&mut self) -> Parsed<String> {
        self.deeper(|parser| {
            let mut spelled = parser.simple_type()?;
            // `bigint ARRAY` is an older spelling of `array(bigint)`.
            while parser.is("ARRAY") {
                parser.advance();
                if parser.eat("[") {
                    parser.integer()?;
                    parser.expect("]")?;
                }
                spelled = format!("array({spelled})");
            }
            Ok(spelled)
        })
    }

    fn simple_type(&mut self) -> Parsed<String> {
        if !Parser::names(self.token()) {
            return self.wanted("<type>");
        }
        let name = self.name()?.value;
        match name.as_str() {
            "row" if self.is("(") => {
                let fields = self.enclosed(|parser| parser.list(Parser::row_field))?;
                Ok(format!("row({})", fields.join(", ")))
            }
            "double" => {
                self.eat("PRECISION");
                Ok(name)
            }
            "time" | "timestamp" => {
                let precision =
                    if self.is("(") { format!("({})", self.enclosed(Parser::integer)?) } else { String::new() };
                let zone = match self.eat_all(&["WITH", "TIME", "ZONE"]) {
                    true => " with time zone",
                    false => {
                        self.eat_all(&["WITHOUT", "TIME", "ZONE"]);
                        ""
                    }
                };
                Ok(format!("{name}{precision}{zone}"))
            }
            "interval" => {
                let from = self.name()?.value;
                let to = if self.eat("TO") { self.name()?.value } else { from.clone() };
                match (from.as_str(), to.as_str()) {
                    ("year" | "month", "year" | "month") => Ok("interval year to month".to_owned()),
                    _ => Ok("interval day to second".to_owned()),
                }
            }
            "array" | "map" if self.is("<") => {
                self.advance();
                let parameters = self.list(Parser::type_name)?;
                self.expect(">")?;
                Ok(format!("{name}({})", parameters.join(", ")))
            }
            _ if self.is("(") => {
                let parameters = self.enclosed(|parser| parser.list(Parser::type_parameter))?;
                Ok(format!("{name}({})", parameters.join(", ")))
            }
            _ => Ok(name),
        }
    }

    fn type_parameter(&mut self) -> Parsed<String> {
        if self.token().kind == TokenKind::Integer { self.integer() } else { self.type_name() }
    }

    /// `a bigint`, or only `bigint`.
    fn row_field(&mut self) -> Parsed<String> {
        let after = self.ahead(1);
        let of_array = after.is("ARRAY") && !self.ahead(2).is("(") && !self.ahead(2).is("<");
        let ends = of_array || [",", ")", "(", "<"].iter().any(|symbol| after.is(symbol));
        let compound = ["double precision", "time with", "timestamp with", "time without", "timestamp without"]
            .iter()
            .filter_map(|words| words.split_once(' '))
            .any(|(first, second)| self.is(first) && after.is(second));
        if ends || compound {
            return self.type_name();
        }
        let name = self.name()?.value;
        let plain = name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
            && !name.starts_with(|c: char| c.is_ascii_digit());
        let name = if plain { name } else { format!("\"{}\"", name.replace('"', "\"\"")) };
        Ok(format!("{name} {}", self.type_name()?))
    }
}

//! Windows and their frames.

use super::{Parsed, Parser};
use crate::trino::syntax::ast::{At, Frame, FrameBound, FrameUnit, Over, Window};

impl Parser {
    /// What follows OVER.
    pub(super) fn over(&mut self) -> Parsed<Over> {
        if self.is("(") {
            return Ok(Over::Window(self.enclosed(Parser::window)?));
        }
        Ok(Over::Named(self.name()?))
    }

    /// What stands in a window's parentheses.
    pub(super) fn window(&mut self) -> Parsed<Window> {
        let at = At(self.at());
        let clause = self.is("PARTITION") && self.ahead(1).is("BY");
        let frame = ["ROWS", "RANGE", "GROUPS"].iter().any(|unit| self.is(unit))
            && (self.ahead(1).is("BETWEEN") || !self.ahead(1).is(")"));
        let existing = if !clause && !frame && Parser::names(self.token()) { Some(self.name()?) } else { None };
        let mut partition_by = Vec::new();
        if self.eat("PARTITION") {
            self.expect("BY")?;
            partition_by = self.list(Parser::expression)?;
        }
        let mut order_by = Vec::new();
        if self.eat("ORDER") {
            self.expect("BY")?;
            order_by = self.list(Parser::sort_item)?;
        }
        Ok(Window { at, existing, partition_by, order_by, frame: self.frame()? })
    }

    fn frame(&mut self) -> Parsed<Option<Frame>> {
        let at = At(self.at());
        let unit = if self.eat("ROWS") {
            FrameUnit::Rows
        } else if self.eat("RANGE") {
            FrameUnit::Range
        } else if self.eat("GROUPS") {
            FrameUnit::Groups
        } else {
            return Ok(None);
        };
        if !self.eat("BETWEEN") {
            return Ok(Some(Frame { at, unit, start: self.bound()?, end: None }));
        }
        let start = self.bound()?;
        self.expect("AND")?;
        Ok(Some(Frame { at, unit, start, end: Some(self.bound()?) }))
    }

    fn bound(&mut self) -> Parsed<FrameBound> {
        if self.eat("UNBOUNDED") {
            return self.one_of(&[("PRECEDING", true), ("FOLLOWING", false)]).map(|preceding| match preceding {
                true => FrameBound::UnboundedPreceding,
                false => FrameBound::UnboundedFollowing,
            });
        }
        if self.eat_all(&["CURRENT", "ROW"]) {
            return Ok(FrameBound::Current);
        }
        let offset = self.expression()?;
        Ok(match self.one_of(&[("PRECEDING", true), ("FOLLOWING", false)])? {
            true => FrameBound::Preceding(offset),
            false => FrameBound::Following(offset),
        })
    }
}

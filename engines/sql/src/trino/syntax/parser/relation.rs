//! What stands in FROM: tables, subqueries, UNNEST, samples and joins.

use super::{Parsed, Parser};
use crate::error::{FUNCTION_NOT_FOUND, SqlError};
use crate::trino::syntax::ast::{At, Criteria, Join, JoinKind, Period, Relation, RelationKind, SampleMethod};

impl Parser {
    /// Relations with commas between them: cross joins whose right side may see the left one.
    pub(super) fn relations(&mut self) -> Parsed<Relation> {
        let at = At(self.at());
        let mut left = self.relation()?;
        while self.eat(",") {
            let right = self.relation()?;
            let join = Join { kind: JoinKind::Implicit, left, right, criteria: Criteria::None };
            left = Relation { kind: RelationKind::Join(Box::new(join)), at };
        }
        Ok(left)
    }

    fn relation(&mut self) -> Parsed<Relation> {
        self.deeper(|parser| {
            let at = At(parser.at());
            let mut left = parser.sampled()?;
            loop {
                let (kind, natural) = if parser.is("CROSS") {
                    parser.advance();
                    parser.expect("JOIN")?;
                    (JoinKind::Cross, false)
                } else if parser.is("NATURAL") {
                    parser.advance();
                    (parser.join_kind()?.map_or_else(|| Err(parser.mismatch()), Ok)?, true)
                } else {
                    match parser.join_kind()? {
                        Some(kind) => (kind, false),
                        None => return Ok(left),
                    }
                };
                let (right, criteria) = if natural {
                    (parser.sampled()?, Criteria::Natural)
                } else if kind == JoinKind::Cross {
                    (parser.sampled()?, Criteria::None)
                } else {
                    // `a JOIN b JOIN c ON … ON …` nests to the right.
                    let right = parser.relation()?;
                    (right, parser.criteria()?)
                };
                let join = Join { kind, left, right, criteria };
                left = Relation { kind: RelationKind::Join(Box::new(join)), at };
            }
        })
    }

    fn join_kind(&mut self) -> Parsed<Option<JoinKind>> {
        self.note("'CROSS'");
        self.note("'NATURAL'");
        let kind = if self.eat("JOIN") {
            return Ok(Some(JoinKind::Inner));
        } else if self.eat("INNER") {
            JoinKind::Inner
        } else if self.eat("LEFT") {
            JoinKind::Left
        } else if self.eat("RIGHT") {
            JoinKind::Right
        } else if self.eat("FULL") {
            JoinKind::Full
        } else {
            return Ok(None);
        };
        if kind != JoinKind::Inner {
            self.eat("OUTER");
        }
        self.expect("JOIN")?;
        Ok(Some(kind))
    }

    fn criteria(&mut self) -> Parsed<Criteria> {
        if self.eat("ON") {
            return Ok(Criteria::On(self.expression()?));
        }
        self.expect("USING")?;
        Ok(Criteria::Using(self.enclosed(|parser| parser.list(Parser::name))?))
    }

    fn sampled(&mut self) -> Parsed<Relation> {
        let at = At(self.at());
        let relation = self.aliased()?;
        if self.is("MATCH_RECOGNIZE") && self.ahead(1).is("(") {
            return Err(SqlError::not_supported("MATCH_RECOGNIZE is not supported").at(self.at()));
        }
        if !self.eat("TABLESAMPLE") {
            return Ok(relation);
        }
        let method = self.one_of(&[("BERNOULLI", SampleMethod::Bernoulli), ("SYSTEM", SampleMethod::System)])?;
        let percentage = self.enclosed(Parser::expression)?;
        Ok(Relation { kind: RelationKind::Sampled { relation: Box::new(relation), method, percentage }, at })
    }

    fn aliased(&mut self) -> Parsed<Relation> {
        let at = At(self.at());
        let relation = self.relation_primary()?;
        let Some(alias) = self.alias()? else {
            return Ok(relation);
        };
        let columns = self.column_names()?;
        Ok(Relation { kind: RelationKind::Aliased { relation: Box::new(relation), alias, columns }, at })
    }

    fn relation_primary(&mut self) -> Parsed<Relation> {
        let at = At(self.at());
        let kind = if self.is("(") {
            return self.parenthesized_relation();
        } else if self.is("UNNEST") {
            self.advance();
            let exprs = self.enclosed(|parser| parser.list(Parser::expression))?;
            let ordinality = self.eat_all(&["WITH", "ORDINALITY"]);
            RelationKind::Unnest { exprs, ordinality }
        } else if self.is("LATERAL") && self.ahead(1).is("(") {
            self.advance();
            RelationKind::Lateral(Box::new(self.enclosed(Parser::query)?))
        } else if self.is("TABLE") && self.ahead(1).is("(") {
            self.advance();
            self.advance();
            let name = self.qualified_name()?;
            let message = format!("Table function '{}' not registered", name.text());
            return Err(SqlError::new(FUNCTION_NOT_FOUND, message).at(name.at()));
        } else if Parser::names(self.token()) {
            let name = self.qualified_name()?;
            RelationKind::Table { name, period: self.period()? }
        } else {
            return self.wanted("<relation>");
        };
        Ok(Relation { kind, at })
    }

    /// A parenthesis holds a query or relations, which may take until its end to tell: `((SELECT 1) UNION …)`.
    fn parenthesized_relation(&mut self) -> Parsed<Relation> {
        let at = At(self.at());
        let (start, depth, parameters) = (self.next, self.depth, self.parameters);
        self.advance();
        let first = (0..).find(|i| !self.ahead(*i).is("(")).unwrap_or(0);
        let token = self.ahead(first);
        if ["SELECT", "WITH", "VALUES", "TABLE"].iter().any(|word| token.is(word)) {
            let query = self.query().and_then(|query| self.expect(")").map(|()| query));
            match query {
                Ok(query) => {
                    return Ok(Relation { kind: RelationKind::Subquery(Box::new(query)), at });
                }
                Err(error) if first == 0 => return Err(error),
                Err(_) => (self.next, self.depth, self.parameters) = (start + 1, depth, parameters),
            }
        }
        let relation = self.relation()?;
        self.expect(")")?;
        Ok(relation)
    }

    /// `FOR TIMESTAMP AS OF …`.
    fn period(&mut self) -> Parsed<Option<Period>> {
        if !self.eat("FOR") {
            return Ok(None);
        }
        // Athena's older words are SYSTEM_TIME and SYSTEM_VERSION.
        let version =
            self.one_of(&[("TIMESTAMP", false), ("VERSION", true), ("SYSTEM_TIME", false), ("SYSTEM_VERSION", true)])?;
        self.expect("AS")?;
        self.expect("OF")?;
        Ok(Some(Period { version, end: Box::new(self.value()?) }))
    }
}

//! What the parser makes of a query: the tree that the planner walks.
//!
//! Two trees are equal when they mean the same text: places and the case of names do not count. That is how a
//! selected expression is recognized as one that the query groups by.

use std::hash::{Hash, Hasher};

use crate::error::Position;

/// A place that takes no part in comparisons.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At(pub(crate) Position);

impl PartialEq for At {
    fn eq(&self, _: &At) -> bool {
        true
    }
}

impl Eq for At {}

impl Hash for At {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// An identifier; in lower case, as Athena treats every name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    pub(crate) value: String,
    pub(crate) at: At,
}

/// `catalog.schema.table`, as many parts as were written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct QualifiedName(pub(crate) Vec<Name>);

impl QualifiedName {
    pub(crate) fn at(&self) -> Position {
        self.0[0].at.0
    }

    /// The parts with dots between them.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(".")
    }
}

/// A whole query with what it sorts by and how much it keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Query {
    pub(crate) recursive: bool,
    pub(crate) with: Vec<NamedQuery>,
    pub(crate) body: Body,
    pub(crate) order_by: Vec<SortItem>,
    pub(crate) offset: Option<Count>,
    pub(crate) limit: Limit,
    pub(crate) at: At,
}

/// `name (columns) AS (query)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NamedQuery {
    pub(crate) name: Name,
    pub(crate) columns: Option<Vec<Name>>,
    pub(crate) query: Query,
}

/// A number of rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Count {
    pub(crate) rows: CountValue,
    pub(crate) at: At,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CountValue {
    Literal(String),
    Parameter(usize),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Limit {
    None,
    Rows(Count),
    Fetch { rows: Option<Count>, with_ties: bool, at: At },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Body {
    Select(Box<Select>),
    Table(QualifiedName),
    Values(Vec<Expr>, At),
    Set(Box<SetOperation>),
    Nested(Box<Query>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SetOperation {
    pub(crate) operator: SetOperator,
    pub(crate) distinct: bool,
    pub(crate) left: Body,
    pub(crate) right: Body,
    pub(crate) at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SetOperator {
    Union,
    Intersect,
    Except,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SortItem {
    pub(crate) expr: Expr,
    pub(crate) ascending: bool,
    /// Trino's default is NULLS LAST in both directions.
    pub(crate) nulls_first: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Select {
    pub(crate) at: At,
    pub(crate) distinct: bool,
    pub(crate) items: Vec<SelectItem>,
    pub(crate) from: Option<Relation>,
    pub(crate) filter: Option<Expr>,
    pub(crate) group_by: Option<GroupBy>,
    pub(crate) having: Option<Expr>,
    pub(crate) windows: Vec<(Name, Window)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SelectItem {
    /// An expression and its name.
    Expr(Expr, Option<Name>),
    /// `*`.
    All(At),
    /// `t.*` or `row_value.*`, with other names for the columns.
    AllOf(Expr, Option<Vec<Name>>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GroupBy {
    pub(crate) distinct: bool,
    pub(crate) elements: Vec<GroupingElement>,
    pub(crate) at: At,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum GroupingElement {
    Simple(Vec<Expr>),
    Rollup(Vec<Vec<Expr>>),
    Cube(Vec<Vec<Expr>>),
    Sets(Vec<Vec<Expr>>),
}

/// What stands in FROM.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Relation {
    pub(crate) kind: RelationKind,
    pub(crate) at: At,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RelationKind {
    Table { name: QualifiedName, period: Option<Period> },
    Subquery(Box<Query>),
    Lateral(Box<Query>),
    Unnest { exprs: Vec<Expr>, ordinality: bool },
    Aliased { relation: Box<Relation>, alias: Name, columns: Option<Vec<Name>> },
    Sampled { relation: Box<Relation>, method: SampleMethod, percentage: Expr },
    Join(Box<Join>),
}

/// `FOR TIMESTAMP AS OF` and `FOR VERSION AS OF`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Period {
    pub(crate) version: bool,
    pub(crate) end: Box<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SampleMethod {
    Bernoulli,
    System,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Join {
    pub(crate) kind: JoinKind,
    pub(crate) left: Relation,
    pub(crate) right: Relation,
    pub(crate) criteria: Criteria,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum JoinKind {
    /// `,` between relations.
    Implicit,
    Cross,
    Inner,
    Left,
    Right,
    Full,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Criteria {
    None,
    On(Expr),
    Using(Vec<Name>),
    Natural,
}

/// An expression; its place is the one that Trino blames.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Expr {
    pub(crate) at: At,
    pub(crate) kind: Box<ExprKind>,
}

impl Expr {
    pub(crate) fn new(at: Position, kind: ExprKind) -> Expr {
        Expr { at: At(at), kind: Box::new(kind) }
    }

    pub(crate) fn position(&self) -> Position {
        self.at.0
    }

    /// The parts of `a.b.c`, when that is all there is.
    pub(crate) fn as_name(&self) -> Option<QualifiedName> {
        match self.kind.as_ref() {
            ExprKind::Name(name) => Some(QualifiedName(vec![name.clone()])),
            ExprKind::Field(base, name) => {
                let QualifiedName(mut parts) = base.as_name()?;
                parts.push(name.clone());
                Some(QualifiedName(parts))
            }
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::large_enum_variant, reason = "it is always behind the box of an expression")]
pub(crate) enum ExprKind {
    Null,
    Boolean(bool),
    Integer(String),
    Decimal(String),
    Double(String),
    Text(String),
    Binary(Vec<u8>),
    /// `DATE '2020-01-01'`, `JSON '{}'`, …: the type's name in lower case.
    Typed(String, String),
    Interval(Interval),
    /// `?`, counted from zero.
    Parameter(usize),
    Name(Name),
    Field(Expr, Name),
    Negative(Expr),
    Positive(Expr),
    Arithmetic(Arithmetic, Expr, Expr),
    Concat(Expr, Expr),
    Compare(Comparison, Expr, Expr),
    Quantified(Comparison, Quantifier, Expr, Box<Query>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Expr),
    Between(Expr, Expr, Expr),
    In(Expr, Vec<Expr>),
    InQuery(Expr, Box<Query>),
    Like(Expr, Expr, Option<Expr>),
    IsNull(Expr),
    IsDistinct(Expr, Expr),
    AtTimeZone(Expr, Expr),
    Case {
        operand: Option<Expr>,
        whens: Vec<(Expr, Expr)>,
        otherwise: Option<Expr>,
    },
    /// The type in Trino's spelling, and where it stands.
    Cast {
        expr: Expr,
        target: String,
        target_at: At,
        safe: bool,
    },
    Array(Vec<Expr>),
    Row(Vec<Expr>),
    Subscript(Expr, Expr),
    Lambda(Vec<Name>, Expr),
    Subquery(Box<Query>),
    Exists(Box<Query>),
    Extract(Name, Expr),
    Grouping(Vec<QualifiedName>),
    Call(Call),
}

/// A call of a function, of whatever kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    pub(crate) name: QualifiedName,
    pub(crate) args: Vec<Expr>,
    /// `count(*)`.
    pub(crate) star: bool,
    pub(crate) distinct: bool,
    /// Inside the parentheses, or in `WITHIN GROUP`.
    pub(crate) order_by: Vec<SortItem>,
    pub(crate) filter: Option<Expr>,
    pub(crate) ignore_nulls: Option<bool>,
    pub(crate) over: Option<Over>,
}

impl Call {
    pub(crate) fn plain(name: &str, at: Position, args: Vec<Expr>) -> Call {
        let name = QualifiedName(vec![Name { value: name.to_owned(), at: At(at) }]);
        Call {
            name,
            args,
            star: false,
            distinct: false,
            order_by: vec![],
            filter: None,
            ignore_nulls: None,
            over: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Over {
    Named(Name),
    Window(Window),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Window {
    pub(crate) at: At,
    /// The named window that this one refines.
    pub(crate) existing: Option<Name>,
    pub(crate) partition_by: Vec<Expr>,
    pub(crate) order_by: Vec<SortItem>,
    pub(crate) frame: Option<Frame>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Frame {
    pub(crate) at: At,
    pub(crate) unit: FrameUnit,
    pub(crate) start: FrameBound,
    pub(crate) end: Option<FrameBound>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FrameUnit {
    Rows,
    Range,
    Groups,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FrameBound {
    UnboundedPreceding,
    Preceding(Expr),
    Current,
    Following(Expr),
    UnboundedFollowing,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Interval {
    pub(crate) negative: bool,
    pub(crate) value: String,
    pub(crate) from: IntervalField,
    pub(crate) to: Option<IntervalField>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum IntervalField {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulus,
}

impl Arithmetic {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::Modulus => "%",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "<>",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Quantifier {
    All,
    Any,
}

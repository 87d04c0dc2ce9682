//! The grammar of filter expressions.
//!
//! ```text
//!   any       = all { OR all }
//!   all       = not { AND not }
//!   not       = NOT not | "(" any ")" | predicate
//!   predicate = operand ( "=" | "<>" | "!=" | "<" | "<=" | ">" | ">=" ) operand
//!             | operand [ NOT ] IN "(" operand { "," operand } ")"
//!             | operand [ NOT ] BETWEEN operand AND operand
//!             | operand [ NOT ] LIKE operand
//!             | operand IS [ NOT ] NULL
//!   operand   = name | number | text | ( DATE | TIMESTAMP ) text | "(" operand ")"
//! ```

use super::token::Token;

/// Parentheses and NOTs inside each other; an expression has 2048 characters.
const DEPTH_MAX: usize = 200;

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Syntax {
    /// At least one holds.
    Any(Vec<Syntax>),
    /// All hold.
    All(Vec<Syntax>),
    /// It does not hold.
    Not(Box<Syntax>),
    /// A comparison of two operands.
    Compare(Operand, Comparison, Operand),
    /// One of the operands.
    In(Operand, Vec<Operand>),
    /// Between the two, both included.
    Between(Operand, Operand, Operand),
    /// `%` stands for any text and `_` for any character.
    Like(Operand, Operand),
    /// No value.
    IsNull(Operand),
}

/// Something that is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A partition key.
    Key(String),
    /// A number or a text.
    Literal(String),
    /// A text, or a partition key: the other side decides.
    Either(String),
}

/// How two operands are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`, `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    fn of(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "=" => Self::Equal,
            "<>" | "!=" => Self::Unequal,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    /// The same with the operands exchanged.
    pub fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            symmetric => symmetric,
        }
    }

    /// Whether it holds for two operands in this order.
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// Parses all words; `None` if they are no expression.
pub fn parse(tokens: &[Token]) -> Option<Syntax> {
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let syntax = parser.any()?;
    (parser.at == tokens.len()).then_some(syntax)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Option<Syntax> {
        let mut parts = vec![self.all()?];
        while self.keyword("OR") {
            parts.push(self.all()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Syntax::Any(parts) })
    }

    fn all(&mut self) -> Option<Syntax> {
        let mut parts = vec![self.not()?];
        while self.keyword("AND") {
            parts.push(self.not()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Syntax::All(parts) })
    }

    fn not(&mut self) -> Option<Syntax> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let syntax = if self.keyword("NOT") {
            Syntax::Not(Box::new(self.not()?))
        } else if self.is_group() {
            self.symbol("(").then_some(())?;
            let inner = self.any()?;
            self.symbol(")").then_some(inner)?
        } else {
            self.predicate()?
        };
        self.depth -= 1;
        Some(syntax)
    }

    /// Whether the parenthesis here holds an expression and not just an operand: `((a) = 1)`, not `((a)) = 1`.
    fn is_group(&self) -> bool {
        let rest = &self.tokens[self.at..];
        let count =
            |tokens: &[Token], symbol| tokens.iter().take_while(|token| **token == Token::Symbol(symbol)).count();
        let opened = count(rest, "(");
        let behind = rest.get(opened + 1..).unwrap_or_default();
        opened > 0 && count(behind, ")") < opened
    }

    fn predicate(&mut self) -> Option<Syntax> {
        let left = self.operand()?;
        if let Some(Token::Symbol(symbol)) = self.tokens.get(self.at)
            && let Some(comparison) = Comparison::of(symbol)
        {
            self.at += 1;
            return Some(Syntax::Compare(left, comparison, self.operand()?));
        }
        if self.keyword("IS") {
            let negated = self.keyword("NOT");
            return self.keyword("NULL").then(|| negate(negated, Syntax::IsNull(left)));
        }
        let negated = self.keyword("NOT");
        let syntax = if self.keyword("IN") {
            Syntax::In(left, self.list()?)
        } else if self.keyword("BETWEEN") {
            let low = self.operand()?;
            Syntax::Between(left, low, self.keyword("AND").then(|| self.operand())??)
        } else if self.keyword("LIKE") {
            Syntax::Like(left, self.operand()?)
        } else {
            return None;
        };
        Some(negate(negated, syntax))
    }

    fn list(&mut self) -> Option<Vec<Operand>> {
        self.symbol("(").then_some(())?;
        let mut operands = vec![self.operand()?];
        while self.symbol(",") {
            operands.push(self.operand()?);
        }
        self.symbol(")").then_some(operands)
    }

    fn operand(&mut self) -> Option<Operand> {
        let mut opened = 0;
        while self.symbol("(") {
            opened += 1;
        }
        if let [Token::Word(word), Token::Text(_), ..] = &self.tokens[self.at..]
            && is_typed(word)
        {
            self.at += 1;
        }
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        let operand = match token {
            Token::Word(word) if is_reserved(&word) => return None,
            Token::Word(name) | Token::Name(name) => Operand::Key(name),
            Token::Text(text) | Token::Number(text) => Operand::Literal(text),
            Token::Quoted(text) => Operand::Either(text),
            Token::Symbol(_) => return None,
        };
        for _ in 0..opened {
            self.symbol(")").then_some(())?;
        }
        Some(operand)
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Symbol(found)) if *found == symbol);
        self.at += usize::from(found);
        found
    }
}

fn negate(negated: bool, syntax: Syntax) -> Syntax {
    if negated { Syntax::Not(Box::new(syntax)) } else { syntax }
}

/// Words before a text that only say again what type the key has.
fn is_typed(word: &str) -> bool {
    word.eq_ignore_ascii_case("DATE") || word.eq_ignore_ascii_case("TIMESTAMP")
}

fn is_reserved(word: &str) -> bool {
    ["AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "IS", "NULL"]
        .iter()
        .any(|reserved| word.eq_ignore_ascii_case(reserved))
}

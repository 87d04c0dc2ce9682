//! Reads the path language of the SQL standard, by recursive descent.

use super::standard_path::{Arithmetic, Comparison, Literal, Method, Path, Predicate, StandardPath};

/// Parentheses inside one another, at most.
const DEPTH_MAX: usize = 100;

pub(super) struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Parser<'a> {
        Parser { text, at: 0, depth: 0 }
    }

    /// What has not been read.
    pub(super) fn unread(&self) -> &'a str {
        self.text[self.at..].trim_start()
    }

    fn rest(&mut self) -> &str {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        &self.text[self.at..]
    }

    /// Reads these characters, if they come next.
    fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    /// Reads this word, if it comes next and ends there.
    fn word(&mut self, word: &str) -> bool {
        let before = self.at;
        if self.name().is_some_and(|name| name == word) {
            return true;
        }
        self.at = before;
        false
    }

    fn name(&mut self) -> Option<String> {
        let rest = self.rest();
        let end = rest.find(|letter: char| letter != '_' && !letter.is_alphanumeric()).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        self.at += end;
        Some(name)
    }

    /// Reads `"text"`, in which a quote is written twice.
    fn quoted(&mut self) -> Option<String> {
        let inside = self.rest().strip_prefix('"')?;
        let mut text = String::new();
        let mut letters = inside.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            if letter != '"' {
                text.push(letter);
            } else if letters.peek().is_some_and(|(_, next)| *next == '"') {
                text.push('"');
                letters.next();
            } else {
                self.at += at + 2;
                return Some(text);
            }
        }
        None
    }

    pub(super) fn path(&mut self) -> Option<StandardPath> {
        let lax = self.word("lax");
        if !lax && !self.word("strict") {
            return None;
        }
        let root = self.sum()?;
        self.rest().is_empty().then_some(StandardPath { lax, root })
    }

    fn sum(&mut self) -> Option<Path> {
        let mut left = self.product()?;
        loop {
            let operator = if self.symbol("+") {
                Arithmetic::Add
            } else if self.symbol("-") {
                Arithmetic::Subtract
            } else {
                return Some(left);
            };
            left = Path::Arithmetic(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Option<Path> {
        let mut left = self.signed()?;
        loop {
            let operator = if self.symbol("*") {
                Arithmetic::Multiply
            } else if self.symbol("/") {
                Arithmetic::Divide
            } else if self.symbol("%") {
                Arithmetic::Modulo
            } else {
                return Some(left);
            };
            left = Path::Arithmetic(operator, Box::new(left), Box::new(self.signed()?));
        }
    }

    fn signed(&mut self) -> Option<Path> {
        let negative = self.symbol("-");
        if negative || self.symbol("+") {
            return Some(Path::Sign { negative, of: Box::new(self.deeper(Self::signed)?) });
        }
        self.accessors()
    }

    /// Reads something that may hold itself.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == DEPTH_MAX {
            return None;
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn accessors(&mut self) -> Option<Path> {
        let mut path = self.primary()?;
        loop {
            path = if self.symbol("..") {
                let name = self.key()?;
                Path::Descendants(Box::new(path), name)
            } else if self.symbol(".") {
                self.member(path)?
            } else if self.symbol("[") {
                let subscripts = if self.symbol("*") { Vec::new() } else { self.subscripts()? };
                if !self.symbol("]") {
                    return None;
                }
                Path::Elements(Box::new(path), subscripts)
            } else if self.symbol("?") {
                if !self.symbol("(") {
                    return None;
                }
                let predicate = self.deeper(Self::disjunction)?;
                if !self.symbol(")") {
                    return None;
                }
                Path::Filter(Box::new(path), Box::new(predicate))
            } else {
                return Some(path);
            };
        }
    }

    fn key(&mut self) -> Option<String> {
        self.quoted().or_else(|| self.name())
    }

    fn member(&mut self, of: Path) -> Option<Path> {
        let of = Box::new(of);
        if self.symbol("*") {
            return Some(Path::Member(of, None));
        }
        if self.rest().starts_with('"') {
            return Some(Path::Member(of, Some(self.quoted()?)));
        }
        let name = self.name()?;
        let after_name = self.at;
        if self.symbol("(") && self.symbol(")") {
            let method = match name.as_str() {
                "abs" => Method::Abs,
                "ceiling" => Method::Ceiling,
                "double" => Method::Double,
                "floor" => Method::Floor,
                "keyvalue" => Method::KeyValue,
                "size" => Method::Size,
                "type" => Method::Type,
                _ => return None,
            };
            return Some(Path::Method(of, method));
        }
        self.at = after_name;
        Some(Path::Member(of, Some(name)))
    }

    fn subscripts(&mut self) -> Option<Vec<(Path, Option<Path>)>> {
        let mut subscripts = Vec::new();
        loop {
            let from = self.deeper(Self::sum)?;
            let to = if self.word("to") { Some(self.deeper(Self::sum)?) } else { None };
            subscripts.push((from, to));
            if !self.symbol(",") {
                return Some(subscripts);
            }
        }
    }

    fn primary(&mut self) -> Option<Path> {
        if self.symbol("(") {
            let inside = self.deeper(Self::sum)?;
            return self.symbol(")").then_some(inside);
        }
        if self.symbol("@") {
            return Some(Path::Current);
        }
        if self.symbol("$") {
            // A variable's name follows without a space.
            let next = self.text[self.at..].chars().next();
            if next.is_some_and(|next| next == '_' || next.is_alphabetic()) {
                return self.name().map(Path::Variable);
            }
            return Some(Path::Input);
        }
        if self.rest().starts_with('"') {
            return self.quoted().map(|text| Path::Literal(Literal::Text(text)));
        }
        if self.rest().starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            return self.number().map(Path::Literal);
        }
        let name = self.name()?;
        Some(match name.as_str() {
            "last" => Path::Last,
            "null" => Path::Literal(Literal::Null),
            "true" => Path::Literal(Literal::Bool(true)),
            "false" => Path::Literal(Literal::Bool(false)),
            _ => return None,
        })
    }

    fn number(&mut self) -> Option<Literal> {
        let rest = self.rest().as_bytes();
        let digits = |from: usize| rest[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let whole = digits(0);
        let mut end = whole;
        let mut fraction = 0;
        if rest.get(end) == Some(&b'.') && rest.get(end + 1).is_some_and(u8::is_ascii_digit) {
            fraction = digits(end + 1);
            end += 1 + fraction;
        }
        if matches!(rest.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            if exponent > 0 {
                end += 1 + sign + exponent;
                let spelling = &self.text[self.at..self.at + end];
                self.at += end;
                return spelling.parse().ok().map(Literal::Double);
            }
        }
        let spelling = &self.text[self.at..self.at + end];
        self.at += end;
        if fraction == 0
            && let Ok(value) = spelling.parse()
        {
            return Some(Literal::Integer(value));
        }
        let unscaled = spelling.replace('.', "").parse().ok()?;
        Some(Literal::Decimal(unscaled, u32::try_from(fraction).ok()?))
    }

    fn disjunction(&mut self) -> Option<Predicate> {
        let mut left = self.conjunction()?;
        while self.symbol("||") {
            left = Predicate::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Some(left)
    }

    fn conjunction(&mut self) -> Option<Predicate> {
        let mut left = self.negation()?;
        while self.symbol("&&") {
            left = Predicate::And(Box::new(left), Box::new(self.negation()?));
        }
        Some(left)
    }

    fn negation(&mut self) -> Option<Predicate> {
        let before = self.at;
        if self.symbol("!") && !self.rest().starts_with('=') {
            let negated = match self.word("exists") {
                true => self.exists()?,
                false => self.in_parentheses()?,
            };
            return Some(Predicate::Not(Box::new(negated)));
        }
        self.at = before;
        self.predicate()
    }

    fn exists(&mut self) -> Option<Predicate> {
        if !self.symbol("(") {
            return None;
        }
        let path = self.deeper(Self::sum)?;
        self.symbol(")").then_some(Predicate::Exists(path))
    }

    fn in_parentheses(&mut self) -> Option<Predicate> {
        if !self.symbol("(") {
            return None;
        }
        let predicate = self.deeper(Self::disjunction)?;
        self.symbol(")").then_some(predicate)
    }

    fn predicate(&mut self) -> Option<Predicate> {
        if self.word("exists") {
            return self.exists();
        }
        // A parenthesis may hold a predicate or a path: what follows tells.
        let before = self.at;
        if self.rest().starts_with('(') {
            if let Some(predicate) = self.in_parentheses() {
                if self.word("is") && self.word("unknown") {
                    return Some(Predicate::IsUnknown(Box::new(predicate)));
                }
                return Some(predicate);
            }
            self.at = before;
        }
        let left = self.deeper(Self::sum)?;
        if self.word("starts") {
            if !self.word("with") {
                return None;
            }
            return Some(Predicate::StartsWith(left, self.primary()?));
        }
        if self.word("like_regex") {
            let pattern = self.quoted()?;
            let flags = if self.word("flag") { self.quoted()? } else { String::new() };
            if flags.chars().any(|flag| !"imsx".contains(flag)) {
                return None;
            }
            let pattern = if flags.is_empty() { pattern } else { format!("(?{flags}){pattern}") };
            return Some(Predicate::LikeRegex(left, pattern));
        }
        let comparison = [
            ("==", Comparison::Equal),
            ("<>", Comparison::NotEqual),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ]
        .into_iter()
        .find_map(|(symbol, comparison)| self.symbol(symbol).then_some(comparison))?;
        Some(Predicate::Compare(comparison, left, self.deeper(Self::sum)?))
    }
}

//! JSON of one line as a flat list of values that point into the text: nothing is copied, and numbers keep their
//! digits.
//!
//! Two grammars: strict, which is Jackson's and so the Hive SerDe's, and lenient, which is the one of the parser that
//! the OpenX SerDe stands on: names and values may be unquoted or in single quotes, entries may end with `;`, names
//! with `=` or `=>`, and there are comments.

use std::borrow::Cow;

/// How deep values may be nested. Jackson stops at 1,000.
const DEPTH_MAX: usize = 500;

/// Why text is no JSON, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// In the words of the SerDe's parser.
    pub what: String,
    /// From the beginning of the line.
    pub at: usize,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Null,
    /// Unquoted: a number, a boolean, or, in the lenient grammar, any word.
    Literal,
    /// Quoted, without escapes.
    Text,
    /// Quoted, with escapes.
    Escaped,
    Array,
    /// Names and values take turns.
    Object,
}

/// A value: for single ones `at` and `end` are places in the text; for arrays and objects `end` is the number of the
/// value behind their last one.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    pub kind: Kind,
    at: u32,
    end: u32,
}

impl Node {
    /// The bytes of a single value or a name, as they stand in the text.
    pub fn bytes(self, text: &[u8]) -> &[u8] {
        &text[self.at as usize..self.end as usize]
    }
}

/// Where a line's grammar stands.
pub struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    lenient: bool,
}

type Parsed<T> = Result<T, JsonError>;

impl<'a> Reader<'a> {
    /// At the beginning of a line. Places are 32 bits wide: lines are shorter than 4 GiB.
    pub fn new(text: &'a [u8], lenient: bool) -> Reader<'a> {
        Reader { text, at: 0, lenient }
    }

    fn fail<T>(&self, what: impl Into<String>) -> Parsed<T> {
        Err(JsonError { what: what.into(), at: self.at })
    }

    fn end_of_input<T>(&self, inside: &str) -> Parsed<T> {
        match self.lenient {
            true if inside == "OBJECT" => self.fail("A JSONObject text must end with '}'"),
            true => self.fail("Unterminated array"),
            false => self.fail(format!("Unexpected end-of-input: expected close marker for {inside}")),
        }
    }

    fn unexpected<T>(&self, byte: u8, expected: &str) -> Parsed<T> {
        self.fail(format!("Unexpected character ('{}' (code {byte})): {expected}", char::from(byte)))
    }

    /// The next byte that means something, taken.
    pub fn token(&mut self) -> Parsed<Option<u8>> {
        loop {
            let Some(byte) = self.text.get(self.at).copied() else {
                return Ok(None);
            };
            self.at += 1;
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => {}
                b'#' if self.lenient => self.at = self.text.len(),
                b'/' if self.lenient && self.text.get(self.at) == Some(&b'/') => self.at = self.text.len(),
                b'/' if self.lenient && self.text.get(self.at) == Some(&b'*') => {
                    match memchr::memmem::find(&self.text[self.at + 1..], b"*/") {
                        Some(end) => self.at += end + 3,
                        None => return self.fail("Unterminated c-style comment"),
                    }
                }
                byte => return Ok(Some(byte)),
            }
        }
    }

    /// Gives back the byte that was taken last.
    pub fn back(&mut self) {
        self.at -= 1;
    }

    /// The name of an entry and the mark behind it; `None` at the object's end. `first` in the object.
    pub fn name(&mut self, first: bool) -> Parsed<Option<Node>> {
        match self.token()? {
            None => return self.end_of_input("OBJECT"),
            Some(b'}') if first => return Ok(None),
            Some(quote @ b'"') => {
                let name = self.quoted(quote)?;
                self.name_end()?;
                return Ok(Some(name));
            }
            Some(byte) if !self.lenient => {
                return self.unexpected(byte, "was expecting double-quote to start field name");
            }
            Some(b'{' | b'[') => return self.fail("Names must be strings"),
            Some(_) => self.back(),
        }
        let mut name = Vec::new();
        self.value(&mut name, 0)?;
        let name = name[0];
        if name.kind == Kind::Null {
            return self.fail("Field name is null literal");
        }
        self.name_end()?;
        Ok(Some(name))
    }

    fn name_end(&mut self) -> Parsed<()> {
        match self.token()? {
            Some(b':') => Ok(()),
            Some(b'=') if self.lenient => {
                self.at += usize::from(self.text.get(self.at) == Some(&b'>'));
                Ok(())
            }
            None => self.end_of_input("OBJECT"),
            Some(_) if self.lenient => self.fail("Expected a ':' after a key"),
            Some(byte) => self.unexpected(byte, "was expecting a colon to separate field name and value"),
        }
    }

    /// What stands behind an entry: `true` when another one follows.
    pub fn another(&mut self) -> Parsed<bool> {
        match self.token()? {
            Some(b',') => Ok(true),
            Some(b';') if self.lenient => Ok(true),
            Some(b'}') => Ok(false),
            None => self.end_of_input("OBJECT"),
            Some(_) if self.lenient => self.fail("Expected a ',' or '}'"),
            Some(byte) => self.unexpected(byte, "was expecting comma to separate Object entries"),
        }
    }

    /// Appends a value and all that is in it.
    pub fn value(&mut self, nodes: &mut Vec<Node>, depth: usize) -> Parsed<()> {
        let node = match self.token()? {
            None if self.lenient => return self.fail("End of input"),
            None => return self.end_of_input("OBJECT"),
            Some(b'{' | b'[') if depth >= DEPTH_MAX => return self.fail("Document nesting depth exceeds the maximum"),
            Some(b'{') => return self.object(nodes, depth),
            Some(b'[') => return self.array(nodes, depth),
            Some(quote @ b'"') => self.quoted(quote)?,
            Some(quote @ b'\'') if self.lenient => self.quoted(quote)?,
            Some(_) => {
                self.back();
                self.literal()?
            }
        };
        nodes.push(node);
        Ok(())
    }

    /// Passes over a value, looking no closer than needed.
    pub fn skip(&mut self, nodes: &mut Vec<Node>) -> Parsed<()> {
        let begin = nodes.len();
        match self.token()? {
            Some(quote @ b'"') => drop(self.quoted(quote)?),
            Some(b'{' | b'[') if !self.lenient => return self.skip_container(),
            Some(_) => {
                self.back();
                self.value(nodes, 0)?;
                nodes.truncate(begin);
            }
            None => return self.end_of_input("OBJECT"),
        }
        Ok(())
    }

    fn skip_container(&mut self) -> Parsed<()> {
        let mut depth = 1;
        while let Some(byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => drop(self.quoted(b'"')?),
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        self.end_of_input("OBJECT")
    }

    fn object(&mut self, nodes: &mut Vec<Node>, depth: usize) -> Parsed<()> {
        let begin = nodes.len();
        nodes.push(Node { kind: Kind::Object, at: 0, end: 0 });
        let mut first = true;
        while let Some(name) = self.name(first)? {
            nodes.push(name);
            self.value(nodes, depth + 1)?;
            first = false;
            if !self.another()? {
                break;
            }
        }
        nodes[begin].end = nodes.len() as u32;
        Ok(())
    }

    fn array(&mut self, nodes: &mut Vec<Node>, depth: usize) -> Parsed<()> {
        let begin = nodes.len();
        nodes.push(Node { kind: Kind::Array, at: 0, end: 0 });
        let null = Node { kind: Kind::Null, at: 0, end: 0 };
        let mut after_separator = false;
        loop {
            match self.token()? {
                None => return self.end_of_input("ARRAY"),
                Some(b']') if !after_separator => break,
                // What is left out between separators is null.
                Some(b']') if self.lenient => {
                    nodes.push(null);
                    break;
                }
                Some(b',' | b';') if self.lenient => {
                    nodes.push(null);
                    after_separator = true;
                    continue;
                }
                Some(_) => self.back(),
            }
            self.value(nodes, depth + 1)?;
            match self.token()? {
                Some(b']') => break,
                Some(b',') => after_separator = true,
                Some(b';') if self.lenient => after_separator = true,
                None => return self.end_of_input("ARRAY"),
                Some(_) if self.lenient => return self.fail("Expected a ',' or ']'"),
                Some(byte) => return self.unexpected(byte, "was expecting comma to separate Array entries"),
            }
        }
        nodes[begin].end = nodes.len() as u32;
        Ok(())
    }

    /// The rest of a text whose quote has been taken.
    fn quoted(&mut self, quote: u8) -> Parsed<Node> {
        let begin = self.at;
        let mut kind = Kind::Text;
        loop {
            let Some(found) = memchr::memchr2(quote, b'\\', &self.text[self.at..]) else {
                self.at = self.text.len();
                return match self.lenient {
                    true => self.fail("Unterminated string"),
                    false => self.fail("Unexpected end-of-input in VALUE_STRING"),
                };
            };
            self.at += found + 1;
            if self.text[self.at - 1] == quote {
                return Ok(Node { kind, at: begin as u32, end: self.at as u32 - 1 });
            }
            kind = Kind::Escaped;
            // Whatever is escaped, it is not the end.
            self.at = (self.at + 1).min(self.text.len());
        }
    }

    fn literal(&mut self) -> Parsed<Node> {
        let begin = self.at;
        let rest = &self.text[begin..];
        let ends = |byte: &u8| match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' | b'}' | b'{' | b'[' | b':' => true,
            0x0c | b'/' | b'\\' | b'=' | b';' | b'#' => self.lenient,
            _ => false,
        };
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let word = &rest[..length];
        self.at += length;
        let kind = match word {
            b"null" => Kind::Null,
            _ if self.lenient && word.eq_ignore_ascii_case(b"null") => Kind::Null,
            b"" if self.lenient => return self.fail("Missing value"),
            b"" => return self.unexpected(rest[0], "expected a valid value"),
            b"true" | b"false" => Kind::Literal,
            _ if self.lenient || is_number(word) => Kind::Literal,
            _ => {
                let word = String::from_utf8_lossy(word);
                return self.fail(format!("Unrecognized token '{word}': was expecting ('true', 'false' or 'null')"));
            }
        };
        Ok(Node { kind, at: begin as u32, end: self.at as u32 })
    }
}

/// RFC 8259's grammar of numbers.
fn is_number(word: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = word.strip_prefix(b"-").unwrap_or(word);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest[0] == b'0') {
        return false;
    }
    rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// The values of a line, with its text.
#[derive(Clone, Copy)]
pub struct Tape<'a> {
    pub text: &'a [u8],
    pub nodes: &'a [Node],
}

impl<'a> Tape<'a> {
    /// The number of the value behind one.
    pub fn after(self, at: usize) -> usize {
        match self.nodes[at].kind {
            Kind::Array | Kind::Object => self.nodes[at].end as usize,
            _ => at + 1,
        }
    }

    /// The numbers of an array's values.
    pub fn items(self, at: usize) -> impl Iterator<Item = usize> {
        let end = self.after(at);
        let mut next = at + 1;
        std::iter::from_fn(move || {
            let item = next;
            (item < end).then(|| {
                next = self.after(item);
                item
            })
        })
    }

    /// The numbers of an object's names and values.
    pub fn entries(self, at: usize) -> impl Iterator<Item = (usize, usize)> {
        let end = self.after(at);
        let mut next = at + 1;
        std::iter::from_fn(move || {
            let name = next;
            (name < end).then(|| {
                next = self.after(name + 1);
                (name, name + 1)
            })
        })
    }

    /// The text of a single value or a name: escapes resolved, and what is no UTF-8 as U+FFFD.
    pub fn text_of(self, at: usize) -> Cow<'a, str> {
        text_of(self.text, self.nodes[at])
    }
}

/// See [`Tape::text_of`].
pub fn text_of(text: &[u8], node: Node) -> Cow<'_, str> {
    let raw = node.bytes(text);
    match node.kind {
        Kind::Escaped => Cow::Owned(unescape(&String::from_utf8_lossy(raw))),
        _ => String::from_utf8_lossy(raw),
    }
}

fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(escaped) = rest.chars().next() else {
            break;
        };
        rest = &rest[escaped.len_utf8()..];
        text.push(match escaped {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'a' => '\u{7}',
            'v' => '\u{b}',
            'u' => take_unicode(&mut rest),
            other => other,
        });
    }
    text.push_str(rest);
    text
}

/// Four hexadecimal digits, and four more for the second half of a pair. A half alone is no character.
fn take_unicode(rest: &mut &str) -> char {
    let unit = |text: &str| text.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok());
    let Some(first) = unit(rest) else {
        return char::REPLACEMENT_CHARACTER;
    };
    *rest = &rest[4..];
    if let Some(second) = rest.strip_prefix("\\u").and_then(unit)
        && let Some(Ok(pair)) = char::decode_utf16([first, second]).next()
        && (0xd800..0xdc00).contains(&first)
    {
        *rest = &rest[6..];
        return pair;
    }
    char::decode_utf16([first]).next().and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER)
}

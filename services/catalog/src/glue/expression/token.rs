//! Words of a filter expression.

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A name or a keyword, as it was written.
    Word(String),
    /// A name in backticks.
    Name(String),
    /// A text in single quotes.
    Text(String),
    /// In double quotes: a text, or a name where a name must stand.
    Quoted(String),
    /// A number, with its sign.
    Number(String),
    /// `=`, `<>`, `!=`, `>`, `<`, `>=`, `<=`, `(`, `)` or `,`.
    Symbol(&'static str),
}

/// Two characters before one.
const SYMBOLS: [&str; 10] = ["<>", "!=", ">=", "<=", "=", ">", "<", "(", ")", ","];

/// Splits a text into words; `None` if something in it is none.
pub fn split(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, behind) = match first {
            '\'' => quoted(rest, '\'').map(|(text, behind)| (Token::Text(text), behind))?,
            '"' => quoted(rest, '"').map(|(text, behind)| (Token::Quoted(text), behind))?,
            '`' => quoted(rest, '`').map(|(text, behind)| (Token::Name(text), behind))?,
            _ => match SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
                Some(symbol) => (Token::Symbol(symbol), &rest[symbol.len()..]),
                None => word(rest)?,
            },
        };
        tokens.push(token);
        rest = behind.trim_start();
    }
    Some(tokens)
}

/// The text between quotes, in which a doubled quote stands for itself.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut content = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((index, char)) = chars.next() {
        if char != quote {
            content.push(char);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            content.push(quote);
        } else {
            return Some((content, &text[index + quote.len_utf8()..]));
        }
    }
    None
}

fn word(text: &str) -> Option<(Token, &str)> {
    let sign = usize::from(text.starts_with(['-', '+']));
    let fits = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.' | '$' | '@');
    let length = text[sign..].find(|char| !fits(char)).unwrap_or(text.len() - sign);
    let (word, behind) = text.split_at(sign + length);
    let digits = &word[sign..];
    let is_number = digits.starts_with(|char: char| char.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1;
    match (length, sign, is_number) {
        (0, ..) => None,
        (_, _, true) => Some((Token::Number(word.to_owned()), behind)),
        (_, 0, false) => Some((Token::Word(word.to_owned()), behind)),
        _ => None,
    }
}

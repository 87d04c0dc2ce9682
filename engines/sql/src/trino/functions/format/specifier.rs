//! Format strings in the syntax of Java's `Formatter`: `%2$-10.3f`.

/// One piece of a format string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Specifier(Specifier),
}

/// What stands behind a percent sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Specifier {
    /// As it is written, for errors.
    pub spelling: String,
    pub argument: Argument,
    pub flags: Flags,
    pub width: Option<usize>,
    pub precision: Option<usize>,
    /// The letter in lower case.
    pub conversion: char,
    /// The letter was an upper case one: so is the result.
    pub upper: bool,
    /// The letter behind `t`: which part of a date or time.
    pub part: Option<char>,
}

/// Which argument a specifier takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// The next that no other has taken in order.
    Ordinary,
    /// `%<s`: the one that was taken before.
    Previous,
    /// `%2$s`, from zero.
    Index(usize),
    /// `%n`, `%%`
    None,
}

/// `-#+ 0,(`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    pub left: bool,
    pub alternate: bool,
    pub plus: bool,
    pub space: bool,
    pub zero: bool,
    pub group: bool,
    pub parentheses: bool,
}

/// The widest field, and the most digits behind the point.
const SIZE_MAX: usize = 1_000_000;

/// Reads a format string.
///
/// # Errors
/// What Java's exceptions say, without `java.util.` and `Exception`.
pub fn parse(format: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        if at > 0 {
            pieces.push(Piece::Text(rest[..at].to_owned()));
        }
        let (specifier, after) = specifier(&rest[at..])?;
        pieces.push(Piece::Specifier(specifier));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

fn specifier(text: &str) -> Result<(Specifier, &str), String> {
    let mut rest = &text[1..];
    let mut argument = Argument::Ordinary;
    if let Some(after) = rest.strip_prefix('<') {
        argument = Argument::Previous;
        rest = after;
    } else if !rest.starts_with('0')
        && let (Some(index), after) = number(rest)
        && let Some(after) = after.strip_prefix('$')
    {
        argument = Argument::Index(index - 1);
        rest = after;
    }
    let mut flags = Flags::default();
    while let Some(letter) = rest.chars().next() {
        let flag = match letter {
            '-' => &mut flags.left,
            '#' => &mut flags.alternate,
            '+' => &mut flags.plus,
            ' ' => &mut flags.space,
            '0' => &mut flags.zero,
            ',' => &mut flags.group,
            '(' => &mut flags.parentheses,
            _ => break,
        };
        if std::mem::replace(flag, true) {
            return Err(format!("DuplicateFormatFlags: Flags = '{letter}'"));
        }
        rest = &rest[1..];
    }
    // Zeros in front were flags.
    let (width, after) = number(rest);
    rest = after;
    let mut precision = None;
    if let Some(after) = rest.strip_prefix('.') {
        let (digits, after) = number(after);
        precision = Some(digits.ok_or("UnknownFormatConversion: Conversion = '.'")?);
        rest = after;
    }
    let unknown = |letter: char| format!("UnknownFormatConversion: Conversion = '{letter}'");
    let letter = rest.chars().next().ok_or_else(|| unknown('%'))?;
    rest = &rest[letter.len_utf8()..];
    let conversion = letter.to_ascii_lowercase();
    let upper = letter.is_ascii_uppercase();
    let known = "bhscdoxefgat%n".contains(conversion) && !(upper && "don".contains(conversion));
    if !known {
        return Err(unknown(letter));
    }
    let mut part = None;
    if conversion == 't' {
        let of = rest.chars().next().ok_or_else(|| unknown(letter))?;
        if !"HIklMNLQpsSTzZaAbBChdejmyYrRcDF".contains(of) {
            return Err(format!("UnknownFormatConversion: Conversion = 't{of}'"));
        }
        rest = &rest[of.len_utf8()..];
        part = Some(of);
    }
    let spelling = text[..text.len() - rest.len()].to_owned();
    if conversion == '%' || conversion == 'n' {
        argument = Argument::None;
    }
    if width.is_some_and(|width| width > SIZE_MAX) || precision.is_some_and(|precision| precision > SIZE_MAX) {
        return Err(format!("IllegalFormatWidth: {spelling}"));
    }
    if (flags.left || flags.zero) && width.is_none() && conversion != 'n' {
        return Err(format!("MissingFormatWidth: {spelling}"));
    }
    if flags.left && flags.zero || flags.plus && flags.space {
        return Err(format!("IllegalFormatFlags: Flags = '{}'", flags.spelling()));
    }
    if let Some(precision) = precision.filter(|_| "cdoxt%n".contains(conversion)) {
        return Err(format!("IllegalFormatPrecision: {precision}"));
    }
    let refused = flags.refused(conversion);
    if !refused.is_empty() {
        return Err(format!("FormatFlagsConversionMismatch: Conversion = {conversion}, Flags = {refused}"));
    }
    let specifier = Specifier { spelling, argument, flags, width, precision, conversion, upper, part };
    Ok((specifier, rest))
}

/// The number that comes next. A leading zero is a flag, not a number; behind a point it is one.
fn number(text: &str) -> (Option<usize>, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 {
        return (None, text);
    }
    (Some(text[..end].parse().unwrap_or(usize::MAX)), &text[end..])
}

impl Flags {
    fn spelling(self) -> String {
        let all = [
            (self.left, '-'),
            (self.alternate, '#'),
            (self.plus, '+'),
            (self.space, ' '),
            (self.zero, '0'),
            (self.group, ','),
            (self.parentheses, '('),
        ];
        all.into_iter().filter(|(set, _)| *set).map(|(_, letter)| letter).collect()
    }

    /// The flags that a conversion does not take.
    fn refused(self, conversion: char) -> String {
        let taken = match conversion {
            'd' => "-+ 0,(",
            'o' | 'x' => "-#0",
            'e' => "-#+ 0(",
            'f' => "-#+ 0,(",
            'g' => "-+ 0,(",
            'a' => "-#+ 0",
            _ => "-",
        };
        self.spelling().chars().filter(|flag| !taken.contains(*flag)).take(1).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn specifiers_are_read() {
        let pieces = parse("a%2$-10.3f%%").unwrap();
        assert_eq!(pieces.len(), 3);
        let Piece::Specifier(specifier) = &pieces[1] else { panic!("not a specifier") };
        assert_eq!((specifier.argument, specifier.width, specifier.precision), (Argument::Index(1), Some(10), Some(3)));
        assert!(specifier.flags.left);
        let Piece::Specifier(specifier) = &parse("%03d").unwrap()[0] else { panic!("not a specifier") };
        assert!(specifier.flags.zero);
        assert_eq!(specifier.width, Some(3));
    }

    #[test]
    fn mistakes_have_java_s_words() {
        for (format, message) in [
            ("%", "UnknownFormatConversion: Conversion = '%'"),
            ("%i", "UnknownFormatConversion: Conversion = 'i'"),
            ("%-d", "MissingFormatWidth: %-d"),
            ("%#s", "FormatFlagsConversionMismatch: Conversion = s, Flags = #"),
            ("%.2d", "IllegalFormatPrecision: 2"),
            ("%--5d", "DuplicateFormatFlags: Flags = '-'"),
            ("%-05d", "IllegalFormatFlags: Flags = '-0'"),
        ] {
            assert_eq!(parse(format).unwrap_err(), message, "{format}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_format_or_refused(format in "[%$<#+ 0-9,(.a-zA-Zé-]*") {
            drop(parse(&format));
        }
    }
}

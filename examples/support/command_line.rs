//! What the command lines of all examples have in common: `--help`, `--version`, the words of an error, the exit status.
#![allow(dead_code)] // each program uses a part

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use lexopt::{Arg, Error, Parser, ValueExt};

/// Why a program ends without success.
#[derive(Debug)]
pub enum Failure {
    /// It was called in a wrong way: exit status 2.
    Usage(String),
    /// It was called in a right way, and could not do what it was asked to: exit status 1.
    Run(String),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Run(message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = match error {
            Error::MissingValue { option: Some(option) } => format!("`{option}` needs a value"),
            Error::UnexpectedOption(option) => format!("unknown option `{option}`"),
            Error::UnexpectedArgument(word) => format!("unexpected word `{}`", word.to_string_lossy()),
            Error::UnexpectedValue { option, value } => {
                format!("`{option}` takes no value, found `{}`", value.to_string_lossy())
            }
            Error::NonUnicodeValue(value) => format!("`{}` is not UTF-8", value.to_string_lossy()),
            other => other.to_string(),
        };
        Self::Usage(format!("{message}; see --help"))
    }
}

/// Ends the program: an error is one line on standard error.
pub fn exit(program: &str, result: Result<(), Failure>) -> ExitCode {
    let (message, status) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => (message, 2),
        Err(Failure::Run(message)) => (message, 1),
    };
    eprintln!("{program}: {message}");
    ExitCode::from(status)
}

/// The next option or word. `-h`, `--help`, `-V` and `--version` are answered here, and end the program.
pub fn next<'w>(words: &'w mut Parser, program: &str, help: &str) -> Result<Option<Arg<'w>>, Failure> {
    let word = words.next()?;
    let answer = match word {
        Some(Arg::Short('h') | Arg::Long("help")) => help.to_owned(),
        Some(Arg::Short('V') | Arg::Long("version")) => format!("{program} {}\n", env!("CARGO_PKG_VERSION")),
        _ => return Ok(word),
    };
    // Nobody has to read it.
    let _ = std::io::stdout().write_all(answer.as_bytes());
    std::process::exit(0)
}

/// The value of an option, as it is.
pub fn text(words: &mut Parser) -> Result<String, Failure> {
    Ok(words.value()?.string()?)
}

/// The value of an option: `what` it has to be, with its article.
pub fn parse<T: FromStr>(words: &mut Parser, what: impl Display) -> Result<T, Failure> {
    parse_with(words, what, |value| value.parse().ok())
}

/// The same, read by a function.
pub fn parse_with<T>(
    words: &mut Parser,
    what: impl Display,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Failure> {
    let value = text(words)?;
    read(&value).ok_or_else(|| Failure::Usage(format!("expected {what}, found `{value}`; see --help")))
}

/// A span of time that a timer can run for: `500ms`, `30s`, `1.5min`; a number alone is of seconds.
pub fn time(words: &mut Parser) -> Result<Duration, Failure> {
    parse_with(words, "a time such as 500ms, 30s or 2min", read_time)
}

/// The name of a subprotocol: a token (RFC 9110 §5.6.2), since no client can ask for anything else.
pub fn subprotocol(words: &mut Parser) -> Result<String, Failure> {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let read = |name: &str| (!name.is_empty() && name.bytes().all(is_tchar)).then(|| name.to_owned());
    parse_with(words, "the name of a subprotocol", read)
}

/// The origin of a page (RFC 6454 §6.2): scheme, host and port, without a path; or `null`. Another text would be no page's.
pub fn origin(words: &mut Parser) -> Result<String, Failure> {
    let read = |text: &str| is_origin(text).then(|| text.to_owned());
    parse_with(words, "an origin such as https://example.com, without a path or a wildcard", read)
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return text == "null" };
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let in_authority = |byte: u8| byte.is_ascii_graphic() && !b"/?#@*\\".contains(&byte);
    let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
    begins(scheme) && scheme.bytes().all(in_scheme) && !authority.is_empty() && authority.bytes().all(in_authority)
}

fn read_time(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let unit = match unit {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let seconds = number.parse::<f64>().ok()? * unit;
    (LEAST_SECONDS..=MOST_SECONDS).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}

const LEAST_SECONDS: f64 = 0.001;
/// A year: an instant so far away can still be represented.
const MOST_SECONDS: f64 = 366.0 * 24.0 * 3600.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_has_a_unit_or_is_seconds() {
        for (text, millis) in [("500ms", 500), ("30s", 30_000), ("1.5min", 90_000), ("2h", 7_200_000), ("0.4", 400)] {
            assert_eq!(read_time(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "soon", "0s", "-1s", "NaN", "inf", "1e99s", "1 s", "3years", "1000000h"] {
            assert_eq!(read_time(text), None, "{text}");
        }
    }

    #[test]
    fn origin_is_what_a_browser_may_send() {
        for text in
            ["https://example.com", "http://localhost:8080", "http://[::1]:80", "chrome-extension://abcdef", "null"]
        {
            assert!(is_origin(text), "{text}");
        }
        for text in [
            "",
            "nonsense",
            "example.com",
            "https://",
            "://x",
            "https://example.com/",
            "https://*.example.com",
            "https://a b",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }

    #[test]
    fn wrong_use_is_said_in_one_line_that_names_the_word() {
        let mut words = Parser::from_args(["--bogus"]);
        let Failure::Usage(message) = words.next().unwrap().unwrap().unexpected().into() else { panic!() };
        assert_eq!(message, "unknown option `--bogus`; see --help");
        let mut words = Parser::from_args(["--len", "10x"]);
        words.next().unwrap();
        let Err(Failure::Usage(message)) = parse::<u64>(&mut words, "a number of bytes") else { panic!() };
        assert_eq!(message, "expected a number of bytes, found `10x`; see --help");
        let mut words = Parser::from_args(["--len"]);
        words.next().unwrap();
        let Err(Failure::Usage(message)) = text(&mut words) else { panic!() };
        assert_eq!(message, "`--len` needs a value; see --help");
    }
}

//! Files of cases.

use std::sync::Arc;

use super::lex::{Cursor, ends_word};
use super::outcome::Alternative;
use super::step::{Opening, Step, is_arrow};
use super::{Case, CaseError, Level, Limit, Need, Roles, Rule};

/// The cases of one file.
pub(super) fn file(name: &str, text: &str) -> Result<Vec<Case>, CaseError> {
    let family = name.rsplit('/').next().unwrap_or(name).trim_end_matches(".cases");
    let mut cases = Vec::new();
    let mut rule: Option<Rule> = None;
    let mut shared: Option<Arc<Rule>> = None;
    let lines: Vec<(usize, &str)> = text.lines().enumerate().map(|(i, line)| (i + 1, line)).collect();
    let mut at = 0;
    while at < lines.len() {
        let from = at;
        while lines[at].1.ends_with(" \\") && at + 1 < lines.len() {
            at += 1;
        }
        at += 1;
        let mut cursor = Cursor::new(name, &lines[from..at]);
        let indented = cursor.peek().is_some_and(char::is_whitespace);
        if cursor.is_done() {
            continue;
        }
        match (cursor.peek(), &mut rule) {
            (Some('@'), _) if !indented => {
                if let (Some(rule), None) = (&rule, &shared) {
                    return Err(cursor.error(format!("expected cases of {} before another rule, found none", rule.id)));
                }
                rule = Some(self::rule(&mut cursor)?);
                shared = None;
            }
            (Some('"'), Some(rule)) if indented => {
                if shared.is_some() {
                    return Err(cursor.error("a sentence stands before the cases of its rule"));
                }
                let sentence = lines[from].1.trim();
                if !rule.sentence.is_empty() {
                    rule.sentence.push(' ');
                }
                rule.sentence.push_str(sentence);
            }
            (_, Some(rule)) if indented => {
                if rule.sentence.is_empty() {
                    return Err(cursor.error("expected the rule's sentence in quotation marks, found a case"));
                }
                let shared = shared.get_or_insert_with(|| Arc::new(rule.clone()));
                let text: Vec<_> = lines[from..at].iter().map(|(_, line)| line.trim_end_matches('\\').trim()).collect();
                cases.push(case(&mut cursor, shared, family, text.join(" "))?);
            }
            (_, None) => return Err(cursor.error("expected a rule, @RULE LEVEL ROLE")),
            _ => return Err(cursor.error("expected @ at the start of the line, or blanks before a case")),
        }
    }
    Ok(cases)
}

fn rule(cursor: &mut Cursor<'_>) -> Result<Rule, CaseError> {
    cursor.next();
    let id = name(cursor)?;
    let mut words = Vec::new();
    while !cursor.is_done() {
        let start = cursor.position();
        let word = cursor.until(ends_word);
        if word.is_empty() {
            return Err(cursor.error(format!("expected a word, found {}", cursor.found())));
        }
        words.push((start, word));
    }
    let mut words = words.into_iter().peekable();
    let end = cursor.position();
    let mut next = |expected: &str| words.next().ok_or_else(|| cursor.error_at(end, format!("expected {expected}")));
    let levels = "MUST, MUST NOT, SHOULD, SHOULD NOT, MAY or INFO";
    let (start, word) = next(levels)?;
    let mut level = match &*word {
        "MUST" => Level::Must,
        "SHOULD" => Level::Should,
        "MAY" => Level::May,
        "INFO" => Level::Info,
        _ => return Err(cursor.error_at(start, format!("expected {levels}, found {word}"))),
    };
    let (mut start, mut word) = next("server, client or both")?;
    if word == "NOT" {
        level = match level {
            Level::Must => Level::MustNot,
            Level::Should => Level::ShouldNot,
            _ => return Err(cursor.error_at(start, format!("expected {levels}"))),
        };
        (start, word) = next("server, client or both")?;
    }
    let roles = match &*word {
        "server" => Roles::Server,
        "client" => Roles::Client,
        "both" => Roles::Both,
        _ => return Err(cursor.error_at(start, format!("expected server, client or both, found {word}"))),
    };
    let needs = words
        .map(|(start, word)| {
            need(&word).ok_or_else(|| cursor.error_at(start, format!("expected a need, found {word}")))
        })
        .collect::<Result<_, _>>()?;
    Ok(Rule { id, level, roles, needs, sentence: String::new() })
}

fn need(word: &str) -> Option<Need> {
    Some(match word {
        "deflate" => Need::Deflate,
        "limit" => Need::Limit(Limit::Message),
        "subprotocol" => Need::Subprotocol,
        "origin" => Need::Origin,
        "commands" => Need::Commands,
        "time" => Need::Time,
        "heads" => Need::Heads,
        "url" => Need::Url,
        _ => Need::Limit(Limit::named(word.strip_prefix("limit:")?)?),
    })
}

fn case(cursor: &mut Cursor<'_>, rule: &Arc<Rule>, family: &str, text: String) -> Result<Case, CaseError> {
    let start = cursor.position();
    let name = name(cursor)?;
    let opening = Opening::parse(cursor)?;
    let fits = match opening {
        Opening::Good | Opening::Agree(_) => true,
        Opening::Request(_) | Opening::Connect(_) => rule.roles == Roles::Server,
        Opening::Response(_) | Opening::Answer(_) | Opening::Url(_) => rule.roles == Roles::Client,
    };
    if !fits {
        return Err(
            cursor.error_at(start, "req and connect need a rule for servers; resp, answer and url one for clients")
        );
    }
    if matches!(opening, Opening::Agree(_)) && !rule.needs(Need::Deflate) {
        return Err(cursor.error_at(start, "agree needs a rule with deflate"));
    }
    let steps = Step::parse_all(cursor)?;
    if !is_arrow(cursor) {
        return Err(cursor.error(format!("expected =>, found {}", cursor.found())));
    }
    cursor.next();
    cursor.next();
    let outcome = Alternative::parse_all(cursor)?;
    let (mut autobahn, mut was) = (Vec::new(), None);
    cursor.skip_blanks();
    if cursor.accept(";;") {
        while !cursor.is_done() {
            let start = cursor.position();
            let word = cursor.until(ends_word);
            match word.strip_prefix("was:") {
                Some(name) => was = Some(name.to_owned()),
                None if word.starts_with(|c: char| c.is_ascii_digit()) => autobahn.push(word),
                None => return Err(cursor.error_at(start, "expected a case of Autobahn, such as 5.1, or was:NAME")),
            }
        }
    }
    if !cursor.is_done() {
        return Err(cursor.error(format!("expected | ~ , ;; or the end of the line, found {}", cursor.found())));
    }
    let id = format!("{}/{name}", rule.id);
    let line = cursor.line();
    Ok(Case { id, family: family.to_owned(), line, rule: rule.clone(), opening, steps, outcome, autobahn, was, text })
}

fn name(cursor: &mut Cursor<'_>) -> Result<String, CaseError> {
    let name = cursor.until(|c| !matches!(c, 'a'..='z' | '0'..='9' | '.' | '-'));
    if name.is_empty() || cursor.peek().is_some_and(|c| !c.is_whitespace()) {
        return Err(cursor.error(format!("expected a name of a-z 0-9 . -, found {}", cursor.found())));
    }
    Ok(name)
}

//! Known deviations: a file with a reason for each.

use super::Run;
use crate::exam::Grade;

/// A line `CASE-OR-GLOB  GRADE  REASON`.
#[derive(Clone, Debug)]
pub struct Known {
    /// From 1.
    line: usize,
    pattern: String,
    grade: Grade,
}

/// Reads such lines; `#` begins a comment.
pub fn read(text: &str) -> Result<Vec<Known>, String> {
    let mut known = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut words = line.split_whitespace();
        let (Some(pattern), Some(grade), Some(_)) = (words.next(), words.next(), words.next()) else {
            return Err(format!("line {}: expected CASE GRADE REASON", i + 1));
        };
        let grade = Grade::named(grade).ok_or_else(|| format!("line {}: expected a grade, found {grade}", i + 1))?;
        known.push(Known { line: i + 1, pattern: pattern.to_owned(), grade });
    }
    Ok(known)
}

/// What differs from what is known: cases that fail and are not listed, and lines that nothing needs any more.
pub fn differences(run: &Run, known: &[Known], strict: bool) -> Vec<String> {
    let mut differences = Vec::new();
    let listed = |id: &str, grade: Grade| known.iter().any(|known| known.grade == grade && glob(&known.pattern, id));
    for result in run.results.iter().filter(|result| Run::fails(result, strict)) {
        if !listed(&result.id, result.grade) {
            differences.push(format!("{} {} is not listed", result.grade, result.id));
        }
    }
    for known in known {
        let needed = run.results.iter().any(|result| result.grade == known.grade && glob(&known.pattern, &result.id));
        if !needed {
            differences.push(format!("line {}: no case {} is {} any more", known.line, known.pattern, known.grade));
        }
    }
    differences
}

/// `*` stands for anything.
pub fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(i, _)| i).chain([rest.len()]).any(|i| glob(tail, &rest[i..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, text) in [("a*c", "abc"), ("a*c", "ac"), ("*", ""), ("a/*-b*", "a/x-b-c"), ("abc", "abc")] {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a*c", "abd"), ("abc", "abcd"), ("*x", "y")] {
            assert!(!glob(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn lines_need_a_reason() {
        assert!(read("# comment\n\na/b fail because of x\n").is_ok());
        assert!(read("a/b fail\n").is_err());
        assert!(read("a/b bad because\n").is_err());
    }
}

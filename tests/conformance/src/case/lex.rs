//! A cursor over one logical line, which knows the line and column of each character.

use super::CaseError;

/// The characters of one logical line.
pub(super) struct Cursor<'f> {
    file: &'f str,
    chars: Vec<(char, usize, usize)>,
    at: usize,
    /// Where the text ends, for errors at the end.
    end: (usize, usize),
}

impl<'f> Cursor<'f> {
    pub(super) fn new(file: &'f str, lines: &[(usize, &str)]) -> Self {
        let mut chars = Vec::new();
        let mut end = (1, 1);
        for (i, &(number, line)) in lines.iter().enumerate() {
            let continued = i + 1 < lines.len();
            let text = if continued { line.strip_suffix('\\').unwrap_or(line) } else { line };
            let from = chars.len();
            chars.extend(text.chars().enumerate().map(|(column, c)| (c, number, column + 1)));
            end = (number, chars.len() - from + 1);
        }
        Self { file, chars, at: 0, end }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).map(|&(c, ..)| c)
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    /// Skips blanks, and a comment that follows them.
    pub(super) fn skip_blanks(&mut self) {
        let from = self.at;
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        if self.peek() == Some('#') && (self.at > from || self.at == 0) {
            self.at = self.chars.len();
        }
    }

    /// Whether nothing but blanks and a comment is left.
    pub(super) fn is_done(&mut self) -> bool {
        self.skip_blanks();
        self.peek().is_none()
    }

    pub(super) fn accept(&mut self, word: &str) -> bool {
        let matches = word.chars().enumerate().all(|(i, c)| self.peek_at(i) == Some(c));
        if matches {
            self.at += word.chars().count();
        }
        matches
    }

    /// The characters up to the first that `stops`.
    pub(super) fn until(&mut self, stops: impl Fn(char) -> bool) -> String {
        let mut word = String::new();
        while let Some(c) = self.peek().filter(|&c| !stops(c)) {
            word.push(c);
            self.at += 1;
        }
        word
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn rewind(&mut self, position: usize) {
        self.at = position;
    }

    /// An error at the next character.
    pub(super) fn error(&self, message: impl Into<String>) -> CaseError {
        self.error_at(self.at, message)
    }

    pub(super) fn error_at(&self, position: usize, message: impl Into<String>) -> CaseError {
        let (line, column) = self.chars.get(position).map_or(self.end, |&(_, line, column)| (line, column));
        CaseError { file: self.file.to_owned(), line, column, message: message.into() }
    }

    pub(super) fn found(&self) -> String {
        self.peek().map_or_else(|| "the end of the line".to_owned(), |c| format!("{c:?}"))
    }

    pub(super) fn line(&self) -> usize {
        self.chars.first().map_or(self.end.0, |&(_, line, _)| line)
    }
}

/// What ends a word.
pub(super) fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '<' | '(' | ')' | '[' | ']' | ',' | '|' | '~')
}

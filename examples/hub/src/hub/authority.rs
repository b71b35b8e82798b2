//! Who may have which name.

use std::collections::HashMap;

use super::Name;

/// Decides who may have which name. A name that somebody has is never given to another, whatever this says.
pub trait Authority {
    fn admits(&self, name: &Name, token: Option<&str>) -> bool;
}

/// Anyone may have any name that is free.
#[derive(Clone, Copy, Debug)]
pub struct Anyone;

impl Authority for Anyone {
    fn admits(&self, _name: &Name, _token: Option<&str>) -> bool {
        true
    }
}

/// Each name has a token; others can't be had.
#[derive(Debug)]
pub struct Tokens(HashMap<String, String>);

impl Tokens {
    /// Reads lines of a name, a space and a token. Empty lines, and those that begin with `#`, are left out.
    ///
    /// # Errors
    ///
    /// Which line is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = HashMap::new();
        for (number, line) in
            text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        {
            let number = number + 1;
            let pair =
                line.trim().rsplit_once(' ').ok_or_else(|| format!("line {number}: expected a name and a token"))?;
            let name = Name::new(pair.0.trim().into()).map_err(|error| format!("line {number}: {error}"))?;
            if tokens.insert(name.as_str().into(), pair.1.into()).is_some() {
                return Err(format!("line {number}: the name {name} is there twice"));
            }
        }
        Ok(Self(tokens))
    }
}

impl Authority for Tokens {
    fn admits(&self, name: &Name, token: Option<&str>) -> bool {
        let (Some(expected), Some(token)) = (self.0.get(name.as_str()), token) else { return false };
        // How long it takes says nothing of where the difference is.
        let differences = expected.bytes().zip(token.bytes()).fold(0, |differences, (a, b)| differences | (a ^ b));
        expected.len() == token.len() && differences == 0
    }
}

impl<A: Authority + ?Sized> Authority for Box<A> {
    fn admits(&self, name: &Name, token: Option<&str>) -> bool {
        (**self).admits(name, token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_had_by_its_token_alone() {
        let tokens = Tokens::parse("# who\nada s3cret\n\nbob of bath x1\n").unwrap();
        let admits = |name: &str, token| tokens.admits(&Name::new(name.into()).unwrap(), token);
        assert!(admits("ada", Some("s3cret")) && admits("bob of bath", Some("x1")));
        assert!(!admits("ada", None) && !admits("ada", Some("")) && !admits("ada", Some("s3cre")));
        assert!(!admits("ada", Some("s3cret2")) && !admits("ada", Some("x1")) && !admits("eve", Some("x1")));
        assert!(Tokens::parse("ada").is_err() && Tokens::parse("a 1\na 2").is_err());
    }
}

//! The name of a peer or a room.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A name: 1 to 64 characters, none of which is a control character.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn new(name: String) -> Result<Self, String> {
        if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
            return Err("expected a name of 1 to 64 characters without control characters".into());
        }
        Ok(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::new(name)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

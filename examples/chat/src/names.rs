//! Nicknames, rooms and identifiers: what a client may call things.

use std::fmt;

use crate::limits::{MAX_ID_CHARS, MAX_NICK_CHARS, MAX_ROOM_CHARS};
use crate::protocol::Fault;

/// A nickname: letters and digits of any script, spaces and a few signs inside.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Nick(String);

impl Nick {
    pub fn new(name: &str) -> Result<Self, Fault> {
        check_len("nickname", name, MAX_NICK_CHARS)?;
        if let Some(char) = name.chars().find(|&char| !(char.is_alphanumeric() || " -_.'".contains(char))) {
            return Err(Fault::new(format!("A nickname has letters, digits, spaces and -_.' but not {char:?}.")));
        }
        if !name.starts_with(char::is_alphanumeric) || name.ends_with(' ') || name.contains("  ") {
            return Err(Fault::new("A nickname begins with a letter or a digit, and has single spaces inside only."));
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What all names that are taken for this one have in common.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }

    /// Whether two people would be taken for one.
    pub fn reads_like(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}

/// A room's name: small letters and digits of any script, with hyphens inside.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RoomName(String);

impl RoomName {
    pub fn new(name: &str) -> Result<Self, Fault> {
        check_len("room's name", name, MAX_ROOM_CHARS)?;
        let fits = |char: char| char == '-' || char.is_alphanumeric() && char.to_lowercase().eq([char]);
        if let Some(char) = name.chars().find(|&char| !fits(char)) {
            return Err(Fault::new(format!("A room's name has small letters, digits and hyphens, but not {char:?}.")));
        }
        if name.starts_with('-') || name.ends_with('-') {
            return Err(Fault::new("A room's name has hyphens inside only."));
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Checks what a client made up to tell its messages, or itself, from others.
pub fn check_id(id: &str) -> Result<(), Fault> {
    let fits = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits && (1..=MAX_ID_CHARS).contains(&id.len()) {
        Ok(())
    } else {
        Err(Fault::new(format!("An identifier has 1 to {MAX_ID_CHARS} letters, digits and hyphens.")))
    }
}

fn check_len(what: &str, name: &str, max: usize) -> Result<(), Fault> {
    match name.chars().count() {
        0 => Err(Fault::new(format!("A {what} can't be empty."))),
        count if count > max => Err(Fault::new(format!("A {what} has at most {max} characters, not {count}."))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nicknames_of_all_scripts_are_taken_and_disguises_are_not() {
        for nick in ["Ann", "Zoë O'Hara", "李雷", "r2-d2", &"x".repeat(24)] {
            assert!(Nick::new(nick).is_ok(), "{nick}");
        }
        for nick in ["", " Ann", "Ann ", "A  nn", "A\u{202e}nn", "A\nnn", "<b>", "-", &"x".repeat(25)] {
            assert!(Nick::new(nick).is_err(), "{nick}");
        }
    }

    #[test]
    fn nicknames_that_differ_in_case_alone_read_alike() {
        assert!(Nick::new("ANN").unwrap().reads_like(&Nick::new("Ann").unwrap()));
    }

    #[test]
    fn room_names_are_small_letters_digits_and_hyphens_inside() {
        for room in ["lobby", "küche", "room-101", &"x".repeat(32)] {
            assert!(RoomName::new(room).is_ok(), "{room}");
        }
        for room in ["", "Lobby", "a b", "a/b", "-a", "a-", "../etc", &"x".repeat(33)] {
            assert!(RoomName::new(room).is_err(), "{room}");
        }
    }

    #[test]
    fn identifiers_are_bounded() {
        assert!(check_id("01890a5d-ac96-774b").is_ok() && check_id(&"x".repeat(64)).is_ok());
        assert!(check_id("").is_err() && check_id("a b").is_err() && check_id(&"x".repeat(65)).is_err());
    }
}

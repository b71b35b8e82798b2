//! A place in the order of records.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A place: milliseconds since 1970, and a number among those of the same millisecond, as Redis counts the entries of a stream.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Place(u64, u64);

impl Place {
    /// In a form in which later places are later as text, too.
    pub fn padded(self) -> String {
        format!("{:020}-{:020}", self.0, self.1)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('-').and_then(|(ms, number)| Some(Self(ms.parse().ok()?, number.parse().ok()?)));
        numbers.ok_or_else(|| format!("expected two numbers and a hyphen, found {text:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_is_written_as_it_is_read_and_ordered_by_both_numbers() {
        let places: Vec<Place> = ["0-0", "9-10", "10-2", "10-11"].map(|text| text.parse().unwrap()).into();
        assert!(places.is_sorted() && places.iter().map(|place| place.padded()).is_sorted());
        assert_eq!(places[3].to_string(), "10-11");
        for text in ["", "1", "1-", "-1", "a-b", "1-1-1"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }
}

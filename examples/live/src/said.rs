//! What is said beside the video, as JSON in text messages.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use websocket_proto_axum::Prepared;

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "said", rename_all = "lowercase")]
pub enum Said {
    /// A stream begins: the binary messages that follow are of this format.
    Begin {
        format: &'static str,
        codecs: String,
    },
    /// The source is gone. It may come back.
    End,
    Viewers {
        count: usize,
    },
    Comment {
        name: String,
        text: String,
    },
    /// To one viewer: a comment was not taken.
    Refused {
        why: &'static str,
    },
}

impl Said {
    /// Framed, for many.
    pub fn prepared(&self) -> Option<Prepared> {
        Prepared::new(serde_json::to_string(self).ok()?.as_str()).ok()
    }

    pub fn end() -> Option<&'static Prepared> {
        static END: LazyLock<Option<Prepared>> = LazyLock::new(|| Said::End.prepared());
        END.as_ref()
    }
}

/// What a viewer says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remark {
    name: String,
    text: String,
}

const MAX_NAME_CHARS: usize = 24;
const MAX_TEXT_CHARS: usize = 100;

/// A comment, as it is shown to all; what is wrong with it otherwise.
pub fn comment(json: &str) -> Result<Said, &'static str> {
    let remark: Remark = serde_json::from_str(json).map_err(|_| "expected {\"name\": …, \"text\": …}")?;
    let [name, text] = [remark.name, remark.text].map(|words| words.split_whitespace().collect::<Vec<_>>().join(" "));
    let shows =
        |words: &str, most| !words.is_empty() && words.chars().count() <= most && !words.chars().any(char::is_control);
    if !shows(&name, MAX_NAME_CHARS) {
        return Err("expected a name of 1 to 24 characters");
    }
    if !shows(&text, MAX_TEXT_CHARS) {
        return Err("expected a comment of 1 to 100 characters");
    }
    Ok(Said::Comment { name, text })
}

/// How often a viewer may say something.
#[derive(Debug)]
pub struct Allowance {
    /// When all that was said is allowed for.
    paid: Instant,
}

impl Allowance {
    const EACH: Duration = Duration::from_millis(1_000);
    const AT_ONCE: u32 = 4;

    pub fn new(now: Instant) -> Self {
        Self { paid: now }
    }

    /// Whether one more is allowed now.
    pub fn take(&mut self, now: Instant) -> bool {
        let next = self.paid.max(now) + Self::EACH;
        let allowed = next.duration_since(now) <= Self::EACH * Self::AT_ONCE;
        if allowed {
            self.paid = next;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_a_name_and_a_text() {
        let Ok(Said::Comment { name, text }) = comment(r#"{"name": " Ann ", "text": "so\n  nice"}"#) else { panic!() };
        assert_eq!((name.as_str(), text.as_str()), ("Ann", "so nice"));
        let long = format!(r#"{{"name": "Ann", "text": "{}"}}"#, "哈".repeat(101));
        for (json, why) in [
            ("hello", "expected {\"name\": …, \"text\": …}"),
            (r#"{"name": "", "text": "x"}"#, "expected a name of 1 to 24 characters"),
            (r#"{"name": "Ann", "text": "\u0007"}"#, "expected a comment of 1 to 100 characters"),
            (&long, "expected a comment of 1 to 100 characters"),
        ] {
            assert_eq!(comment(json).unwrap_err(), why, "{json}");
        }
        assert!(comment(&long.replacen('哈', "", 1)).is_ok());
    }

    #[test]
    fn four_comments_at_once_and_then_one_a_second() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(
            [0, 0, 0, 0, 0, 900, 1_100, 1_200].map(|millis| allowance.take(at(millis))),
            [true, true, true, true, false, false, true, false]
        );
    }
}

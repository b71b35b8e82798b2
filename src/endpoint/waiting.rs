//! What is framed only when less than the high-water mark waits to be written.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::shared;
use crate::wire::Header;
use crate::{CloseFrame, Message, OwnedMessage, Part, Prepared, PreparedForm};

/// Messages that are framed later, in order, and the Close after the last of them.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    messages: VecDeque<Later>,
    /// How many bytes of the first of them were framed.
    framed: usize,
    /// The sum of their lengths, without what was framed.
    len: usize,
    pub(super) close: Option<CloseFrame>,
}

/// A message that is framed later.
#[derive(Debug)]
pub(super) enum Later {
    Owned(OwnedMessage),
    /// One whose frames may refer to it.
    Vectored(shared::Message),
    Prepared(Prepared),
    /// Whole frames.
    Framed(Vec<u8>),
}

impl Later {
    /// How many bytes it takes, with room for a header, so that it takes no more when it is framed.
    fn len(&self) -> usize {
        match self {
            Self::Owned(message) => framed_len(message),
            Self::Vectored(message) => framed_len(message),
            Self::Prepared(message) => message.frame(PreparedForm::Plain).len(),
            Self::Framed(frames) => frames.len(),
        }
    }
}

fn framed_len(message: &OwnedMessage) -> usize {
    message.payload().len().saturating_add(Header::MAX_LEN)
}

impl Waiting {
    pub(super) fn push(&mut self, message: Later) {
        self.len = self.len.saturating_add(message.len());
        self.messages.push_back(message);
    }

    /// The first message, and how many of its bytes were framed.
    pub(super) fn front(&self) -> Option<(&Later, usize)> {
        Some((self.messages.front()?, self.framed))
    }

    /// The first message was framed up to this byte.
    pub(super) fn framed_up_to(&mut self, end: usize) {
        self.len = self.len.saturating_sub(end.saturating_sub(self.framed));
        self.framed = end;
    }

    /// All of the first message was framed.
    pub(super) fn pop(&mut self) {
        let len = self.messages.pop_front().map_or(0, |message| message.len());
        self.len = self.len.saturating_sub(len.saturating_sub(self.framed));
        self.framed = 0;
    }

    /// Nothing of it can be sent any more.
    pub(super) fn clear(&mut self) {
        self.messages.clear();
        (self.framed, self.len) = (0, 0);
    }

    /// How many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }
}

/// The fragment of `message` that begins at the byte `start`, and which part it is; `None` if none begins there.
pub(super) fn fragment(message: Message<'_>, start: usize, max_len: usize) -> Option<(Message<'_>, Part)> {
    let end = start.saturating_add(max_len).min(message.payload().len());
    let (fragment, end) = match message {
        Message::Text(text) => {
            // A fragment may end anywhere (§5.6), but what is handed to the connection is text.
            let end = (start..=end).rev().find(|&end| text.is_char_boundary(end))?;
            (Message::Text(text.get(start..end)?), end)
        }
        Message::Binary(bytes) => (Message::Binary(bytes.get(start..end)?), end),
    };
    Some((fragment, Part::new(start == 0, end == message.payload().len())))
}

//! How an `Endpoint` is fed.

/// How bytes get into it, and messages out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reads {
    /// Into its own room; messages are lent.
    Room,
    /// From a buffer that connections share; messages are taken.
    Shared,
    /// Into its own room; it advances, and then lends or gives the message.
    Steps,
    /// The same; messages are framed apart from it, as by another task.
    Framed,
    /// From a buffer that connections share; the first message is taken, and what follows it waits.
    OneByOne,
    /// Into its own room, by a transport that gives and takes little at a time; messages are taken, and nothing else is looked at.
    Drips,
}

impl Reads {
    /// Whether more than what came at once is done when nothing comes, and only messages are looked at.
    pub(super) fn waits(self) -> bool {
        matches!(self, Self::OneByOne | Self::Drips)
    }
}

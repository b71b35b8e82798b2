//! Fragmentation (§5.4): which data frame may follow which.

use crate::wire::{DataOpcode, MessageKind, ProtocolError, error_type};

/// Where the data frames of one direction stand. Control frames "MAY be injected in the middle of a fragmented message" and
/// do not touch it.
///
/// ```
/// use websocket_proto::{frame::{OutOfSequence, Sequence}, wire::{DataOpcode, MessageKind}};
///
/// let within = Sequence::Between.after(DataOpcode::Text, false).unwrap();
/// assert_eq!(within, Sequence::Within(MessageKind::Text));
/// assert_eq!(within.after(DataOpcode::Binary, true), Err(OutOfSequence::ExpectedContinuation { kind: MessageKind::Binary }));
/// assert_eq!(within.after(DataOpcode::Continuation, true), Ok(Sequence::Between));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Sequence {
    /// Between messages: a text or binary frame may follow.
    #[default]
    Between,
    /// Inside a message of this kind: a continuation frame has to follow.
    Within(MessageKind),
}

impl Sequence {
    /// Where the sequence stands after a data frame.
    ///
    /// # Errors
    ///
    /// [`OutOfSequence`] if the frame may not come here.
    pub const fn after(self, opcode: DataOpcode, fin: bool) -> Result<Self, OutOfSequence> {
        let kind = match (self, opcode) {
            (Self::Between, DataOpcode::Text) => MessageKind::Text,
            (Self::Between, DataOpcode::Binary) => MessageKind::Binary,
            (Self::Within(kind), DataOpcode::Continuation) => kind,
            (Self::Between, DataOpcode::Continuation) => return Err(OutOfSequence::UnexpectedContinuation),
            // §5.4: "The fragments of one message MUST NOT be interleaved between the fragments of another message".
            (Self::Within(_), DataOpcode::Text) => {
                return Err(OutOfSequence::ExpectedContinuation { kind: MessageKind::Text });
            }
            (Self::Within(_), DataOpcode::Binary) => {
                return Err(OutOfSequence::ExpectedContinuation { kind: MessageKind::Binary });
            }
        };
        Ok(if fin { Self::Between } else { Self::Within(kind) })
    }
}

error_type! {
    /// A data frame that may not come where it came (§5.4).
    ///
    /// ```
    /// use websocket_proto::{frame::{OutOfSequence, Sequence}, wire::DataOpcode};
    ///
    /// assert_eq!(Sequence::Between.after(DataOpcode::Continuation, true), Err(OutOfSequence::UnexpectedContinuation));
    /// ```
    pub enum OutOfSequence {
        /// A continuation frame between messages.
        UnexpectedContinuation => "expected the first fragment of a message, found a continuation";
        /// The first frame of a new message inside a fragmented one.
        ExpectedContinuation {
            /// The kind of the new message.
            kind: MessageKind,
        } => "expected a continuation of the message that was begun, found a {kind:?} message";
    }
}

/// What it is called where the peer sent the frame.
impl From<OutOfSequence> for ProtocolError {
    fn from(error: OutOfSequence) -> Self {
        match error {
            OutOfSequence::UnexpectedContinuation => Self::UnexpectedContinuation,
            OutOfSequence::ExpectedContinuation { kind } => Self::ExpectedContinuation { kind },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_from_every_place() {
        use {DataOpcode as Op, MessageKind as Kind, Sequence::*};
        for (place, opcode, after) in [
            (Between, Op::Text, Ok(Kind::Text)),
            (Between, Op::Binary, Ok(Kind::Binary)),
            (Between, Op::Continuation, Err(OutOfSequence::UnexpectedContinuation)),
            (Within(Kind::Text), Op::Text, Err(OutOfSequence::ExpectedContinuation { kind: Kind::Text })),
            (Within(Kind::Text), Op::Binary, Err(OutOfSequence::ExpectedContinuation { kind: Kind::Binary })),
            (Within(Kind::Text), Op::Continuation, Ok(Kind::Text)),
            (Within(Kind::Binary), Op::Text, Err(OutOfSequence::ExpectedContinuation { kind: Kind::Text })),
            (Within(Kind::Binary), Op::Binary, Err(OutOfSequence::ExpectedContinuation { kind: Kind::Binary })),
            (Within(Kind::Binary), Op::Continuation, Ok(Kind::Binary)),
        ] {
            assert_eq!(place.after(opcode, false), after.map(Within));
            assert_eq!(place.after(opcode, true), after.map(|_| Between));
        }
    }
}

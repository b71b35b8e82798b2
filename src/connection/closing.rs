//! The closing handshake (§7), as a table.

use crate::wire::text_enum;

text_enum! {
    /// Where a connection stands between open and closed.
    ///
    /// | state ╲ input | `close(frame)` | the peer's Close | data | a Ping | violation | end of input |
    /// |---|---|---|---|---|---|---|
    /// | `Open` | queue it → `CloseSent` | event, queue echo → `CloseReceived` | event | event, queue Pong | queue Close → `Closed` | unclean → `Closed` |
    /// | `CloseSent` | error: not open | event → `Closed` | event | event, no Pong | → `Closed` | unclean → `Closed` |
    /// | `CloseReceived` | replaces the unsent echo | ignored | ignored | ignored | – | unclean → `Closed` |
    /// | `Closed` | error: not open | ignored | ignored | ignored | – | clean if both Close frames were seen |
    ///
    /// That a Ping is not answered in `CloseSent` is a deliberate deviation from §5.5.2, which asks for a Pong "unless it already received
    /// a Close frame". Peers take any frame after a Close for an error: tungstenite 0.30 as a client reports `ReceivedAfterClosing`, and
    /// Chromium 156 ends with the status code 1006 and `wasClean` false. No peer that was tried hands such a Pong to its user.
    ///
    /// `CloseReceived` becomes `Closed` when the caller takes the echo in order to write it.
    ///
    /// ```
    /// use websocket_proto::{CloseCode, Connection, Limits, Negotiated, Server, State};
    ///
    /// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    /// assert_eq!(connection.state(), State::Open);
    /// connection.close(CloseCode::GOING_AWAY).unwrap();
    /// assert_eq!(connection.state(), State::CloseSent);
    /// assert_eq!(connection.take_control().unwrap().as_bytes(), [0x88, 0x02, 0x03, 0xe9]);
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    pub enum State {
        /// Messages go both ways.
        Open => "open";
        /// The Close of this side is on its way; the peer's messages still come.
        CloseSent => "closing, by this side";
        /// The peer's Close came; the echo waits to be written.
        CloseReceived => "closing, by the peer";
        /// Nothing comes any more, and nothing can be sent but what is queued.
        Closed => "closed";
    }
}

impl State {
    /// `close(frame)`: where it leads, if it is allowed.
    pub(super) const fn after_close(self) -> Option<Self> {
        match self {
            Self::Open => Some(Self::CloseSent),
            Self::CloseReceived => Some(Self::CloseReceived),
            Self::CloseSent | Self::Closed => None,
        }
    }

    /// The peer's Close: where it leads, and whether §5.5.1 wants an echo ("if [...] the endpoint didn't previously send
    /// a Close frame").
    pub(super) const fn after_peer_close(self) -> (Self, bool) {
        match self {
            Self::Open => (Self::CloseReceived, true),
            Self::CloseReceived => (Self::CloseReceived, false),
            Self::CloseSent | Self::Closed => (Self::Closed, false),
        }
    }

    /// A violation by the peer: always the end, and whether a Close may still tell it why.
    pub(super) const fn after_violation(self) -> (Self, bool) {
        match self {
            Self::Open => (Self::Closed, true),
            Self::CloseSent | Self::CloseReceived | Self::Closed => (Self::Closed, false),
        }
    }

    /// The queued Close was taken in order to be written.
    pub(super) const fn after_close_written(self) -> Self {
        match self {
            Self::CloseReceived => Self::Closed,
            Self::Open | Self::CloseSent | Self::Closed => self,
        }
    }
}

/// The state, and how the connection ended once its input has: one byte for both.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// The input has not ended.
    Before(State),
    EndedCleanly,
    EndedUncleanly,
}

impl Stage {
    pub(super) const fn state(self) -> State {
        match self {
            Self::Before(state) => state,
            Self::EndedCleanly | Self::EndedUncleanly => State::Closed,
        }
    }

    pub(super) const fn ending(self) -> Option<Ending> {
        match self {
            Self::Before(_) => None,
            Self::EndedCleanly => Some(Ending::Clean),
            Self::EndedUncleanly => Some(Ending::Unclean),
        }
    }

    /// Goes on to another state, unless the connection has ended.
    pub(super) fn enter(&mut self, state: State) {
        if let Self::Before(before) = self {
            *before = state;
        }
    }

    pub(super) fn end(&mut self, ending: Ending) {
        *self = match ending {
            Ending::Clean => Self::EndedCleanly,
            Ending::Unclean => Self::EndedUncleanly,
        };
    }
}

/// How a connection ended, told at the end of input (§7.1.4).
///
/// ```
/// use websocket_proto::{Connection, Ending, Limits, Negotiated, Server};
///
/// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
/// assert_eq!(connection.receive_eof(), Ending::Unclean, "no Close frame was seen");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Ending {
    /// "cleanly": after both Close frames.
    Clean,
    /// Without them. The status code that an application sees is [`ABNORMAL_CLOSURE`](Self::ABNORMAL_CLOSURE).
    Unclean,
}

impl Ending {
    /// 1006 (§7.4.1): for the application, never for the wire.
    pub const ABNORMAL_CLOSURE: u16 = 1006;
    /// 1005 (§7.4.1): what an application sees for a Close without a status code, never for the wire.
    pub const NO_STATUS_RECEIVED: u16 = 1005;
}

/// What the owner of the transport has to do with it, once everything queued is written (§7.1.1).
///
/// ```
/// use websocket_proto::{Connection, Limits, Negotiated, Server, Transport};
///
/// let mut connection = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
/// let mut close = [0x88, 0x80, 1, 2, 3, 4]; // a masked, empty Close
/// connection.receive(&mut &mut close[..]).unwrap();
/// assert_eq!(connection.transport(), Transport::KeepOpen, "the echo is still to be written");
/// connection.take_control().unwrap();
/// assert_eq!(connection.transport(), Transport::Close, "the server closes first");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Transport {
    /// Read and write on.
    KeepOpen,
    /// Write what is queued, then ask again. The input has ended, so that there is nothing to read any more: a loop that waits for
    /// input here would spin.
    WriteOnly,
    /// Close the writing half, read and discard until the end of input or a time-out, then close: the peer may still be
    /// sending, and closing with unread input would destroy the Close frame that tells it why (§7.1.1 describes the order).
    HalfClose,
    /// Wait for the peer to close, up to a time-out, then close. §7.1.1: a client "SHOULD wait for the server to close the
    /// connection first".
    AwaitEof,
    /// Close.
    Close,
}

//! Those who take part.

#[cfg(feature = "c")]
mod c;
pub mod connect;
pub mod deflate;
mod fastwebsockets;
mod floor;
mod ours;
mod sockudo;
mod soketto;
mod tokio_websockets;
mod tungstenite;
mod web_socket;
mod wtx;
mod yawc;

use std::fmt;

use crate::tally::Tally;
use crate::transport::Transport;
use crate::workload::{Form, Send};

/// One who takes part: a function for each task that it can do.
#[derive(Clone, Copy)]
pub struct Peer {
    pub name: &'static str,
    /// What it hands out.
    pub delivers: Delivers,
    /// Receives until so many messages were delivered, as a server.
    pub receive: Option<Receiving>,
    /// Sends so many batches.
    pub send: Option<Sending>,
    /// Accepts so many requests.
    pub accept: Option<Accepting>,
}

/// Who a peer belongs to, for the comparison.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Camp {
    Floor,
    /// This crate, as it comes.
    Ours,
    /// This crate, set to the workload.
    OursTuned,
    Others,
}

impl Peer {
    pub fn camp(&self) -> Camp {
        let is_ours = ours::PEERS.iter().any(|peer| peer.name == self.name);
        match (self.delivers, is_ours) {
            (Delivers::Nothing, _) => Camp::Floor,
            (_, true) if self.name.contains(TUNED) => Camp::OursTuned,
            (_, true) => Camp::Ours,
            (_, false) => Camp::Others,
        }
    }
}

/// In the name of one that is not as it comes.
const TUNED: &str = "(tuned)";

type Receiving = fn(&mut Transport, u64) -> Result<Tally, Failure>;
type Sending = fn(&mut Transport, &Send, u64) -> Result<(), Failure>;
type Accepting = fn(&mut Transport, u64) -> Result<(), Failure>;

#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Delivers {
    /// Whole messages.
    Messages,
    /// Whole frames.
    Frames,
    /// What has come of a message.
    Pieces,
    /// Nothing: it only copies.
    Nothing,
}

impl Delivers {
    pub fn suits(self, form: Form) -> bool {
        match (self, form) {
            (Self::Nothing, _) | (_, Form::Any) => true,
            (Self::Messages, Form::Frame | Form::Message) | (Self::Frames, Form::Frame | Form::Pieces) => true,
            (Self::Pieces, Form::Pieces) => true,
            (Self::Messages, Form::Pieces) | (Self::Frames, Form::Message) => false,
            (Self::Pieces, Form::Frame | Form::Message) => false,
        }
    }
}

/// Why a peer gave up, in its own words. It is not `Debug` itself, so that everything which is can become one.
pub struct Failure(pub String);

impl<E: fmt::Debug> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(format!("{error:?}"))
    }
}

/// What is allowed to arrive: more than the longest workload.
pub const MAX_MESSAGE: usize = 128 << 20;

pub fn all() -> Vec<Peer> {
    let mut all = vec![floor::PEER];
    all.extend(ours::PEERS);
    all.extend([
        self::tungstenite::PEER,
        self::fastwebsockets::PEER,
        self::tokio_websockets::PEER,
        self::soketto::PEER,
        self::sockudo::PEER,
        self::sockudo::SANS_IO,
        self::wtx::PEER,
        self::yawc::PEER,
        self::web_socket::PEER,
    ]);
    #[cfg(feature = "c")]
    all.extend(c::PEERS.iter().copied());
    all
}

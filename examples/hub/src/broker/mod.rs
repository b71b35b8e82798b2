//! What several hubs share: an order of all that happens.
//!
//! Each hub adds records, and applies those of all hubs in the order in which the broker hands them out, its own among them. So all hubs
//! come to the same state, and which of two peers was first to take a name needs no further agreement. A hub alone needs no broker: its
//! own order is the order.

mod place;
mod redis;

use std::cell::Cell;
use std::collections::BTreeSet;

use bytes::Bytes;
use tokio::sync::mpsc;

pub use place::Place;
pub use redis::{Options, run};

/// Something that has happened, as text for the hubs and bytes for their clients.
#[derive(Clone, Debug)]
pub struct Record {
    pub text: String,
    pub attachments: Vec<Bytes>,
}

/// A hub, as the broker sees it.
pub trait Replica {
    /// Applies the next record.
    fn apply(&self, place: Place, record: Record);

    /// Takes note of a record whose effect is in the state already, to be able to hand it out again.
    fn recall(&self, place: Place, record: Record);

    /// The state that all records up to now have led to.
    fn snapshot(&self) -> String;

    /// Goes on from a state; from an empty one if there is none.
    fn restore(&self, snapshot: Option<&str>);

    /// The place of the oldest record that may still be asked for.
    fn oldest(&self) -> Option<Place>;

    /// The broker is there, and all records up to now are applied.
    fn found(&self);

    /// The broker can't be reached: what was added and has not come back may be lost.
    fn lost(&self);

    /// Comes regularly while the broker is there.
    fn tick(&self);

    /// The hubs that have peers, without this one.
    fn others(&self) -> BTreeSet<String>;

    /// Another hub has let its lease run out.
    fn gone(&self, hub: &str);
}

/// A hub's end of the line to the broker.
#[derive(Debug)]
pub struct Line {
    records: mpsc::Sender<Record>,
    there: Cell<bool>,
}

/// Records that may wait to be added. A hub that has more refuses them.
const MAX_WAITING: usize = 4096;

impl Line {
    /// A line, and the end that [`run`] takes from.
    pub fn new() -> (Self, mpsc::Receiver<Record>) {
        let (records, taken) = mpsc::channel(MAX_WAITING);
        (Self { records, there: Cell::new(false) }, taken)
    }

    /// Adds a record; false if the broker is away, or too slow.
    pub fn add(&self, record: Record) -> bool {
        self.there.get() && self.records.try_send(record).is_ok()
    }

    pub fn is_there(&self) -> bool {
        self.there.get()
    }

    pub fn set_there(&self, there: bool) {
        self.there.set(there);
    }
}

//! What the connections share: there is one thread, so there is one of each.

use std::time::Instant;

use crate::counters::Counters;
use crate::options::Options;
use crate::post::Post;

pub struct Shared {
    pub options: Options,
    /// When this turn of the loop began. A clock that is read once per turn is exact enough for time-outs.
    pub now: Instant,
    /// Every connection reads into it. It is free again as soon as what was read is drained.
    pub read: Box<[u8]>,
    /// What a connection has to say to what it read, until it is handed to the socket in the same turn.
    pub replies: Vec<u8>,
    /// What all are to be told.
    pub posts: Vec<Post>,
    /// How much memory that takes.
    pub posted: usize,
    pub counters: Counters,
    /// A client asked the server to stop, and is allowed to.
    pub stop: bool,
}

impl Shared {
    pub fn new(options: Options, now: Instant) -> Self {
        Self {
            options,
            now,
            read: vec![0; 64 * 1024].into_boxed_slice(),
            replies: Vec::new(),
            posts: Vec::new(),
            posted: 0,
            counters: Counters::default(),
            stop: false,
        }
    }
}

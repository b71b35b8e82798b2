//! What the connections share: there is one thread, so there is one of each.

use std::time::Instant;

use crate::counters::Counters;
use crate::deflaters::Deflaters;
use crate::options::Options;
use crate::post::Post;
use crate::spare::Spare;

pub struct Shared {
    pub options: Options,
    /// When this turn of the loop began. A clock that is read once per turn is exact enough for time-outs.
    pub now: Instant,
    /// Every connection reads into it. It is free again as soon as what was read is drained.
    pub read: Box<[u8]>,
    /// What a connection has to say to what it read, until it is handed to the socket in the same turn.
    pub replies: Vec<u8>,
    /// What all are to be told.
    pub posts: Posts,
    /// Compressors, if the options want it.
    pub deflaters: Option<Deflaters>,
    pub spare: Spare,
    pub counters: Counters,
    /// A client asked the server to stop, and is allowed to.
    pub stop: bool,
    /// Everyone was told to go.
    pub stopping: bool,
}

/// How many bytes are read at once: a message that comes with one read stays where it is, up to one of 256 KiB with its header.
const READ: usize = 512 * 1024;

impl Shared {
    pub fn new(options: Options, now: Instant) -> Self {
        Self {
            now,
            read: vec![0; READ].into_boxed_slice(),
            replies: Vec::new(),
            posts: Posts::default(),
            deflaters: options.deflate.then(Deflaters::default),
            spare: Spare::default(),
            counters: Counters::default(),
            stop: false,
            stopping: false,
            options,
        }
    }
}

/// What was said to all in this turn of the loop. Posts are numbered from the start of the server on.
#[derive(Default)]
pub struct Posts {
    first: u64,
    waiting: Vec<Post>,
    weight: usize,
}

impl Posts {
    pub fn push(&mut self, post: Post) {
        self.weight += post.weight();
        self.waiting.push(post);
    }

    /// The number of the post that is said next.
    pub fn next(&self) -> u64 {
        self.first + self.waiting.len() as u64
    }

    /// The posts from a number on, as far as they are waiting.
    pub fn since(&self, number: u64) -> &[Post] {
        let skip = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.waiting.get(skip..).unwrap_or_default()
    }

    pub fn weight(&self) -> usize {
        self.weight
    }

    /// All clients have been told.
    pub fn clear(&mut self) {
        self.first = self.next();
        self.waiting.clear();
        self.weight = 0;
    }
}

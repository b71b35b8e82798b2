//! What friends say to each other, whatever the road: numbered messages, and files. Nothing here knows of calls but that they begin and end.

pub mod frame;
mod receiving;
mod sending;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::backoff::Backoff;
use frame::Frame;
pub use receiving::Receiving;
pub use sending::{Flow, Sending};

/// What outlives the program: with it nothing is lost, and nothing comes twice.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct State {
    /// Names the numbering of our messages.
    pub stream: String,
    /// The number of our last message.
    pub last: u64,
    /// Our messages that were not heard yet, in order.
    pub unheard: VecDeque<(u64, String)>,
    /// The friend's numbering, and the last of its messages that was shown.
    pub heard: (String, u64),
    pub sending: Vec<Sending>,
    pub receiving: Vec<Receiving>,
    /// The files that came last, as identifiers: they are not taken again.
    pub done: VecDeque<String>,
}

/// What is to be done, or told to the user.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Message(String),
    /// The friend has seen our messages up to this number.
    Delivered(u64),
    /// A file comes: see on the disk how much of it is there, and answer with [`Talk::found`].
    Find(Receiving),
    /// To be written to the disk, and answered with [`Talk::written`].
    Write {
        id: String,
        offset: u64,
        bytes: Vec<u8>,
    },
    /// The digest is to be computed, and answered with [`Talk::checked`].
    Check(Receiving),
    /// A file is whole, and may have its name.
    Received(Receiving),
    /// What is on the disk of it is of no use.
    Discard(Receiving, String),
    /// How much of a file the other side has: of ours, or of the friend's.
    Progress {
        name: String,
        at: u64,
        size: u64,
    },
    /// The friend has all of a file.
    Sent(Sending),
    /// The friend does not want it.
    Unwanted(Sending, String),
    /// Something that the friend must not do; it was ignored.
    Wrong(String),
}

#[derive(Debug)]
pub struct Talk {
    state: State,
    max_file: u64,
    is_open: bool,
    retry: Backoff,
    retry_at: Option<Instant>,
    frames: VecDeque<Frame>,
    events: VecDeque<Event>,
    wrong: u32,
    is_changed: bool,
}

impl Talk {
    pub fn new(state: State, max_file: u64, seed: u64) -> Self {
        let retry = Backoff::new(Duration::from_secs(2), Duration::from_secs(30), seed);
        let (frames, events) = (VecDeque::new(), VecDeque::new());
        Self { state, max_file, is_open: false, retry, retry_at: None, frames, events, wrong: 0, is_changed: true }
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// The state, if it has changed since the last time: to be kept before any frame is sent.
    pub fn changed(&mut self) -> Option<&State> {
        std::mem::take(&mut self.is_changed).then_some(&self.state)
    }

    pub fn poll_frame(&mut self) -> Option<Frame> {
        self.frames.pop_front()
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// A channel is open. What was not acknowledged on the last one is said again.
    pub fn opened(&mut self, now: Instant) {
        self.is_open = true;
        self.wrong = 0;
        self.frames.clear();
        self.frames.push_back(Frame::Hello { stream: self.state.stream.clone() });
        self.retry.reset();
        self.say_again(MAX_UNHEARD, now);
        for file in &mut self.state.sending {
            file.flow = Flow::Offered;
            self.frames.push_back(file.offer());
        }
    }

    pub fn closed(&mut self) {
        self.is_open = false;
        self.retry_at = None;
        self.frames.clear();
        self.state.sending.iter_mut().for_each(|file| file.flow = Flow::Offered);
    }

    /// A message of the user; yields its number.
    ///
    /// # Errors
    ///
    /// It is too long, or too many wait already.
    pub fn say(&mut self, text: &str, now: Instant) -> Result<u64, String> {
        if text.len() > frame::MAX_SAID {
            return Err(format!("expected a message of at most {} bytes, found {}", frame::MAX_SAID, text.len()));
        }
        if self.state.unheard.len() >= MAX_UNHEARD {
            return Err(format!("expected at most {MAX_UNHEARD} messages that wait, found one more"));
        }
        self.is_changed = true;
        self.state.last += 1;
        self.state.unheard.push_back((self.state.last, text.to_owned()));
        if self.is_open {
            self.frames.push_back(Frame::Say { n: self.state.last, text: text.to_owned() });
            self.retry_at.get_or_insert_with(|| now + self.retry.delay());
        }
        Ok(self.state.last)
    }

    /// A file of the user.
    pub fn send_file(&mut self, file: Sending) {
        if self.is_open {
            self.frames.push_back(file.offer());
        }
        self.state.sending.push(file);
        self.is_changed = true;
    }

    /// A file of ours can't be read any more, or is not what it was.
    pub fn withdraw(&mut self, id: &str) {
        self.state.sending.retain(|file| file.id != id);
        self.is_changed = true;
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.retry_at
    }

    pub fn timeout(&mut self, now: Instant) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.say_again(AGAIN, now);
        }
    }

    /// The next piece of a file to be read and sent.
    pub fn next_piece(&self) -> Option<(&Sending, u64, usize)> {
        let running = self.state.sending.iter().find(|file| file.next_piece().is_some())?;
        running.next_piece().map(|(offset, len)| (running, offset, len))
    }

    /// The piece was written to the channel.
    pub fn piece_sent(&mut self, id: &str, len: usize) {
        if let Some(file) = self.state.sending.iter_mut().find(|file| file.id == id) {
            file.sent(len);
        }
    }

    /// So much of the file was on the disk.
    pub fn found(&mut self, id: &str, len: u64) {
        if let Some(file) = self.state.receiving.iter_mut().find(|file| file.id == id) {
            file.written = len.min(file.size);
            self.frames.push_back(file.want());
            self.check_if_whole(id);
        }
    }

    /// The disk has taken all of a file up to here.
    pub fn written(&mut self, id: &str, upto: u64) {
        if let Some(file) = self.state.receiving.iter_mut().find(|file| file.id == id) {
            if let Some(got) = file.written(upto) {
                self.events.push_back(Event::Progress { name: file.name.clone(), at: file.written, size: file.size });
                self.frames.push_back(got);
            }
            self.check_if_whole(id);
        }
    }

    /// The digest of what is on the disk.
    pub fn checked(&mut self, id: &str, sha256: &str) {
        let Some(at) = self.state.receiving.iter().position(|file| file.id == id) else { return };
        let expected = self.state.receiving[at].sha256.clone();
        if expected != sha256 {
            return self.refuse(id, format!("expected the digest {expected}, found {sha256}"));
        }
        self.is_changed = true;
        let file = self.state.receiving.remove(at);
        self.state.done.push_back(file.id.clone());
        if self.state.done.len() > MAX_DONE {
            self.state.done.pop_front();
        }
        self.frames.push_back(Frame::Done { id: file.id.clone() });
        self.events.push_back(Event::Received(file));
    }

    /// A file is not taken any further.
    pub fn refuse(&mut self, id: &str, why: String) {
        self.frames.push_back(Frame::Refuse { id: id.to_owned(), why: why.clone() });
        if let Some(at) = self.state.receiving.iter().position(|file| file.id == id) {
            self.is_changed = true;
            self.events.push_back(Event::Discard(self.state.receiving.remove(at), why));
        }
    }

    /// A text frame has come; false if the friend has done so much wrong that the call is not worth keeping.
    pub fn text(&mut self, frame: &[u8], now: Instant) -> bool {
        let taken = Frame::read(frame).and_then(|frame| self.frame(frame, now));
        self.judge(taken)
    }

    /// A binary frame has come; as for [`text`](Self::text).
    pub fn binary(&mut self, frame: &[u8]) -> bool {
        let taken = frame::read_piece(frame).and_then(|(id, offset, bytes)| self.piece(id, offset, bytes));
        self.judge(taken)
    }

    fn frame(&mut self, frame: Frame, now: Instant) -> Result<(), String> {
        match frame {
            Frame::Ping => Ok(()),
            Frame::Hello { stream } => self.hello(stream),
            Frame::Say { n, text } => self.said(n, text),
            Frame::Heard { n } => self.was_heard(n, now),
            Frame::File { id, name, size, sha256 } => self.offered(&id, &name, size, &sha256),
            Frame::Want { id, from } => self.ours(&id)?.wanted(from),
            Frame::Got { id, upto } => {
                let file = self.ours(&id)?;
                file.got(upto)?;
                let progress = Event::Progress { name: file.name.clone(), at: upto, size: file.size };
                self.events.push_back(progress);
                Ok(())
            }
            Frame::Done { id } => self.finished(&id).map(|file| self.events.push_back(Event::Sent(file))),
            Frame::Refuse { id, why } => {
                let why: String = why.chars().filter(|char| !char.is_control()).take(200).collect();
                self.finished(&id).map(|file| self.events.push_back(Event::Unwanted(file, why)))
            }
        }
    }

    fn hello(&mut self, stream: String) -> Result<(), String> {
        if !frame::is_id(&stream) {
            return Err("expected a stream of 16 hexadecimal digits".into());
        }
        if self.state.heard.0 != stream {
            self.state.heard = (stream, 0);
            self.is_changed = true;
        }
        Ok(())
    }

    /// Each message is shown once: one that is heard again is confirmed again, one that comes too early will come again.
    fn said(&mut self, n: u64, text: String) -> Result<(), String> {
        if text.len() > frame::MAX_SAID {
            return Err(format!("expected a message of at most {} bytes, found {}", frame::MAX_SAID, text.len()));
        }
        if self.state.heard.0.is_empty() {
            return Err("expected a hello before messages, found none".into());
        }
        if n == self.state.heard.1 + 1 {
            self.state.heard.1 = n;
            self.is_changed = true;
            self.events.push_back(Event::Message(text));
        }
        self.frames.push_back(Frame::Heard { n: self.state.heard.1 });
        Ok(())
    }

    fn was_heard(&mut self, n: u64, now: Instant) -> Result<(), String> {
        if n > self.state.last {
            return Err(format!("expected to hear of one of {} messages, found {n}", self.state.last));
        }
        let before = self.state.unheard.len();
        self.state.unheard.retain(|(number, _)| *number > n);
        if self.state.unheard.len() < before {
            self.is_changed = true;
            self.retry.reset();
            self.retry_at = (!self.state.unheard.is_empty()).then(|| now + self.retry.delay());
            self.events.push_back(Event::Delivered(n));
        }
        Ok(())
    }

    fn offered(&mut self, id: &str, name: &str, size: u64, sha256: &str) -> Result<(), String> {
        if self.state.done.iter().any(|done| done == id) {
            self.frames.push_back(Frame::Done { id: id.to_owned() });
            return Ok(());
        }
        if let Some(file) = self.state.receiving.iter().find(|file| file.id == id) {
            if !file.is_same(size, sha256) {
                self.refuse(id, "expected the file that was offered first, found another".into());
            } else if !file.is_checked {
                self.events.push_back(Event::Find(file.clone()));
            }
            return Ok(());
        }
        let refused = match Receiving::new(id, name, size, sha256, self.max_file) {
            Ok(_) if self.state.receiving.len() >= MAX_RECEIVING => {
                format!("expected at most {MAX_RECEIVING} files at once, found one more")
            }
            Ok(file) => {
                self.is_changed = true;
                self.state.receiving.push(file.clone());
                self.events.push_back(Event::Find(file));
                return Ok(());
            }
            Err(why) => why,
        };
        let id = id.chars().take(frame::ID_LEN).collect();
        self.frames.push_back(Frame::Refuse { id, why: refused.clone() });
        Err(format!("the friend's file was refused: {refused}"))
    }

    fn piece(&mut self, id: &str, offset: u64, bytes: &[u8]) -> Result<(), String> {
        // Pieces of a file that was refused may still be on their way.
        let Some(file) = self.state.receiving.iter_mut().find(|file| file.id == id) else { return Ok(()) };
        match file.take(offset, bytes.len()) {
            Ok(()) => self.events.push_back(Event::Write { id: id.to_owned(), offset, bytes: bytes.to_vec() }),
            Err(why) => self.refuse(id, why),
        }
        Ok(())
    }

    fn check_if_whole(&mut self, id: &str) {
        if let Some(file) = self.state.receiving.iter_mut().find(|file| file.id == id) {
            if file.is_whole() && !file.is_checked {
                file.is_checked = true;
                self.events.push_back(Event::Check(file.clone()));
            }
        }
    }

    fn ours(&mut self, id: &str) -> Result<&mut Sending, String> {
        let file = self.state.sending.iter_mut().find(|file| file.id == id);
        file.ok_or_else(|| "expected a file that was offered, found another".into())
    }

    fn finished(&mut self, id: &str) -> Result<Sending, String> {
        self.ours(id)?;
        let at = self.state.sending.iter().position(|file| file.id == id).unwrap_or_default();
        self.is_changed = true;
        Ok(self.state.sending.remove(at))
    }

    fn say_again(&mut self, at_most: usize, now: Instant) {
        let unheard = self.state.unheard.iter().take(at_most).map(|(n, text)| Frame::Say { n: *n, text: text.clone() });
        self.frames.extend(unheard);
        self.retry_at = (!self.state.unheard.is_empty()).then(|| now + self.retry.delay());
    }

    fn judge(&mut self, taken: Result<(), String>) -> bool {
        if let Err(wrong) = taken {
            self.wrong += 1;
            self.events.push_back(Event::Wrong(wrong));
        }
        self.wrong < MAX_WRONG
    }
}

const MAX_UNHEARD: usize = 1000;
/// How many of them are said again on a channel that is open, where they should have arrived.
const AGAIN: usize = 16;
const MAX_RECEIVING: usize = 4;
const MAX_DONE: usize = 64;
/// Frames on one call that break a rule, before it is given up.
const MAX_WRONG: u32 = 10;

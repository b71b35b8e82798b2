//! What one side sends: framed, compressed, in fragments, and in order.

use alloc::boxed::Box;

use super::Config;
use super::compressor::Compressor;
use super::queue::Queue;
use super::replies::Replies;
use super::shared::{self, Frame};
use super::waiting::{Later, Waiting, fragment};
use crate::connection::ServerRole;
use crate::{CloseFrame, Connection, Message, OwnedMessage, Part, Prepared, Role, SendError, State};

/// The output, and what is not framed yet.
///
/// What is sent while received messages are being taken counts as an answer. Answers above the high-water mark stop the reading, so that a
/// peer that reads nothing can't make the output grow. What the application sends of its own accord does not: two ends that both send much,
/// and both stopped reading for it, would wait for each other.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) queue: Queue,
    waiting: Option<Box<Waiting>>,
    compressor: Compressor,
    max_fragment_len: usize,
    /// How many of the bytes that wait are no answers. Answers count as written first, whatever their place, so that one number is enough:
    /// then no more waits than the mark allows, besides what the application has sent of its own accord.
    own_len: usize,
    /// Received messages are being taken.
    answering: bool,
}

/// Up to this length a frame that others send, too, is copied: a reference takes as much.
const COPIED_LEN: usize = 64;

impl Outgoing {
    pub(super) fn new<D>(queue: Queue, config: &Config<D>) -> Self {
        Self {
            queue,
            waiting: None,
            compressor: Compressor::new(config),
            // A fragment of text holds at least one code point.
            max_fragment_len: config.max_fragment_len.max(4),
            own_len: 0,
            answering: false,
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.waiting.is_none()
    }

    /// How many bytes wait, framed or not.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.queue.len().saturating_add(self.waiting.as_ref().map_or(0, |waiting| waiting.len()))
    }

    /// How many of them are answers.
    #[inline]
    pub(super) fn answers_len(&self) -> usize {
        self.len().saturating_sub(self.own_len)
    }

    /// Takes note whether a received message was found, so that what is sent until none is found counts as an answer.
    #[inline]
    pub(super) fn found(&mut self, message: bool) {
        self.answering = message;
    }

    /// Takes note of what was sent since `before` bytes waited.
    #[inline]
    fn sent_since(&mut self, before: usize) {
        if !self.answering {
            self.own_len = self.own_len.saturating_add(self.len().saturating_sub(before));
        }
    }

    #[inline]
    pub(super) fn send<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: Message<'_>,
    ) -> Result<(), SendError> {
        if self.waiting.is_some() || message.payload().len() > self.max_fragment_len {
            return self.send_long(connection, message);
        }
        let frames = self.queue.frames();
        let before = frames.len();
        self.compressor.frame(connection, message, Part::Whole, frames)?;
        if !self.answering {
            self.own_len = self.own_len.saturating_add(frames.len().saturating_sub(before));
        }
        Ok(())
    }

    /// What is long, or waits for others.
    fn send_long<R: Role>(&mut self, connection: &mut Connection<R>, message: Message<'_>) -> Result<(), SendError> {
        if self.waiting.is_some() || self.compressor.compresses(connection) {
            return self.send_owned(connection, message.into());
        }
        let before = self.len();
        let mut start = Some(0);
        while let Some(from) = start {
            start = self.frame_next(connection, message, from)?;
        }
        self.sent_since(before);
        Ok(())
    }

    /// Frames the fragment that begins at the byte `start`, and says where the next one begins.
    pub(super) fn send_piece<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: Message<'_>,
        start: usize,
    ) -> Result<Option<usize>, SendError> {
        if self.waiting.is_some() && start == 0 {
            self.send_owned(connection, message.into())?;
            return Ok(None);
        }
        let before = self.len();
        let next = self.frame_next(connection, message, start)?;
        self.sent_since(before);
        Ok(next)
    }

    pub(super) fn send_owned<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: OwnedMessage,
    ) -> Result<(), SendError> {
        self.send_later(connection, Later::Owned(message))
    }

    pub(super) fn send_vectored<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: OwnedMessage,
    ) -> Result<(), SendError> {
        self.send_later(connection, Later::Vectored(message.into()))
    }

    fn send_later<R: Role>(&mut self, connection: &mut Connection<R>, message: Later) -> Result<(), SendError> {
        self.expect_between_messages(connection)?;
        let before = self.len();
        self.waiting.get_or_insert_default().push(message);
        self.sent_since(before);
        self.go_on(connection, connection.high_water_mark());
        Ok(())
    }

    pub(super) fn send_prepared<R: ServerRole>(
        &mut self,
        connection: &mut Connection<R>,
        message: &Prepared,
    ) -> Result<(), SendError> {
        self.expect_between_messages(connection)?;
        let before = self.len();
        match &mut self.waiting {
            Some(waiting) => waiting.push(Later::Prepared(message.clone())),
            None => self.refer(connection, message)?,
        }
        self.sent_since(before);
        Ok(())
    }

    /// Queues a reference to a frame, or a copy of it where that is smaller.
    fn refer<R: Role>(&mut self, connection: &mut Connection<R>, message: &Prepared) -> Result<(), SendError> {
        let form = connection.admit_prepared(message, !self.compressor.is_on())?;
        let frame = message.frame(form);
        if frame.len() <= COPIED_LEN {
            self.queue.frames().extend_from_slice(frame);
        } else {
            self.queue.push_shared(Frame::Prepared(message.clone(), form));
        }
        Ok(())
    }

    pub(super) fn ping<R: Role>(&mut self, connection: &mut Connection<R>, payload: &[u8]) -> Result<(), SendError> {
        let before = self.len();
        connection.ping(payload, &mut Replies(&mut self.queue))?;
        self.sent_since(before);
        Ok(())
    }

    pub(super) fn close<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        frame: CloseFrame,
    ) -> Result<(), SendError> {
        if self.waiting.is_some() {
            self.expect_open(connection)?;
        }
        match &mut self.waiting {
            Some(waiting) => waiting.close = Some(frame),
            None => {
                connection.close(frame)?;
                self.write_control(connection);
            }
        }
        Ok(())
    }

    /// The first `n` bytes that waited were written: goes on with what waited for room.
    #[inline]
    pub(super) fn written<R: Role>(&mut self, connection: &mut Connection<R>, n: usize) {
        self.queue.written(n);
        if connection.wants_write() {
            self.write_control(connection);
        }
        if self.waiting.is_some() {
            self.go_on(connection, connection.high_water_mark());
        }
        if self.own_len > 0 {
            self.own_len = self.own_len.min(self.len());
        }
    }

    /// Writes the Pong or the Close that waits in the connection, if there is room.
    fn write_control<R: Role>(&mut self, connection: &mut Connection<R>) {
        // What finds no room goes on waiting there.
        let _ = connection.write_control(&mut Replies(&mut self.queue));
    }

    /// Frames what waits, while less than `mark` bytes are framed, and the Close after it.
    fn go_on<R: Role>(&mut self, connection: &mut Connection<R>, mark: usize) {
        if let Some(mut waiting) = self.waiting.take() {
            if !self.frame_waiting(connection, &mut waiting, mark) {
                self.waiting = Some(waiting);
            } else if let Some(frame) = waiting.close {
                // The peer's Close may have come first.
                let _ = connection.close(frame);
                self.write_control(connection);
            }
        }
    }

    /// Whether nothing waits any more.
    fn frame_waiting<R: Role>(&mut self, connection: &mut Connection<R>, waiting: &mut Waiting, mark: usize) -> bool {
        while let Some((message, framed)) = waiting.front() {
            if self.queue.len() >= mark {
                return false;
            }
            let framed = match message {
                Later::Owned(message) => self.frame_next(connection, message.into(), framed),
                Later::Vectored(message) => self.refer_next(connection, message, framed),
                Later::Prepared(message) => self.refer(connection, message).map(|()| None),
                Later::Framed(frames) => {
                    self.queue.frames().extend_from_slice(frames);
                    Ok(None)
                }
            };
            match framed {
                Ok(Some(end)) => waiting.framed_up_to(end),
                Ok(None) => waiting.pop(),
                // §5.5.1: nothing can be sent any more.
                Err(_) => waiting.clear(),
            }
        }
        true
    }

    /// Frames the fragment that begins at the byte `start`, and says where the next one begins.
    fn frame_next<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: Message<'_>,
        start: usize,
    ) -> Result<Option<usize>, SendError> {
        let Some((fragment, part)) = fragment(message, start, self.max_fragment_len) else { return Ok(None) };
        self.compressor.frame(connection, fragment, part, self.queue.frames())?;
        Ok((!part.is_last()).then_some(start.saturating_add(fragment.payload().len())))
    }

    /// The same, by a reference to the message where its bytes go out as they are.
    fn refer_next<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: &shared::Message,
        start: usize,
    ) -> Result<Option<usize>, SendError> {
        if Connection::<R>::masks() || self.compressor.compresses(connection) {
            return self.frame_next(connection, (&**message).into(), start);
        }
        let Some((fragment, part)) = fragment((&**message).into(), start, self.max_fragment_len) else {
            return Ok(None);
        };
        let end = start.saturating_add(fragment.payload().len());
        let header = connection.announce(fragment.kind(), fragment.payload_len(), part)?;
        self.queue.push_shared(Frame::Part(header, message.clone(), start..end));
        Ok((!part.is_last()).then_some(end))
    }

    /// Gives back what is not needed while nothing is sent.
    pub(super) fn hibernate(&mut self) {
        self.queue.hibernate();
        if self.waiting.is_none() {
            self.compressor.hibernate();
        }
    }

    /// Frames all that waits: the fragments of a message are all compressed or all not, and no message is compressed before one that goes
    /// out earlier.
    pub(super) fn frame_all<R: Role>(&mut self, connection: &mut Connection<R>) {
        self.go_on(connection, usize::MAX);
    }

    /// Another compresses from now on what is sent, in the place of this one, if this one did.
    pub(super) fn lend_compressor(&mut self, other: &mut Self) {
        other.compressor.turn(self.compressor.is_on());
        self.compressor.turn(false);
    }

    /// Takes back what was lent, with the history of the other.
    pub(super) fn take_compressor(&mut self, other: Self) {
        if other.compressor.is_on() {
            self.compressor = other.compressor;
        }
    }

    /// Takes over what another has framed; where messages still wait here, it goes out after them. It counts as no answer.
    pub(super) fn append<R: Role>(&mut self, connection: &Connection<R>, other: &mut Self) -> Result<(), SendError> {
        let frames = other.queue.frames();
        let admitted = self.expect_between_messages(connection);
        if let Err(SendError::OutOfSequence(_)) = admitted {
            // The frames can go out later, and those that come after them may refer to them.
            return admitted;
        }
        if admitted.is_ok() {
            self.own_len = self.own_len.saturating_add(frames.len());
            match &mut self.waiting {
                Some(waiting) => waiting.push(Later::Framed(core::mem::take(frames))),
                None => self.queue.append(frames),
            }
        }
        frames.clear();
        admitted
    }

    /// Whether a whole message may come after all that was sent: not inside one that is sent in pieces (§5.4).
    fn expect_between_messages<R: Role>(&self, connection: &Connection<R>) -> Result<(), SendError> {
        match self.waiting {
            // The message that waits first may be under way.
            Some(_) => self.expect_open(connection),
            None => connection.expect_between_messages(),
        }
    }

    fn expect_open<R: Role>(&self, connection: &Connection<R>) -> Result<(), SendError> {
        let closes = self.waiting.as_ref().is_some_and(|waiting| waiting.close.is_some());
        match connection.state() {
            State::Open if closes => Err(SendError::NotOpen { state: State::CloseSent }),
            State::Open => Ok(()),
            state @ (State::CloseSent | State::CloseReceived | State::Closed) => Err(SendError::NotOpen { state }),
        }
    }
}

//! What one side sends: framed, compressed, in fragments, and in order.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::Config;
use super::queue::Queue;
use super::replies::Replies;
use crate::connection::ServerRole;
#[cfg(feature = "deflate")]
use crate::extension::deflate::{Deflater, Effort};
use crate::{CloseFrame, Connection, Message, OwnedMessage, Part, Prepared, PreparedForm, Role, SendError, State};

/// The output, and what is not framed yet.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) queue: Queue,
    waiting: Option<Box<Waiting>>,
    #[cfg(feature = "deflate")]
    deflater: Option<Box<Deflater>>,
    #[cfg(feature = "deflate")]
    effort: Effort,
    /// Whether messages are compressed here, if that was agreed on.
    #[cfg(feature = "deflate")]
    compresses: bool,
    max_fragment_len: usize,
}

/// Up to this length a frame that others send, too, is copied: a reference takes as much.
const COPIED_LEN: usize = 64;

/// What is framed only when less than the high-water mark waits to be written.
#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Later>,
    /// How many bytes of the first of them were framed.
    framed: usize,
    /// What goes out after the last of them.
    close: Option<CloseFrame>,
}

/// A message that is framed later.
#[derive(Debug)]
enum Later {
    Owned(OwnedMessage),
    Prepared(Prepared),
    /// Whole frames.
    Framed(Vec<u8>),
}

impl Outgoing {
    pub(super) fn new<D>(queue: Queue, config: &Config<D>) -> Self {
        Self {
            queue,
            waiting: None,
            #[cfg(feature = "deflate")]
            deflater: None,
            #[cfg(feature = "deflate")]
            effort: config.effort,
            #[cfg(feature = "deflate")]
            compresses: true,
            // A fragment of text holds at least one code point.
            max_fragment_len: config.max_fragment_len.max(4),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.waiting.is_none()
    }

    /// How many bytes wait, framed or not.
    pub(super) fn len(&self) -> usize {
        self.queue.len().saturating_add(self.waiting.as_ref().map_or(0, |waiting| waiting.len()))
    }

    #[inline]
    pub(super) fn send<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: Message<'_>,
    ) -> Result<(), SendError> {
        if self.waiting.is_none() && message.payload().len() <= self.max_fragment_len {
            return self.frame(connection, message, Part::Whole);
        }
        self.send_long(connection, message)
    }

    fn send_long<R: Role>(&mut self, connection: &mut Connection<R>, message: Message<'_>) -> Result<(), SendError> {
        if self.waiting.is_some() || self.compresses(connection) {
            return self.send_owned(connection, message.into());
        }
        let mut start = Some(0);
        while let Some(from) = start {
            start = self.frame_next(connection, message, from)?;
        }
        Ok(())
    }

    pub(super) fn send_owned<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: OwnedMessage,
    ) -> Result<(), SendError> {
        self.expect_open(connection)?;
        self.waiting.get_or_insert_default().messages.push_back(Later::Owned(message));
        self.go_on(connection);
        Ok(())
    }

    pub(super) fn send_prepared<R: ServerRole>(
        &mut self,
        connection: &mut Connection<R>,
        message: &Prepared,
    ) -> Result<(), SendError> {
        self.expect_open(connection)?;
        if let Some(waiting) = &mut self.waiting {
            waiting.messages.push_back(Later::Prepared(message.clone()));
            return Ok(());
        }
        self.refer(connection, message)
    }

    /// Queues a reference to a frame, or a copy of it where that is smaller.
    fn refer<R: Role>(&mut self, connection: &mut Connection<R>, message: &Prepared) -> Result<(), SendError> {
        let form = connection.admit_prepared(message)?;
        let frame = message.frame(form);
        if frame.len() <= COPIED_LEN {
            self.queue.frames().extend_from_slice(frame);
        } else {
            self.queue.push_shared(message.clone(), form);
        }
        Ok(())
    }

    pub(super) fn ping<R: Role>(&mut self, connection: &mut Connection<R>, payload: &[u8]) -> Result<(), SendError> {
        connection.ping(payload, &mut Replies(&mut self.queue))
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

    /// Writes the Pong or the Close that waits in the connection, if there is room.
    pub(super) fn write_control<R: Role>(&mut self, connection: &mut Connection<R>) {
        // What finds no room goes on waiting there.
        let _ = connection.write_control(&mut Replies(&mut self.queue));
    }

    /// Frames what waits, up to the high-water mark, and the Close after it.
    #[inline]
    pub(super) fn go_on<R: Role>(&mut self, connection: &mut Connection<R>) {
        if let Some(mut waiting) = self.waiting.take() {
            if !self.frame_waiting(connection, &mut waiting) {
                self.waiting = Some(waiting);
            } else if let Some(frame) = waiting.close {
                // The peer's Close may have come first.
                let _ = connection.close(frame);
                self.write_control(connection);
            }
        }
    }

    /// Whether nothing waits any more.
    fn frame_waiting<R: Role>(&mut self, connection: &mut Connection<R>, waiting: &mut Waiting) -> bool {
        while let Some(message) = waiting.messages.front() {
            if self.queue.len() >= connection.high_water_mark() {
                return false;
            }
            let framed = match message {
                Later::Owned(message) => self.frame_next(connection, message.into(), waiting.framed),
                Later::Prepared(message) => self.refer(connection, message).map(|()| None),
                Later::Framed(frames) => {
                    self.queue.frames().extend_from_slice(frames);
                    Ok(None)
                }
            };
            match framed {
                Ok(Some(framed)) => waiting.framed = framed,
                Ok(None) => {
                    waiting.framed = 0;
                    waiting.messages.pop_front();
                }
                // §5.5.1: nothing can be sent any more.
                Err(_) => waiting.messages.clear(),
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
        self.frame(connection, fragment, part)?;
        Ok((!part.is_last()).then_some(start.saturating_add(fragment.payload().len())))
    }

    /// Gives back what is not needed while nothing is sent.
    pub(super) fn hibernate(&mut self) {
        self.queue.hibernate();
        #[cfg(feature = "deflate")]
        if self.waiting.is_none() {
            // The next message is compressed without the history of the earlier ones, which its receiver need not know.
            self.deflater = None;
        }
    }

    /// Messages are compressed elsewhere from now on.
    pub(super) fn send_uncompressed(&mut self) {
        #[cfg(feature = "deflate")]
        {
            self.compresses = false;
        }
    }

    /// Takes over what another has framed; where messages still wait here, it goes out after them.
    pub(super) fn append<R: Role>(&mut self, connection: &Connection<R>, other: &mut Self) -> Result<(), SendError> {
        let frames = other.queue.frames();
        let open = self.expect_open(connection);
        match &mut self.waiting {
            _ if open.is_err() => {}
            Some(waiting) => waiting.messages.push_back(Later::Framed(frames.clone())),
            None => self.queue.frames().extend_from_slice(frames),
        }
        frames.clear();
        open
    }

    #[cfg(feature = "deflate")]
    fn compresses<R: Role>(&self, connection: &Connection<R>) -> bool {
        self.compresses && connection.deflate().is_some()
    }

    #[cfg(not(feature = "deflate"))]
    fn compresses<R: Role>(&self, _: &Connection<R>) -> bool {
        false
    }

    fn expect_open<R: Role>(&self, connection: &Connection<R>) -> Result<(), SendError> {
        let closes = self.waiting.as_ref().is_some_and(|waiting| waiting.close.is_some());
        match connection.state() {
            State::Open if closes => Err(SendError::NotOpen { state: State::CloseSent }),
            State::Open => Ok(()),
            state @ (State::CloseSent | State::CloseReceived | State::Closed) => Err(SendError::NotOpen { state }),
        }
    }

    #[cfg(feature = "deflate")]
    #[inline]
    fn frame<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: Message<'_>,
        part: Part,
    ) -> Result<(), SendError> {
        if self.compresses(connection) {
            return self.compress(connection, message, part);
        }
        connection.send_part(message, part, self.queue.frames())
    }

    #[cfg(feature = "deflate")]
    fn compress<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: Message<'_>,
        part: Part,
    ) -> Result<(), SendError> {
        if self.deflater.is_none() {
            self.deflater = connection.deflater(self.effort).map(Box::new);
        }
        match &mut self.deflater {
            Some(deflater) if part == Part::Whole => connection.send_compressed(message, deflater, self.queue.frames()),
            Some(deflater) => connection.send_compressed_part(message, part, deflater, self.queue.frames()),
            None => connection.send_part(message, part, self.queue.frames()),
        }
    }

    #[cfg(not(feature = "deflate"))]
    #[inline]
    fn frame<R: Role>(
        &mut self,
        connection: &mut Connection<R>,
        message: Message<'_>,
        part: Part,
    ) -> Result<(), SendError> {
        connection.send_part(message, part, self.queue.frames())
    }
}

impl Waiting {
    fn len(&self) -> usize {
        let lens = self.messages.iter().map(|message| match message {
            Later::Owned(message) => message.payload().len(),
            Later::Prepared(message) => message.frame(PreparedForm::Plain).len(),
            Later::Framed(frames) => frames.len(),
        });
        let len = lens.fold(0, usize::saturating_add);
        len.saturating_sub(self.framed)
    }
}

/// The fragment of `message` that begins at the byte `start`, and which part it is; `None` if none begins there.
fn fragment(message: Message<'_>, start: usize, max_len: usize) -> Option<(Message<'_>, Part)> {
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

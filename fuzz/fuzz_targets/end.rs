//! One of two endpoints, beside a model of it: what may be sent, what was said and heard, when what is due.

use std::collections::VecDeque;

use websocket_proto::extension::deflate::{Deflater, Effort, Inflater};
use websocket_proto::wire::MessageKind;
use websocket_proto::{
    CloseFrame, Connection, Ending, Event, Incoming, Message, Messages, Part, Role, SendError, State, Timeout,
    Timeouts, Timers, Transport,
};

use super::pipe::{Pipe, frames};

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Said {
    Message(MessageKind, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Vec<u8>),
}

/// An endpoint without its role.
pub trait Peer {
    fn send(&mut self, message: Message<'_>, part: Part);
    fn send_compressed(&mut self, message: Message<'_>, part: Part);
    fn ping(&mut self, payload: &[u8], ping: bool);
    fn close(&mut self, frame: CloseFrame);
    fn set_room(&mut self, room: usize);
    fn write(&mut self, len: usize);
    fn take_written(&mut self, len: usize) -> Vec<u8>;
    fn receive(&mut self, bytes: Vec<u8>, now: u64);
    fn wait(&mut self, now: u64);
    fn shut(&mut self);
    fn is_shut(&self) -> bool;
    fn transport(&self) -> Transport;
    fn eof(&mut self) -> Ending;
    fn expected_ending(&self) -> Ending;
    fn said(&self) -> &[Said];
    fn heard(&self) -> &[Said];
    fn owed(&self) -> &VecDeque<Vec<u8>>;
}

pub struct End<R: Role> {
    connection: Connection<R>,
    messages: Option<Messages>,
    /// Where compression was agreed on; the second for an end that puts no messages together.
    deflater: Option<Deflater>,
    inflater: Option<Inflater>,
    out: Pipe,
    /// On its way to the other side.
    wire: VecDeque<u8>,
    shut: bool,
    /// The message being sent, and the one being received.
    sending: Option<(MessageKind, Vec<u8>)>,
    sending_compressed: bool,
    receiving: Option<(MessageKind, Vec<u8>)>,
    said: Vec<Said>,
    heard: Vec<Said>,
    /// Pings that were not answered, nor a newer one.
    owed: VecDeque<Vec<u8>>,
    close_written: bool,
    timers: Timers<u64, u64>,
    now: u64,
    last_sign: u64,
    first_close: Option<u64>,
}

fn timeouts() -> Timeouts<u64> {
    Timeouts::none().with_handshake(50).with_idle(300).with_pong(200).with_close(400)
}

impl<R: Role> End<R> {
    pub fn new(connection: Connection<R>, whole_messages: bool, effort: Effort) -> Self {
        let mut timers = Timers::new(timeouts(), 0);
        timers.opened(0);
        Self {
            deflater: connection.deflater(effort),
            inflater: connection.inflater(),
            connection,
            messages: whole_messages.then(Messages::new),
            out: Pipe::new(1000),
            wire: VecDeque::new(),
            shut: false,
            sending: None,
            sending_compressed: false,
            receiving: None,
            said: Vec::new(),
            heard: Vec::new(),
            owed: VecDeque::new(),
            close_written: false,
            timers,
            now: 0,
            last_sign: 0,
            first_close: None,
        }
    }

    /// Notes the control frames that the connection has appended by itself, and what time it is for it.
    fn observe(&mut self) {
        let appended = self.out.appended();
        for (first, payload) in frames(&appended) {
            match first {
                0x8a => {
                    // It answers the newest Ping, and with it those before.
                    let newest = self.owed.iter().rposition(|owed| *owed == payload);
                    assert!(newest.is_some(), "a Pong that nobody asked for");
                    self.owed.drain(..=newest.unwrap_or(0));
                    self.said.push(Said::Pong(payload));
                }
                0x88 => {
                    assert!(!self.close_written, "one Close");
                    self.close_written = true;
                    self.said.push(Said::Close(payload));
                }
                _ => panic!("{first:#x} by itself"),
            }
        }
        let state = self.connection.state();
        assert_eq!(self.connection.failure(), None, "neither side ever breaks a rule");
        if state != State::Open {
            self.first_close.get_or_insert(self.now);
        }
        self.timers.observe(state, self.now);
    }

    /// What a call that sends has to answer, were there room; `message` is none for a control frame.
    fn may_send(&self, message: Option<(MessageKind, Part)>, compressed: bool) -> Result<(), &'static str> {
        if self.connection.state() != State::Open {
            return Err("NotOpen");
        }
        match (message, &self.sending) {
            (None, _) => Ok(()),
            (Some((_, part)), None) if !part.is_first() => Err("OutOfSequence"),
            (Some((_, part)), Some(_)) if part.is_first() => Err("OutOfSequence"),
            (Some((kind, _)), Some((begun, _))) if kind != *begun => Err("OtherKind"),
            (Some(_), Some(_)) if compressed != self.sending_compressed => Err("OtherForm"),
            (Some(_), _) => Ok(()),
        }
    }

    /// Compares what a call that sends has answered, and says whether it has sent.
    fn judge(&mut self, may: Result<(), &'static str>, answer: Result<(), SendError>) -> bool {
        let appended = self.out.appended();
        match answer {
            Ok(()) => {
                assert_eq!(may, Ok(()));
                assert_eq!(frames(&appended).len(), 1, "one call, one frame");
                return true;
            }
            Err(SendError::OutputFull(full)) => {
                assert_eq!(may, Ok(()));
                assert!(full.needed > full.room && full.room == self.out.room);
            }
            Err(SendError::NotOpen { .. }) => assert_eq!(may, Err("NotOpen")),
            Err(SendError::OutOfSequence(_)) => assert_eq!(may, Err("OutOfSequence")),
            Err(SendError::OtherKind { .. }) => assert_eq!(may, Err("OtherKind")),
            Err(SendError::OtherForm { .. }) => assert_eq!(may, Err("OtherForm")),
            Err(SendError::ControlTooLong { .. }) => assert_eq!(may, Err("ControlTooLong")),
            Err(error) => panic!("{error}"),
        }
        assert!(appended.is_empty(), "what fails writes nothing");
        false
    }

    fn next(&mut self, input: &mut &mut [u8]) -> bool {
        let said = if let Some(messages) = &mut self.messages {
            match messages.next(&mut self.connection, input, &mut self.out).expect("no rule is broken") {
                None => return false,
                Some(Incoming::Text(text)) => Some(Said::Message(MessageKind::Text, text.as_bytes().to_vec())),
                Some(Incoming::Binary(bytes)) => Some(Said::Message(MessageKind::Binary, bytes.to_vec())),
                Some(Incoming::Ping(payload)) => Some(Said::Ping(payload.to_vec())),
                Some(Incoming::Pong(payload)) => Some(Said::Pong(payload.to_vec())),
                Some(Incoming::Close(frame)) => Some(Said::Close(frame.payload().as_bytes().to_vec())),
                Some(incoming) => panic!("{incoming:?}"),
            }
        } else {
            match self.connection.receive(input).expect("no rule is broken") {
                None => return false,
                Some(Event::Text(text, part)) => self.receiving.add(MessageKind::Text, text.as_bytes(), part),
                Some(Event::Char(char, part)) => {
                    self.receiving.add(MessageKind::Text, char.to_string().as_bytes(), part)
                }
                Some(Event::Binary(bytes, part)) => self.receiving.add(MessageKind::Binary, bytes, part),
                Some(Event::Compressed(kind, bytes, part)) => {
                    let inflater = self.inflater.as_mut().expect("agreed on");
                    let (mut compressed, mut plain) = (&*bytes, Vec::new());
                    while let Some(piece) =
                        inflater.inflate(&mut compressed, part.is_last(), usize::MAX).expect("no rule is broken")
                    {
                        plain.extend_from_slice(piece);
                    }
                    self.receiving.add(kind, &plain, part)
                }
                Some(Event::Ping) => Some(Said::Ping(self.connection.control_payload().as_bytes().to_vec())),
                Some(Event::Pong) => Some(Said::Pong(self.connection.control_payload().as_bytes().to_vec())),
                Some(Event::Close) => {
                    let frame = self.connection.peer_close().expect("the Close that the event tells of");
                    Some(Said::Close(frame.payload().as_bytes().to_vec()))
                }
                Some(event) => panic!("{event:?}"),
            }
        };
        if let Some(said) = said {
            assert!(!matches!(self.heard.last(), Some(Said::Close(_))), "{said:?} after a Close");
            match &said {
                Said::Ping(payload) if self.connection.state() == State::Open => self.owed.push_back(payload.clone()),
                _ => {}
            }
            self.heard.push(said);
        }
        true
    }
}

impl<R: Role> Peer for End<R> {
    fn send(&mut self, message: Message<'_>, part: Part) {
        let may = self.may_send(Some((message.kind(), part)), false);
        let answer = self.connection.send_part(message, part, &mut self.out);
        if self.judge(may, answer) {
            self.sending_compressed = false;
            self.said.extend(self.sending.add(message.kind(), message.payload(), part));
        }
    }

    fn send_compressed(&mut self, message: Message<'_>, part: Part) {
        let may = self.may_send(Some((message.kind(), part)), true);
        let Some(deflater) = &mut self.deflater else { return self.send(message, part) };
        let answer = self.connection.send_compressed_part(message, part, deflater, &mut self.out);
        if self.judge(may, answer) {
            self.sending_compressed = true;
            self.said.extend(self.sending.add(message.kind(), message.payload(), part));
        }
    }

    fn ping(&mut self, payload: &[u8], ping: bool) {
        let too_long = if payload.len() > 125 { Err("ControlTooLong") } else { Ok(()) };
        let may = self.may_send(None, false).and(too_long);
        let (answer, said) = if ping {
            (self.connection.ping(payload, &mut self.out), Said::Ping(payload.to_vec()))
        } else {
            (self.connection.pong(payload, &mut self.out), Said::Pong(payload.to_vec()))
        };
        if self.judge(may, answer) {
            self.said.push(said);
        }
    }

    fn close(&mut self, frame: CloseFrame) {
        let may = matches!(self.connection.state(), State::Open | State::CloseReceived);
        assert_eq!(self.connection.close(frame).is_ok(), may);
        self.observe();
    }

    fn set_room(&mut self, room: usize) {
        self.out.room = room;
    }

    /// First what the connection wants to send, then as much as the transport takes.
    fn write(&mut self, len: usize) {
        if self.connection.write_control(&mut self.out).is_ok() {
            assert!(!self.connection.wants_write());
        }
        self.observe();
        let bytes = self.out.take(len);
        if !self.shut {
            self.wire.extend(bytes);
        }
    }

    fn take_written(&mut self, len: usize) -> Vec<u8> {
        self.wire.drain(..len.min(self.wire.len())).collect()
    }

    fn receive(&mut self, mut bytes: Vec<u8>, now: u64) {
        if !bytes.is_empty() {
            self.timers.received(now);
            self.last_sign = now;
        }
        let mut input = &mut bytes[..];
        while self.next(&mut input) {
            self.observe();
        }
        self.observe();
        assert!(input.is_empty(), "drained");
    }

    fn wait(&mut self, now: u64) {
        self.now = now;
        while let Some(deadline) = self.timers.deadline() {
            let expired = self.timers.expired(now);
            assert_eq!(expired.is_some(), deadline <= now);
            match expired {
                None => break,
                Some(Timeout::Handshake) => panic!("the handshake is done"),
                Some(Timeout::Idle) => {
                    assert!(self.first_close.is_none() && now - self.last_sign >= 300);
                    self.ping(b"are you there?", true);
                }
                Some(Timeout::Pong) => {
                    assert!(self.first_close.is_none() && now - self.last_sign >= 500);
                    self.shut();
                }
                Some(Timeout::Close) => {
                    assert!(self.first_close.is_some_and(|begun| now - begun >= 400));
                    self.shut();
                }
                Some(timeout) => panic!("{timeout:?} was not asked for"),
            }
        }
    }

    fn shut(&mut self) {
        self.shut = true;
    }

    fn is_shut(&self) -> bool {
        self.shut
    }

    fn transport(&self) -> Transport {
        self.connection.transport()
    }

    fn eof(&mut self) -> Ending {
        let ending = self.connection.receive_eof();
        assert_eq!((ending, self.connection.state()), (self.connection.receive_eof(), State::Closed));
        ending
    }

    /// §7.1.4: cleanly, if both Close frames have passed.
    fn expected_ending(&self) -> Ending {
        let heard_close = matches!(self.heard.last(), Some(Said::Close(_)));
        if heard_close && self.close_written { Ending::Clean } else { Ending::Unclean }
    }

    fn said(&self) -> &[Said] {
        &self.said
    }

    fn heard(&self) -> &[Said] {
        &self.heard
    }

    fn owed(&self) -> &VecDeque<Vec<u8>> {
        &self.owed
    }
}

/// A message in the making.
trait InParts {
    fn add(&mut self, kind: MessageKind, bytes: &[u8], part: Part) -> Option<Said>;
}

impl InParts for Option<(MessageKind, Vec<u8>)> {
    fn add(&mut self, kind: MessageKind, bytes: &[u8], part: Part) -> Option<Said> {
        assert_eq!(part.is_first(), self.is_none());
        let (begun, so_far) = self.get_or_insert((kind, Vec::new()));
        assert_eq!(*begun, kind);
        so_far.extend(bytes);
        if !part.is_last() {
            return None;
        }
        self.take().map(|(kind, bytes)| Said::Message(kind, bytes))
    }
}

//! One end and the owner of its transport, who does what the status says.

use std::collections::VecDeque;

use websocket_proto::endpoint::{Config, Endpoint, Failure, Framer, Opening, Status};
use websocket_proto::extension::deflate::{Compression, Deflater, Effort};
use websocket_proto::{CloseCode, OwnedMessage, Prepared, Role, SendError};

/// Compressed where that was agreed on.
fn broadcast(message: &OwnedMessage) -> Prepared {
    let mut deflater = Deflater::new(Compression::DEFAULT.with_context_takeover(false), Effort::FAST);
    Prepared::compressed(message, &mut deflater).unwrap()
}

/// One direction of a transport.
#[derive(Default)]
pub struct Pipe {
    pub bytes: VecDeque<u8>,
    pub capacity: usize,
    /// How much was written and read so far.
    pub written: usize,
    /// Nothing more is written.
    pub ended: bool,
    /// Nothing more is read: what is written is lost.
    pub dead: bool,
}

impl Pipe {
    fn write(&mut self, bytes: &[u8]) {
        self.written += bytes.len();
        if !self.dead {
            self.bytes.extend(bytes);
        }
    }

    fn room(&self) -> usize {
        if self.dead { usize::MAX } else { self.capacity.saturating_sub(self.bytes.len()) }
    }

    fn read(&mut self, place: &mut [u8]) {
        self.written += place.len();
        let len = place.len();
        place.iter_mut().zip(self.bytes.drain(..len)).for_each(|(to, from)| *to = from);
    }
}

/// How an opening goes on.
type Next<S, R> = fn(&mut Opening<S, u64, u64>) -> Option<Endpoint<R, u64, u64>>;
/// How an endpoint sends a message that was prepared, where its role can.
type SendPrepared<R> = fn(&mut Endpoint<R, u64, u64>, &Prepared) -> Result<(), SendError>;

/// Before the handshake is done, and after.
pub enum Machine<S, R: Role> {
    Opening(Box<Opening<S, u64, u64>>),
    Endpoint(Box<Endpoint<R, u64, u64>>),
}

macro_rules! both {
    ($machine:expr, $name:ident => $call:expr) => {
        match $machine {
            Machine::Opening($name) => $call,
            Machine::Endpoint($name) => $call,
        }
    };
}

pub struct Owner<S, R: Role> {
    machine: Machine<S, R>,
    config: Config<u64>,
    role: R,
    next: Next<S, R>,
    send_prepared: Option<SendPrepared<R>>,
    framer: Option<Framer<R>>,
    /// Output that was taken and whose write was not reported yet, as with a completion port.
    in_flight: Option<Vec<u8>>,
    pub sent: Vec<OwnedMessage>,
    pub heard: Vec<OwnedMessage>,
    /// How much was sent unasked, with headers.
    own_len: usize,
    pub closed: bool,
    half_closed: bool,
    over: bool,
}

/// How a message is sent.
#[derive(arbitrary::Arbitrary, Clone, Copy, Debug)]
pub enum Way {
    Borrowed,
    Owned,
    Prepared,
    Framed,
    Vectored,
}

const HEADER: usize = 14;
/// One message, and the longest thing that is answered in one turn.
const SLACK: usize = 4 * 70_000;

impl<S, R: Role + Clone> Owner<S, R> {
    pub fn new(
        opening: Opening<S, u64, u64>,
        config: Config<u64>,
        role: R,
        next: Next<S, R>,
        send_prepared: Option<SendPrepared<R>>,
    ) -> Self {
        Self {
            machine: Machine::Opening(Box::new(opening)),
            config,
            role,
            next,
            send_prepared,
            framer: None,
            in_flight: None,
            sent: Vec::new(),
            heard: Vec::new(),
            own_len: 0,
            closed: false,
            half_closed: false,
            over: false,
        }
    }
}

/// What an owner can do, whichever end it has.
pub trait Duty {
    fn read(&mut self, from: &mut Pipe, len: usize);
    fn read_elsewhere(&mut self, from: &mut Pipe, len: usize, takes: u8);
    fn cancel_read(&mut self);
    /// Takes what there is, in one step or in two.
    fn take(&mut self, two_steps: bool, answer: Option<Way>) -> bool;
    fn write(&mut self, to: &mut Pipe, len: usize, slices: bool);
    fn begin_write(&mut self, len: usize);
    fn tick(&mut self, now: u64);
    fn rest(&mut self, all: bool);
    fn send(&mut self, message: OwnedMessage, way: Way);
    fn ping(&mut self, payload: &[u8]);
    fn close(&mut self, code: CloseCode);
    /// Half-closes and closes as the status says; checks what the status says.
    fn follow(&mut self, from: &mut Pipe, to: &mut Pipe);
    fn is_open(&self) -> bool;
    fn is_over(&self) -> bool;
    fn heard(&self) -> &[OwnedMessage];
    fn sent(&self) -> &[OwnedMessage];
    fn has_closed(&self) -> bool;
    fn end(&mut self) -> Result<Option<CloseCode>, Option<Failure>>;
}

impl<S, R: Role + Clone> Owner<S, R> {
    fn endpoint(&mut self) -> Option<&mut Endpoint<R, u64, u64>> {
        match &mut self.machine {
            Machine::Opening(_) => None,
            Machine::Endpoint(endpoint) => Some(endpoint),
        }
    }

    fn status(&self) -> Status {
        both!(&self.machine, machine => machine.status())
    }
}

/// What answers this; an answer is not answered.
fn answer(message: &OwnedMessage) -> Option<OwnedMessage> {
    (message.payload().first() == Some(&b'm')).then(|| {
        let mut payload = message.payload().to_vec();
        payload[0] = b'a';
        match String::from_utf8(payload) {
            Ok(text) => OwnedMessage::Text(text),
            Err(error) => OwnedMessage::Binary(error.into_bytes()),
        }
    })
}

impl<S, R: Role + Clone> Duty for Owner<S, R> {
    fn read(&mut self, from: &mut Pipe, len: usize) {
        if !self.status().reads() || (from.bytes.is_empty() && !from.ended) {
            return;
        }
        let room = both!(&mut self.machine, machine => machine.room());
        assert!(!room.is_empty(), "a status that reads has a place to read into");
        let n = len.max(1).min(room.len()).min(from.bytes.len());
        from.read(&mut room[..n]);
        both!(&mut self.machine, machine => machine.filled(n));
    }

    fn read_elsewhere(&mut self, from: &mut Pipe, len: usize, takes: u8) {
        if !self.status().reads() {
            return;
        }
        let Machine::Endpoint(endpoint) = &mut self.machine else { return };
        let mut read = vec![0; len.min(from.bytes.len())];
        from.read(&mut read);
        let mut received = endpoint.receive(&mut read);
        for _ in 0..takes {
            let Some((incoming, _)) = received.next() else { break };
            self.heard.extend(OwnedMessage::try_from(incoming));
        }
    }

    fn cancel_read(&mut self) {
        both!(&mut self.machine, machine => drop(machine.room()));
    }

    fn take(&mut self, two_steps: bool, way: Option<Way>) -> bool {
        if let Machine::Opening(opening) = &mut self.machine {
            let Some(endpoint) = (self.next)(opening) else { return false };
            self.machine = Machine::Endpoint(Box::new(endpoint));
            return true;
        }
        let Machine::Endpoint(endpoint) = &mut self.machine else { return false };
        if two_steps {
            if !endpoint.advance() {
                return false;
            }
            let Some(message) = endpoint.take() else { return true };
            if let (Some(answer), Some(_)) = (answer(&message), way)
                && endpoint.send(&answer).is_ok()
            {
                self.sent.push(answer);
            }
            self.heard.push(message);
            return true;
        }
        let Some((incoming, mut sender)) = endpoint.next() else { return false };
        let Ok(message) = OwnedMessage::try_from(incoming) else { return true };
        if let (Some(answer), Some(way)) = (answer(&message), way) {
            let sent = match way {
                Way::Borrowed | Way::Framed => sender.send(&answer),
                Way::Owned | Way::Prepared => sender.send_owned(answer.clone()),
                Way::Vectored => sender.send_vectored(answer.clone()),
            };
            if sent.is_ok() {
                self.sent.push(answer);
            }
        }
        self.heard.push(message);
        true
    }

    fn write(&mut self, to: &mut Pipe, len: usize, slices: bool) {
        let len = len.min(to.room());
        let written = self.in_flight.take().unwrap_or_else(|| match slices {
            false => both!(&mut self.machine, machine => machine.output().to_vec()),
            true => both!(&mut self.machine, machine => machine.output_slices().flatten().copied().collect()),
        });
        // What is in flight is written in part, too.
        let n = written.len().min(len);
        to.write(&written[..n]);
        both!(&mut self.machine, machine => machine.written(n));
    }

    fn begin_write(&mut self, len: usize) {
        if self.in_flight.is_none() {
            let output = both!(&mut self.machine, machine => machine.output());
            self.in_flight = Some(output[..len.min(output.len())].to_vec());
        }
    }

    fn tick(&mut self, now: u64) {
        let deadline = both!(&mut self.machine, machine => machine.tick(now));
        assert!(deadline.is_none_or(|deadline| deadline > now), "nothing that is due is left");
    }

    fn rest(&mut self, all: bool) {
        match self.endpoint() {
            Some(endpoint) if all => endpoint.hibernate(),
            Some(endpoint) => endpoint.release_input(),
            None => {}
        }
    }

    fn send(&mut self, message: OwnedMessage, way: Way) {
        let (role, config, send_prepared) = (self.role.clone(), self.config, self.send_prepared);
        let Machine::Endpoint(endpoint) = &mut self.machine else { return };
        let fragments = message.payload().len() / config.max_fragment_len.max(4) + 2;
        let sent = match (way, send_prepared) {
            (Way::Prepared, Some(send_prepared)) => send_prepared(endpoint, &broadcast(&message)),
            (Way::Owned, _) => endpoint.sender().send_owned(message.clone()),
            (Way::Vectored, _) => endpoint.sender().send_vectored(message.clone()),
            (Way::Framed, _) => {
                let framer = self.framer.get_or_insert_with(|| endpoint.framer(role, &config));
                framer.frame(&message).unwrap();
                endpoint.append(framer)
            }
            (Way::Borrowed | Way::Prepared, _) => endpoint.send(&message),
        };
        if sent.is_ok() {
            // A fragment of text may end before its length is reached.
            self.own_len += message.payload().len() + 4 * fragments * HEADER;
            self.sent.push(message);
        }
    }

    fn ping(&mut self, payload: &[u8]) {
        if let Some(endpoint) = self.endpoint()
            && endpoint.sender().ping(payload).is_ok()
        {
            self.own_len += payload.len() + HEADER;
        }
    }

    fn close(&mut self, code: CloseCode) {
        let closed = self.endpoint().is_some_and(|endpoint| endpoint.close(code).is_ok());
        self.closed |= closed;
    }

    fn follow(&mut self, from: &mut Pipe, to: &mut Pipe) {
        let status = self.status();
        let is_empty = both!(&mut self.machine, machine => machine.output().is_empty());
        assert!(!self.over || status == Status::Close, "{status:?} after Close");
        match status {
            Status::HalfClose => {
                assert!(is_empty && !self.half_closed, "half-closed once, when all is written");
                both!(&mut self.machine, machine => machine.half_closed());
                (self.half_closed, to.ended) = (true, true);
            }
            Status::Drain => assert!(is_empty, "nothing is written any more"),
            Status::Close => {
                (self.over, to.ended, from.dead) = (true, true, true);
                from.bytes.clear();
            }
            Status::Open | Status::Flush => assert!(!self.half_closed || is_empty, "nothing is written any more"),
            _ => unreachable!("{status:?}"),
        }
        let mark = self.config.limits.high_water_mark;
        let own_len = self.own_len;
        if let Some(endpoint) = self.endpoint() {
            let queued = endpoint.sender().queued_len();
            assert!(queued <= own_len + 2 * mark + SLACK, "{queued} bytes wait, {own_len} were sent unasked");
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.machine, Machine::Endpoint(_))
    }

    fn is_over(&self) -> bool {
        self.status() == Status::Close
    }

    fn heard(&self) -> &[OwnedMessage] {
        &self.heard
    }

    fn sent(&self) -> &[OwnedMessage] {
        &self.sent
    }

    fn has_closed(&self) -> bool {
        self.closed
    }

    fn end(&mut self) -> Result<Option<CloseCode>, Option<Failure>> {
        match &mut self.machine {
            Machine::Opening(_) => Err(None),
            Machine::Endpoint(endpoint) => endpoint.end().map_err(Some),
        }
    }
}

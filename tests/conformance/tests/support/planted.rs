//! Subjects that are wrong on purpose: a good one, with something between it and the judge that hides one violation, or adds one.

use wsspec::case::Role;
use wsspec::exam::Event;
use wsspec::memory::{Field, Subject};
use wsspec::wire::frame::{Form, Frame, Reader, header, mask};

/// A header that passes by.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// FIN, RSV and opcode.
    pub first: u8,
    /// The masking key.
    pub key: Option<[u8; 4]>,
    /// The length's form.
    pub form: Form,
    /// The length.
    pub len: u64,
    /// Whether a message is open.
    pub in_message: bool,
}

impl Header {
    /// 0 to 15.
    pub fn opcode(&self) -> u8 {
        self.first & 15
    }
}

/// What is wrong.
#[derive(Clone, Copy)]
pub enum Wrong {
    /// Headers that arrive are changed.
    In(fn(&mut Header)),
    /// Payloads of control frames that arrive are changed; none: the frame is lost.
    Control(fn(u8, Vec<u8>) -> Option<Vec<u8>>),
    /// Text arrives as if it were binary, and goes back as text: nothing is checked.
    Unchecked,
    /// Frames that leave are changed, as they are without a mask.
    Out(fn(&mut Vec<Vec<u8>>)),
    /// A client's frames get this key, or none.
    Mask(fn(Option<[u8; 4]>) -> Option<[u8; 4]>),
    /// The request is changed before a server reads it, or before it leaves a client.
    Request(fn(String) -> String),
    /// The response is changed before it leaves a server, or before a client reads it.
    Response(fn(String) -> String),
    /// The head of an extended CONNECT that it sends is changed.
    Fields(fn(&mut Vec<Field>)),
    /// A client sends a frame with its request.
    Early,
    /// The connection stays open when it should be closed.
    StaysOpen,
}

/// A good endpoint behind something wrong.
pub struct Planted<S> {
    inner: S,
    role: Role,
    wrong: Wrong,
    head: Vec<u8>,
    head_done: bool,
    response: Vec<u8>,
    response_done: bool,
    incoming: Vec<u8>,
    /// Payload that is still to pass: how much, the key it comes with, the key it goes with, how much of it has passed.
    payload: (u64, [u8; 4], [u8; 4], usize),
    in_message: bool,
    outgoing: Reader,
}

impl<S: Subject> Planted<S> {
    pub fn new(inner: S, role: Role, wrong: Wrong) -> Self {
        Self {
            inner,
            role,
            wrong,
            head: Vec::new(),
            head_done: false,
            response: Vec::new(),
            response_done: false,
            incoming: Vec::new(),
            payload: (0, [0; 4], [0; 4], 0),
            in_message: false,
            outgoing: Reader::default(),
        }
    }

    /// What of the bytes that arrive can pass now.
    fn frames_in(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.incoming.extend(bytes);
        let mut out = Vec::new();
        loop {
            let (left, from, to, passed) = self.payload;
            if left > 0 {
                let n = usize::try_from(left).unwrap().min(self.incoming.len());
                let mut part: Vec<u8> = self.incoming.drain(..n).collect();
                mask(&mut part, from, passed);
                mask(&mut part, to, passed);
                out.extend(part);
                self.payload = (left - n as u64, from, to, passed + n);
                if n as u64 == left {
                    continue;
                }
                return out;
            }
            let Some((head, len)) = read_header(&self.incoming, self.in_message) else { return out };
            let mut changed = head;
            match self.wrong {
                Wrong::In(change) => change(&mut changed),
                Wrong::Unchecked if head.opcode() == 1 => changed.first = changed.first & 0xf0 | 2,
                Wrong::Control(change) if head.opcode() >= 8 && head.len <= 125 => {
                    let end = len + head.len as usize;
                    let Some(payload) = self.incoming.get(len..end) else { return out };
                    let mut payload = payload.to_vec();
                    let key = head.key.unwrap_or_default();
                    mask(&mut payload, key, 0);
                    self.incoming.drain(..end);
                    if let Some(mut payload) = change(head.opcode(), payload) {
                        out.extend(header(head.first, Form::Bits7, payload.len() as u64, head.key));
                        mask(&mut payload, key, 0);
                        out.extend(payload);
                    }
                    continue;
                }
                _ => {}
            }
            if matches!(changed.opcode(), 0..=2) {
                self.in_message = changed.first & 0x80 == 0;
            }
            out.extend(header(changed.first, changed.form, changed.len, changed.key));
            self.incoming.drain(..len);
            self.payload = (changed.len, head.key.unwrap_or_default(), changed.key.unwrap_or_default(), 0);
        }
    }

    fn pass_out(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes.to_vec();
        if !self.response_done {
            self.response.extend(bytes);
            let Some(end) = self.response.windows(4).position(|w| w == b"\r\n\r\n") else { return };
            self.response_done = true;
            rest = self.response.split_off(end + 4);
            let mut response = String::from_utf8(std::mem::take(&mut self.response)).unwrap();
            match (self.wrong, self.role) {
                (Wrong::Response(change), Role::Server) | (Wrong::Request(change), Role::Client) => {
                    response = change(response);
                }
                _ => {}
            }
            out.extend(response.as_bytes());
            if let Wrong::Early = self.wrong {
                out.extend([0x8a, 0x80, 1, 2, 3, 4]);
            }
            if self.role == Role::Client {
                out.extend(rest);
                return;
            }
            if !response.starts_with("HTTP/1.1 101") && !response.starts_with("HTTP/1.0 101") {
                out.extend(rest);
                return;
            }
        }
        let (mut frames, mut keys) = (Vec::new(), Vec::new());
        self.outgoing.push(&rest);
        while let Some(frame) = self.outgoing.next_frame() {
            let mut first = u8::from(frame.fin) << 7 | frame.rsv << 4 | frame.opcode;
            if matches!(self.wrong, Wrong::Unchecked) && frame.opcode == 2 {
                first = first & 0xf0 | 1;
            }
            let mut bytes = header(first, Form::shortest(frame.len), frame.len, None);
            bytes.extend(frame.payload);
            frames.push(bytes);
            keys.push(frame.key);
        }
        if let Wrong::Out(change) = self.wrong {
            change(&mut frames);
        }
        if self.role == Role::Server {
            return out.extend(frames.concat());
        }
        for (frame, key) in frames.iter().zip(keys) {
            let key = if let Wrong::Mask(change) = self.wrong { change(key) } else { key };
            out.extend(masked(frame, key));
        }
    }
}

/// A client's frames, each with a key of its own, and what is no whole frame as it stands.
fn masked(bytes: &[u8], key: Option<[u8; 4]>) -> Vec<u8> {
    let (mut reader, mut out, mut first) = (Reader::default(), Vec::new(), true);
    reader.push(bytes);
    while let Some(Frame { fin, rsv, opcode, form, len, mut payload, .. }) = reader.next_frame() {
        let key = key.map(|[a, b, c, d]| if first { [a, b, c, d] } else { [b, c, d, !a] });
        out.extend(header(u8::from(fin) << 7 | rsv << 4 | opcode, form, len, key));
        mask(&mut payload, key.unwrap_or_default(), 0);
        out.extend(payload);
        first = false;
    }
    out.extend(reader.unfinished());
    out
}

impl<S: Subject> Subject for Planted<S> {
    fn start(&mut self, out: &mut Vec<u8>) {
        let mut request = Vec::new();
        self.inner.start(&mut request);
        if !request.is_empty() {
            self.pass_out(&request, out);
        }
    }

    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) {
        let mut passed = Vec::new();
        if self.head_done {
            passed = self.frames_in(bytes);
        } else {
            self.head.extend_from_slice(bytes);
            if let Some(end) = self.head.windows(4).position(|w| w == b"\r\n\r\n") {
                self.head_done = true;
                let rest = self.head.split_off(end + 4);
                passed = std::mem::take(&mut self.head);
                let change = match (self.wrong, self.role) {
                    (Wrong::Request(change), Role::Server) | (Wrong::Response(change), Role::Client) => change,
                    _ => |head| head,
                };
                if let Ok(text) = String::from_utf8(passed.clone()) {
                    passed = change(text).into_bytes();
                }
                let mut replies = Vec::new();
                self.inner.receive(&mut passed, &mut replies);
                self.pass_out(&replies, out);
                passed = self.frames_in(&rest);
            }
        }
        let mut replies = Vec::new();
        self.inner.receive(&mut passed, &mut replies);
        self.pass_out(&replies, out);
    }

    fn connect(&mut self, fields: &[Field]) -> Option<Vec<Field>> {
        let mut answer = self.inner.connect(fields)?;
        if let Wrong::Fields(change) = self.wrong {
            change(&mut answer);
        }
        (self.head_done, self.response_done) = (true, true);
        Some(answer)
    }

    fn receive_eof(&mut self, out: &mut Vec<u8>) {
        let mut replies = Vec::new();
        self.inner.receive_eof(&mut replies);
        self.pass_out(&replies, out);
    }

    fn is_closed(&self) -> bool {
        self.inner.is_closed() && !matches!(self.wrong, Wrong::StaysOpen)
    }

    fn heard(&mut self) -> Option<Vec<Event>> {
        None
    }
}

fn read_header(bytes: &[u8], in_message: bool) -> Option<(Header, usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (form, start) = match second & 0x7f {
        126 => (Form::Bits16, 4),
        127 => (Form::Bits64, 10),
        _ => (Form::Bits7, 2),
    };
    let len = match form {
        Form::Bits7 => u64::from(second & 0x7f),
        _ => bytes.get(2..start)?.iter().fold(0, |len, &byte| len << 8 | u64::from(byte)),
    };
    let masked = second & 0x80 != 0;
    let key = if masked { Some(bytes.get(start..start + 4)?.try_into().unwrap()) } else { None };
    Some((Header { first, key, form, len, in_message }, start + if masked { 4 } else { 0 }))
}

//! The steps of a case as bytes.

use std::time::Duration;

use crate::case::{Command, Form, Frame, Limits, Literal, Masking, Role, Step};
use crate::wire::deflate::Compressor;
use crate::wire::extension::Deflate;
use crate::wire::frame;

/// What is done, step by step.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Bytes(Vec<u8>),
    Look,
    Half,
    Wait(Duration),
    Silent,
    Do(Command),
}

/// The payloads of what was sent, which `@` stands for.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    pub(super) messages: Vec<Vec<u8>>,
    pub(super) pings: Vec<Vec<u8>>,
}

/// Writes frames to a subject of this role.
#[derive(Debug)]
pub(super) struct Writer<'c> {
    masks: bool,
    limits: &'c Limits,
    random: u64,
    compressor: Option<Compressor>,
    /// Key and position in the payload of the frame before.
    last: (Option<[u8; 4]>, usize),
    /// Whether further data go into the last message.
    open: bool,
    pub(super) sent: Sent,
}

/// A limit that the case needs is not declared.
#[derive(Debug)]
pub(super) struct Undeclared;

impl<'c> Writer<'c> {
    pub(super) fn new(role: Role, limits: &'c Limits, seed: u64) -> Self {
        Self {
            masks: role == Role::Server,
            limits,
            random: seed | 1,
            compressor: None,
            last: (None, 0),
            open: false,
            sent: Sent::default(),
        }
    }

    pub(super) fn agree(&mut self, deflate: Option<Deflate>) {
        let parameters = deflate.map(|d| if self.masks { d.from_client() } else { d.from_server() });
        self.compressor = parameters.map(|p| Compressor::new(p.window_bits, p.takeover));
    }

    pub(super) fn compile(&mut self, steps: &[Step]) -> Result<Vec<Op>, Undeclared> {
        let mut ops = Vec::new();
        for step in steps {
            match step {
                Step::Frame(frame) => ops.push(Op::Bytes(self.frame(frame)?)),
                Step::Raw(literal) => ops.push(Op::Bytes(self.bytes(literal)?)),
                Step::More(literal) => {
                    let mut bytes = self.bytes(literal)?;
                    if let Some(message) = self.sent.messages.last_mut() {
                        message.extend(&bytes);
                    }
                    if let Some(key) = self.last.0 {
                        frame::mask(&mut bytes, key, self.last.1);
                    }
                    self.last.1 += bytes.len();
                    ops.push(Op::Bytes(bytes));
                }
                Step::Look => ops.push(Op::Look),
                Step::Early => {}
                Step::Half => ops.push(Op::Half),
                Step::Wait(span) => ops.push(Op::Wait(*span)),
                Step::Silent => ops.push(Op::Silent),
                Step::Do(command) => ops.push(Op::Do(command.clone())),
                Step::Repeat(steps, times) => {
                    for _ in 0..times.value(self.limits).ok_or(Undeclared)? {
                        ops.extend(self.compile(steps)?);
                    }
                }
            }
        }
        let mut joined: Vec<Op> = Vec::new();
        for op in ops {
            match (joined.last_mut(), op) {
                (Some(Op::Bytes(before)), Op::Bytes(bytes)) => before.extend(bytes),
                (_, op) => joined.push(op),
            }
        }
        Ok(joined)
    }

    /// A frame of the judge's own.
    pub(super) fn control(&mut self, opcode: u8, payload: &[u8]) -> Vec<u8> {
        let key = self.masks.then(|| self.fresh_key());
        let mut bytes = frame::header(0x80 | opcode, Form::Bits7, payload.len() as u64, key);
        let start = bytes.len();
        bytes.extend(payload);
        frame::mask(&mut bytes[start..], key.unwrap_or_default(), 0);
        bytes
    }

    fn bytes(&self, literal: &Literal) -> Result<Vec<u8>, Undeclared> {
        literal.bytes(self.limits).ok_or(Undeclared)
    }

    fn frame(&mut self, frame: &Frame) -> Result<Vec<u8>, Undeclared> {
        let mut payload = self.bytes(&frame.payload)?;
        match frame.opcode {
            1 | 2 => {
                self.sent.messages.push(payload.clone());
                self.open = !frame.fin;
            }
            0 if self.open => {
                if let Some(message) = self.sent.messages.last_mut() {
                    message.extend(&payload);
                }
                self.open = !frame.fin;
            }
            9 => self.sent.pings.push(payload.clone()),
            _ => {}
        }
        let mut rsv = frame.rsv;
        if let (true, Some(compressor)) = (frame.compressed, &mut self.compressor) {
            payload = compressor.part(&payload, frame.fin);
            rsv |= if frame.opcode == 0 { 0 } else { 4 };
        }
        let len = match frame.declared {
            Some(number) => number.value(self.limits).ok_or(Undeclared)?,
            None => payload.len() as u64,
        };
        let key = match frame.masking {
            None => self.masks.then(|| self.fresh_key()),
            Some(Masking::None) => None,
            Some(Masking::Fresh) => Some(self.fresh_key()),
            Some(Masking::Key(key)) => Some(key),
        };
        let first = u8::from(frame.fin) << 7 | rsv << 4 | frame.opcode;
        let mut bytes = frame::header(first, frame.form.unwrap_or(Form::shortest(len)), len, key);
        self.last = (key, payload.len());
        if let Some(key) = key {
            frame::mask(&mut payload, key, 0);
        }
        bytes.extend(payload);
        Ok(bytes)
    }

    /// xorshift64*: the same keys in each run.
    fn fresh_key(&mut self) -> [u8; 4] {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        let [a, b, c, d, ..] = self.random.wrapping_mul(0x2545_f491_4f6c_dd1d).to_be_bytes();
        [a | 1, b, c, d]
    }
}

//! What a subject sends, as it is understood.

use crate::case::Role;
use crate::wire::extension::Deflate;
use crate::wire::frame::{Frame, Reader};
use crate::wire::head::Head;
use crate::wire::inflate::{InflateError, Inflater};

/// How a subject's direction ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// In order (FIN).
    Eof,
    /// By a reset.
    Reset,
    /// The process died, or panicked.
    Died,
}

/// Everything that came from the subject.
#[derive(Debug, Default)]
pub(super) struct Observed {
    /// Request, or response.
    pub(super) head: Option<Head>,
    head_bytes: Vec<u8>,
    /// Every frame.
    pub(super) frames: Vec<Frame>,
    reader: Reader,
    inflater: Option<Inflater>,
    begun: Option<(bool, bool, Vec<u8>)>,
    /// Whether it is text, and the data.
    pub(super) data: Vec<(bool, Vec<u8>)>,
    pub(super) pongs: Vec<Vec<u8>>,
    pub(super) close: Option<(Option<u16>, Vec<u8>)>,
    pub(super) bad_deflate: Option<InflateError>,
    pub(super) ended: Option<Ended>,
    /// Bytes after the head of a response that is not 101.
    pub(super) body: Vec<u8>,
    /// After the response a client has sent another request on the same connection.
    pub(super) another_request: bool,
}

impl Observed {
    /// Further bytes. `role` is the subject's.
    pub(super) fn received(&mut self, bytes: &[u8], role: Role) {
        if self.head.is_some() {
            // No frame begins so: with its reserved bits it would be the worst of all.
            let nothing_yet = self.frames.is_empty() && self.reader.unfinished().is_empty();
            self.another_request |= role == Role::Client && nothing_yet && bytes.starts_with(b"GET ");
            if self.is_open(role) && !self.another_request {
                self.reader.push(bytes);
                self.frames();
            } else {
                self.body.extend(bytes);
            }
            return;
        }
        self.head_bytes.extend(bytes);
        while let Some(head) = Head::read(&self.head_bytes) {
            let rest = self.head_bytes.split_off(head.len);
            let interim = role == Role::Server && head.status().is_some_and(|(_, s)| s / 100 == 1 && s != 101);
            self.head_bytes = rest;
            if !interim {
                self.head = Some(head);
                let rest = std::mem::take(&mut self.head_bytes);
                if !rest.is_empty() {
                    self.received(&rest, role);
                }
                return;
            }
        }
        if self.head_bytes.len() > MOST_HEAD {
            // It floods.
            self.ended.get_or_insert(Ended::Died);
        }
    }

    /// Whether frames follow the head.
    fn is_open(&self, role: Role) -> bool {
        let Some(head) = &self.head else { return false };
        role == Role::Client || head.opens()
    }

    pub(super) fn agree(&mut self, deflate: Option<Deflate>, role: Role) {
        let parameters = deflate.map(|d| if role == Role::Server { d.from_server() } else { d.from_client() });
        self.inflater = parameters.map(Inflater::new);
    }

    /// Whether anything came that is not a head.
    pub(super) fn unfinished(&self) -> &[u8] {
        if self.head.is_some() { self.reader.unfinished() } else { &self.head_bytes }
    }

    fn frames(&mut self) {
        while let Some(frame) = self.reader.next_frame() {
            match frame.opcode {
                0..=2 => self.data_frame(&frame),
                8 if self.close.is_none() => {
                    let code = frame.payload.first_chunk().map(|&code| u16::from_be_bytes(code));
                    self.close = Some((code, frame.payload.get(2..).unwrap_or_default().to_vec()));
                }
                10 => self.pongs.push(frame.payload.clone()),
                _ => {}
            }
            self.frames.push(frame);
            if self.frames.len() > MOST_FRAMES {
                self.ended.get_or_insert(Ended::Died);
                return;
            }
        }
    }

    fn data_frame(&mut self, frame: &Frame) {
        let begun = match frame.opcode {
            0 => self.begun.take(),
            opcode => Some((opcode == 1, frame.rsv & 4 != 0, Vec::new())),
        };
        let Some((text, compressed, mut data)) = begun else { return };
        data.extend(&frame.payload);
        if !frame.fin {
            self.begun = Some((text, compressed, data));
            return;
        }
        if let (true, Some(inflater)) = (compressed, &mut self.inflater) {
            match inflater.message(&data, 1 << 28) {
                Ok(inflated) => data = inflated,
                Err(error) => self.bad_deflate = self.bad_deflate.or(Some(error)),
            }
        }
        self.data.push((text, data));
    }
}

/// No case is answered with more frames: the longest message of all in fragments of one byte each are fewer.
const MOST_FRAMES: usize = 1 << 19;

/// No head is longer.
pub(crate) const MOST_HEAD: usize = 1 << 20;

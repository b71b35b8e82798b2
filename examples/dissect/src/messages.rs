//! One direction after the handshake: frames, the messages they make up, and what is wrong with either.

use websocket_proto::extension::deflate::{Compression, Inflater};
use websocket_proto::frame::{LenientReader, Masking, Seen, SeenHeader};
use websocket_proto::wire::{CloseFrame, ControlPayload, InvalidDeflate, ProtocolError, Rsv};

use crate::event::{Event, Kept, Way};
use crate::finding::Finding;
use crate::flv::{Flv, Item};
use crate::text::opcode_name;
use crate::utf8::Utf8;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// The frames of one direction.
#[derive(Debug)]
pub struct Messages {
    way: Way,
    reader: LenientReader,
    /// Where the next byte stands in this direction.
    position: u64,
    frame: Option<Frame>,
    message: Option<Message>,
    compression: Option<Compression>,
    inflater: Option<Inflater>,
    flv: Flv,
    closed: bool,
}

#[derive(Debug)]
struct Frame {
    header: SeenHeader,
    offset: u64,
    payload: Kept,
}

#[derive(Debug)]
struct Message {
    text: bool,
    compressed: bool,
    frames: u32,
    wire_len: u64,
    payload: Kept,
    utf8: Utf8,
    flv: Vec<Item>,
    findings: Vec<Finding>,
    /// So many bytes of it are not in the capture.
    missing: u64,
    /// Bytes of it are missing, or can't be read.
    broken: bool,
}

impl Messages {
    pub fn new(way: Way, position: u64, compression: Option<Compression>) -> Self {
        let masking = match way {
            Way::ToServer => Masking::Required,
            Way::ToClient => Masking::Forbidden,
        };
        let owned = if compression.is_some() { Rsv::RSV1 } else { Rsv::NONE };
        Self {
            way,
            reader: LenientReader::new(masking).with_owned_rsv(owned),
            position,
            frame: None,
            message: None,
            compression,
            inflater: compression.map(Inflater::new),
            flv: Flv::default(),
            closed: false,
        }
    }

    /// About how many bytes of memory it holds.
    pub fn held(&self) -> usize {
        // The inflater's window and tables.
        const INFLATER: usize = 48 << 10;
        let inflater = self.inflater.as_ref().map_or(0, |_| INFLATER);
        let frame = self.frame.as_ref().map_or(0, |frame| frame.payload.bytes.len());
        inflater + frame + self.message.as_ref().map_or(0, |message| message.payload.bytes.len()) + size_of::<Self>()
    }

    /// Bytes came.
    pub fn bytes(&mut self, bytes: &mut [u8], mut found: impl FnMut(Event)) {
        let mut input = bytes;
        loop {
            let before = input.len();
            let Some(seen) = self.reader.read(&mut input) else {
                self.position += before as u64;
                return;
            };
            let after = self.position + (before - input.len()) as u64;
            let ends = match seen {
                Seen::Header(header) => {
                    let offset = after.saturating_sub(header.header_len() as u64);
                    self.frame = Some(Frame { header, offset, payload: Kept::default() });
                    self.position = after;
                    self.begin(&header);
                    header.payload_len() == 0
                }
                Seen::Payload { bytes, ends_frame, .. } => {
                    self.position = after;
                    if let Some(frame) = &mut self.frame {
                        frame.payload.push(bytes);
                        if frame.header.opcode() <= BINARY
                            && let Some(message) = &mut self.message
                        {
                            message.push(bytes, &mut self.inflater, &mut self.flv);
                        }
                    }
                    ends_frame
                }
            };
            if ends {
                self.end_of_frame(&mut found);
            }
        }
    }

    /// Bytes are missing.
    pub fn gap(&mut self, len: u64, mut found: impl FnMut(Event)) {
        let in_step = self.reader.skip(len);
        self.position += len;
        // In a control frame between fragments the message lacks nothing.
        let of_message = self.frame.as_ref().is_some_and(|frame| frame.header.opcode() <= BINARY);
        if let (Some(message), true) = (&mut self.message, of_message) {
            message.broken = true;
            message.missing += len;
            self.flv.end();
        }
        // What is missing may have been a whole message, to which the next may refer.
        if !in_step || of_message && self.message.as_ref().is_some_and(|message| message.compressed) {
            self.inflater = self.compression.map(Inflater::new);
            self.flv.end();
        }
        if !in_step {
            (self.frame, self.message) = (None, None);
        }
        found(Event::Gap { way: self.way, len, in_step });
        if in_step && self.reader.payload_remaining() == 0 {
            self.end_of_frame(&mut found);
        }
    }

    /// A header: perhaps the first of a message.
    fn begin(&mut self, header: &SeenHeader) {
        match header.opcode() {
            TEXT | BINARY => {
                if header.opcode() == BINARY {
                    self.flv.begin();
                }
                let compressed = header.rsv().contains(Rsv::RSV1) && self.compression.is_some();
                self.message = Some(Message {
                    text: header.opcode() == TEXT,
                    compressed,
                    frames: 1,
                    wire_len: header.payload_len(),
                    payload: Kept::default(),
                    utf8: Utf8::default(),
                    flv: Vec::new(),
                    findings: Vec::new(),
                    missing: 0,
                    broken: false,
                });
            }
            CONTINUATION => {
                if let Some(message) = &mut self.message {
                    message.frames = message.frames.saturating_add(1);
                    message.wire_len = message.wire_len.saturating_add(header.payload_len());
                }
            }
            _ => {}
        }
    }

    /// Nothing comes any more: what was not finished is told.
    pub fn end(&mut self, mut found: impl FnMut(Event)) {
        let missing = self.reader.payload_remaining();
        if let Some(Frame { header, offset, .. }) = self.frame.take() {
            let name = opcode_name(header.opcode());
            let what = format!("{name} of {} B at {offset} ends before its last {missing} B", header.payload_len());
            found(Event::Cut { way: self.way, what });
        }
        if let Some(message) = self.message.take() {
            let kind = if message.text { "text" } else { "binary" };
            let what = format!("{kind} message of which {} B came has no last frame", message.payload.len);
            found(Event::Cut { way: self.way, what });
        }
    }

    fn end_of_frame(&mut self, found: &mut impl FnMut(Event)) {
        let Some(Frame { header, offset, payload }) = self.frame.take() else { return };
        let mut findings: Vec<Finding> = header.violations().map(Finding::from).collect();
        if self.closed {
            findings.push(Finding::new("RFC 6455 §5.5.1", "expected nothing after the Close, found a frame"));
        }
        if header.opcode() == CLOSE {
            self.closed = true;
            if let Ok(payload) = ControlPayload::new(&payload.bytes)
                && let Err(error) = CloseFrame::decode(payload)
            {
                findings.push(error.into());
            }
        }
        let ends_message = header.opcode() <= BINARY && header.fin();
        found(Event::Frame { way: self.way, header, offset, payload, findings });
        if ends_message && let Some(mut message) = self.message.take() {
            message.end(&mut self.inflater, &mut self.flv);
            if message.broken {
                self.inflater = self.compression.map(Inflater::new);
            }
            let Message { text, compressed, frames, wire_len, payload, missing, flv, findings, .. } = message;
            let way = self.way;
            found(Event::Message { way, text, frames, compressed, wire_len, missing, payload, flv, findings });
        }
    }
}

impl Message {
    fn push(&mut self, bytes: &[u8], inflater: &mut Option<Inflater>, flv: &mut Flv) {
        match inflater {
            Some(inflater) if self.compressed => self.inflate(bytes, false, inflater, flv),
            _ => self.read(bytes, flv),
        }
    }

    fn inflate(&mut self, bytes: &[u8], ends: bool, inflater: &mut Inflater, flv: &mut Flv) {
        let mut input = bytes;
        while !self.broken {
            match inflater.inflate(&mut input, ends, 1 << 14) {
                Ok(Some(piece)) => {
                    let piece = piece.to_vec();
                    self.read(&piece, flv);
                }
                Ok(None) => return,
                Err(error) => self.fail(error),
            }
        }
    }

    fn fail(&mut self, error: InvalidDeflate) {
        self.broken = true;
        self.findings.push(ProtocolError::InvalidCompression(error).into());
    }

    /// Bytes of the message as it was meant.
    fn read(&mut self, bytes: &[u8], flv: &mut Flv) {
        self.payload.push(bytes);
        if self.text {
            self.utf8.push(bytes);
        } else {
            flv.push(bytes, &mut self.flv);
        }
    }

    fn end(&mut self, inflater: &mut Option<Inflater>, flv: &mut Flv) {
        if let (Some(inflater), true) = (inflater, self.compressed) {
            self.inflate(&[], true, inflater, flv);
        }
        if let (Err(valid_up_to), true, false) = (std::mem::take(&mut self.utf8).end(), self.text, self.broken) {
            self.findings.push(ProtocolError::InvalidUtf8 { valid_up_to }.into());
        }
    }
}

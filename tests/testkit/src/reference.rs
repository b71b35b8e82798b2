//! An obviously right decoder of RFC 6455, one byte after the other: what the crate has to agree with.
//!
//! It shares no code with the crate, only the names of errors. It has no buffers to reuse, no short paths and no cuts.

mod inflated;
mod text;

#[cfg(feature = "deflate")]
use websocket_proto::extension::deflate::Compression;
use websocket_proto::{
    Limits, MessageKind, ProtocolError,
    wire::{ControlOpcode, Rsv},
};

#[cfg(feature = "deflate")]
use inflated::Inflated;
pub use text::{CodePoint, code_point, valid_up_to};

/// The endpoint that receives.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    pub side: Side,
    pub limits: Limits,
    /// Whether it has sent its Close before the first byte comes.
    pub close_sent: bool,
    /// How its peer compresses, if permessage-deflate was agreed on.
    #[cfg(feature = "deflate")]
    pub deflate: Option<Compression>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    Server,
    Client,
}

impl Endpoint {
    pub fn new(side: Side, limits: Limits) -> Self {
        Self {
            side,
            limits,
            close_sent: false,
            #[cfg(feature = "deflate")]
            deflate: None,
        }
    }

    /// RFC 7692 §6: whether RSV1 on the first frame of a message means that it is compressed.
    fn owns_rsv1(&self) -> bool {
        #[cfg(feature = "deflate")]
        return self.deflate.is_some();
        #[cfg(not(feature = "deflate"))]
        false
    }
}

/// What an endpoint that writes its replies at once hears, and what it sends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    Message(MessageKind, Vec<u8>),
    /// A compressed message, as it came.
    Compressed(MessageKind, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
    Fail(ProtocolError),
    /// A frame that it sends, byte for byte.
    Send(Vec<u8>),
}

#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Outcome {
    pub steps: Vec<Step>,
    /// What a stream of pieces has handed out of a message that did not end.
    pub unfinished: Vec<u8>,
    /// Payload bytes of the last frame that are still to come.
    pub remaining: u64,
}

/// Every key that the client under test masks with.
pub const CLIENT_KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What an endpoint makes of the stream that leaves compressed messages as they came.
pub fn decode(endpoint: &Endpoint, stream: &[u8]) -> Outcome {
    run(Decoder {
        endpoint,
        bytes: stream.iter(),
        message: None,
        outcome: Outcome::default(),
        #[cfg(feature = "deflate")]
        inflated: None,
    })
}

/// What an endpoint makes of the stream that decompresses what is compressed, fragment by fragment.
pub fn decode_messages(endpoint: &Endpoint, stream: &[u8]) -> Vec<Step> {
    let decoder = Decoder {
        endpoint,
        bytes: stream.iter(),
        message: None,
        outcome: Outcome::default(),
        #[cfg(feature = "deflate")]
        inflated: endpoint.deflate.map(|compression| Inflated { compression, earlier: Vec::new() }),
    };
    run(decoder).steps
}

fn run(mut decoder: Decoder<'_>) -> Outcome {
    let end = loop {
        if let Err(end) = decoder.frame() {
            break end;
        }
    };
    if let End::Failed(error) = end {
        decoder.outcome.remaining = 0;
        decoder.outcome.steps.push(Step::Fail(error));
        decoder.reply(0x88, &error_code(error).to_be_bytes());
    }
    if let (Some(message), false) = (decoder.message, end == End::Closed) {
        let handed_out =
            if message.kind == MessageKind::Text && !message.compressed { message.valid } else { message.bytes.len() };
        decoder.outcome.unfinished = message.bytes[..handed_out].to_vec();
    }
    decoder.outcome
}

struct Decoder<'s> {
    endpoint: &'s Endpoint,
    bytes: std::slice::Iter<'s, u8>,
    message: Option<Message>,
    outcome: Outcome,
    #[cfg(feature = "deflate")]
    inflated: Option<Inflated>,
}

/// A message that has begun.
struct Message {
    kind: MessageKind,
    compressed: bool,
    bytes: Vec<u8>,
    /// How many of its bytes are whole code points.
    valid: usize,
    declared: u128,
    frames: u64,
}

#[derive(PartialEq)]
enum End {
    OfInput,
    Closed,
    Failed(ProtocolError),
}

impl Decoder<'_> {
    fn byte(&mut self) -> Result<u8, End> {
        self.bytes.next().copied().ok_or(End::OfInput)
    }

    fn number(&mut self, bytes: usize) -> Result<u64, End> {
        let mut number = 0;
        for _ in 0..bytes {
            number = number << 8 | u64::from(self.byte()?);
        }
        Ok(number)
    }

    /// §5.2, from top to bottom.
    fn frame(&mut self) -> Result<(), End> {
        use ProtocolError as E;
        let fail = |error| Err(End::Failed(error));

        let first = self.byte()?;
        let fin = first & 0x80 != 0;
        let (control, kind) = match first & 0x0f {
            0x0 => (None, None),
            0x1 => (None, Some(MessageKind::Text)),
            0x2 => (None, Some(MessageKind::Binary)),
            0x8 => (Some(ControlOpcode::Close), None),
            0x9 => (Some(ControlOpcode::Ping), None),
            0xa => (Some(ControlOpcode::Pong), None),
            opcode => return fail(E::ReservedOpcode { opcode }),
        };
        if let (Some(opcode), false) = (control, fin) {
            return fail(E::FragmentedControl { opcode });
        }
        // RFC 7692 §6: RSV1 may be set on the first frame of a message, and on no other.
        let owned = if self.endpoint.owns_rsv1() && kind.is_some() { 0x40 } else { 0 };
        let compressed = first & owned != 0;
        let mut rsv = Rsv::NONE;
        for (bit, name) in [(0x40, Rsv::RSV1), (0x20, Rsv::RSV2), (0x10, Rsv::RSV3)] {
            if first & !owned & bit != 0 {
                rsv = rsv | name;
            }
        }
        if rsv != Rsv::NONE {
            return fail(E::ReservedBits { rsv });
        }
        match (control, kind, &self.message) {
            (None, None, None) => return fail(E::UnexpectedContinuation),
            (None, Some(kind), Some(_)) => return fail(E::ExpectedContinuation { kind }),
            _ => {}
        }
        let (max, frames) = (self.endpoint.limits.max_fragments, self.message.as_ref().map_or(0, |begun| begun.frames));
        if control.is_none() && max != u32::MAX && frames + 1 > u64::from(max) {
            return fail(E::TooManyFragments { max });
        }

        let second = self.byte()?;
        let masked = second & 0x80 != 0;
        match (self.endpoint.side, masked) {
            (Side::Server, false) => return fail(E::Unmasked),
            (Side::Client, true) => return fail(E::Masked),
            _ => {}
        }
        if let (Some(opcode), 126..) = (control, second & 0x7f) {
            return fail(E::ControlTooLong { opcode });
        }
        let (len, shortest) = match second & 0x7f {
            126 => (self.number(2)?, 126),
            127 => {
                if let Some(&first_byte @ 0x80..) = self.bytes.as_slice().first() {
                    return fail(E::LengthTopBit { first_byte });
                }
                (self.number(8)?, 65_536)
            }
            len => (u64::from(len), 0),
        };
        if len < shortest {
            return fail(E::LengthNotMinimal { len });
        }
        if control.is_none() {
            self.expect_within_limits(len)?;
        }
        let mut key = [0; 4];
        if masked {
            for byte in &mut key {
                *byte = self.byte()?;
            }
        }

        if control.is_none() {
            let message = self.message.get_or_insert_with(|| Message {
                kind: kind.expect("a continuation continues something"),
                compressed,
                bytes: Vec::new(),
                valid: 0,
                declared: 0,
                frames: 0,
            });
            message.declared += u128::from(len);
            message.frames += 1;
        }
        let mut payload = Vec::new();
        for i in 0..len {
            self.outcome.remaining = len - i;
            let Ok(byte) = self.byte() else {
                self.inflate_so_far()?;
                return Err(End::OfInput);
            };
            // §5.3: "transformed-octet-i = original-octet-i XOR masking-key-octet-j", j = i MOD 4.
            let byte = byte ^ key[usize::try_from(i % 4).unwrap()];
            match control {
                Some(_) => payload.push(byte),
                None => self.message_byte(byte)?,
            }
        }
        self.outcome.remaining = 0;
        match control {
            Some(opcode) => self.control(opcode, payload),
            None if fin => self.message_end(),
            None => self.inflate_so_far(),
        }
    }

    fn expect_within_limits(&self, len: u64) -> Result<(), End> {
        let Limits { max_frame_len, max_message_len, .. } = self.endpoint.limits;
        let declared = self.message.as_ref().map_or(0, |message| message.declared) + u128::from(len);
        if len > max_frame_len {
            return Err(End::Failed(ProtocolError::FrameTooLong { len, max: max_frame_len }));
        }
        if max_message_len != u64::MAX && declared > u128::from(max_message_len) {
            let len = u64::try_from(declared).unwrap_or(u64::MAX);
            return Err(End::Failed(ProtocolError::MessageTooLong { len, max: max_message_len }));
        }
        Ok(())
    }

    fn message_byte(&mut self, byte: u8) -> Result<(), End> {
        let message = self.message.as_mut().expect("begun by its header");
        message.bytes.push(byte);
        if message.kind == MessageKind::Text && !message.compressed {
            match code_point(&message.bytes[message.valid..]) {
                CodePoint::Whole => message.valid = message.bytes.len(),
                CodePoint::Begun => {}
                CodePoint::Impossible => return Err(End::Failed(invalid_utf8(message.valid))),
            }
        }
        Ok(())
    }

    fn message_end(&mut self) -> Result<(), End> {
        let message = self.message.as_ref().expect("begun by its header");
        if message.compressed {
            return self.compressed_end();
        }
        if message.kind == MessageKind::Text && message.valid < message.bytes.len() {
            return Err(End::Failed(invalid_utf8(message.valid)));
        }
        let message = self.message.take().expect("begun by its header");
        self.outcome.steps.push(Step::Message(message.kind, message.bytes));
        Ok(())
    }

    /// §5.5.1 to §5.5.3.
    fn control(&mut self, opcode: ControlOpcode, payload: Vec<u8>) -> Result<(), End> {
        match opcode {
            ControlOpcode::Ping => {
                self.outcome.steps.push(Step::Ping(payload.clone()));
                self.reply(0x8a, &payload);
                Ok(())
            }
            ControlOpcode::Pong => {
                self.outcome.steps.push(Step::Pong(payload));
                Ok(())
            }
            ControlOpcode::Close => {
                let (code, reason) = match payload[..] {
                    [] => (None, &[][..]),
                    [_] => return Err(End::Failed(ProtocolError::CloseCodeCut)),
                    [high, low, ref reason @ ..] => (Some(u16::from(high) << 8 | u16::from(low)), reason),
                };
                match code {
                    None | Some(1000..=1003 | 1007..=1014 | 3000..=4999) => {}
                    Some(code) => return Err(End::Failed(ProtocolError::InvalidCloseCode { code })),
                }
                let valid_up_to = valid_up_to(reason);
                if valid_up_to < reason.len() {
                    return Err(End::Failed(ProtocolError::InvalidCloseReason { valid_up_to }));
                }
                self.outcome.steps.push(Step::Close(code, String::from_utf8(reason.to_vec()).unwrap()));
                self.reply(0x88, &payload[..payload.len().min(2)]);
                Err(End::Closed)
            }
        }
    }

    /// Sends a control frame, unless a Close was sent.
    fn reply(&mut self, first: u8, payload: &[u8]) {
        if self.endpoint.close_sent {
            return;
        }
        let len = u8::try_from(payload.len()).unwrap();
        self.outcome.steps.push(Step::Send(match self.endpoint.side {
            Side::Server => [&[first, len], payload].concat(),
            Side::Client => {
                let masked: Vec<u8> = payload.iter().zip(CLIENT_KEY.iter().cycle()).map(|(a, b)| a ^ b).collect();
                [&[first, 0x80 | len][..], &CLIENT_KEY, &masked].concat()
            }
        }));
    }
}

fn invalid_utf8(valid: usize) -> ProtocolError {
    ProtocolError::InvalidUtf8 { valid_up_to: u64::try_from(valid).unwrap() }
}

/// §7.4.1: 1007 for "data that was not consistent with the type of the message", 1009 for "a message that is too
/// big", 1002 for the rest.
fn error_code(error: ProtocolError) -> u16 {
    use ProtocolError as E;
    match error {
        E::InvalidUtf8 { .. } | E::InvalidCloseReason { .. } | E::InvalidCompression(_) => 1007,
        E::FrameTooLong { .. } | E::MessageTooLong { .. } | E::TooManyFragments { .. } => 1009,
        _ => 1002,
    }
}

//! An HTTP/2 connection, as far as WebSocket runs over it: frames (RFC 9113 §4), and streams of extended CONNECT (RFC 8441).

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use loona_hpack::Decoder;

use crate::connection::Found;
use crate::conversation::Conversation;
use crate::event::Way;
use crate::http::Head;

/// RFC 9113 §3.4: what a client begins with.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[derive(Debug, Default)]
pub struct Http2 {
    sides: [Side; 2],
    streams: HashMap<u32, Stream>,
}

/// A stream that is a WebSocket connection.
#[derive(Debug)]
struct Stream {
    conversation: Conversation,
    ended: [bool; 2],
    end: String,
}

/// One direction: frames out of bytes.
#[derive(Default)]
struct Side {
    hpack: Decoder<'static>,
    /// What is left of the client's preface.
    preface: Option<usize>,
    header: Vec<u8>,
    frame: Option<Frame>,
    /// A block of fields that goes on in CONTINUATION frames: its stream, whether it ends that, its bytes.
    block: Option<(u32, bool, Vec<u8>)>,
    /// Where frames begin is unknown, or what HPACK has in its table.
    lost: bool,
}

#[derive(Clone, Debug)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    remaining: usize,
    /// The payload; for DATA, whose bytes go on as they come, the length of the padding when it is known.
    payload: Vec<u8>,
    padding: Option<usize>,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const PUSH_PROMISE: u8 = 5;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;
/// More streams at once, more bytes of fields in a frame, or in all, are not followed.
const MAX_STREAMS: usize = 1000;
const MAX_FIELDS: usize = 256 << 10;
/// RFC 7541 §4.2: what a side may let the other have for its table, here at most.
const MAX_TABLE: usize = 1 << 20;

impl fmt::Debug for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Side").field("frame", &self.frame).field("lost", &self.lost).finish_non_exhaustive()
    }
}

impl Http2 {
    /// Something of it was captured at this time.
    pub fn at(&mut self, time: Duration) {
        self.streams.values_mut().for_each(|stream| stream.conversation.at(time));
    }

    /// About how many bytes of memory it holds.
    pub fn held(&self) -> usize {
        let sides = self.sides.iter().map(|side| {
            side.frame.as_ref().map_or(0, |frame| frame.payload.len())
                + side.block.as_ref().map_or(0, |(_, _, block)| block.len())
        });
        sides.sum::<usize>() + self.streams.values().map(|stream| stream.conversation.held()).sum::<usize>()
    }

    /// The connection has ended.
    pub fn end(mut self: Box<Self>, end: &str, found: &mut Found<'_>) {
        let mut numbers: Vec<_> = self.streams.keys().copied().collect();
        numbers.sort_unstable();
        for number in numbers {
            self.end_stream(number, end, found);
        }
    }

    /// Bytes are missing: within the data of a stream, or what is in no stream known any more.
    pub fn gap(&mut self, way: Way, len: u64, time: Duration, found: &mut Found<'_>) {
        let side = &mut self.sides[way.index()];
        if let Some(frame) = &mut side.frame
            && frame.kind == DATA
            && frame.padding == Some(0)
            && len <= frame.remaining as u64
        {
            frame.remaining -= usize::try_from(len).unwrap_or(frame.remaining);
            if let Some(stream) = self.streams.get_mut(&frame.stream) {
                let number = Some(frame.stream);
                stream.conversation.gap(way, len, time, &mut |time, event| found(number, time, event));
            }
        } else if !std::mem::replace(&mut side.lost, true) {
            for (&number, stream) in &mut self.streams {
                stream.conversation.gap(way, len, time, &mut |time, event| found(Some(number), time, event));
            }
        }
    }

    /// Bytes came.
    pub fn bytes(&mut self, way: Way, mut bytes: &[u8], time: Duration, found: &mut Found<'_>) {
        if way == Way::ToServer {
            let left = self.sides[0].preface.get_or_insert(PREFACE.len());
            let n = bytes.len().min(*left);
            *left -= n;
            bytes = &bytes[n..];
        }
        while !bytes.is_empty() && !self.sides[way.index()].lost {
            let side = &mut self.sides[way.index()];
            let Some(frame) = &mut side.frame else {
                side.begin(&mut bytes);
                // An empty frame has ended with its header.
                if side.frame.as_ref().is_some_and(|frame| frame.remaining == 0) {
                    self.end_of_frame(way, time, found);
                }
                continue;
            };
            let n = bytes.len().min(frame.remaining);
            let (taken, rest) = bytes.split_at(n);
            bytes = rest;
            frame.remaining -= n;
            if let Some((number, data)) = frame.take(taken)
                && let Some(stream) = self.streams.get_mut(&number)
            {
                let found = &mut |time, event| found(Some(number), time, event);
                stream.conversation.bytes(way, data, time, found);
            }
            if self.sides[way.index()].frame.as_ref().is_some_and(|frame| frame.remaining == 0) {
                self.end_of_frame(way, time, found);
            }
        }
    }

    fn end_of_frame(&mut self, way: Way, time: Duration, found: &mut Found<'_>) {
        let side = &mut self.sides[way.index()];
        let Some(frame) = side.frame.take() else { return };
        let ends = frame.flags & END_STREAM != 0;
        match frame.kind {
            DATA if ends => self.end_of_way(way, frame.stream, found),
            HEADERS | PUSH_PROMISE => {
                let Some(block) = frame.fields() else {
                    side.lost = true;
                    return;
                };
                // What is promised is no WebSocket; its fields are read for what they add to the table.
                let number = if frame.kind == HEADERS { frame.stream } else { 0 };
                side.block = Some((number, ends && frame.kind == HEADERS, block.to_vec()));
            }
            CONTINUATION => {
                if let Some((_, _, block)) = &mut side.block {
                    block.extend_from_slice(&frame.payload);
                    side.lost |= block.len() > MAX_FIELDS;
                }
            }
            RST_STREAM => {
                let code = frame.payload.first_chunk().map_or(0, |&code| u32::from_be_bytes(code));
                self.end_stream(
                    frame.stream,
                    &format!("stream reset by the {} ({})", way.sender(), reason(code)),
                    found,
                );
            }
            _ => {}
        }
        if matches!(frame.kind, HEADERS | PUSH_PROMISE | CONTINUATION)
            && frame.flags & END_HEADERS != 0
            && let Some((number, ends, block)) = self.sides[way.index()].block.take()
        {
            match self.sides[way.index()].decode(&block) {
                Some(fields) => self.head(way, number, fields, time, found),
                None => self.sides[way.index()].lost = true,
            }
            if ends {
                self.end_of_way(way, number, found);
            }
        }
    }

    fn head(&mut self, way: Way, number: u32, fields: Vec<(String, Vec<u8>)>, time: Duration, found: &mut Found<'_>) {
        let found = &mut |time, event| found(Some(number), time, event);
        let head = Head::of_request("", fields);
        let room = self.streams.len() < MAX_STREAMS;
        match (way, self.streams.get_mut(&number)) {
            (Way::ToClient, Some(stream)) => stream.conversation.connected(&head, time, found),
            (Way::ToServer, None) if room && head.field(":protocol") == Some(b"websocket") => {
                let mut conversation = Conversation::connect(head, time, found);
                conversation.at(time);
                self.streams.insert(number, Stream { conversation, ended: [false; 2], end: String::new() });
            }
            // Trailers, and streams of other kinds.
            (Way::ToServer, _) | (Way::ToClient, None) => {}
        }
    }

    /// One side has ended a stream.
    fn end_of_way(&mut self, way: Way, number: u32, found: &mut Found<'_>) {
        let Some(stream) = self.streams.get_mut(&number) else { return };
        stream.ended[way.index()] = true;
        if stream.end.is_empty() {
            stream.end = format!("stream ended by the {}", way.sender());
        }
        if stream.ended == [true; 2] {
            self.end_stream(number, "", found);
        }
    }

    /// `end` counts unless a side has ended the stream before.
    fn end_stream(&mut self, number: u32, end: &str, found: &mut Found<'_>) {
        if let Some(stream) = self.streams.remove(&number) {
            let end = if stream.end.is_empty() { end.to_owned() } else { stream.end };
            stream.conversation.end(end, &mut |time, event| found(Some(number), time, event));
        }
    }
}

impl Side {
    /// Bytes of a frame's header (RFC 9113 §4.1).
    fn begin(&mut self, bytes: &mut &[u8]) {
        let (taken, rest) = bytes.split_at(bytes.len().min(9 - self.header.len()));
        self.header.extend_from_slice(taken);
        *bytes = rest;
        let &[a, b, c, kind, flags, d, e, f, g] = &self.header[..] else { return };
        let remaining = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
        let stream = u32::from_be_bytes([d, e, f, g]) & (u32::MAX >> 1);
        let padding = if flags & PADDED == 0 { Some(0) } else { None };
        self.header.clear();
        // §6.10: nothing comes between the frames of a block.
        self.lost = matches!(kind, HEADERS | PUSH_PROMISE | CONTINUATION) && remaining > MAX_FIELDS;
        self.frame = Some(Frame { kind, flags, stream, remaining, payload: Vec::new(), padding });
    }

    fn decode(&mut self, block: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
        let (mut fields, mut len) = (Vec::new(), 0);
        self.hpack.set_max_allowed_table_size(MAX_TABLE);
        let decoded = self.hpack.decode_with_cb(block, |name, value| {
            len += name.len() + value.len();
            if len <= MAX_FIELDS {
                fields.push((String::from_utf8_lossy(&name).into_owned(), value.into_owned()));
            }
        });
        decoded.ok().map(|()| fields)
    }
}

impl Frame {
    /// Bytes of the payload: what of them is a stream's data, and which stream's.
    fn take(&mut self, mut bytes: &[u8]) -> Option<(u32, Vec<u8>)> {
        match self.kind {
            DATA => {
                let padding = match self.padding {
                    Some(padding) => padding,
                    None => {
                        let (&padding, rest) = bytes.split_first()?;
                        bytes = rest;
                        *self.padding.insert(padding.into())
                    }
                };
                // What of the padding is among these bytes.
                let padded = padding.saturating_sub(self.remaining).min(bytes.len());
                Some((self.stream, bytes[..bytes.len() - padded].to_vec()))
            }
            HEADERS | PUSH_PROMISE | CONTINUATION => {
                self.payload.extend_from_slice(bytes);
                None
            }
            RST_STREAM if self.payload.len() < 4 => {
                self.payload.extend_from_slice(bytes);
                None
            }
            _ => None,
        }
    }

    /// The fields in a HEADERS or PUSH_PROMISE frame, without padding, priority and what is promised (RFC 9113 §6.2, §6.6).
    fn fields(&self) -> Option<&[u8]> {
        let mut fields = &self.payload[..];
        if self.flags & PADDED != 0 {
            let (&padding, rest) = fields.split_first()?;
            fields = rest.get(..rest.len().checked_sub(padding.into())?)?;
        }
        match self.kind {
            PUSH_PROMISE => fields.get(4..),
            _ if self.flags & PRIORITY != 0 => fields.get(5..),
            _ => Some(fields),
        }
    }
}

/// RFC 9113 §7.
fn reason(code: u32) -> String {
    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    let name = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
    name.map_or_else(|| format!("error {code}"), |&name| name.to_owned())
}

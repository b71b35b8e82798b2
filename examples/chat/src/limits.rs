//! Every bound of the chat, by name.

use serde::Serialize;
use std::time::Duration;
use websocket_proto::endpoint::Config;
use websocket_proto::{Limits, Timeouts};

use crate::letter::COMPRESSION;

/// The longest text of one message, in bytes.
pub const MAX_TEXT_LEN: usize = 4 * 1024;
/// The largest picture, in bytes.
pub const MAX_PICTURE_LEN: usize = 1024 * 1024;
/// The longest description of a picture, in bytes.
pub const MAX_ALT_LEN: usize = 200;
/// Room for the JSON around a text or before a picture; a text may be written in escapes of up to six bytes per byte.
const MAX_JSON_LEN: usize = 6 * MAX_TEXT_LEN + 1024;

/// Characters in a nickname, and in a room's name.
pub const MAX_NICK_CHARS: usize = 24;
pub const MAX_ROOM_CHARS: usize = 32;
/// Characters in the identifier that a client makes for a message, and in its token.
pub const MAX_ID_CHARS: usize = 64;

/// Rooms that one connection may be in, that there may be, and connections at a time.
pub const MAX_ROOMS_EACH: usize = 16;
pub const MAX_ROOMS: usize = 256;
pub const MAX_CONNECTIONS: usize = 2000;

/// Messages that a newcomer is shown at first. A room keeps more, for those who come back or read slowly.
pub const FOR_A_NEWCOMER: u64 = 200;

/// Bytes of messages that a room keeps, beside the number of messages that the options name.
pub const MAX_KEPT_LEN: usize = 16 * 1024 * 1024;

/// Commands that may come at once, and how many per second are allowed in the long run; a picture counts as several.
pub const BURST: f64 = 30.0;
pub const PER_SECOND: f64 = 10.0;
/// Bytes of a picture that weigh as much as one command.
pub const PICTURE_UNIT: usize = 64 * 1024;

/// Characters of an error that a client is told: one about what it sent may quote it.
pub const MAX_FAULT_CHARS: usize = 200;

/// Commands that make no sense, until the connection is closed.
pub const MAX_FAULTS: u32 = 20;

/// Bytes that wait to be written, from which on no more are fetched from the rooms; and bytes of answers, from which on nothing more is
/// read from the client.
pub const HIGH_WATER: usize = 256 * 1024;

/// What may wait for the broker, and bytes of it.
pub const MAX_REQUESTS: usize = 1000;
pub const MAX_REQUESTS_LEN: usize = 16 * 1024 * 1024;

/// How long a stopping server waits for its clients.
pub const FAREWELL: Duration = Duration::from_secs(2);

/// The bounds that the protocol itself enforces: what is larger is answered by a Close with 1009.
pub fn protocol() -> Limits {
    let max = (MAX_PICTURE_LEN + MAX_JSON_LEN) as u64;
    Limits::default().with_max_message_len(max).with_max_frame_len(max).with_max_fragments(1024)
}

/// How long a client may take for its request.
pub const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long to wait for what, by how often Pings are sent: who lets two of them go unanswered is gone.
pub fn timeouts(ping: Duration) -> Timeouts {
    Timeouts::default().with_handshake(HANDSHAKE).with_idle(ping * 3 / 2).with_pong(ping)
}

/// The settings of each connection.
pub fn endpoint(ping: Duration) -> Config {
    let mut config = Config::with_timeouts(timeouts(ping));
    config.limits = protocol().with_high_water_mark(HIGH_WATER);
    config.deflate = Some(COMPRESSION);
    config
}

/// What the page has to know in order to refuse by itself what the server would refuse.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ForThePage {
    text: usize,
    picture: usize,
    alt: usize,
    nick: usize,
    room: usize,
    rooms: usize,
}

pub const FOR_THE_PAGE: ForThePage = ForThePage {
    text: MAX_TEXT_LEN,
    picture: MAX_PICTURE_LEN,
    alt: MAX_ALT_LEN,
    nick: MAX_NICK_CHARS,
    room: MAX_ROOM_CHARS,
    rooms: MAX_ROOMS_EACH,
};

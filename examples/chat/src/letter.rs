//! A message for many, framed once, and compressed once.

use std::cell::RefCell;

pub use websocket_proto::PreparedForm as Form;
use websocket_proto::endpoint::Sender;
use websocket_proto::extension::deflate::{Compression, DeflateConfig, Deflater, Effort};
use websocket_proto::{Message, Prepared, Server};

/// What is agreed on with a client that can: messages that stand alone, so that one serves all, and nobody's history is kept.
pub const COMPRESSION: DeflateConfig = DeflateConfig::DEFAULT.with_own(ALONE).with_peer(ALONE);

const ALONE: Compression = Compression::DEFAULT.with_context_takeover(false);

/// Shorter text is not worth it.
const LEAST: usize = 100;

thread_local! {
    /// One compressor for all rooms, since no message refers to another.
    static DEFLATER: RefCell<Deflater> = const { RefCell::new(Deflater::new(ALONE, Effort::SMALL)) };
}

/// A message as it goes over the wire to every client: what a room keeps, and what all its connections write from.
///
/// Each connection writes from this one place, so that a message for a thousand receivers is framed and compressed once, and copied never.
#[derive(Debug)]
pub struct Letter {
    frame: Prepared,
}

impl Letter {
    /// Frames a message. Text is compressed beside it; pictures are small already.
    pub fn new<'m>(message: impl Into<Message<'m>>) -> Self {
        let message = message.into();
        let frame = match message {
            Message::Text(text) if text.len() >= LEAST => {
                DEFLATER.with_borrow_mut(|deflater| Prepared::compressed(message, deflater))
            }
            Message::Text(_) | Message::Binary(_) => Prepared::new(message),
        };
        Self { frame: frame.expect("no message here is that large") }
    }

    /// Frames an answer for one client, which is not worth a compressor for each of them.
    pub fn answer(text: &str) -> Self {
        Self { frame: Prepared::new(text).expect("no answer is that large") }
    }

    /// Sends it: of the frame, a connection gets a reference. One that closes takes nothing more.
    pub fn send(&self, sender: &mut Sender<'_, Server>) {
        let _ = sender.send_prepared(&self.frame);
    }

    /// The frame in this form.
    pub fn bytes(&self, form: Form) -> &[u8] {
        self.frame.frame(form)
    }

    /// How many bytes it takes in memory.
    pub fn len(&self) -> usize {
        let compressed = if self.frame.is_compressed() { self.bytes(Form::Compressed).len() } else { 0 };
        self.bytes(Form::Plain).len() + compressed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use websocket_proto::endpoint::{Config, Endpoint};
    use websocket_proto::extension::deflate::DeflateParams;
    use websocket_proto::{CloseCode, Negotiated};

    #[test]
    fn letter_is_a_frame_as_a_server_sends_it() {
        let letter = Letter::new("Hello");
        assert_eq!((letter.bytes(Form::Plain), letter.len()), (&b"\x81\x05Hello"[..], 7));
    }

    #[test]
    fn connection_that_closes_takes_none() {
        let mut endpoint = endpoint(Negotiated::elsewhere());
        let letter = Letter::new("Hello");
        letter.send(&mut endpoint.sender());
        endpoint.close(CloseCode::NORMAL).unwrap();
        letter.send(&mut endpoint.sender());
        assert_eq!(endpoint.output(), b"\x81\x05Hello\x88\x02\x03\xe8");
    }

    #[test]
    fn long_text_is_compressed_for_those_who_have_agreed_on_it() {
        let letter = Letter::new("la ".repeat(100).as_str());
        let agreed = Negotiated::elsewhere().with_deflate(DeflateParams::new(ALONE, ALONE));
        for (negotiated, form) in [(agreed, Form::Compressed), (Negotiated::elsewhere(), Form::Plain)] {
            let mut endpoint = endpoint(negotiated);
            letter.send(&mut endpoint.sender());
            let sent: Vec<u8> = endpoint.output_slices().flatten().copied().collect();
            assert_eq!(sent, letter.bytes(form));
        }
        assert_eq!(letter.bytes(Form::Plain).len(), 4 + 300);
        assert!(letter.bytes(Form::Compressed).len() < 30);
        assert_eq!(letter.bytes(Form::Compressed)[0], 0xc1, "FIN, RSV1, text");
    }

    fn endpoint(negotiated: Negotiated) -> Endpoint<Server, Instant> {
        Endpoint::new(negotiated, Server, &Config::default(), b"", Instant::now())
    }
}

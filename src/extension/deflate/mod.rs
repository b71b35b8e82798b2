//! permessage-deflate (RFC 7692): messages that are compressed on the way.
//!
//! Both sides say in the [handshake](crate::handshake) what they are ready for, as a [`DeflateConfig`]; what they agree on is part of
//! [`Negotiated`](crate::Negotiated). From then on [`Messages`](crate::Messages) decompresses what comes compressed by itself, and the
//! sender chooses for each message.
//!
//! ```
//! use websocket_proto::extension::deflate::{DeflateConfig, Effort};
//! use websocket_proto::handshake::{Answer, ClientRequest, Received, ServerHandshake};
//! use websocket_proto::{Client, Connection, Incoming, Limits, Messages, Server};
//!
//! let limits = Limits::default();
//! // The client offers, the server accepts.
//! let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
//! let request = ClientRequest::new("example.com", "/").deflate(DeflateConfig::DEFAULT);
//! let mut handshake = request.start([7; 16], &limits, &mut to_server)?;
//! let received = ServerHandshake::new(&limits).receive(&to_server)?;
//! let Some(Received::Upgrade(request)) = received else { panic!("plain HTTP, or cut") };
//! let agreed = request.accept().deflate(DeflateConfig::DEFAULT).write_to(&mut to_client)?;
//! let mut server = Connection::new(agreed, Server, &limits);
//! let Some(Answer::Open(response)) = handshake.receive(&to_client)? else { panic!("refused, or cut") };
//! let mut client = Connection::new(response.negotiated(), Client::from_fn(|| [1, 2, 3, 4]), &limits);
//!
//! // The client sends, the server receives.
//! let mut deflater = client.deflater(Effort::FAST).ok_or("the server does not compress")?;
//! let (mut messages, mut wire) = (Messages::new(), Vec::new());
//! let text = "all work and no play ".repeat(50);
//! client.send_compressed(&text, &mut deflater, &mut wire)?;
//! assert!(wire.len() < 60);
//! let received = messages.next(&mut server, &mut &mut wire[..], &mut Vec::new())?;
//! assert_eq!(received, Some(Incoming::Text(&text)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! All this is there with the feature `deflate`, whose compressor links `std`. The feature `inflate`, which it implies, has the part that
//! needs no more than `alloc`: it negotiates, and reads messages that come compressed; what it sends goes out as it is, which RFC 7692 §6
//! leaves to each sender and each message.
//!
//! # Memory
//!
//! A compressor is a [`Deflater`], a decompressor an [`Inflater`]. Neither holds memory before its first message, and both are the
//! caller's: to own per connection, to put to sleep, or to share between connections that work without context takeover. With context
//! takeover each connection wants its own. A connection that meets another compressor, or one that has worked for another connection since,
//! lets it refer to nothing before; but it tells them apart by 24 bits, so that about one change in 17 million is missed. Then a message may
//! refer to what the other connection sent.
//! [`Deflater::hibernate`] gives everything back, since a compressor need not refer to what it has sent.
//! [`Inflater::hibernate`], which [`Messages::hibernate`](crate::Messages::hibernate) calls, keeps the history, to which the peer may
//! refer, and no more of it than there is.
//!
//! Measured, in KiB per connection, on a 64-bit machine:
//!
//! | window bits | context takeover | compressor, memory 8 | compressor, memory 1 | decompressor | decompressor, hibernating |
//! |---|---|---|---|---|---|
//! | 15 | yes | 372 | 261 | 41.9 | 32.0 |
//! | 15 | no | 372 | 261 | 9.9 | 0.0 |
//! | 12 | yes | 260 | 149 | 13.9 | 4.0 |
//! | 12 | no | 260 | 149 | 9.9 | 0.0 |
//! | 10 | yes | 248 | 137 | 10.9 | 1.0 |
//! | 10 | no | 248 | 137 | 10.9 | 0.0 |
//! | 9 | yes | 246 | 135 | 10.4 | 0.5 |
//! | 9 | no | 246 | 135 | 10.4 | 0.0 |
//! | 8 | yes | 246 | 135 | 10.2 | 0.2 |
//! | 8 | no | 246 | 135 | 10.2 | 0.0 |
//!
//! A decompressor without context takeover holds as much of its window as the longest message has filled, which is 1 KiB here; each
//! window has 1 KiB more than was agreed on. The rest are the tables for blocks that bring codes of their own, and are not there before the
//! first of them. A compressor holds the place for its output too, up to 64 KiB between messages.
//!
//! # What is checked
//!
//! A peer is held to what was agreed on, and the result does not depend on how the bytes were cut. References beyond the agreed window
//! or the history, impossible codes, a message that does not end where a block does: each fails the connection with 1007
//! ([`ProtocolError::InvalidCompression`](crate::ProtocolError::InvalidCompression)). What is decompressed is bounded by
//! [`Limits::max_message_len`](crate::Limits::max_message_len) while it is, so a small message can't grow into a large one; and a message's
//! compressed form is bounded by it too.
//!
//! Compression leaks: an attacker who can have text of their own compressed together with a secret learns the secret from the lengths. Send
//! such messages uncompressed.
#![forbid(unsafe_code)]

#[cfg(feature = "deflate")]
mod deflater;
mod inflate;
mod inflater;
mod meeting;
mod negotiation;
mod params;
mod window_bits;

#[cfg(feature = "deflate")]
pub use deflater::{Deflater, Effort};
pub use inflater::Inflater;
pub(crate) use meeting::Meeting;
pub use negotiation::DeflateConfig;
pub(crate) use params::PackedCompression;
pub use params::{Compression, DeflateParams};
pub use window_bits::WindowBits;

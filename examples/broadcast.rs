//! One message for many connections, compressed and framed once, whatever each has agreed on.
//!
//! ```sh
//! cargo run --release --features deflate --example broadcast
//! ```

use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort, WindowBits};
use websocket_proto::{Connection, Limits, Negotiated, Prepared, SendError, Server};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // In a server these come out of handshakes, each with a socket beside it.
    let small = Compression { window_bits: WindowBits::W10, context_takeover: false };
    let limited = DeflateParams { server: small, client: Compression::DEFAULT };
    let mut room = [
        ("no compression", connection(Negotiated::elsewhere())),
        ("all of it", connection(Negotiated::elsewhere().with_deflate(DeflateParams::default()))),
        ("a window of 1 KiB", connection(Negotiated::elsewhere().with_deflate(limited))),
    ];

    // One compressor for the whole room. With the smallest window that anybody has agreed on, everybody can read it.
    let mut deflater = Deflater::new(small, Effort::SMALL);
    for text in ["first news: ", "later news: "] {
        let news = Prepared::compressed(&text.repeat(40), &mut deflater)?;
        for (agreement, connection) in &mut room {
            match connection.send_prepared(&news) {
                // To be written to the connection's socket, or queued by reference until it can be.
                Ok(form) => println!("{agreement}: {} bytes", news.frame(form).len()),
                Err(SendError::NotOpen { state }) => println!("{agreement}: {state}"),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

fn connection(negotiated: Negotiated) -> Connection<Server> {
    Connection::new(negotiated, Server, &Limits::default())
}

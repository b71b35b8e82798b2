//! Everything up to the first frame: connect, TLS, handshake.

use std::net::TcpStream;
use std::time::Instant;

#[cfg(feature = "deflate")]
use websocket_proto::extension::deflate::DeflateConfig;
use websocket_proto::handshake::{ClientRequest, WsUrl};
use websocket_proto::{Client, Connection, RandomKeys, Timers};

use crate::link::Link;
use crate::open::{InTime, connect, shake_hands};
use crate::options::Options;

/// A connection that is open, and all that belongs to it.
pub struct Opened {
    pub stream: TcpStream,
    pub link: Link,
    pub connection: Connection<Client<RandomKeys>>,
    pub timers: Timers<Instant>,
    /// What came after the head of the response: frames already.
    pub unread: Vec<u8>,
    /// The subprotocol that the server chose.
    pub subprotocol: Option<String>,
}

/// Opens what the options name. All of it together takes no longer than the time-out of the handshake.
pub fn open(options: &Options) -> Result<Opened, String> {
    let start = Instant::now();
    let timers = Timers::new(options.timeouts, start);
    let deadline = timers.deadline().unwrap_or(start);
    let url = WsUrl::parse(&options.url).map_err(|error| format!("{}: {error}", options.url))?;
    // A file that can't be read is told before anything is sent.
    let mut link = if url.is_secure() { Link::tls(&url, options)? } else { Link::Plain };
    let stream = connect(&url, deadline)?;

    let fields = options.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>();
    let mut request = ClientRequest::from_url(&url).subprotocols(options.subprotocols.as_slice()).fields(&fields);
    if let Some(origin) = &options.origin {
        request = request.origin(origin);
    }
    #[cfg(feature = "deflate")]
    if options.deflate {
        request = request.deflate(DeflateConfig::DEFAULT);
    }

    let mut socket = InTime { socket: &stream, deadline };
    let mut greeted = match &mut link {
        Link::Plain => shake_hands(&mut socket, request, &options.limits)?,
        Link::Tls(tls) => {
            // Apart from the rest, so that a certificate that is not trusted is not called a fault of WebSocket.
            while tls.is_handshaking() {
                tls.complete_io(&mut socket)
                    .map_err(|error| format!("TLS with {} failed: {error}", url.host_field()))?;
            }
            shake_hands(&mut rustls::Stream::new(tls.as_mut(), &mut socket), request, &options.limits)?
        }
    };
    // Frames that came with the head, and are decrypted already.
    link.receive(&[], &mut greeted.unread)?;
    stream.set_read_timeout(None).map_err(|error| error.to_string())?;
    Ok(Opened {
        stream,
        link,
        connection: greeted.connection,
        timers,
        unread: greeted.unread,
        subprotocol: greeted.subprotocol,
    })
}

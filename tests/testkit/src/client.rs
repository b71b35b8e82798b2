//! Opens a connection to a server under test, on a blocking socket and without compression.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use websocket_proto::handshake::{Answer, ClientRequest, WsUrl};
use websocket_proto::{Client, Connection, Limits, RandomKeys};

/// A connection that is open, and the socket under it.
pub struct Opened {
    pub stream: TcpStream,
    pub connection: Connection<Client<RandomKeys>>,
    /// The bytes after the head of the response: frames already.
    pub unread: Vec<u8>,
}

/// Connects and shakes hands; the error is one line for people.
pub fn open(url: &str, limits: &Limits) -> Result<Opened, String> {
    let url = WsUrl::parse(url).map_err(|error| format!("{url}: {error}"))?;
    if url.is_secure() {
        return Err("wss is not supported by this client".to_owned());
    }
    let mut stream = TcpStream::connect((url.host(), url.port()))
        .map_err(|error| format!("can't connect to {}: {error}", url.host_field()))?;
    let mut keys = RandomKeys::from_os().map_err(|error| error.to_string())?;

    let mut out = Vec::new();
    let request = ClientRequest::from_url(&url);
    let mut handshake = request.start(keys.nonce(), limits, &mut out).map_err(|error| error.to_string())?;
    let failed = |error: std::io::Error| format!("handshake broke off: {error}");
    stream.set_nodelay(true).map_err(failed)?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(failed)?;
    stream.write_all(&out).map_err(failed)?;

    let mut head = Vec::new();
    let mut read = [0; 4096];
    loop {
        let n = stream.read(&mut read).map_err(failed)?;
        if n == 0 {
            let how = if head.is_empty() { "without an answer" } else { "in the middle of its answer" };
            return Err(format!("the server closed the connection {how}"));
        }
        head.extend_from_slice(&read[..n]);
        match handshake.receive(&head) {
            Ok(None) => {}
            Ok(Some(Answer::Open(response))) => {
                let connection = Connection::new(response.negotiated(), Client::new(keys), limits);
                stream.set_read_timeout(None).map_err(failed)?;
                let unread = head[response.head_len()..].to_vec();
                return Ok(Opened { stream, connection, unread });
            }
            Ok(Some(Answer::Refused(response))) => {
                let (status, reason) = (response.status(), response.reason().escape_ascii());
                return Err(format!("the server refused: {status} {reason}"));
            }
            Err(error) => return Err(format!("handshake failed: {error}")),
        }
    }
}

//! Servers to try, and to be tried by; and a raw client.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use stacks::Server;
use yawc::{OpCode, Options, WebSocket};

/// Starts a server that lives as long as the test.
pub fn start(server: Server) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let serve = async { server.serve(tokio::net::TcpListener::from_std(listener).unwrap()).await };
        tokio::task::LocalSet::new().block_on(&runtime, serve).unwrap();
    });
    address
}

/// A response as it came.
#[derive(Debug)]
pub struct Raw {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    /// What came after the head, until `until` held or the connection ended.
    pub rest: Vec<u8>,
}

impl Raw {
    /// The values of a field, joined as RFC 9110 §5.3 joins them.
    pub fn field(&self, name: &str) -> String {
        let values = self.fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        values.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Writes these bytes at once, and reads a response and what comes after it, until `until` holds or the server closes.
pub fn exchange(address: SocketAddr, bytes: &[u8], until: impl Fn(&Raw) -> bool) -> Raw {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket.write_all(bytes).unwrap();
    let mut read = Vec::new();
    loop {
        if let Some(raw) = parse(&read).filter(|raw| until(raw)) {
            return raw;
        }
        let mut buf = [0; 4096];
        match socket.read(&mut buf) {
            Ok(0) => return parse(&read).unwrap_or_else(|| panic!("no head in {:?}", read.escape_ascii().to_string())),
            Ok(n) => read.extend_from_slice(&buf[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => panic!("{error} after {:?}", read.escape_ascii().to_string()),
        }
    }
}

fn parse(read: &[u8]) -> Option<Raw> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&read[..end]).unwrap();
    let (line, fields) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let fields = fields.split("\r\n").filter_map(|field| field.split_once(": "));
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Some(Raw { status, fields, rest: read[end + 4..].to_vec() })
}

/// Whether all of the body that `Content-Length` announces is there.
pub fn whole_body(raw: &Raw) -> bool {
    raw.field("content-length").parse().is_ok_and(|len: usize| raw.rest.len() >= len)
}

/// Accepts by yawc, on whichever HTTP hyper speaks, and sends back each message.
pub async fn yawc_server(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, yawc::WebSocketError> {
    let (response, upgrade) =
        WebSocket::upgrade_with_options(&mut request, Options::default().with_balanced_compression())?;
    tokio::spawn(async move {
        let mut socket = upgrade.await.unwrap();
        while let Ok(frame) = socket.next_frame().await {
            if matches!(frame.opcode(), OpCode::Text | OpCode::Binary) {
                socket.send(frame).await.unwrap();
            }
        }
    });
    Ok(response)
}

//! Both ends of a connection in one program, with no socket between them: the server's are those of this package, the client's are
//! quiche's, and its frames are written by hand.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use quiche::h3::{self, Header, NameValue};
use quiche::{ConnectionId, RecvInfo};
use websocket_proto::endpoint::Config;
use websocket_proto::extension::deflate::DeflateConfig;

use crate::options::Options;
use crate::peer::Peer;
use crate::server::configure;

/// RFC 6455 §5.7: "A single-frame masked text message", and its echo.
const HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const HELLO_BACK: &[u8] = b"\x81\x05Hello";
/// Close with 1000, masked with the key 0, and the answer.
const CLOSE: &[u8] = &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
const CLOSE_BACK: &[u8] = &[0x88, 0x02, 0x03, 0xe8];
/// RFC 9114 §8.1.
const H3_REQUEST_CANCELLED: u64 = 0x010c;
/// What the fields of a request for a WebSocket are, with the default of each.
const REQUEST: [(&str, &str); 6] = [
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "https"),
    (":authority", "localhost"),
    (":path", "/"),
    ("sec-websocket-version", "13"),
];

struct Pair {
    client: quiche::Connection,
    http: Option<h3::Connection>,
    server: Peer,
    of_server: (h3::Config, Options),
    /// What the client has heard: statuses, the bytes of bodies, and how streams have ended.
    heard: Vec<(u64, Heard)>,
}

#[derive(Debug, Eq, PartialEq)]
enum Heard {
    Head(Vec<(String, String)>),
    Body(Vec<u8>),
    End,
    Reset(u64),
    GoAway,
}

fn addresses() -> (SocketAddr, SocketAddr) {
    (SocketAddr::from(([127, 0, 0, 1], 40_000)), SocketAddr::from(([127, 0, 0, 1], 9446)))
}

impl Pair {
    /// Two ends after the handshakes of QUIC and HTTP/3.
    fn new(window: u64) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let tls = (file(&made.cert.pem()), file(&made.signing_key.serialize_pem()));
        let mut config = Config::default();
        config.deflate = Some(DeflateConfig::DEFAULT);
        let options = Options {
            listen: addresses().1,
            tls,
            windows: (window, 16 * window),
            max_streams: 200,
            max_connections: 1,
            config,
            subprotocols: vec!["chat".to_owned()],
            origins: Vec::new(),
            quiet: true,
        };
        let (of_client, of_server) = addresses();
        let mut server = configure(&options).unwrap();
        for read in [&options.tls.0, &options.tls.1] {
            std::fs::remove_file(read).unwrap();
        }
        let mut client = quiche::Config::new(quiche::PROTOCOL_VERSION).unwrap();
        client.set_application_protos(h3::APPLICATION_PROTOCOL).unwrap();
        client.verify_peer(false);
        client.set_initial_max_data(16 * window);
        client.set_initial_max_stream_data_bidi_local(window);
        client.set_initial_max_stream_data_uni(window);
        client.set_initial_max_streams_uni(8);
        let id = ConnectionId::from_ref(&[1; 16]);
        let client = quiche::connect(Some("localhost"), &id, of_client, of_server, &mut client).unwrap();
        let id = ConnectionId::from_ref(&[2; 16]);
        let server = Peer::new(quiche::accept(&id, None, of_server, of_client, &mut server).unwrap());
        let mut http = h3::Config::new().unwrap();
        http.enable_extended_connect(true);
        let mut pair = Self { client, http: None, server, of_server: (http, options), heard: Vec::new() };
        pair.run();
        assert!(pair.client.is_established());
        pair.http = Some(h3::Connection::with_transport(&mut pair.client, &pair.of_server.0).unwrap());
        pair.run();
        // RFC 9220 §3: "the SETTINGS_ENABLE_CONNECT_PROTOCOL parameter".
        assert!(pair.http.as_ref().unwrap().extended_connect_enabled_by_peer());
        pair
    }

    /// Carries datagrams until neither end has one, and notes what the client hears.
    fn run(&mut self) {
        let (of_client, of_server) = addresses();
        let mut datagram = [0; 1350];
        loop {
            let mut moved = false;
            self.server.turn(Instant::now(), &self.of_server.0, &self.of_server.1);
            while let Some((n, _)) = self.server.send(&mut datagram) {
                self.client.recv(&mut datagram[..n], RecvInfo { from: of_server, to: of_client }).unwrap();
                moved = true;
            }
            self.hear();
            while let Ok((n, _)) = self.client.send(&mut datagram) {
                self.server.receive(&mut datagram[..n], of_client, of_server);
                moved = true;
            }
            if !moved {
                return;
            }
        }
    }

    fn hear(&mut self) {
        let Some(http) = &mut self.http else { return };
        while let Ok((id, event)) = http.poll(&mut self.client) {
            match event {
                h3::Event::Headers { list, .. } => {
                    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                    let head = list.iter().map(|field| (text(field.name()), text(field.value()))).collect();
                    self.heard.push((id, Heard::Head(head)));
                }
                h3::Event::Data => {
                    let mut room = [0; 4096];
                    while let Ok(n) = http.recv_body(&mut self.client, id, &mut room) {
                        match self.heard.iter_mut().rev().find(|(of, _)| *of == id) {
                            Some((_, Heard::Body(body))) => body.extend_from_slice(&room[..n]),
                            _ => self.heard.push((id, Heard::Body(room[..n].to_vec()))),
                        }
                    }
                }
                h3::Event::Finished => self.heard.push((id, Heard::End)),
                h3::Event::Reset(code) => self.heard.push((id, Heard::Reset(code))),
                h3::Event::GoAway => self.heard.push((id, Heard::GoAway)),
                h3::Event::PriorityUpdate => {}
            }
        }
    }

    /// Sends a request; returns its stream.
    fn ask(&mut self, fields: &[(&str, &str)]) -> u64 {
        let list = fields.iter().map(|(name, value)| Header::new(name.as_bytes(), value.as_bytes()));
        let list = list.collect::<Vec<_>>();
        let id = self.http.as_mut().unwrap().send_request(&mut self.client, &list, false).unwrap();
        self.run();
        id
    }

    fn send(&mut self, id: u64, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.http.as_mut().unwrap().send_body(&mut self.client, id, bytes, false) {
                Ok(n) => bytes = &bytes[n..],
                Err(h3::Error::Done) => {}
                Err(error) => panic!("{error}"),
            }
            self.run();
        }
    }

    /// What was heard on a stream since this was asked last.
    fn take(&mut self, id: u64) -> Vec<Heard> {
        let (its, others) = std::mem::take(&mut self.heard).into_iter().partition(|(of, _)| *of == id);
        self.heard = others;
        let its: Vec<(u64, Heard)> = its;
        its.into_iter().map(|(_, heard)| heard).collect()
    }

    fn status(&mut self, id: u64) -> String {
        match &self.take(id)[..] {
            [Heard::Head(head), ..] => head.iter().find(|(name, _)| name == ":status").unwrap().1.clone(),
            other => panic!("expected a head, found {other:?}"),
        }
    }
}

/// A file of its own that holds this.
fn file(text: &str) -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let file: PathBuf = std::env::temp_dir().join(format!("h3-in-memory-{}-{number}.pem", std::process::id()));
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn websockets_talk_and_close_on_streams_of_one_connection() {
    let mut pair = Pair::new(65_536);
    let ids: Vec<u64> = (0..100).map(|_| pair.ask(&REQUEST)).collect();
    for &id in &ids {
        assert_eq!(pair.status(id), "200");
        pair.send(id, HELLO);
    }
    for &id in &ids {
        assert_eq!(pair.take(id), [Heard::Body(HELLO_BACK.to_vec())]);
        pair.send(id, CLOSE);
        // RFC 9220 §3: the orderly end of TCP is the FIN of the stream.
        assert_eq!(pair.take(id), [Heard::Body(CLOSE_BACK.to_vec()), Heard::End]);
    }
}

#[test]
fn a_message_longer_than_the_windows_comes_back() {
    let mut pair = Pair::new(16_384);
    let id = pair.ask(&REQUEST);
    assert_eq!(pair.status(id), "200");
    let frame = [&[0x82, 0xff, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0][..], &[7; 3 << 16]].concat();
    pair.send(id, &frame);
    let [Heard::Body(back)] = &pair.take(id)[..] else { panic!("expected an echo") };
    // In fragments of 64 KiB, as the endpoint's settings say: three headers of ten bytes.
    assert_eq!(back.iter().filter(|&&byte| byte == 7).count(), 3 << 16);
    assert_eq!(back.len(), (3 << 16) + 30);
}

#[test]
fn requests_that_open_nothing_are_answered() {
    let mut pair = Pair::new(65_536);
    let with = |name: &str, value: &'static str| REQUEST.map(|(n, v)| if n == name { (n, value) } else { (n, v) });
    for (fields, status) in [
        (with(":protocol", "connect-udp").to_vec(), "501"),
        (with("sec-websocket-version", "8").to_vec(), "400"),
        (REQUEST[..5].to_vec(), "400"),
        ([&REQUEST[..], &[("origin", "https://elsewhere.example")]].concat(), "403"),
        ([&REQUEST[..], &[("upgrade", "websocket")]].concat(), "400"),
        ([&REQUEST[..], &[("connection", "Upgrade")]].concat(), "400"),
        (vec![(":method", "GET"), REQUEST[2], REQUEST[3], (":path", "/")], "200"),
        (vec![(":method", "GET"), REQUEST[2], REQUEST[3], (":path", "/else")], "404"),
        (vec![(":method", "POST"), REQUEST[2], REQUEST[3], (":path", "/")], "405"),
    ] {
        let id = pair.ask(&fields);
        assert_eq!(pair.status(id), status, "{fields:?}");
    }
    let id = pair.ask(&[&REQUEST[..], &[("sec-websocket-protocol", "superchat, chat")]].concat());
    let heard = pair.take(id);
    let [Heard::Head(head)] = &heard[..] else { panic!("expected a head, found {heard:?}") };
    assert!(head.contains(&("sec-websocket-protocol".to_owned(), "chat".to_owned())), "{head:?}");
}

#[test]
fn a_stream_that_is_reset_disturbs_no_other_and_one_that_ends_without_a_close_is_answered() {
    let mut pair = Pair::new(65_536);
    let [reset, ended, stays] = [(); 3].map(|()| {
        let id = pair.ask(&REQUEST);
        assert_eq!(pair.status(id), "200");
        id
    });
    pair.client.stream_shutdown(reset, quiche::Shutdown::Write, H3_REQUEST_CANCELLED).unwrap();
    pair.run();
    // RFC 9220 §3: "A TCP connection reset is [...] a stream error of type H3_REQUEST_CANCELLED".
    assert_eq!(pair.take(reset), [Heard::Reset(H3_REQUEST_CANCELLED)]);
    pair.http.as_mut().unwrap().send_body(&mut pair.client, ended, HELLO, true).unwrap();
    pair.run();
    assert_eq!(pair.take(ended), [Heard::Body(HELLO_BACK.to_vec()), Heard::End]);
    pair.send(stays, HELLO);
    assert_eq!(pair.take(stays), [Heard::Body(HELLO_BACK.to_vec())]);
}

#[test]
fn a_server_that_stops_sends_goaway_and_tells_each_websocket() {
    let mut pair = Pair::new(65_536);
    let id = pair.ask(&REQUEST);
    assert_eq!(pair.status(id), "200");
    pair.server.leave();
    pair.run();
    assert!(pair.heard.iter().any(|(_, heard)| *heard == Heard::GoAway), "{:?}", pair.heard);
    let told = pair.heard.iter().find_map(|(of, heard)| match heard {
        Heard::Body(body) if *of == id => Some(body.clone()),
        _ => None,
    });
    // 1001, "the server stops".
    assert_eq!(told.unwrap()[..4], [0x88, 18, 0x03, 0xe9]);
}

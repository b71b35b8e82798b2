//! `--deflate`.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use support::REQUEST;
use support::peer::Heard;
use support::server::Server;

#[test]
fn messages_are_compressed_where_the_option_and_the_client_want_it() {
    let text = "to be, or not to be, ".repeat(5000);
    for (options, wanted) in [(&["--deflate"][..], true), (&[], false)] {
        let server = Server::start(options);
        let mut peer = server.join();
        assert_eq!(peer.compresses(), wanted);
        for _ in 0..3 {
            peer.echoes(&text);
            if wanted {
                let frame = peer.compressed_frame(&text);
                assert!(frame.len() < text.len() / 50);
                peer.stream.write_all(&frame).unwrap();
                assert_eq!(peer.hear(), Heard::Text(text.clone()));
            }
        }
        peer.close();
        assert_eq!(peer.hear(), Heard::Close(1000, String::new()));
    }
}

/// Shakes hands with an extension offer and sends a text of 126 bytes in one frame: the answer's field, and the frame that comes back.
fn echo(server: &Server, offer: &str) -> (String, Vec<u8>) {
    let mut socket = TcpStream::connect(&server.addresses[0]).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let request = REQUEST.strip_suffix("\r\n").unwrap();
    let frame = [&[0x81, 0xfe, 0, 126, 0, 0, 0, 0][..], &[b'x'; 126]].concat();
    socket.write_all(format!("{request}Sec-WebSocket-Extensions: {offer}\r\n\r\n").as_bytes()).unwrap();
    socket.write_all(&frame).unwrap();
    socket.write_all(&[0x88, 0x80, 0, 0, 0, 0]).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let field = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    (field.unwrap_or_default().to_owned(), answer[end + 4..].to_vec())
}

#[test]
fn no_message_depends_on_another_and_every_window_is_served() {
    let server = Server::start(&["--deflate"]);
    for (offer, agreed) in [
        ("permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
        ("permessage-deflate; server_max_window_bits=9", "server_max_window_bits=9"),
        ("permessage-deflate; server_max_window_bits=15", "server_no_context_takeover"),
    ] {
        let (field, frames) = echo(&server, offer);
        assert!(field.contains(agreed) && field.contains("server_no_context_takeover"), "{offer}: {field}");
        assert_eq!(frames[0], 0xc1, "FIN, RSV1, text");
        assert!(frames.len() < 20, "{} bytes", frames.len());
    }
    let (field, frames) = echo(&server, "another-extension");
    assert_eq!((field.as_str(), &frames[..4]), ("", &[0x81, 126, 0, 126][..]));
}

#[test]
fn broadcast_is_compressed_for_those_who_agreed_and_plain_for_the_others() {
    let server = Server::start(&["--deflate", "--mode", "broadcast"]);
    let mut peers = [server.join(), server.join()];
    let (field, _) = echo(&server, "another-extension");
    assert_eq!(field, "");
    let text = "news, ".repeat(10_000);
    for peer in &mut peers {
        assert_eq!(peer.hear_text(), "x".repeat(126), "what the one without compression said");
    }
    peers[0].say(text.as_str());
    for peer in &mut peers {
        assert!(peer.hear_text() == text);
    }
}

#[test]
fn messages_cut_anywhere_and_of_all_sizes_are_echoed() {
    let server = Server::start(&["--deflate"]);
    let mut peer = server.join();
    for len in [0, 1, 31, 32, 1000, 65_535, 65_536, 200_000] {
        let text = (0..len).map(|n| char::from(b'a' + ((n % 1000) * (n % 1000) % 23) as u8)).collect::<String>();
        let frame = peer.compressed_frame(&text);
        for piece in frame.chunks(frame.len() / 3 + 1) {
            peer.stream.write_all(piece).unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(peer.hear() == Heard::Text(text), "{len} bytes");
    }
}

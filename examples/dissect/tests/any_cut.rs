//! The report does not depend on how TCP has cut the bytes: over handshakes, frames, HTTP/2 and TLS, valid and damaged. The fuzz target
//! `dissect` has the same law for any bytes; this begins with its seeds.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use dissect::event::Way;
use dissect::pcapng::Writer;
use dissect::tls::KeyLog;
use dissect::{Analysis, capture, json};

fn report(client: &[u8], server: &[u8], port: u16, lengths: &[usize]) -> Vec<String> {
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file).unwrap();
    let address = |last, port| SocketAddr::new(Ipv4Addr::new(10, 0, 0, last).into(), port);
    let mut conversation = writer.begin(address(1, 40_000), address(2, port), Duration::ZERO).unwrap();
    for (way, mut bytes) in [(Way::ToServer, client), (Way::ToClient, server)] {
        let mut lengths = lengths.iter().cycle();
        while !bytes.is_empty() {
            let (segment, rest) = bytes.split_at((*lengths.next().unwrap()).min(bytes.len()));
            writer.data(&mut conversation, way, segment, Duration::ZERO).unwrap();
            bytes = rest;
        }
        writer.finish(&mut conversation, way, Duration::ZERO).unwrap();
    }
    let (mut lines, mut analysis) = (Vec::new(), Analysis::new(vec![9123], KeyLog::default()));
    let read = capture::read(std::io::Cursor::new(file), |block| {
        analysis.block(&block, |stream, time, event| lines.push(json::object(stream, time, &event).to_string()));
        true
    });
    read.unwrap();
    analysis.end_all(|stream, time, event| lines.push(json::object(stream, time, &event).to_string()));
    assert!(analysis.held() < 1 << 10, "{} bytes are held when all has ended", analysis.held());
    lines
}

#[test]
fn the_same_bytes_in_other_segments_make_the_same_report() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/dissect");
    let (mut state, mut shown) = (1_u64, 0);
    let mut draw = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % n
    };
    for name in ["handshake", "frames", "http2", "tls"] {
        let seed = fs::read(seeds.join(name)).unwrap();
        let (&[mode, _, _, _, high, low], said) = seed.split_first_chunk().unwrap();
        let (client, server) = said.split_at(u16::from_be_bytes([high, low]).into());
        let port = if mode & 2 == 0 { 80 } else { 9123 };
        for round in 0..60 {
            let (mut client, mut server) = (client.to_vec(), server.to_vec());
            // The first round is the seed itself.
            for _ in 0..round % 4 {
                let bytes = if draw(2) == 0 { &mut client } else { &mut server };
                let at = draw(bytes.len());
                match draw(3) {
                    0 => bytes[at] ^= 1 << draw(8),
                    1 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, 0x81),
                }
            }
            let whole = report(&client, &server, port, &[usize::MAX]);
            let lengths = [1 + draw(7), 1 + draw(90), 1 + draw(3)];
            for lengths in [&lengths[..], &[1]] {
                assert_eq!(whole, report(&client, &server, port, lengths), "{name}, round {round}, {lengths:?}");
            }
            shown += usize::from(!whole.is_empty());
        }
    }
    assert!(shown > 80, "only {shown} showed anything");
}

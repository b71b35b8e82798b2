#![no_main]
//! Any bytes as a capture, and any bytes as what two ends have said: no panic, nothing kept that did not come, and the same report however
//! TCP has cut it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use dissect::event::{Event, Way};
use dissect::pcapng::Writer;
use dissect::tls::KeyLog;
use dissect::{Analysis, capture, json};
use libfuzzer_sys::fuzz_target;

/// A payload is kept up to 1 MiB, and these inputs are short.
fn report(file: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut analysis = Analysis::new(vec![9123], KeyLog::default());
    let mut found = |stream: &_, time, event: Event| {
        if let Event::Frame { payload, .. } = &event {
            // Decompressed messages are longer; what a frame has can't be.
            assert!(payload.bytes.len() <= file.len());
        }
        lines.push(json::object(stream, time, &event).to_string());
    };
    let _ = capture::read(std::io::Cursor::new(file.to_vec()), |block| {
        analysis.block(&block, &mut found);
        true
    });
    analysis.end_all(&mut found);
    assert!(analysis.held() < 1 << 10, "{} bytes are held when all has ended", analysis.held());
    lines
}

/// A capture of what a client and a server have said, in segments of these lengths.
fn told(client: &[u8], server: &[u8], port: u16, lengths: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file).unwrap();
    let address = |last, port| SocketAddr::new(Ipv4Addr::new(10, 0, 0, last).into(), port);
    let mut conversation = writer.begin(address(1, 40_000), address(2, port), Duration::ZERO).unwrap();
    for (way, mut bytes) in [(Way::ToServer, client), (Way::ToClient, server)] {
        let mut lengths = lengths.iter().cycle();
        while !bytes.is_empty() {
            let len = lengths.next().map_or(bytes.len(), |&len| 1 + usize::from(len)).min(bytes.len());
            let (segment, rest) = bytes.split_at(len);
            writer.data(&mut conversation, way, segment, Duration::ZERO).unwrap();
            bytes = rest;
        }
    }
    writer.finish(&mut conversation, Way::ToServer, Duration::ZERO).unwrap();
    writer.finish(&mut conversation, Way::ToClient, Duration::ZERO).unwrap();
    file
}

fuzz_target!(|data: &[u8]| {
    let Some((&[mode, a, b, c, high, low], rest)) = data.split_first_chunk() else { return };
    if mode & 1 == 0 {
        report(&data[1..]);
        return;
    }
    let (client, server) = rest.split_at(usize::from(u16::from_be_bytes([high, low])).min(rest.len()));
    let port = if mode & 2 == 0 { 80 } else { 9123 };
    let whole = report(&told(client, server, port, &[]));
    let cut = report(&told(client, server, port, &[a, b, c]));
    assert_eq!(whole, cut);
});

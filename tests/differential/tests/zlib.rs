//! zlib reads what this crate compresses, and this crate reads what zlib compresses. It needs `python3`, so it is a package of its own:
//! `cargo test --release -p differential`.
#![allow(clippy::cast_possible_truncation)] // Patterns of bytes.

use std::{fs, path::PathBuf, process::Command};

use websocket_proto::extension::deflate::{Compression, Deflater, Effort, Inflater, WindowBits};

fn compression(window_bits: WindowBits, context_takeover: bool) -> Compression {
    Compression::new(window_bits, context_takeover)
}

fn zlib(task: &str, file: &PathBuf) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/zlib.py");
    let output = Command::new("python3").arg(script).arg(task).arg(file).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

struct Connection {
    bits: WindowBits,
    takeover: bool,
    /// Compressed and plain.
    messages: Vec<(Vec<u8>, Vec<u8>)>,
}

fn read(mut bytes: &[u8]) -> Vec<Connection> {
    fn take<'b>(bytes: &mut &'b [u8], len: usize) -> &'b [u8] {
        let (front, back) = bytes.split_at(len);
        *bytes = back;
        front
    }
    fn number(bytes: &mut &[u8]) -> usize {
        u32::from_le_bytes(take(bytes, 4).try_into().unwrap()) as usize
    }
    let mut connections = Vec::new();
    while !bytes.is_empty() {
        let &[bits, takeover, count, _] = take(&mut bytes, 4) else { unreachable!() };
        let messages = (0..count)
            .map(|_| {
                let (compressed, plain) = (number(&mut bytes), number(&mut bytes));
                (take(&mut bytes, compressed).to_vec(), take(&mut bytes, plain).to_vec())
            })
            .collect();
        connections.push(Connection { bits: WindowBits::new(bits).unwrap(), takeover: takeover == 1, messages });
    }
    connections
}

fn write(connections: &[Connection]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Connection { bits, takeover, messages } in connections {
        bytes.extend([bits.get(), u8::from(*takeover), messages.len() as u8, 0]);
        for (compressed, plain) in messages {
            bytes.extend((compressed.len() as u32).to_le_bytes());
            bytes.extend((plain.len() as u32).to_le_bytes());
            bytes.extend([&compressed[..], plain].concat());
        }
    }
    bytes
}

fn inflate(inflater: &mut Inflater, message: &[u8], piece_len: usize, max: usize) -> Vec<u8> {
    let mut output = Vec::new();
    let mut pieces = message.chunks(piece_len).peekable();
    while let Some(mut piece) = pieces.next() {
        while let Some(bytes) = inflater.inflate(&mut piece, pieces.peek().is_none(), max).unwrap() {
            output.extend_from_slice(bytes);
        }
    }
    output
}

#[test]
fn each_reads_what_the_other_compresses() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("zlib.bin");
    zlib("compress", &file);
    let from_zlib = read(&fs::read(&file).unwrap());
    assert_eq!(from_zlib.len(), 10 * 5 * 7 * 2);
    for (n, connection) in from_zlib.iter().enumerate() {
        for (piece_len, max) in [(usize::MAX, usize::MAX), (1, usize::MAX), (7, 1), (1000, 100)] {
            let mut inflater = Inflater::new(compression(connection.bits, connection.takeover));
            for (compressed, plain) in &connection.messages {
                assert!(inflate(&mut inflater, compressed, piece_len, max) == *plain, "connection {n}");
                if max == 100 {
                    inflater.hibernate();
                }
            }
        }
    }

    let mut from_us = Vec::new();
    for (n, connection) in from_zlib.into_iter().enumerate() {
        let effort = Effort::new((n / 5 % 10) as u8, 1 + (n % 9) as u8);
        for bits in 8..=15 {
            let bits = WindowBits::new(bits).unwrap();
            let mut deflater = Deflater::new(compression(bits, connection.takeover), effort);
            let mut inflater = Inflater::new(compression(bits, connection.takeover));
            let messages = connection.messages.iter().map(|(_, plain)| {
                let (first, last) = plain.split_at(plain.len() / (n % 3 + 1));
                let mut compressed = deflater.deflate(first, false).to_vec();
                compressed.extend_from_slice(deflater.deflate(last, true));
                assert!(inflate(&mut inflater, &compressed, usize::MAX, usize::MAX) == *plain);
                (compressed, plain.clone())
            });
            let messages = messages.collect();
            // zlib's smallest window for raw streams is 512 bytes here; ours has held the distances to 256 above.
            let zlib_bits = bits.max(WindowBits::W9);
            from_us.push(Connection { bits: zlib_bits, takeover: connection.takeover, messages });
        }
    }
    fs::write(&file, write(&from_us)).unwrap();
    zlib("check", &file);
    fs::remove_file(&file).unwrap();
}

//! A piece of more than 4 GiB, which takes minutes without optimisation: `cargo test --release -p differential --test large_piece`.

use websocket_proto::extension::deflate::{Compression, Deflater, Effort, Inflater};

/// The backend counts the bytes of a call in 32 bits. The zeros take no memory as long as they are only read.
#[test]
fn piece_above_4_gib_is_compressed_whole() {
    let piece = vec![0; (1 << 32) + 1_000_000];
    let mut deflater = Deflater::new(Compression::DEFAULT, Effort::FAST);
    let mut compressed = deflater.deflate(&piece, true);
    let (mut inflater, mut len) = (Inflater::new(Compression::DEFAULT), 0);
    while let Some(bytes) = inflater.inflate(&mut compressed, true, usize::MAX).unwrap() {
        assert!(bytes.iter().all(|&byte| byte == 0));
        len += bytes.len();
    }
    assert_eq!(len, piece.len());
}

//! Masking and headers.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use websocket_proto::wire::{DataOpcode, Header, Masker, MaskingKey};

const KEY: MaskingKey = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);

fn main() {
    divan::main();
}

/// Masks a payload where it lies.
#[divan::bench(args = [16, 125, 1 << 10, 16 << 10, 1 << 20, 64 << 20])]
fn mask(bencher: Bencher, len: usize) {
    let (mut payload, mut masker) = (vec![0; len], Masker::new(KEY));
    bencher.counter(BytesCount::new(len)).bench_local(|| masker.apply(black_box(&mut payload)));
}

/// Writes a header with a 7-, a 16- and a 64-bit length.
#[divan::bench(args = [16, 1 << 10, 1 << 20])]
fn encode_header(len: u64) -> usize {
    let header = Header::data(DataOpcode::Binary, true, black_box(len)).expect("less than 2^63");
    black_box(header.with_masking_key(Some(KEY)).encode()).len()
}

/// Reads it again.
#[divan::bench(args = [16, 1 << 10, 1 << 20])]
fn decode_header(bencher: Bencher, len: u64) {
    let header = Header::data(DataOpcode::Binary, true, len).expect("less than 2^63").with_masking_key(Some(KEY));
    let bytes = header.encode();
    bencher.bench(|| Header::decode(black_box(&bytes)));
}

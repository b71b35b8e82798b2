//! Law: with the largest window, messages decompress to what zlib (in C) and zlib-rs make of them, byte for byte, and are refused where
//! zlib refuses them or has not come to a block's end; whoever compressed them, however they are cut, whatever is changed in them.
#![no_main]

use std::ffi::c_int;
use std::mem::MaybeUninit;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use libz_sys as z;
use testkit::Cuts;
use websocket_proto::extension::deflate::{Compression, Inflater};
use zlib_rs::{InflateFlush, Status};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    messages: Vec<Message<'a>>,
    cuts: Cuts,
    /// Bytes of output for each call; 0 is no bound.
    max: u8,
    hibernate: bool,
}

#[derive(Arbitrary, Debug)]
enum Message<'a> {
    /// As it comes.
    Raw(&'a [u8]),
    Compressed {
        unit: &'a [u8],
        /// The unit comes twice as often with each.
        times: u8,
        level: u8,
        strategy: u8,
        memory: u8,
        is_final: bool,
        /// Where a byte is changed, and by what.
        changes: [Option<(u16, u8)>; 2],
    },
}

type Outcome = Vec<(Vec<u8>, bool)>;

/// More than this from one input takes too long.
const MOST: usize = 200_000;
const TRAILER: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

fuzz_target!(|input: Input<'_>| {
    let messages: Vec<Vec<u8>> = input.messages.iter().take(4).map(bytes).collect();
    let Some(expected) = Zlib::new().messages(&messages) else { return };
    let whole: Vec<Vec<&[u8]>> = messages.iter().map(|message| vec![&message[..]]).collect();
    let pieces: Vec<Vec<&[u8]>> = messages.iter().map(|message| input.cuts.pieces(message)).collect();
    let max = if input.max == 0 { usize::MAX } else { input.max.into() };
    let at_once = ours(&whole, usize::MAX, false);
    assert_eq!(ours(&pieces, max, input.hibernate), at_once, "cut");
    compare(&at_once, &expected);
    with_zlib_rs(&messages, &at_once);
});

/// What was refused may have been refused earlier or later: a block without a code for its end is by zlib at its header.
fn compare(ours: &Outcome, zlib: &Outcome) {
    assert_eq!(ours.len(), zlib.len());
    for ((ours, ours_ended), (zlib, zlib_ended)) in ours.iter().zip(zlib) {
        assert_eq!(ours_ended, zlib_ended, "{} and {} bytes came", ours.len(), zlib.len());
        if *ours_ended {
            assert!(ours == zlib);
        } else {
            assert!(ours.starts_with(zlib), "{} and {} bytes came", ours.len(), zlib.len());
        }
    }
}

fn ours(messages: &[Vec<&[u8]>], max: usize, hibernate: bool) -> Outcome {
    let (mut inflater, mut outcome) = (Inflater::new(Compression::DEFAULT), Vec::new());
    for pieces in messages {
        let (mut out, mut ended) = (Vec::new(), true);
        'message: for (n, &piece) in pieces.iter().enumerate() {
            let mut piece = piece;
            loop {
                match inflater.inflate(&mut piece, n + 1 == pieces.len(), max) {
                    Ok(None) => break,
                    Ok(Some(bytes)) => out.extend_from_slice(bytes),
                    Err(_) => {
                        ended = false;
                        break 'message;
                    }
                }
            }
            if hibernate {
                inflater.hibernate();
            }
        }
        outcome.push((out, ended));
        if !ended {
            break;
        }
    }
    outcome
}

/// What zlib-rs has to say on what we have accepted, and where it has a complaint.
fn with_zlib_rs(messages: &[Vec<u8>], ours: &Outcome) {
    let (mut inflate, mut history) = (zlib_rs::Inflate::new(false, 15), Vec::new());
    for (message, (expected, ended)) in messages.iter().zip(ours) {
        let with_trailer = [&message[..], &TRAILER].concat();
        let (mut at, begun) = (0, history.len());
        let complaint = loop {
            // An empty message is none.
            if at >= message.len() && (message.is_empty() || at == with_trailer.len()) {
                break false;
            }
            let mut place = vec![0; MOST + 1];
            let (read, written) = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(&with_trailer[at..], &mut place, InflateFlush::SyncFlush);
            at += (inflate.total_in() - read) as usize;
            history.extend_from_slice(&place[..(inflate.total_out() - written) as usize]);
            match status {
                Ok(Status::StreamEnd) => {
                    inflate.reset(false);
                    let window = &history[history.len().saturating_sub(1 << 15)..];
                    if !window.is_empty() {
                        inflate.set_dictionary(window).expect("for a raw stream");
                    }
                    if at == message.len() {
                        break false;
                    }
                }
                Ok(_) => break false,
                Err(zlib_rs::InflateError::DataError) => break true,
                // Nothing to read or to write.
                Err(_) => break false,
            }
        };
        assert!(!(complaint && *ended), "zlib-rs refuses what we accept");
        if *ended {
            assert!(history[begun..] == expected[..], "zlib-rs reads something else");
        } else {
            return;
        }
    }
}

/// zlib, with what RFC 7692 asks for around it.
struct Zlib {
    stream: Box<z::z_stream>,
    history: Vec<u8>,
}

impl Zlib {
    fn new() -> Self {
        let mut stream = Box::new(empty());
        let status =
            unsafe { z::inflateInit2_(&mut *stream, -15, z::zlibVersion(), size_of::<z::z_stream>() as c_int) };
        assert_eq!(status, z::Z_OK);
        Self { stream, history: Vec::new() }
    }

    /// `None` if there is too much output.
    fn messages(&mut self, messages: &[Vec<u8>]) -> Option<Outcome> {
        let mut outcome = Vec::new();
        for message in messages {
            let begun = self.history.len();
            let ended = message.is_empty() || self.message(message);
            if self.history.len() > MOST {
                return None;
            }
            outcome.push((self.history[begun..].to_vec(), ended));
            if !ended {
                break;
            }
        }
        Some(outcome)
    }

    /// Says whether it has ended well.
    fn message(&mut self, message: &[u8]) -> bool {
        let with_trailer = [message, &TRAILER].concat();
        let mut at = 0;
        loop {
            let mut place = [0; 1000];
            let rest = &with_trailer[at..];
            self.stream.next_in = rest.as_ptr().cast_mut();
            self.stream.avail_in = rest.len() as u32;
            self.stream.next_out = place.as_mut_ptr();
            self.stream.avail_out = place.len() as u32;
            let status = unsafe { z::inflate(&mut *self.stream, z::Z_SYNC_FLUSH) };
            at = with_trailer.len() - self.stream.avail_in as usize;
            let written = place.len() - self.stream.avail_out as usize;
            self.history.extend_from_slice(&place[..written]);
            match status {
                z::Z_STREAM_END => {
                    assert_eq!(unsafe { z::inflateReset(&mut *self.stream) }, z::Z_OK);
                    let window = &self.history[self.history.len().saturating_sub(1 << 15)..];
                    let status =
                        unsafe { z::inflateSetDictionary(&mut *self.stream, window.as_ptr(), window.len() as u32) };
                    assert_eq!(status, z::Z_OK);
                    if at == message.len() || at == with_trailer.len() {
                        return true;
                    }
                }
                z::Z_OK | z::Z_BUF_ERROR if self.history.len() > MOST => return true,
                // At the beginning of a block, and no bit left.
                z::Z_OK | z::Z_BUF_ERROR if at == with_trailer.len() && self.stream.data_type & (128 | 63) == 128 => {
                    return true;
                }
                z::Z_OK | z::Z_BUF_ERROR if self.stream.avail_out == 0 => {}
                z::Z_OK | z::Z_BUF_ERROR => return false,
                z::Z_DATA_ERROR => return false,
                status => panic!("{status}"),
            }
        }
    }
}

impl Drop for Zlib {
    fn drop(&mut self) {
        unsafe { z::inflateEnd(&mut *self.stream) };
    }
}

fn empty() -> z::z_stream {
    // All of it may be 0, but for the allocators, which zlib replaces then.
    let mut stream = MaybeUninit::<z::z_stream>::zeroed();
    unsafe {
        (&raw mut (*stream.as_mut_ptr()).zalloc).write(alloc);
        (&raw mut (*stream.as_mut_ptr()).zfree).write(free);
        stream.assume_init()
    }
}

extern "C" fn alloc(_: z::voidpf, items: z::uInt, size: z::uInt) -> z::voidpf {
    unsafe { calloc(items as usize, size as usize) }
}

extern "C" fn free(_: z::voidpf, address: z::voidpf) {
    unsafe { c_free(address) }
}

unsafe extern "C" {
    fn calloc(items: usize, size: usize) -> z::voidpf;
    #[link_name = "free"]
    fn c_free(address: z::voidpf);
}

fn bytes(message: &Message<'_>) -> Vec<u8> {
    let &Message::Compressed { unit, times, level, strategy, memory, is_final, changes } = message else {
        let Message::Raw(bytes) = message else { unreachable!() };
        return bytes.to_vec();
    };
    let plain: Vec<u8> = unit.iter().cycle().take((unit.len() << (times % 12)).min(40_000)).copied().collect();
    let mut compressed = compress(&plain, level % 10, strategy % 5, 1 + memory % 9, is_final);
    for (at, value) in changes.into_iter().flatten() {
        let len = compressed.len().max(1);
        if let Some(byte) = compressed.get_mut(usize::from(at) % len) {
            *byte ^= value;
        }
    }
    compressed
}

/// A message by zlib, without its trailer.
fn compress(plain: &[u8], level: u8, strategy: u8, memory: u8, is_final: bool) -> Vec<u8> {
    let mut stream = empty();
    let mut out = vec![0; 2 * plain.len() + 1000];
    stream.next_in = plain.as_ptr().cast_mut();
    stream.avail_in = plain.len() as u32;
    stream.next_out = out.as_mut_ptr();
    stream.avail_out = out.len() as u32;
    let flush = if is_final { z::Z_FINISH } else { z::Z_SYNC_FLUSH };
    unsafe {
        let size = size_of::<z::z_stream>() as c_int;
        let (level, memory, strategy) = (level.into(), memory.into(), strategy.into());
        let status = z::deflateInit2_(&mut stream, level, z::Z_DEFLATED, -15, memory, strategy, z::zlibVersion(), size);
        assert_eq!(status, z::Z_OK);
        z::deflate(&mut stream, flush);
        out.truncate(out.len() - stream.avail_out as usize);
        z::deflateEnd(&mut stream);
    }
    if !is_final {
        out.truncate(out.len().saturating_sub(TRAILER.len()));
    }
    out
}

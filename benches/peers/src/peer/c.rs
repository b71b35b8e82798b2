//! Peers in C and C++, with the feature `c`, as far as they are installed: `c/` has what drives them. They get the same transport and the same
//! tally as the others, by calls that are not inlined. All of them only send as a server but wslay, to which fit masking keys can be given.

use std::ffi::{c_int, c_void};
use std::io::{IoSlice, Read, Write};

use super::{Delivers, Failure, MAX_MESSAGE, Peer};
use crate::tally::Tally;
use crate::transport::Transport;
use crate::workload::{Send, Sender};

/// As `Sending` in `c/peer.h`.
#[repr(C)]
struct Sending {
    payload: *const u8,
    len: usize,
    batch: u64,
    batches: u64,
    client: c_int,
}

/// The transport, the tally, how many messages, and how long one may be.
type Receive = unsafe extern "C" fn(*mut c_void, *mut c_void, u64, usize) -> c_int;
/// The transport, and what to send.
type SendBatches = unsafe extern "C" fn(*mut c_void, *const Sending) -> c_int;

macro_rules! peers {
    ($($cfg:ident $module:ident $name:literal $receive:ident $send:ident $clients:literal;)*) => {
        /// Those that were found when this was built.
        pub const PEERS: &[Peer] = &[$(#[cfg($cfg)] $module::PEER),*];
        $(
            #[cfg($cfg)]
            mod $module {
                use super::*;

                unsafe extern "C" {
                    fn $receive(transport: *mut c_void, tally: *mut c_void, messages: u64, max_message: usize) -> c_int;
                    fn $send(transport: *mut c_void, sending: *const Sending) -> c_int;
                }

                pub const PEER: Peer = Peer {
                    name: $name,
                    delivers: Delivers::Messages,
                    receive: Some(|transport, messages| receive($receive, transport, messages)),
                    send: Some(|transport, send, batches| send_batches($send, $clients, transport, send, batches)),
                    accept: None,
                };
            }
        )*
    };
}

peers! {
    has_wslay wslay "wslay" wslay_receive wslay_send true;
    has_uwebsockets uwebsockets "uWebSockets' parser" uwebsockets_receive uwebsockets_send false;
    has_beast beast "Beast" beast_receive beast_send false;
    has_websocketpp websocketpp "websocketpp" websocketpp_receive websocketpp_send false;
}

fn receive(receive: Receive, transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    // SAFETY: both live for as long as the call, which uses them by the functions below alone.
    match unsafe { receive((&raw mut *transport).cast(), (&raw mut tally).cast(), messages, MAX_MESSAGE) } {
        0 => Ok(tally),
        code => Err(Failure(format!("it failed, by code {code}"))),
    }
}

fn send_batches(
    send_batches: SendBatches,
    has_clients: bool,
    transport: &mut Transport,
    send: &Send,
    batches: u64,
) -> Result<(), Failure> {
    if send.role == Sender::Client && !has_clients {
        return Err("no client takes part".into());
    }
    let (payload, len) = (send.payload.as_ptr(), send.payload.len());
    let client = c_int::from(send.role == Sender::Client);
    let sending = Sending { payload, len, batch: send.batch, batches, client };
    // SAFETY: as above; the payload is static.
    match unsafe { send_batches((&raw mut *transport).cast(), &sending) } {
        0 => Ok(()),
        code => Err(Failure(format!("it failed, by code {code}"))),
    }
}

#[unsafe(no_mangle)]
extern "C" fn transport_read(transport: *mut Transport, to: *mut c_void, len: usize) -> usize {
    // SAFETY: the peer hands on the transport that it was given, and a place of its own of so many bytes.
    let (transport, to) = unsafe { (&mut *transport, std::slice::from_raw_parts_mut(to.cast(), len)) };
    transport.read(to).unwrap_or(0)
}

#[unsafe(no_mangle)]
extern "C" fn transport_write(transport: *mut Transport, bytes: *const c_void, len: usize) {
    // SAFETY: the peer hands on the transport that it was given, and bytes of its own.
    let (transport, bytes) = unsafe { (&mut *transport, slice(bytes.cast(), len)) };
    transport.write_all(bytes).expect("it takes all");
}

/// As `Slice` in `c/peer.h`.
#[repr(C)]
struct Slice {
    bytes: *const u8,
    len: usize,
}

#[unsafe(no_mangle)]
extern "C" fn transport_write_slices(transport: *mut Transport, slices: *const Slice, count: usize) {
    // SAFETY: as above, of each slice and of all.
    let (transport, slices) = unsafe { (&mut *transport, slice(slices, count)) };
    for few in slices.chunks(MOST_SLICES) {
        let mut places = [IoSlice::new(&[]); MOST_SLICES];
        for (place, Slice { bytes, len }) in places.iter_mut().zip(few) {
            // SAFETY: as above.
            *place = IoSlice::new(unsafe { slice(*bytes, *len) });
        }
        let written = transport.write_vectored(&places[..few.len()]).expect("it takes all");
        assert_eq!(written, few.iter().map(|slice| slice.len).sum());
    }
}

/// More are written with a further call.
const MOST_SLICES: usize = 16;

/// # Safety
///
/// There are so many of them at `first`, which may be null if there are none, and they live as long as the call that names them.
unsafe fn slice<'s, T>(first: *const T, len: usize) -> &'s [T] {
    // SAFETY: the caller vouches for it.
    if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(first, len) } }
}

#[unsafe(no_mangle)]
extern "C" fn tally_message(tally: *mut Tally, payload: *const c_void, len: usize) {
    // SAFETY: as above.
    let (tally, payload) = unsafe { (&mut *tally, slice(payload.cast(), len)) };
    tally.whole(payload);
}

#[unsafe(no_mangle)]
extern "C" fn tally_messages(tally: *const Tally) -> u64 {
    // SAFETY: as above.
    unsafe { (*tally).messages }
}

#[unsafe(no_mangle)]
extern "C" fn masking_key(key: *mut [u8; 4]) {
    use websocket_proto::{MaskingKeys, RandomKeys};
    thread_local!(static KEYS: std::cell::RefCell<RandomKeys> = std::cell::RefCell::new(RandomKeys::from_os().expect("random bytes")));
    // SAFETY: the peer hands on a place of its own of four bytes.
    KEYS.with_borrow_mut(|keys| unsafe { *key = keys.next_key() });
}

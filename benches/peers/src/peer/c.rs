//! Peers in C and C++, with the feature `c`, as far as they are installed: `c/` has what drives them. They get the same transport and the same
//! tally as the others, by calls that are not inlined. All of them only send as a server but wslay, to which fit masking keys can be given.

use std::ffi::{c_int, c_void};
use std::io::{Read, Write};

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

type Receive = unsafe extern "C" fn(*mut Transport, *mut Tally, u64, usize) -> c_int;
type SendBatches = unsafe extern "C" fn(*mut Transport, *const Sending) -> c_int;

macro_rules! peers {
    ($($cfg:ident $module:ident $name:literal $receive:ident $send:ident;)*) => {
        /// Those that were found when this was built.
        pub const PEERS: &[Peer] = &[$(#[cfg($cfg)] $module::PEER),*];
        $(
            #[cfg($cfg)]
            mod $module {
                use super::*;

                unsafe extern "C" {
                    fn $receive(transport: *mut Transport, tally: *mut Tally, messages: u64, max_message: usize) -> c_int;
                    fn $send(transport: *mut Transport, sending: *const Sending) -> c_int;
                }

                pub const PEER: Peer = Peer {
                    name: $name,
                    delivers: Delivers::Messages,
                    receive: Some(|transport, messages| receive($receive, transport, messages)),
                    send: Some(|transport, send, batches| send_batches($send, transport, send, batches)),
                    accept: None,
                };
            }
        )*
    };
}

peers! {
    has_wslay wslay "wslay" wslay_receive wslay_send;
    has_uwebsockets uwebsockets "uWebSockets' parser" uwebsockets_receive uwebsockets_send;
    has_beast beast "Beast" beast_receive beast_send;
    has_websocketpp websocketpp "websocketpp" websocketpp_receive websocketpp_send;
}

fn receive(receive: Receive, transport: &mut Transport, messages: u64) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    // SAFETY: both live for as long as the call, which uses them by the functions below alone.
    match unsafe { receive(transport, &mut tally, messages, MAX_MESSAGE) } {
        0 => Ok(tally),
        code => Err(Failure(format!("it failed, by code {code}"))),
    }
}

fn send_batches(
    send_batches: SendBatches,
    transport: &mut Transport,
    send: &Send,
    batches: u64,
) -> Result<(), Failure> {
    let (payload, len) = (send.payload.as_ptr(), send.payload.len());
    let client = c_int::from(send.role == Sender::Client);
    let sending = Sending { payload, len, batch: send.batch, batches, client };
    // SAFETY: as above; the payload is static.
    match unsafe { send_batches(transport, &sending) } {
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
    // SAFETY: as above; a slice of no bytes may have no place.
    let (transport, bytes) =
        unsafe { (&mut *transport, if len == 0 { &[] } else { std::slice::from_raw_parts(bytes.cast(), len) }) };
    transport.write_all(bytes).expect("it takes all");
}

#[unsafe(no_mangle)]
extern "C" fn tally_message(tally: *mut Tally, payload: *const c_void, len: usize) {
    // SAFETY: as above.
    let (tally, payload) =
        unsafe { (&mut *tally, if len == 0 { &[] } else { std::slice::from_raw_parts(payload.cast(), len) }) };
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

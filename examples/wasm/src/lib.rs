//! An echo server's end of a connection as WebAssembly: the host owns the socket and the clock, and calls the duties as functions.
//!
//! ```sh
//! examples/wasm/run    # builds it, serves by Node (`serve.mjs`), and talks to it
//! ```
//!
//! An instance is one connection. `room` and `output` tell where bytes lie in the instance's memory, as the host sees it: the place to
//! read into, and what is to be written. Instants are milliseconds of the host's clock. No part of it needs JavaScript.

use std::cell::RefCell;

use websocket_proto::endpoint::{Accepting, Config, Duties, Endpoint, Opening, Status};
use websocket_proto::{Incoming, Server, Timeouts};

type Time = u64;

enum Machine {
    Opening(Box<Opening<Accepting, Time, Time>>),
    Open(Box<Endpoint<Server, Time, Time>>),
}

thread_local! {
    static MACHINE: RefCell<Machine> = RefCell::new(Machine::Opening(Box::new(Opening::server(&config(), 0))));
}

fn config() -> Config<Time> {
    let timeouts = Timeouts::none().with_handshake(10_000).with_idle(30_000).with_pong(20_000);
    Config::with_timeouts(timeouts.with_close(5_000).with_write(30_000))
}

fn duties<T>(call: impl FnOnce(&mut dyn Duties<Time>) -> T) -> T {
    MACHINE.with_borrow_mut(|machine| match machine {
        Machine::Opening(opening) => call(&mut **opening),
        Machine::Open(endpoint) => call(&mut **endpoint),
    })
}

/// Where to read into; `room_len` says how much.
#[unsafe(no_mangle)]
pub extern "C" fn room() -> *mut u8 {
    duties(|machine| machine.room().as_mut_ptr())
}

#[unsafe(no_mangle)]
pub extern "C" fn room_len() -> usize {
    duties(|machine| machine.room().len())
}

/// So many bytes were read into the room; 0 is the end of input. Messages are echoed at once.
#[unsafe(no_mangle)]
pub extern "C" fn filled(n: usize) {
    duties(|machine| machine.filled(n));
    MACHINE.with_borrow_mut(take);
}

/// What is to be written; `output_len` says how much.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    duties(|machine| machine.output().as_ptr())
}

#[unsafe(no_mangle)]
pub extern "C" fn output_len() -> usize {
    duties(|machine| machine.output().len())
}

#[unsafe(no_mangle)]
pub extern "C" fn written(n: usize) {
    duties(|machine| machine.written(n));
}

/// Looks at the clock, and says when to call this again; infinity is never.
#[unsafe(no_mangle)]
pub extern "C" fn tick(now: f64) -> f64 {
    duties(|machine| machine.tick(now as Time)).map_or(f64::INFINITY, |deadline| deadline as f64)
}

/// 0: read and write; 1: write only; 2: close the writing half, and call `half_closed`; 3: read to the end; 4: close.
#[unsafe(no_mangle)]
pub extern "C" fn status() -> u32 {
    match duties(|machine| machine.status()) {
        Status::Open => 0,
        Status::HalfClose => 2,
        Status::Drain => 3,
        Status::Close => 4,
        _ => 1, // Flush
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn half_closed() {
    duties(|machine| machine.half_closed());
}

/// The status code of a clean end, 1005 if there was none; 1006 of any other end.
#[unsafe(no_mangle)]
pub extern "C" fn end() -> u32 {
    MACHINE.with_borrow_mut(|machine| match machine {
        Machine::Opening(_) => 1006,
        Machine::Open(endpoint) => endpoint.end().map_or(1006, |code| code.map_or(1005, |code| code.get().into())),
    })
}

fn take(machine: &mut Machine) {
    if let Machine::Opening(opening) = machine {
        let Some(endpoint) = opening.next() else { return };
        *machine = Machine::Open(Box::new(endpoint));
    }
    let Machine::Open(endpoint) = machine else { return };
    while let Some((incoming, mut sender)) = endpoint.next() {
        // Nothing can be sent after a Close, and nothing has to be.
        let _ = match incoming {
            Incoming::Text(text) => sender.send(text),
            Incoming::Binary(bytes) => sender.send(bytes),
            _ => Ok(()), // Pings and the peer's Close are answered already
        };
    }
}

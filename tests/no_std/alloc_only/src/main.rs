//! A server puts messages together, also such as come compressed, in a program without `std`, with an allocator of its own.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
};
use websocket_proto::extension::deflate::DeflateParams;
use websocket_proto::{
    Client, CloseCode, Connection, Incoming, Limits, Messages, Negotiated, Part, Prepared, Server, State,
};

/// Gives memory from one block and takes none back.
struct Bump {
    memory: UnsafeCell<[u8; Bump::LEN]>,
    used: AtomicUsize,
}

impl Bump {
    const LEN: usize = 1 << 20;
}

// SAFETY: `used` grows atomically, so that no byte of `memory` is given twice.
unsafe impl Sync for Bump {}

// SAFETY: blocks lie within `memory`, are aligned, and never overlap.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let room = layout.size() + layout.align();
        let start = self.used.fetch_add(room, Ordering::Relaxed);
        if start + room > Self::LEN {
            return ptr::null_mut();
        }
        // SAFETY: `start + room` is within the block, and aligning takes less than `align` bytes.
        let place = unsafe { self.memory.get().cast::<u8>().add(start) };
        place.map_addr(|address| address.next_multiple_of(layout.align()))
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static BUMP: Bump = Bump { memory: UnsafeCell::new([0; Bump::LEN]), used: AtomicUsize::new(0) };

fn talk() -> Option<()> {
    let mut server = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    let mut client = Connection::new(Negotiated::elsewhere(), Client::from_fn(|| [1, 2, 3, 4]), &Limits::default());
    let mut to_server = Vec::new();
    client.send_part("Grü", Part::First, &mut to_server).ok()?;
    client.ping(b"?", &mut to_server).ok()?;
    client.send_part("ße", Part::Last, &mut to_server).ok()?;
    client.close(CloseCode::NORMAL).ok()?;
    client.write_control(&mut to_server).ok()?;

    let (mut messages, mut to_client) = (Messages::new(), Vec::new());
    let welcome = Prepared::new("welcome").ok()?;
    to_client.extend_from_slice(welcome.frame(server.send_prepared(&welcome).ok()?));
    for mut input in to_server.chunks_mut(7) {
        while let Some(incoming) = messages.next(&mut server, &mut input, &mut to_client).ok()? {
            match incoming {
                Incoming::Text(text) => server.send(text, &mut to_client).ok()?,
                Incoming::Binary(_) => return None,
                _ => {}
            }
        }
    }
    let expected = [&b"\x81\x07welcome"[..], b"\x8a\x01?", b"\x81\x07", "Grüße".as_bytes(), b"\x88\x02\x03\xe8"];
    (to_client == expected.concat() && server.state() == State::Closed).then_some(())
}

/// RFC 7692 §7.2.3.1 and §7.2.3.2: "Hello", and the same again as a reference to the first; masked with the key 0.
fn talk_compressed() -> Option<()> {
    let agreed = Negotiated::elsewhere().with_deflate(DeflateParams::default());
    let mut server = Connection::new(agreed, Server, &Limits::default());
    let (mut messages, mut to_client) = (Messages::new(), Vec::new());
    let mut to_server = *b"\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x85\0\0\0\0\xf2\x00\x11\x00\x00";
    for mut input in to_server.chunks_mut(7) {
        while let Some(incoming) = messages.next(&mut server, &mut input, &mut to_client).ok()? {
            let Incoming::Text(text) = incoming else { return None };
            server.send(text, &mut to_client).ok()?;
        }
    }
    (to_client == b"\x81\x05Hello\x81\x05Hello").then_some(())
}

// A program is entered with the stack aligned as for a call that was not made yet.
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(".globl _start", "_start:", "call start");
#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(".globl _start", "_start:", "bl start");

#[unsafe(no_mangle)]
extern "C" fn start() -> ! {
    exit(if talk().and_then(|()| talk_compressed()).is_some() { 0 } else { 1 })
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    exit(101)
}

fn exit(status: u64) -> ! {
    // SAFETY: `exit_group` does not return, and touches no memory of the program.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        core::arch::asm!("syscall", in("rax") 231, in("rdi") status, options(noreturn));
        #[cfg(target_arch = "aarch64")]
        core::arch::asm!("svc 0", in("x8") 94, in("x0") status, options(noreturn));
    }
}

// The copying functions that compilers call; nothing of it needs to be started or allocates.
#[link(name = "c")]
unsafe extern "C" {}

/// The precompiled `core` names it for unwinding, which never happens here.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

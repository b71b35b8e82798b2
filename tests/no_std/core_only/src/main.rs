//! A server and a client talk to each other in a program without `std` and without an allocator.
#![no_std]
#![no_main]

use websocket_proto::{
    Client, CloseCode, Connection, Ending, Event, Limits, Negotiated, Part, Server, State, wire::FixedOutput,
};

fn talk() -> Option<()> {
    let mut server = Connection::new(Negotiated::elsewhere(), Server, &Limits::default());
    let mut key = 0_u32;
    let keys = move || {
        key = key.wrapping_add(0x9e37_79b9);
        key.to_be_bytes()
    };
    let mut client = Connection::new(Negotiated::elsewhere(), Client::from_fn(keys), &Limits::default());

    let mut memory = [0; 512];
    let mut out = FixedOutput::new(&mut memory);
    client.send("Grüße", &mut out).ok()?;
    client.send_part(&[1, 2], Part::First, &mut out).ok()?;
    client.ping(b"?", &mut out).ok()?;
    client.send_part(&[3], Part::Last, &mut out).ok()?;
    client.close(CloseCode::NORMAL).ok()?;
    client.write_control(&mut out).ok()?;
    let mut to_server = [0; 512];
    let len = out.written().len();
    to_server.get_mut(..len)?.copy_from_slice(out.written());

    let mut reply = [0; 512];
    let mut reply = FixedOutput::new(&mut reply);
    // In pieces of 7 bytes, so that headers, payloads and code points are cut.
    for piece in to_server.get_mut(..len)?.chunks_mut(7) {
        let mut input = piece;
        while let Some(event) = server.receive(&mut input).ok()? {
            match event {
                Event::Text(text, part) => server.send_part(text, part, &mut reply).ok()?,
                Event::Char(char, part) => server.send_part(&*char.encode_utf8(&mut [0; 4]), part, &mut reply).ok()?,
                Event::Binary(bytes, part) => server.send_part(&*bytes, part, &mut reply).ok()?,
                Event::Ping | Event::Pong | Event::Close => server.write_control(&mut reply).ok()?,
                // Nothing was negotiated that could bring another event.
                _ => return None,
            }
        }
    }
    (server.receive_eof() == Ending::Clean).then_some(())?;

    let mut to_client = [0; 512];
    let to_client = to_client.get_mut(..reply.written().len())?;
    to_client.copy_from_slice(reply.written());
    let (mut input, mut text_len, mut sum, mut pongs) = (to_client, 0, 0, 0);
    while let Some(event) = client.receive(&mut input).ok()? {
        match event {
            Event::Text(text, _) => text_len += text.len(),
            Event::Char(char, _) => text_len += char.len_utf8(),
            Event::Binary(bytes, _) => sum += bytes.iter().sum::<u8>(),
            Event::Pong => pongs += 1,
            _ => {}
        }
    }
    ((text_len, sum, pongs, client.state()) == ("Grüße".len(), 6, 1, State::Closed)).then_some(())
}

// A program is entered with the stack aligned as for a call that was not made yet.
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(".globl _start", "_start:", "call start");
#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(".globl _start", "_start:", "bl start");

#[unsafe(no_mangle)]
extern "C" fn start() -> ! {
    exit(if talk().is_some() { 0 } else { 1 })
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

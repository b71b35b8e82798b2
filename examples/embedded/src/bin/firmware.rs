//! The client of `lib.rs` as a program: on a Cortex-M4 whose UART is the connection, and on the developer's machine over TCP.
//!
//! ```sh
//! cargo run --release -p embedded -- 127.0.0.1:9002
//! examples/embedded/run    # how much flash it takes on thumbv7em-none-eabihf, and how it talks on an emulated board
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use websocket_proto::handshake::ClientRequest;

/// An executor for one task: it asks again until the task is done.
fn block_on<F: Future>(future: F) -> F::Output {
    let (mut future, mut context) = (pin!(future), Context::from_waker(Waker::noop()));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

#[cfg(not(target_os = "none"))]
fn main() -> std::process::ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((address, [])) = words.split_first().filter(|(address, _)| !address.starts_with('-')) else {
        eprintln!("firmware: expected HOST:PORT, found `{}`", words.join(" "));
        return std::process::ExitCode::from(2);
    };
    match developer::talk(address) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("firmware: {address}: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// TCP, and the operating system's random numbers.
#[cfg(not(target_os = "none"))]
mod developer {
    use std::io::{self, Read, Write};
    use std::net::TcpStream;

    use super::{ClientRequest, block_on};
    use websocket_proto::RandomKeys;

    pub fn talk(address: &str) -> Result<(), Box<dyn std::error::Error>> {
        let mut keys = RandomKeys::from_os()?;
        let tcp = Tcp(TcpStream::connect(address)?);
        let talk = embedded::talk(tcp, ClientRequest::new(address, "/"), keys.nonce(), keys);
        block_on(talk).map_err(|error| format!("{error:?}").into())
    }

    struct Tcp(TcpStream);

    impl embedded_io_async::ErrorType for Tcp {
        type Error = io::Error;
    }

    impl embedded_io_async::Read for Tcp {
        async fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            self.0.read(room)
        }
    }

    impl embedded_io_async::Write for Tcp {
        async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }

        async fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }
}

/// The board MPS2 with a Cortex-M4 (AN386), as QEMU emulates it.
#[cfg(target_os = "none")]
mod board {
    use core::convert::Infallible;
    use core::future::poll_fn;
    use core::ptr::{read_volatile, write_volatile};
    use core::task::Poll;

    use super::{ClientRequest, block_on};

    #[cortex_m_rt::entry]
    fn main() -> ! {
        // SAFETY: the registers of the UART: the least divider of the baud rate, then sending and receiving on.
        unsafe {
            write_volatile(UART.add(4), 16);
            write_volatile(UART.add(2), 0b11);
        }
        // The board has no source of random numbers; a product takes them from its chip's.
        let mut count = 0x9e37_79b9_u32;
        let keys = websocket_proto::FnKeys(move || {
            count = count.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            count.to_ne_bytes()
        });
        let _ = block_on(embedded::talk(Uart, ClientRequest::new("localhost", "/"), *b"not random, here", keys));
        loop {
            core::hint::spin_loop();
        }
    }

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        loop {
            core::hint::spin_loop();
        }
    }

    /// Words: data, state, control, interrupts, divider.
    const UART: *mut u32 = 0x4000_4000 as *mut u32;

    struct Uart;

    impl Uart {
        fn state(&self) -> u32 {
            // SAFETY: a register of the UART, which may be read at any time.
            unsafe { read_volatile(UART.add(1)) }
        }
    }

    impl embedded_io_async::ErrorType for Uart {
        type Error = Infallible;
    }

    impl embedded_io_async::Read for Uart {
        async fn read(&mut self, room: &mut [u8]) -> Result<usize, Infallible> {
            let Some(first) = room.first_mut() else { return Ok(0) };
            poll_fn(|_| if self.state() & 0b10 == 0 { Poll::Pending } else { Poll::Ready(()) }).await;
            // SAFETY: a register of the UART, which holds a byte now.
            *first = unsafe { read_volatile(UART) }.to_le_bytes()[0];
            Ok(1)
        }
    }

    impl embedded_io_async::Write for Uart {
        async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
            let Some(first) = bytes.first() else { return Ok(0) };
            poll_fn(|_| if self.state() & 0b01 == 0 { Poll::Ready(()) } else { Poll::Pending }).await;
            // SAFETY: a register of the UART, which has room for a byte now.
            unsafe { write_volatile(UART, u32::from(*first)) };
            Ok(1)
        }

        async fn flush(&mut self) -> Result<(), Infallible> {
            Ok(())
        }
    }
}

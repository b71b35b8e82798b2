//! An echo server on Linux's io_uring, by monoio, whose reads and writes own their buffers.
//!
//! ```sh
//! cargo run --release -p one_file --bin uring_server -- 127.0.0.1:9002
//! ```
//!
//! It prints where it listens, and by which driver: where the system forbids io_uring, as many containers do, monoio uses epoll.

use std::time::{Duration, Instant};
use std::{convert::Infallible, future::Future, io, pin::pin, process::ExitCode};

use monoio::io::{AsyncWriteRent, CancelableAsyncReadRent, CancelableAsyncWriteRent, Canceller};
use monoio::net::{TcpListener, TcpStream};
use monoio::{FusionDriver, RuntimeBuilder, time, utils::detect_uring};
use websocket_proto::endpoint::{Config, Duties, Endpoint, Failure, Opening, Status};
use websocket_proto::{CloseCode, Incoming, Server};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((address, [])) = words.split_first().filter(|(address, _)| !address.starts_with('-')) else {
        eprintln!("uring_server: expected ADDRESS:PORT, found `{}`", words.join(" "));
        return ExitCode::from(2);
    };
    let served = RuntimeBuilder::<FusionDriver>::new().enable_timer().build();
    let Err(error) = served.and_then(|mut runtime| runtime.block_on(serve(address)));
    eprintln!("uring_server: can't serve {address}: {error}");
    ExitCode::FAILURE
}

async fn serve(address: &str) -> io::Result<Infallible> {
    let listener = TcpListener::bind(address)?;
    let driver = if detect_uring() { "io_uring" } else { "epoll" };
    println!("listening on {}, by {driver}", listener.local_addr()?);
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => drop(monoio::spawn(async move { println!("{peer}: {}", session(socket).await) })),
            Err(error) => {
                eprintln!("uring_server: can't accept a connection: {error}");
                time::sleep(Duration::from_millis(100)).await; // out of descriptors, perhaps: one may be closed soon
            }
        }
    }
}

/// Serves one client from its first byte to its last, and says how it ended.
async fn session(mut socket: TcpStream) -> String {
    let mut opening = Opening::server(&Config::default(), Instant::now());
    while opening.status() != Status::Close {
        if let Err(error) = turn(&mut socket, &mut opening).await {
            return error.to_string();
        }
        let Some(mut endpoint) = opening.next() else { continue };
        let transport = echo(&mut socket, &mut endpoint).await;
        return match (endpoint.end(), transport) {
            (Ok(code), _) => format!("closed with {}", code.map_or(1005, CloseCode::get)), // 1005: no code was given
            (Err(Failure::NoClose), Err(error)) => error.to_string(),
            (Err(failure), _) => failure.to_string(),
        };
    }
    opening.end().to_string()
}

async fn echo(socket: &mut TcpStream, endpoint: &mut Endpoint<Server, Instant>) -> io::Result<()> {
    while endpoint.status() != Status::Close {
        while let Some((incoming, mut sender)) = endpoint.next() {
            let sent = match incoming {
                Incoming::Text(text) => sender.send(text),
                Incoming::Binary(bytes) => sender.send(bytes),
                _ => Ok(()), // Pings and the peer's Close are answered already
            };
            sent.map_err(io::Error::other)?;
        }
        turn(socket, endpoint).await?;
    }
    Ok(())
}

/// One turn of the loop: looks at the clock, and writes or reads once; it does not wait past the next deadline.
async fn turn(socket: &mut TcpStream, machine: &mut impl Duties<Instant>) -> io::Result<()> {
    let (deadline, canceller) = (machine.tick(Instant::now()), Canceller::new());
    let canceled = canceller.handle();
    let done = match machine.status() {
        _ if !machine.output().is_empty() => {
            let some: Vec<u8> = machine.output().iter().copied().take(64 * 1024).collect();
            let (written, _) = until(deadline, canceller, socket.cancelable_write(some, canceled)).await;
            written.map(|n| machine.written(n))
        }
        Status::HalfClose => socket.shutdown().await.map(|()| machine.half_closed()),
        status if status.reads() => {
            let room = vec![0; machine.room().len().min(64 * 1024)].into_boxed_slice();
            let (read, bytes) = until(deadline, canceller, socket.cancelable_read(room, canceled)).await;
            read.map(|n| {
                machine.room()[..n].copy_from_slice(&bytes[..n]);
                machine.filled(n);
            })
        }
        _ => Ok(()),
    };
    done.or_else(|error| if error.raw_os_error() == Some(ECANCELED) { Ok(()) } else { Err(error) })
}

const ECANCELED: i32 = 125;

/// Waits for an operation until the deadline, and cancels it then; what came of it is not lost, and its buffer comes back.
async fn until<T>(at: Option<Instant>, canceller: Canceller, operation: impl Future<Output = T>) -> T {
    let mut operation = pin!(operation);
    if let Some(at) = at {
        if let Ok(done) = time::timeout_at(at.into(), &mut operation).await {
            return done;
        }
        canceller.cancel();
    }
    operation.await
}

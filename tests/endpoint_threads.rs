//! One endpoint in two threads: one receives, the other sends, and both write.
#![cfg(feature = "std")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use websocket_proto::endpoint::{Config, Endpoint, Failure};
use websocket_proto::{Client, FnKeys, Incoming, Negotiated, Role, Server};

const MESSAGES: usize = 200;

fn negotiated() -> Negotiated {
    #[cfg(feature = "deflate")]
    return Negotiated::elsewhere().with_deflate(websocket_proto::extension::deflate::DeflateParams::default());
    #[cfg(not(feature = "deflate"))]
    Negotiated::elsewhere()
}

/// A message long enough for several fragments now and then, in which a compressor finds something to refer to.
fn message(i: usize) -> String {
    format!("message {i}, ").repeat(1 + (i % 7) * 3000)
}

/// The endpoint is locked to take bytes from it and to report that they were written, but not while the socket is waited for.
fn write<R: Role>(endpoint: &Mutex<Endpoint<R, Instant>>, writer: &Mutex<TcpStream>) {
    let mut socket = writer.lock().unwrap();
    loop {
        let output = endpoint.lock().unwrap().output().to_vec();
        if output.is_empty() {
            return;
        }
        // After the last message the writing half is closed, and Pongs go nowhere.
        let Ok(n) = socket.write(&output) else { return };
        endpoint.lock().unwrap().written(n);
    }
}

/// Reads until the peer closes; what is heard is checked and counted.
fn receive<R: Role>(endpoint: &Mutex<Endpoint<R, Instant>>, socket: &TcpStream, writer: &Mutex<TcpStream>) -> usize {
    let (mut socket, mut heard) = (socket.try_clone().unwrap(), 0);
    let mut read = vec![0; 16 * 1024];
    loop {
        let n = socket.read(&mut read).unwrap();
        let mut endpoint_now = endpoint.lock().unwrap();
        if n == 0 {
            endpoint_now.filled(0);
        }
        let mut received = endpoint_now.receive(&mut read[..n]);
        while let Some((incoming, mut sender)) = received.next() {
            if let Incoming::Text(text) = incoming {
                assert_eq!(text, message(heard));
                heard += 1;
                if heard % 10 == 0 {
                    sender.ping(b"?").unwrap_or(());
                }
            }
        }
        drop(received);
        drop(endpoint_now);
        if n == 0 {
            return heard;
        }
        write(endpoint, writer);
    }
}

fn send<R: Role>(role: R, endpoint: &Mutex<Endpoint<R, Instant>>, writer: &Mutex<TcpStream>) {
    let mut framer = endpoint.lock().unwrap().framer(role, &Config::default());
    for i in 0..MESSAGES {
        framer.frame(&*message(i)).unwrap();
        endpoint.lock().unwrap().append(&mut framer).unwrap();
        write(endpoint, writer);
    }
    writer.lock().unwrap().shutdown(Shutdown::Write).unwrap();
}

fn run<R: Role + Send + Sync + Copy + 'static>(role: R, socket: TcpStream) -> (usize, Endpoint<R, Instant>) {
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let endpoint = Mutex::new(Endpoint::new(negotiated(), role, &Config::default(), b"", Instant::now()));
    let writer = Mutex::new(socket.try_clone().unwrap());
    let heard = thread::scope(|scope| {
        scope.spawn(|| send(role, &endpoint, &writer));
        receive(&endpoint, &socket, &writer)
    });
    (heard, endpoint.into_inner().unwrap())
}

#[test]
fn two_threads_share_an_endpoint_and_every_message_arrives_whole_and_in_order() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = thread::spawn(move || {
        let keys: fn() -> [u8; 4] = || [1, 2, 3, 4];
        run(Client::new(FnKeys(keys)), TcpStream::connect(address).unwrap())
    });
    let (heard, mut server) = run(Server, listener.accept().unwrap().0);
    let (heard_too, mut client) = client.join().unwrap();
    assert_eq!((heard, heard_too), (MESSAGES, MESSAGES));
    // Neither has failed: the transport ended, and no Close was sent.
    assert_eq!((server.end(), client.end()), (Err(Failure::NoClose), Err(Failure::NoClose)));
}

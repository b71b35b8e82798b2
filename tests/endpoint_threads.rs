//! One endpoint in three threads: one receives, one sends, and one writes.
#![cfg(feature = "std")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use websocket_proto::endpoint::{Config, Endpoint, Failure, Framer};
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

/// What the threads of one end share. One thread writes, so that the one that reads never waits for the peer to read: two ends that
/// did would wait for each other.
struct Shared<R: Role> {
    endpoint: Mutex<Endpoint<R, Instant>>,
    /// There is something to write, or all was sent.
    news: Condvar,
    all_sent: AtomicBool,
}

impl<R: Role> Shared<R> {
    fn lock(&self) -> MutexGuard<'_, Endpoint<R, Instant>> {
        self.endpoint.lock().unwrap()
    }

    /// Writes whatever comes until everything was sent. The endpoint is locked to take bytes from it and to report that they were
    /// written, but not while the socket is waited for.
    fn write(&self, mut socket: &TcpStream) {
        loop {
            let mut endpoint = self.lock();
            while endpoint.output().is_empty() {
                if self.all_sent.load(Ordering::SeqCst) {
                    return;
                }
                endpoint = self.news.wait(endpoint).unwrap();
            }
            let output = endpoint.output().to_vec();
            drop(endpoint);
            let n = socket.write(&output).unwrap();
            self.lock().written(n);
            self.news.notify_all();
        }
    }

    /// Reads until everything was heard, and checks it.
    fn receive(&self, mut socket: &TcpStream) {
        let (mut read, mut heard) = (vec![0; 16 * 1024], 0);
        while heard < MESSAGES {
            let n = socket.read(&mut read).unwrap();
            let mut endpoint = self.lock();
            let mut received = endpoint.receive(&mut read[..n]);
            while let Some((incoming, mut sender)) = received.next() {
                if let Incoming::Text(text) = incoming {
                    assert_eq!(text, message(heard));
                    heard += 1;
                    if heard % 10 == 0 {
                        sender.ping(b"?").unwrap();
                    }
                }
            }
            self.news.notify_all();
        }
    }

    /// Sends everything, and does not go on while much waits to be written.
    fn send(&self, mut framer: Framer<R>) {
        for i in 0..MESSAGES {
            framer.frame(&*message(i)).unwrap();
            let mut endpoint = self.lock();
            while endpoint.sender().queued_len() > 1 << 20 {
                endpoint = self.news.wait(endpoint).unwrap();
            }
            endpoint.append(&mut framer).unwrap();
            self.news.notify_all();
        }
        self.all_sent.store(true, Ordering::SeqCst);
        self.news.notify_all();
    }
}

/// Ends when both sides have sent and heard everything.
fn run<R: Role + Send + Copy + 'static>(role: R, socket: &TcpStream, both: &Barrier) -> Endpoint<R, Instant> {
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let config = Config::default();
    let mut endpoint = Endpoint::new(negotiated(), role, &config, b"", Instant::now());
    let framer = endpoint.framer(role, &config);
    let shared = Shared { endpoint: Mutex::new(endpoint), news: Condvar::new(), all_sent: AtomicBool::new(false) };
    thread::scope(|scope| {
        scope.spawn(|| shared.send(framer));
        scope.spawn(|| shared.write(socket));
        shared.receive(socket);
    });
    both.wait();
    shared.endpoint.into_inner().unwrap()
}

#[test]
fn threads_share_an_endpoint_and_every_message_arrives_whole_and_in_order() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let both = Arc::new(Barrier::new(2));
    let client = thread::spawn({
        let (both, keys): (_, fn() -> [u8; 4]) = (both.clone(), || [1, 2, 3, 4]);
        move || run(Client::new(FnKeys(keys)), &TcpStream::connect(address).unwrap(), &both)
    });
    let mut server = run(Server, &listener.accept().unwrap().0, &both);
    let mut client = client.join().unwrap();
    // Neither has failed: the transport ended, and no Close was sent.
    assert_eq!((server.end(), client.end()), (Err(Failure::NoClose), Err(Failure::NoClose)));
}

//! Many connections over transports that stall, move parts and break, in tasks that drop their futures: each message comes once, in
//! order, and memory does not grow.
//!
//! ```sh
//! SOAK_SECONDS=600 SOAK_CONNECTIONS=200 cargo test --release -p websocket-proto-tokio --test soak -- --nocapture
//! ```

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use support::rough::{Random, Rough};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, interval, timeout};
use websocket_proto_tokio::handshake::ClientRequest;
use websocket_proto_tokio::{CloseCode, Config, Error, OwnedMessage, Reader, Role, WebSocketStream, Writer};
use websocket_proto_tokio::{accept, client};

/// What was seen, of all connections.
#[derive(Default)]
struct Tally {
    messages: AtomicU64,
    clean: AtomicU64,
    broken: AtomicU64,
    dropped: AtomicU64,
}

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_message_comes_once_in_order_and_memory_does_not_grow() {
    let (seconds, connections) = (from_environment("SOAK_SECONDS", 20), from_environment("SOAK_CONNECTIONS", 50));
    let (tally, begin) = (Arc::<Tally>::default(), Instant::now());
    let end = begin + Duration::from_secs(seconds);
    let tasks: Vec<_> = (0..connections)
        .map(|number| {
            let tally = Arc::clone(&tally);
            tokio::spawn(async move {
                let mut seed = number;
                while Instant::now() < end {
                    seed += connections;
                    connection(seed, &tally).await;
                }
            })
        })
        .collect();
    // The first quarter is for the allocator to find its size.
    let mut most = [0, 0];
    for tenth in 0..20 {
        tokio::time::sleep_until(begin + Duration::from_secs(seconds) * tenth / 20).await;
        let resident = resident_kib();
        let half = if tenth < 10 { 0 } else { 1 };
        if tenth >= 5 {
            most[half] = resident.max(most[half]);
        }
        println!(
            "{:>4} s: {} messages, {resident} KiB",
            begin.elapsed().as_secs(),
            tally.messages.load(Ordering::Relaxed)
        );
    }
    for task in tasks {
        task.await.unwrap();
    }
    let [messages, clean, broken, dropped] =
        [&tally.messages, &tally.clean, &tally.broken, &tally.dropped].map(|count| count.load(Ordering::Relaxed));
    println!("{messages} messages, {clean} connections closed, {broken} broken, {dropped} futures dropped");
    assert!(clean > 0 && broken > 0 && dropped > 0 && messages > connections * 10);
    assert!(most[1] < most[0] + most[0] / 4 + 8 * 1024, "from {} KiB to {} KiB", most[0], most[1]);
}

/// One connection, from the handshake to its end.
async fn connection(seed: u64, tally: &Arc<Tally>) {
    let breaks = (seed % 4 == 0).then_some(2_000);
    if seed % 2 == 0 {
        let (server, client) = tokio::io::duplex(16 + (seed as usize * 37) % 5000);
        return ends(server, client, seed, breaks, tally).await;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    ends(server, client, seed, breaks, tally).await;
}

async fn ends<T>(server: T, peer: T, seed: u64, breaks: Option<u64>, tally: &Arc<Tally>)
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut config = Config::default();
    config.limits.high_water_mark = 16 * 1024;
    // Two cores serve all of them, and maybe other programs.
    config.timeouts.close = Some(Duration::from_secs(60));
    config.deflate = (seed % 3 == 0).then(Default::default);
    let (server, peer) = (Rough::new(server, seed, breaks), Rough::new(peer, seed + 1_000_000, breaks));
    let opened = tokio::join!(accept(server, &config), client(peer, &config, ClientRequest::new("example.com", "/")));
    let (server, client) = match opened {
        (Ok(server), Ok(client)) => (server, client),
        _ if breaks.is_some() => return,
        (server, client) => panic!("{:?}, {:?}", server.err(), client.err()),
    };
    let split = seed % 5 < 2;
    let count = 20 + seed % 60;
    let [sending, answering] = [(seed, count), (seed + 1, count / 2)];
    let (ours, theirs) = if split {
        let (client_halves, server_halves) = (client.into_split(&config).unwrap(), server.into_split(&config));
        tokio::join!(
            tokio::spawn(halves(client_halves, sending, answering, Arc::clone(tally))),
            tokio::spawn(halves(server_halves, answering, sending, Arc::clone(tally)))
        )
    } else {
        tokio::join!(
            tokio::spawn(whole(client, sending, answering, Arc::clone(tally))),
            tokio::spawn(whole(server, answering, sending, Arc::clone(tally)))
        )
    };
    match (ours.unwrap(), theirs.unwrap()) {
        (Ok(()), Ok(())) => tally.clean.fetch_add(1, Ordering::Relaxed),
        _ if breaks.is_some() => tally.broken.fetch_add(1, Ordering::Relaxed),
        ended => panic!("connection {seed}: {ended:?}"),
    };
}

/// The message with this number of a sender: its number, and more.
fn message(sender: u64, number: u64) -> OwnedMessage {
    let mut random = Random::new(sender << 20 | number);
    let len = match random.below(100) {
        0 => 100_000,
        1..20 => random.below(5_000),
        _ => random.below(130),
    };
    let text =
        format!("{number} ").chars().chain((0..len).map(|i| char::from(b'a' + (i * number % 26) as u8))).collect();
    if number % 2 == 0 { OwnedMessage::Text(text) } else { OwnedMessage::Binary(text.into_bytes()) }
}

/// Sends and receives in one task, with futures that are dropped at random times. Whoever has received all closes.
async fn whole<T, R>(
    mut socket: WebSocketStream<T, R>,
    (ours, count): (u64, u64),
    (theirs, expected): (u64, u64),
    tally: Arc<Tally>,
) -> Result<(), Error>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Role + Unpin,
{
    let mut random = Random::new(ours);
    let (mut sent, mut received) = (0, 0);
    let mut tick = interval(Duration::from_millis(3));
    while sent < count || received < expected {
        tokio::select! {
            next = socket.next(), if received < expected => {
                let Some(next) = next.transpose()? else { panic!("{received} of {expected} messages came") };
                assert!(next == message(theirs, received), "{next:?} is not message {received}");
                received += 1;
                tally.messages.fetch_add(1, Ordering::Relaxed);
            }
            _ = tick.tick() => {
                tally.dropped.fetch_add(u64::from(received < expected), Ordering::Relaxed);
                let patience = Duration::from_micros(random.below(3000));
                if sent < count {
                    let message = message(ours, sent);
                    match timeout(patience, socket.feed(&message)).await {
                        Ok(fed) => {
                            fed?;
                            sent += 1;
                        }
                        // A future that was dropped has not taken the message.
                        Err(_) => _ = tally.dropped.fetch_add(1, Ordering::Relaxed),
                    }
                }
                if random.one_in(5) {
                    // Too many of them wait, or the peer has closed.
                    let _ = socket.sender().ping(b"?");
                }
                if random.one_in(3) {
                    if let Ok(flushed) = timeout(patience, socket.flush()).await {
                        flushed?;
                    }
                }
            }
        }
    }
    socket.flush().await?;
    finish(ours < theirs, socket).await
}

/// The client closes when it has sent and received all, the server hears of it.
async fn finish<T, R>(closes: bool, mut socket: WebSocketStream<T, R>) -> Result<(), Error>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: Role + Unpin,
{
    let code = if closes {
        loop {
            match timeout(Duration::from_millis(2), socket.close(CloseCode::NORMAL)).await {
                Ok(closed) => break closed?,
                Err(_) => continue,
            }
        }
    } else {
        if let Some(next) = socket.next().await {
            panic!("{:?} is one more than expected", next?);
        }
        socket.end()?
    };
    assert_eq!(code, Some(CloseCode::NORMAL));
    Ok(())
}

/// The same in two tasks.
async fn halves<T, R>(
    (mut reader, mut writer): (Reader<T, R>, Writer<T, R>),
    (ours, count): (u64, u64),
    (theirs, expected): (u64, u64),
    tally: Arc<Tally>,
) -> Result<(), Error>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    R: Role + Send + Unpin + 'static,
{
    let sending = tokio::spawn(async move {
        let mut random = Random::new(ours);
        for number in 0..count {
            if random.one_in(2) {
                writer.send(&message(ours, number)).await?;
            } else {
                SinkExt::feed(&mut writer, message(ours, number)).await?;
            }
            if random.one_in(20) {
                tokio::time::sleep(Duration::from_millis(random.below(10))).await;
            }
        }
        writer.flush().await?;
        Ok::<_, Error>(writer)
    });
    let mut received = 0;
    while received < expected {
        let patience = Duration::from_micros(200 + received * 53 % 3000);
        let Ok(next) = timeout(patience, StreamExt::next(&mut reader)).await else {
            tally.dropped.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        let Some(next) = next.transpose()? else { panic!("{received} of {expected} messages came") };
        assert!(next == message(theirs, received), "{next:?} is not message {received}");
        received += 1;
        tally.messages.fetch_add(1, Ordering::Relaxed);
    }
    let writer = sending.await.unwrap()?;
    finish(ours < theirs, reader.reunite(writer).unwrap()).await
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

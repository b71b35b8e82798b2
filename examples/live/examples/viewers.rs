//! Many viewers that only count: `viewers ws://127.0.0.1:9020/watch/NAME COUNT SECONDS`
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use websocket_proto_axum::websocket_proto_hyper::websocket_proto_tokio::{Config, Error, Incoming, connect};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [url, count, seconds] = &words[..] else { panic!("expected URL COUNT SECONDS") };
    let count: u64 = count.parse().expect("a number of viewers");
    let seconds = seconds.parse().expect("a number of seconds");
    let (messages, bytes) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    for _ in 0..count {
        let (url, messages, bytes) = (url.clone(), Arc::clone(&messages), Arc::clone(&bytes));
        tokio::spawn(async move {
            let mut socket = connect(&url, &Config::default()).await?;
            while let Some(incoming) = socket.read().await? {
                if let Incoming::Binary(payload) = incoming {
                    messages.fetch_add(1, Relaxed);
                    bytes.fetch_add(payload.len() as u64, Relaxed);
                }
            }
            Ok::<_, Error>(())
        });
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let [messages, bytes] = [messages, bytes].map(|sum| sum.load(Relaxed));
    println!("{count} viewers heard {} tags and {} KiB each in {seconds} s", messages / count, bytes / count / 1024);
}

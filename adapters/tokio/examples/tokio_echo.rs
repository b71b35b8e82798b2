//! An echo server with compression, on which test suites try the adapter. Usage: `tokio_echo ADDRESS`
use websocket_proto_tokio::{Config, DeflateConfig, Error, accept};

/// Suites send 4 MiB in fragments of 64 bytes, and an empty one after them: one more than the default allows.
const FRAGMENTS: u32 = 100_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).ok_or("expected an address, found none")?;
    let mut config = Config::default();
    config.limits.max_fragments = FRAGMENTS;
    config.deflate = Some(DeflateConfig::default());
    let listener = tokio::net::TcpListener::bind(address).await?;
    loop {
        let (tcp, _) = listener.accept().await?;
        tcp.set_nodelay(true)?;
        tokio::spawn(async move {
            let mut socket = accept(tcp, &config).await?;
            while let Some(message) = socket.next().await {
                socket.send(&message?).await?;
            }
            Ok::<(), Error>(())
        });
    }
}

//! Sends each message back, compressed if the client likes: `cargo run --release -p websocket-proto-axum --example axum_echo`
use axum::{Router, response::Response, routing::any};
use websocket_proto_axum::{DeflateConfig, Limits, WebSocket, WebSocketUpgrade};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9002".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, Router::new().route("/", any(upgrade))).await
}
async fn upgrade(request: WebSocketUpgrade) -> Response {
    // The Autobahn TestSuite sends 4 MiB in fragments of 64 bytes, and an empty last one: one more than the default.
    let limits = Limits::default().with_max_fragments(100_000);
    request.limits(limits).deflate(DeflateConfig::DEFAULT).on_upgrade(echo)
}
async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.next().await {
        let Ok(()) = socket.send(&message).await else { break };
    }
}

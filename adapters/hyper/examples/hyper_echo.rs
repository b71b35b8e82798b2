//! Sends each message back, over HTTP/1.1 and HTTP/2: `cargo run --release -p websocket-proto-hyper --example hyper_echo`

use std::convert::Infallible;
use std::io;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use websocket_proto_hyper::{Body, Config, DeflateConfig, upgrade};

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9002".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    loop {
        let io = TokioIo::new(listener.accept().await?.0);
        tokio::spawn(async move {
            let mut builder = Builder::new(TokioExecutor::new());
            builder.http2().enable_connect_protocol();
            if let Err(error) = builder.serve_connection_with_upgrades(io, service_fn(serve)).await {
                eprintln!("{error}");
            }
        });
    }
}

async fn serve(mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let mut config = Config::default();
    config.deflate = Some(DeflateConfig::DEFAULT);
    let (response, upgrading) = match upgrade(&mut request, &config) {
        Ok(accepted) => accepted,
        Err(refused) => return Ok(refused.into_response()),
    };
    tokio::spawn(async move {
        let mut socket = upgrading.await.map_err(io::Error::from)?;
        while let Some(message) = socket.next().await {
            socket.send(&message?).await?;
        }
        Ok::<(), io::Error>(())
    });
    Ok(response)
}

//! What the echo programs share: the command line, and the way through the cases.

use std::future::Future;

use tokio::net::{TcpListener, TcpStream};

/// The longest message that a program takes, where its library has such a limit.
pub const LIMIT: usize = 1 << 20;

/// What a program is asked to be.
pub enum Role {
    /// `server ADDRESS`
    Server(String),
    /// `client URL AGENT`, with what stands after `ws://`.
    Client(String, String),
}

/// From the command line.
pub fn role() -> Role {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [role, address] if role == "server" => Role::Server(address.clone()),
        [role, url, agent] if role == "client" => Role::Client(url.replacen("ws://", "", 1), agent.clone()),
        _ => panic!("expected `server ADDRESS` or `client URL AGENT`, found {words:?}"),
    }
}

/// A task for each connection.
pub async fn serve<F: Future<Output = ()> + Send + 'static>(address: &str, handle: impl Fn(TcpStream) -> F) {
    let listener = TcpListener::bind(address).await.expect("an address that is free");
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        tokio::spawn(handle(stream));
    }
}

/// All cases in turn. `session` echoes at a target until the connection is over, and returns the first text that it heard.
pub async fn walk(agent: &str, session: impl AsyncFn(&str) -> Option<String>) {
    let count = session("/getCaseCount").await.and_then(|text| text.parse().ok()).unwrap_or(0_usize);
    for case in 1..=count {
        session(&format!("/runCase?case={case}&agent={agent}")).await;
    }
    session(&format!("/updateReports?agent={agent}")).await;
}

/// A connection to the judge.
pub async fn connect(authority: &str) -> Option<TcpStream> {
    let stream = TcpStream::connect(authority).await.ok()?;
    stream.set_nodelay(true).ok()?;
    Some(stream)
}

//! Goes through all cases of an Autobahn fuzzing server as an echoing client. Usage: `tokio_autobahn_client URL AGENT`
use websocket_proto_tokio::{Config, DeflateConfig, Error, OwnedMessage, connect};

/// The suite sends 4 MiB in fragments of 64 bytes, and an empty one after them: one more than the default allows.
const FRAGMENTS: u32 = 100_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [_, url, agent] = &*Vec::from_iter(std::env::args()) else { Err("expected 2 arguments")? };
    let mut config = Config::default();
    config.limits.max_fragments = FRAGMENTS;
    let count = session(&format!("{url}/getCaseCount"), &config).await?.ok_or("expected the number of cases")?;
    config.deflate = Some(DeflateConfig::default());
    for case in 1..=count.parse::<u32>()? {
        // How a case ends is for the server to judge.
        if let Err(error) = session(&format!("{url}/runCase?case={case}&agent={agent}"), &config).await {
            eprintln!("case {case}: {error}");
        }
    }
    session(&format!("{url}/updateReports?agent={agent}"), &config).await?;
    Ok(())
}

/// Echoes until the connection ends, and returns the last text if it is short.
async fn session(url: &str, config: &Config) -> Result<Option<String>, Error> {
    let mut socket = connect(url, config).await?;
    let mut last = None;
    while let Some(message) = socket.next().await {
        let message = message?;
        let sent = socket.send(&message).await;
        last = match message {
            OwnedMessage::Text(text) if text.len() < 16 => Some(text),
            OwnedMessage::Text(_) | OwnedMessage::Binary(_) => None,
        };
        // A server that closes in the middle of it shows when we read.
        if !matches!(sent, Ok(()) | Err(Error::Send(_))) {
            break;
        }
    }
    Ok(last)
}

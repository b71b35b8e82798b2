//! The Autobahn TestSuite's client on tokio-tungstenite. Its arguments: the URL of the suite's fuzzing server, and the name of the agent.
//! If the environment has `OFFER_DEFLATE`, it offers compression.

use std::error::Error;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest, http::HeaderValue};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [url, agent] = &words[..] else { return Err("expected a URL and a name".into()) };
    let deflate = std::env::var_os("OFFER_DEFLATE").is_some();
    let count: u32 = match open(&format!("{url}/getCaseCount"), deflate).await?.next().await {
        Some(message) => message?.to_text()?.parse()?,
        None => return Err("expected the number of cases, found the end".into()),
    };
    for case in 1..=count {
        // Cases end in every way there is; the suite judges how.
        let _ = echo(open(&format!("{url}/runCase?case={case}&agent={agent}"), deflate).await?).await;
    }
    open(&format!("{url}/updateReports?agent={agent}"), deflate).await?.close(None).await?;
    Ok(())
}

async fn open(url: &str, deflate: bool) -> tungstenite::Result<WebSocketStream<MaybeTlsStream<TcpStream>>> {
    let mut request = url.into_client_request()?;
    if deflate {
        let offers = HeaderValue::from_static("permessage-deflate; client_max_window_bits");
        request.headers_mut().insert("Sec-WebSocket-Extensions", offers);
    }
    Ok(tokio_tungstenite::connect_async(request).await?.0)
}

async fn echo(mut socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> tungstenite::Result<()> {
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

//! One stack on the command line, for peers in other languages: see `run`.

use std::error::Error;
use std::io::Write;

use stacks::Server;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

const USAGE: &str = "usage: stacks serve (hyper|axum|extractor|actix|h2), or stacks talk (hyper|h2) ADDRESS";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["serve", name] => {
            let server = Server::ALL.into_iter().find(|server| server.name() == name).ok_or(USAGE)?;
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            println!("listening on {}", listener.local_addr()?);
            std::io::stdout().flush()?;
            LocalSet::new().run_until(server.serve(listener)).await?;
        }
        ["talk", name @ ("hyper" | "h2"), address] => {
            let socket = TcpStream::connect(address).await?;
            let negotiated = match name {
                "hyper" => stacks::hyper_client::run(socket, address).await?,
                _ => stacks::h2_client::run(socket, address).await?,
            };
            if negotiated.deflate().is_none() {
                return Err("expected an agreement on compression, found none".into());
            }
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

//! soketto, with its deflate. A server has to refuse by itself, so that a request that is not understood gets a 400 here.

use futures_util::io::{AsyncWriteExt, BufReader, BufWriter};
use soketto::extension::deflate::Deflate;
use soketto::handshake::{Client, Server, ServerResponse, server::Response};
use soketto::{Data, Mode, connection};
use subjects::{LIMIT, Role, connect, role, serve, walk};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

type Stream = BufReader<BufWriter<Compat<TcpStream>>>;

#[tokio::main]
async fn main() {
    match role() {
        Role::Server(address) => serve(&address, server).await,
        Role::Client(authority, agent) => {
            walk(&agent, async |target: &str| {
                let mut client = Client::new(buffered(connect(&authority).await?), &authority, target);
                client.add_extension(Box::new(Deflate::new(Mode::Client)));
                match client.handshake().await.ok()? {
                    ServerResponse::Accepted { .. } => echo(client.into_builder()).await,
                    _ => None,
                }
            })
            .await;
        }
    }
}

fn buffered(stream: TcpStream) -> Stream {
    BufReader::new(BufWriter::new(stream.compat()))
}

async fn server(stream: TcpStream) {
    let mut server = Server::new(buffered(stream));
    server.add_extension(Box::new(Deflate::new(Mode::Server)));
    let key = server.receive_request().await.map(|request| request.key());
    match key {
        Ok(key) => {
            if server.send_response(&Response::Accept { key, protocol: None }).await.is_ok() {
                echo(server.into_builder()).await;
            }
        }
        Err(_) => {
            let _ = server.send_response(&Response::Reject { status_code: 400 }).await;
            let _ = server.into_inner().close().await;
        }
    }
}

async fn echo(mut builder: connection::Builder<Stream>) -> Option<String> {
    builder.set_max_message_size(LIMIT);
    builder.set_max_frame_size(LIMIT);
    let (mut sender, mut receiver) = builder.finish();
    let (mut message, mut first) = (Vec::new(), None);
    loop {
        message.clear();
        let sent = match receiver.receive_data(&mut message).await {
            Ok(Data::Binary(_)) => sender.send_binary(&message).await,
            Ok(Data::Text(_)) => match std::str::from_utf8(&message) {
                Ok(text) => {
                    first.get_or_insert_with(|| text.to_owned());
                    sender.send_text(text).await
                }
                // The library leaves the check to its users.
                Err(_) => break,
            },
            Err(_) => break,
        };
        if sent.is_err() || sender.flush().await.is_err() {
            break;
        }
    }
    let _ = sender.close().await;
    first
}

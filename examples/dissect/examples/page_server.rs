//! The smallest conversation that a person asks to see: a page sends a text, the server answers, the page closes.
//!
//! ```sh
//! cargo run -p dissect --example page_server    # a page at http://127.0.0.1:9123/
//! ```

use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use websocket_proto_blocking::{Config, Incoming, WebSocket};

const PAGE: &str = "<!doctype html><meta charset=utf-8><title>a page</title><pre id=log></pre><script>
const log = (line) => { document.getElementById('log').textContent += line + '\\n'; };
const socket = new WebSocket('ws://' + location.host + '/chat');
socket.onopen = () => socket.send('123');
socket.onmessage = (event) => { log(event.data); socket.close(1000); };
socket.onclose = (event) => { log('closed ' + event.code); fetch('/closed'); };
</script>";

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9123".into());
    let listener = TcpListener::bind(&address).map_err(|error| format!("can't listen on {address}: {error}"))?;
    println!("a page at http://{}/", listener.local_addr()?);
    for socket in listener.incoming() {
        std::thread::spawn(|| {
            if let Err(error) = socket.map_err(Into::into).and_then(serve) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

/// The page, or the conversation.
fn serve(mut socket: TcpStream) -> Result<(), Box<dyn Error>> {
    let mut begin = [0; 9];
    // Enough to tell `GET / HTT` from `GET /chat`.
    while socket.peek(&mut begin)? < begin.len() {}
    if !begin.starts_with(b"GET /chat") {
        let mut head = [0; 4096];
        let _ = socket.read(&mut head)?;
        let len = PAGE.len();
        write!(
            socket,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{PAGE}"
        )?;
        return Ok(());
    }
    let mut websocket = WebSocket::accept(socket, &Config::default())?;
    while let Some((incoming, mut sender)) = websocket.next()? {
        if let Incoming::Text(text) = incoming {
            println!("received {text:?}");
            sender.send("fu wu qi de xin xi! ")?;
        }
    }
    println!("the page has closed");
    Ok(())
}

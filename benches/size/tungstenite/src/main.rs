//! A WebSocket server on standard input and output that echoes messages.

use std::io::{self, Read, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut websocket = tungstenite::accept(Pipe).map_err(|error| error.to_string())?;
    loop {
        let message = websocket.read()?;
        if message.is_text() || message.is_binary() {
            websocket.send(message)?;
        }
    }
}

struct Pipe;

impl Read for Pipe {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        io::stdin().lock().read(room)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stdout().lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush()
    }
}

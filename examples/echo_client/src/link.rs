//! What lies between the socket and the WebSocket connection: nothing, or TLS.

use std::fmt::Display;
use std::io::{Read, Write};

use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use websocket_proto::handshake::WsUrl;

use crate::options::Options;
use crate::tls_client;

/// The way of the bytes, without a socket.
pub enum Link {
    Plain,
    Tls(Box<ClientConnection>),
}

impl Link {
    /// Begins TLS with the server that a `wss` URL names. Trusted are the certificates of a file, or those of the system.
    pub fn tls(url: &WsUrl<'_>, options: &Options) -> Result<Self, String> {
        let failed = |error: rustls::Error| format!("can't set up TLS: {error}");
        // A server that speaks HTTP/2 alone tells so by TLS.
        let certificate = options.certificate.as_ref().map(|(chain, key)| (chain.as_path(), key.as_path()));
        let config = tls_client::config(options.ca.as_deref(), certificate, &[b"http/1.1"])?;
        let name = ServerName::try_from(url.host().to_owned())
            .map_err(|error| format!("`{}` can't be the name of a server: {error}", url.host()))?;
        ClientConnection::new(config, name).map(|tls| Self::Tls(Box::new(tls))).map_err(failed)
    }

    /// Takes what came from the socket, and appends what it means.
    pub fn receive(&mut self, mut bytes: &[u8], plain: &mut Vec<u8>) -> Result<(), String> {
        let Self::Tls(tls) = self else {
            plain.extend_from_slice(bytes);
            return Ok(());
        };
        let failed = |error: &dyn Display| format!("TLS failed: {error}");
        while !bytes.is_empty() {
            let n = tls.read_tls(&mut bytes).map_err(|error| failed(&error))?;
            let state = tls.process_new_packets().map_err(|error| failed(&error))?;
            let len = plain.len();
            plain.resize(len + state.plaintext_bytes_to_read(), 0);
            tls.reader().read_exact(&mut plain[len..]).map_err(|error| failed(&error))?;
            if n == 0 {
                break; // after the server's close_notify nothing counts
            }
        }
        Ok(())
    }

    /// Turns what is to be sent into what the socket is to be given, and appends it.
    pub fn send(&mut self, mut plain: &[u8], wire: &mut Vec<u8>) -> Result<(), String> {
        let Self::Tls(tls) = self else {
            wire.extend_from_slice(plain);
            return Ok(());
        };
        let failed = |error: std::io::Error| format!("TLS failed: {error}");
        loop {
            let n = tls.writer().write(plain).map_err(failed)?;
            plain = &plain[n..];
            while tls.wants_write() {
                tls.write_tls(wire).map_err(failed)?;
            }
            if plain.is_empty() {
                return Ok(());
            }
        }
    }
}

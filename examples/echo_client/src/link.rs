//! What lies between the socket and the WebSocket connection: nothing, or TLS.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use websocket_proto::handshake::WsUrl;

/// The way of the bytes, without a socket.
pub enum Link {
    Plain,
    Tls(Box<ClientConnection>),
}

impl Link {
    /// Begins TLS with the server that a `wss` URL names. Trusted are the certificates of the file, or those of the system.
    pub fn tls(url: &WsUrl<'_>, ca: Option<&Path>) -> Result<Self, String> {
        let failed = |error: rustls::Error| format!("can't set up TLS: {error}");
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_root_certificates(roots(ca)?)
            .with_no_client_auth();
        // Without it, a server may choose HTTP/2.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let name = ServerName::try_from(url.host().to_owned())
            .map_err(|error| format!("`{}` can't be the name of a server: {error}", url.host()))?;
        ClientConnection::new(Arc::new(config), name).map(|tls| Self::Tls(Box::new(tls))).map_err(failed)
    }

    /// Takes what came from the socket, and appends what it means.
    pub fn receive(&mut self, mut bytes: &[u8], plain: &mut Vec<u8>) -> Result<(), String> {
        let Self::Tls(tls) = self else {
            plain.extend_from_slice(bytes);
            return Ok(());
        };
        let failed = |error: &dyn std::fmt::Display| format!("TLS failed: {error}");
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

fn roots(ca: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            let failed =
                |error: &dyn std::fmt::Display| format!("can't read certificates from {}: {error}", path.display());
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))? {
                let certificate = certificate.map_err(|error| failed(&error))?;
                roots.add(certificate).map_err(|error| failed(&error))?;
            }
            if roots.is_empty() {
                return Err(failed(&"there is none in it"));
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err("the system names no certificates to trust; name some with --ca".to_owned());
            }
        }
    }
    Ok(roots)
}

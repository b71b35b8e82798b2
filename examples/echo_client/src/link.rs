//! What lies between the socket and the WebSocket connection: nothing, or TLS.

use std::fmt::Display;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use websocket_proto::handshake::WsUrl;

use crate::options::Options;

/// The way of the bytes, without a socket.
pub enum Link {
    Plain,
    Tls(Box<ClientConnection>),
}

impl Link {
    /// Begins TLS with the server that a `wss` URL names. Trusted are the certificates of a file, or those of the system.
    pub fn tls(url: &WsUrl<'_>, options: &Options) -> Result<Self, String> {
        let failed = |error: rustls::Error| format!("can't set up TLS: {error}");
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_root_certificates(roots(options.ca.as_deref())?);
        let mut config = match &options.certificate {
            None => builder.with_no_client_auth(),
            Some((certificates, key)) => {
                let secret = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| format!("can't read a key from {}: {error}", key.display()))?;
                builder.with_client_auth_cert(certificates_of(certificates)?, secret).map_err(|error| {
                    let (certificates, key) = (certificates.display(), key.display());
                    format!("can't use the certificates of {certificates} with the key of {key}: {error}")
                })?
            }
        };
        // A server that speaks HTTP/2 alone tells so by TLS.
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

fn roots(ca: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            for certificate in certificates_of(path)? {
                roots.add(certificate).map_err(|error| unreadable(path, &error))?;
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

fn certificates_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = certificates.map_err(|error| unreadable(path, &error))?;
    if certificates.is_empty() { Err(unreadable(path, &"there is none in it")) } else { Ok(certificates) }
}

fn unreadable(path: &Path, error: &dyn Display) -> String {
    format!("can't read certificates from {}: {error}", path.display())
}

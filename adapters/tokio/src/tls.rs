//! TLS for clients.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A configuration that trusts the certificates of the operating system.
pub(crate) fn native_roots() -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "expected certificates of the system, found none"));
    }
    trusting(roots)
}

/// A configuration that trusts Mozilla's list.
#[cfg(feature = "webpki-roots")]
pub(crate) fn webpki_roots() -> io::Result<Arc<ClientConfig>> {
    trusting(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect())
}

fn trusting(roots: RootCertStore) -> io::Result<Arc<ClientConfig>> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // Without it, a server may choose HTTP/2.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

pub(crate) async fn connect<T: AsyncRead + AsyncWrite + Unpin>(
    io: T,
    host: &str,
    config: Arc<ClientConfig>,
) -> io::Result<TlsStream<T>> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(config).connect(name, io).await
}

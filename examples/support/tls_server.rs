//! How the server presents itself to clients that speak TLS.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

/// Reads the certificates and the key, for a server that speaks these protocols (RFC 7301), the preferred first. The error is one line for
/// people.
pub fn config(certificates: &str, key: &str, protocols: &[&[u8]]) -> Result<Arc<ServerConfig>, String> {
    let unreadable = |error| format!("can't read certificates from {certificates}: {error}");
    let chain = CertificateDer::pem_file_iter(certificates).map_err(unreadable)?;
    let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(unreadable)?;
    if chain.is_empty() {
        return Err(format!("expected certificates in {certificates}, found none"));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("can't read a key from {key}: {error}"))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
        .map_err(|error| format!("can't use the certificates of {certificates} with the key of {key}: {error}"))?;
    // A client that speaks none of them learns it from TLS.
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(config))
}

//! Whom a client trusts, and how it presents itself.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// Trusts the certificates in `ca`, or those of the system; presents `certificate` and its key to a server that asks for one; offers the
/// `protocols` (RFC 7301). The error is one line for people.
pub fn config(
    ca: Option<&Path>,
    certificate: Option<(&Path, &Path)>,
    protocols: &[&[u8]],
) -> Result<Arc<ClientConfig>, String> {
    let failed = |error: rustls::Error| format!("can't set up TLS: {error}");
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_root_certificates(roots(ca)?);
    let mut config = match certificate {
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
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(config))
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

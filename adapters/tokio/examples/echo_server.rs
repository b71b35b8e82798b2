//! An echo server with TLS and compression. Usage: `echo_server ADDRESS CERTIFICATES.pem KEY.pem`
use std::{env::args, error::Error, sync::Arc};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};
use websocket_proto_tokio::{Config, DeflateConfig, accept, tokio_rustls};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let [_, address, certificates, key] = &*args().collect::<Vec<_>>() else {
        return Err("expected 3 arguments".into());
    };
    let certificates = CertificateDer::pem_file_iter(certificates)?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let tls = Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key)?);
    let mut config = Config::default();
    config.deflate = Some(DeflateConfig::default());
    let listener = tokio::net::TcpListener::bind(address).await?;
    loop {
        let (tcp, _) = listener.accept().await?;
        let tls = TlsAcceptor::from(tls.clone());
        tokio::spawn(async move {
            let mut socket = accept(tls.accept(tcp).await?, &config).await?;
            while let Some(message) = socket.next().await {
                socket.send(&message?).await?;
            }
            Ok::<(), Box<dyn Error + Send + Sync>>(())
        });
    }
}

//! An echo server with TLS and compression. Usage: `tls_echo ADDRESS CERTIFICATES.pem KEY.pem`
use std::{env::args, sync::Arc};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};
use websocket_proto_tokio::{Config, DeflateConfig, Error, accept, tokio_rustls};
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [_, address, certificates, key] = &*Vec::from_iter(args()) else { Err("expected 3 arguments")? };
    let certificates = CertificateDer::pem_file_iter(certificates)?.collect::<Result<_, _>>()?;
    let tls = ServerConfig::builder().with_no_client_auth();
    let tls = TlsAcceptor::from(Arc::new(tls.with_single_cert(certificates, PrivateKeyDer::from_pem_file(key)?)?));
    let mut config = Config::default();
    config.deflate = Some(DeflateConfig::default());
    let listener = tokio::net::TcpListener::bind(address).await?;
    loop {
        let tls = tls.accept(listener.accept().await?.0);
        tokio::spawn(async move {
            let mut socket = accept(tls.await?, &config).await?;
            while let Some(message) = socket.next().await {
                socket.send(&message?).await?;
            }
            Ok::<(), Error>(())
        });
    }
}

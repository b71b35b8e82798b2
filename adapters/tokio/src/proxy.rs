//! A tunnel through an HTTP proxy (RFC 9110 §9.3.6).

use std::io::{self, ErrorKind::InvalidData};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use websocket_proto::Limits;
use websocket_proto::handshake::{ResponseParts, WsUrl};

/// Asks for a tunnel to the host of a URL; what is written and read afterwards goes to and comes from there.
pub(crate) async fn ask<T>(io: &mut T, url: &WsUrl<'_>, authorization: Option<&str>) -> io::Result<()>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    // "the request target" consists "of only the host name and port number": the default port as well.
    let (host, port) = (url.host(), url.port());
    let target = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(credentials) = authorization {
        if credentials.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "expected credentials without control characters"));
        }
        request.extend(["Proxy-Authorization: ", credentials, "\r\n"]);
    }
    request.push_str("\r\n");
    io.write_all(request.as_bytes()).await?;
    io.flush().await?;

    let mut head = Vec::new();
    loop {
        if io.read_buf(&mut head).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "expected a proxy's answer, found the end"));
        }
        let parsed = ResponseParts::from_bytes(&head, &Limits::DEFAULT);
        let parsed = parsed.map_err(|error| io::Error::new(InvalidData, error))?;
        if let Some((ResponseParts { status, .. }, head_len)) = parsed {
            // "Any 2xx (Successful) response indicates that the sender [...] will switch to tunnel mode".
            return match status {
                200..=299 if head_len == head.len() => Ok(()),
                200..=299 => Err(io::Error::new(InvalidData, "expected nothing before the request, found bytes")),
                _ => Err(io::Error::new(
                    io::ErrorKind::ConnectionRefused,
                    format!("expected the proxy to connect to {target}, found status {status}"),
                )),
            };
        }
    }
}

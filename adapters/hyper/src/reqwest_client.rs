//! reqwest as the client.

use hyper::http::{Method, Response, Version, header};
use reqwest::{Body, RequestBuilder};
use websocket_proto::handshake::{ClientRequest, Subprotocols};
use websocket_proto_tokio::{Client, Config, RandomKeys};

use crate::client::in_time;
use crate::{ClientUpgrade, UpgradeError, WebSocket};

/// Asks for a WebSocket by a client of reqwest, with its cookies, proxies, redirects and TLS.
///
/// The URL's scheme is `http` or `ws`, `https` or `wss`. A client that could choose HTTP/2 (by TLS, with reqwest's feature `http2`) has to be built with
/// `http1_only`. Compression is offered as `config` says. Yields the response, too, for the subprotocol and the fields of the server's own.
///
/// ```no_run
/// use websocket_proto_hyper::{Config, reqwest_client};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = reqwest::Client::builder().http1_only().build()?;
/// let request = client.get("http://example.com/chat").header("cookie", "session=1");
/// let (mut socket, response) = reqwest_client(request, ["chat"], &Config::default()).await?;
/// println!("{:?}", response.headers().get("sec-websocket-protocol"));
/// socket.send("Hello").await?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`UpgradeError::Refused`] for a response that opens nothing, [`UpgradeError::Response`] for one that breaks a rule, and [`UpgradeError::Timeout`],
/// [`UpgradeError::Reqwest`], [`UpgradeError::Hyper`], [`UpgradeError::Start`], [`UpgradeError::Seed`].
pub async fn reqwest_client<P: Subprotocols>(
    request: RequestBuilder,
    subprotocols: P,
    config: &Config,
) -> Result<(WebSocket<Client<RandomKeys>>, Response<()>), UpgradeError> {
    let (client, request) = request.build_split();
    let mut request = request?;
    let url = request.url_mut();
    let scheme = match url.scheme() {
        "ws" => "http",
        "wss" => "https",
        other => other,
    }
    .to_owned();
    // Between these schemes it may be changed; of any other reqwest says that it does not take it.
    let _ = url.set_scheme(&scheme);

    let host = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, None) => host.to_owned(),
        (host, Some(port)) => format!("{host}:{port}"),
    };
    let target = match url.query() {
        None | Some("") => url.path().to_owned(),
        Some(query) => format!("{}?{query}", url.path()),
    };
    let (head, upgrade) = ClientUpgrade::new(ClientRequest::new(&host, &target).subprotocols(subprotocols), config)?;
    *request.method_mut() = Method::GET;
    *request.version_mut() = Version::HTTP_11;
    *request.body_mut() = None;
    let fields = request.headers_mut();
    for name in head.headers().keys() {
        fields.remove(name);
    }
    // The `Host` is reqwest's, also where it follows a redirect to another.
    let ours = head.headers().iter().filter(|(name, _)| *name != header::HOST);
    fields.extend(ours.map(|(name, value)| (name.clone(), value.clone())));

    let response = in_time(config, client.execute(request)).await??;
    upgrade.finish(Response::<Body>::from(response)).await
}

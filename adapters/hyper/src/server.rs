//! The server's side: a request that hyper has read, and its answer.

use std::fmt;

use hyper::http::request::Parts;
use hyper::http::{Extensions, HeaderMap, Request, Response, Version, header};
use hyper::upgrade::OnUpgrade;
#[cfg(feature = "http2")]
use hyper::{Method, ext::Protocol};
use websocket_proto::handshake::{self, Accept, ConnectRequest, Received, RequestError, RequestKey, Scheme};
use websocket_proto_tokio::{Config, Server};

use crate::{Body, Refused, Upgrading};

/// Accepts a WebSocket: yields the response to send, and a future of the connection.
///
/// HTTP/1.1 is upgraded; with the feature `http2`, an extended CONNECT (RFC 8441) is accepted as well, on servers built with
/// `enable_connect_protocol`. The server has to be built with upgrades: `serve_connection(…).with_upgrades()`.
///
/// No subprotocol is chosen. A page may connect to its own host only (§10.2): a request with another `Origin` gets 403. For other answers
/// there is [`Upgrade`].
///
/// ```no_run
/// use std::convert::Infallible;
/// use hyper::{Request, Response, body::Incoming};
/// use websocket_proto_hyper::{Body, Config, upgrade};
///
/// async fn service(mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
///     let (response, upgrading) = match upgrade(&mut request, &Config::default()) {
///         Ok(accepted) => accepted,
///         Err(refused) => return Ok(refused.into_response()),
///     };
///     tokio::spawn(async move {
///         let mut socket = upgrading.await?;
///         while let Some(message) = socket.next().await {
///             socket.send(&message?).await?;
///         }
///         Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
///     });
///     Ok(response)
/// }
/// ```
///
/// # Errors
///
/// [`Refused`], which is the answer to send.
pub fn upgrade<B>(request: &mut Request<B>, config: &Config) -> Result<(Response<Body>, Upgrading), Refused> {
    Upgrade::new(request)?.accept(config)
}

/// A request for a WebSocket, checked, for which the application has to choose an answer.
///
/// ```
/// use hyper::{Request, Response};
/// use websocket_proto_hyper::{Body, Config, Refused, Upgrade, Upgrading};
///
/// fn answer<B>(request: &mut Request<B>) -> Result<(Response<Body>, Upgrading), Refused> {
///     let upgrade = Upgrade::new(request)?.protocols(["chat.v2", "chat.v1"]).allow_origins(["https://example.com"]);
///     // What was chosen, if anything: upgrade.selected_protocol()
///     upgrade.accept(&Config::default())
/// }
///
/// let mut request = Request::get("/").header("host", "example.com").body(()).unwrap();
/// let refused = answer(&mut request).unwrap_err();
/// assert!(refused.is_plain_http(), "a page could be served");
/// assert_eq!(refused.status(), 426);
/// ```
#[must_use = "the request has to be answered"]
pub struct Upgrade {
    head: Request<()>,
    /// The `:protocol`; `None` in HTTP/1.1.
    protocol: Option<String>,
    on_upgrade: OnUpgrade,
    selected: Option<String>,
    origins: Origins,
}

/// Whose pages may connect.
#[derive(Debug)]
enum Origins {
    Any,
    /// Those of the host that is asked for, and these.
    OwnAnd(Vec<String>),
}

impl Upgrade {
    /// Checks a request by all rules of the handshake, and takes the upgrade out of its extensions.
    ///
    /// # Errors
    ///
    /// [`Refused`], which is the answer to send: 426 for plain HTTP/1.1 (see [`Refused::is_plain_http`]), 405 for a method other than `GET`,
    /// or `CONNECT` in HTTP/2, 400 and others for what breaks a rule, and 500 if the server is built without upgrades.
    pub fn new<B>(request: &mut Request<B>) -> Result<Self, Refused> {
        let mut head = Request::new(());
        head.method_mut().clone_from(request.method());
        head.uri_mut().clone_from(request.uri());
        head.headers_mut().clone_from(request.headers());
        *head.version_mut() = request.version();
        Self::from_head(head, request.extensions_mut())
    }

    /// The same for a request in parts, as axum's extractors have it.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn from_parts(parts: &mut Parts) -> Result<Self, Refused> {
        let mut head = Request::new(());
        head.method_mut().clone_from(&parts.method);
        head.uri_mut().clone_from(&parts.uri);
        head.headers_mut().clone_from(&parts.headers);
        *head.version_mut() = parts.version;
        Self::from_head(head, &mut parts.extensions)
    }

    fn from_head(head: Request<()>, extensions: &mut Extensions) -> Result<Self, Refused> {
        let protocol = protocol(&head, extensions)?;
        match &protocol {
            None => match Received::try_from(&head) {
                Ok(Received::Upgrade(_)) => {}
                Ok(Received::Http(request)) => return Err(Refused::new(&request.upgrade_required()).plain()),
                Err(error) => return Err(Refused::new(&error.response())),
            },
            Some(protocol) => {
                ConnectRequest::from_http(protocol, &head).map_err(|error| Refused::on_stream(&error))?;
            }
        }
        let Some(on_upgrade) = extensions.remove::<OnUpgrade>() else {
            return Err(Refused::by_server("the connection can't be upgraded"));
        };
        Ok(Self { head, protocol, on_upgrade, selected: None, origins: Origins::OwnAnd(Vec::new()) })
    }

    /// The head of the request.
    pub fn head(&self) -> &Request<()> {
        &self.head
    }

    /// The origin of the page that connects; only browsers are sure to send it (§10.2).
    pub fn origin(&self) -> Option<&[u8]> {
        self.head.headers().get(header::ORIGIN).map(|origin| origin.as_bytes())
    }

    /// The subprotocols that the client offers, in its order of preference.
    pub fn requested_protocols(&self) -> impl Iterator<Item = &str> {
        // The check of the request has found nothing but tokens and empty elements.
        let fields = self.head.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter();
        let elements = fields.filter_map(|field| field.to_str().ok()).flat_map(|field| field.split(','));
        elements.map(|element| element.trim_matches([' ', '\t'])).filter(|element| !element.is_empty())
    }

    /// Chooses the first of `known`, the server's in its order of preference, that the client offers; none if there is none.
    pub fn protocols<I>(mut self, known: I) -> Self
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let known = known.into_iter().find(|known| self.requested_protocols().any(|offered| offered == known.as_ref()));
        self.selected = known.map(|known| known.as_ref().to_owned());
        self
    }

    /// The subprotocol that [`protocols`](Self::protocols) chose.
    pub fn selected_protocol(&self) -> Option<&str> {
        self.selected.as_deref()
    }

    /// Lets pages of these origins connect, such as `https://example.com`, beside those of the host that is asked for.
    ///
    /// A server whose proxy writes a `Host` of its own has to name the origin by which it is reached.
    pub fn allow_origins<I>(mut self, origins: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.origins = Origins::OwnAnd(origins.into_iter().map(Into::into).collect());
        self
    }

    /// Lets any page connect, in the name of its visitor: for a server that does not use cookies, or looks at the
    /// [`origin`](Self::origin) itself.
    pub fn allow_any_origin(mut self) -> Self {
        self.origins = Origins::Any;
        self
    }

    /// Accepts, with the compression that `config` allows: yields the response to send, and a future of the connection. Fields such as
    /// `Set-Cookie` may be added to the response.
    ///
    /// # Errors
    ///
    /// [`Refused`] with status 403, for a page of another origin.
    pub fn accept(self, config: &Config) -> Result<(Response<Body>, Upgrading), Refused> {
        let (response, negotiated) = match &self.protocol {
            None => {
                let request = handshake::Request::try_from(&self.head).map_err(|refusal| Refused::new(&refusal))?;
                self.check_origin(&request).map_err(|error| Refused::new(&error.response()))?;
                self.acceptance(&request, config).http_response()
            }
            Some(protocol) => {
                let request = ConnectRequest::from_http(protocol, &self.head);
                let request = request.map_err(|error| Refused::on_stream(&error))?;
                self.check_origin(&request).map_err(|error| Refused::on_stream(&error))?;
                self.acceptance(&request, config).http_response()
            }
        }
        .map_err(Refused::by_server)?;
        Ok((response.map(|()| Body::default()), Upgrading::new(self.on_upgrade, negotiated, Server, config)))
    }

    fn check_origin<'b, K: RequestKey>(
        &self,
        request: &handshake::Request<'b, &'b HeaderMap, K>,
    ) -> Result<(), RequestError> {
        let Origins::OwnAnd(allowed) = &self.origins else { return Ok(()) };
        let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
        // Which scheme the page was loaded by is not known here: TLS may end in front of this server.
        let same = request.check_same_origin(Scheme::Https, &allowed);
        same.or_else(|_| request.check_same_origin(Scheme::Http, &allowed))
    }

    fn acceptance<'r, 'b, K: RequestKey>(
        &'r self,
        request: &'r handshake::Request<'b, &'b HeaderMap, K>,
        #[cfg_attr(not(feature = "deflate"), expect(unused_variables, reason = "it says what to compress"))]
        config: &Config,
    ) -> Accept<'r, 'b, &'b HeaderMap, K> {
        let accept = request.accept().subprotocol(self.selected_protocol());
        #[cfg(feature = "deflate")]
        let accept = accept.deflate(config.deflate);
        accept
    }
}

/// Without fields and subprotocols: some hold a credential.
impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { protocol, origins, .. } = self;
        f.debug_struct("Upgrade").field("protocol", protocol).field("origins", origins).finish_non_exhaustive()
    }
}

/// The `:protocol` of a CONNECT in HTTP/2, empty if it has none; `None` in HTTP/1.
#[cfg_attr(not(feature = "http2"), expect(unused_variables, reason = "HTTP/2 is refused"))]
fn protocol(head: &Request<()>, extensions: &Extensions) -> Result<Option<String>, Refused> {
    if matches!(head.version(), Version::HTTP_09 | Version::HTTP_10 | Version::HTTP_11) {
        return Ok(None);
    }
    #[cfg(feature = "http2")]
    let refused = match head.method() {
        &Method::CONNECT => return Ok(Some(extensions.get().map_or("", Protocol::as_str).to_owned())),
        _ => Refused::no_connect(),
    };
    #[cfg(not(feature = "http2"))]
    let refused = Refused::on_stream(&RequestError::HttpVersion { major: 2, minor: 0 }).plain();
    Err(refused.without_body_for(head.method()))
}

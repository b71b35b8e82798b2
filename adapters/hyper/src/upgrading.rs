//! From an answered handshake to the connection.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::time::{Sleep, sleep};
use websocket_proto::Negotiated;
use websocket_proto_tokio::{Config, Role, Server, WebSocketStream};

use crate::{UpgradeError, WebSocket};

/// A future of the [`WebSocket`], which is there once hyper has sent the response, or received it.
///
/// At a server it is to be awaited by a task of its own: the response goes out after the service has returned it, so a service that waits
/// for the connection first gets [`UpgradeError::Timeout`]. Dropped, it closes the connection.
#[must_use = "the connection is closed when this is dropped"]
pub struct Upgrading<R = Server> {
    on_upgrade: OnUpgrade,
    negotiated: Negotiated,
    role: Option<R>,
    config: Config,
    timeout: Option<Pin<Box<Sleep>>>,
}

impl<R> Upgrading<R> {
    pub(crate) fn new(on_upgrade: OnUpgrade, negotiated: Negotiated, role: R, config: &Config) -> Self {
        Self { on_upgrade, negotiated, role: Some(role), config: *config, timeout: None }
    }
}

impl<R: Role + Unpin> Future for Upgrading<R> {
    type Output = Result<WebSocket<R>, UpgradeError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Poll::Ready(upgraded) = Pin::new(&mut this.on_upgrade).poll(context) {
            let (upgraded, config) = (TokioIo::new(upgraded?), &this.config);
            // A future that is polled after it was ready may do anything but panic; this one waits for ever.
            let Some(role) = this.role.take() else { return Poll::Pending };
            // What came after the head is in `upgraded`.
            return Poll::Ready(Ok(WebSocketStream::new(upgraded, this.negotiated, role, config, &[])));
        }
        let Some(span) = this.config.timeouts.handshake else { return Poll::Pending };
        ready!(this.timeout.get_or_insert_with(|| Box::pin(sleep(span))).as_mut().poll(context));
        Poll::Ready(Err(UpgradeError::Timeout))
    }
}

impl<R> fmt::Debug for Upgrading<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrading").field("negotiated", &self.negotiated).finish_non_exhaustive()
    }
}

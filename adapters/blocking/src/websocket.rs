//! An endpoint and its socket.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use crate::{Error, Socket};
use websocket_proto::endpoint::{Asking, Config, Duties, Endpoint, Opening, Responder, Sender, Status};
use websocket_proto::handshake::{Received, Subprotocols};
use websocket_proto::{Client, CloseFrame, Incoming, MaskingKeys, Message, Role, Server};

/// An endpoint that blocks: one end of a WebSocket connection, and the socket below it.
#[derive(Debug)]
pub struct WebSocket<T, R: Role> {
    driver: Driver<T>,
    endpoint: Endpoint<R, Instant>,
}

impl<T: Socket> WebSocket<T, Server> {
    /// Waits for a request, and answers it as [`Opening::next`] does: every path is accepted, for pages of the same host.
    ///
    /// # Errors
    ///
    /// [`Error::Opening`] if the request was refused or did not come in time; then the refusal was written. [`Error::Io`].
    pub fn accept(socket: T, config: &Config) -> Result<Self, Error> {
        let mut opening = Opening::server(config, Instant::now());
        Self::open(socket, &mut opening, |opening| opening.next())
    }

    /// The same, with the application's own answer; see [`Opening::next_with`].
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub fn accept_with(
        socket: T,
        config: &Config,
        mut decide: impl for<'b> FnMut(&Received<'b>, &mut Responder<'_>),
    ) -> Result<Self, Error> {
        let mut opening = Opening::server(config, Instant::now());
        Self::open(socket, &mut opening, |opening| opening.next_with(&mut decide))
    }
}

impl<T: Socket, K: MaskingKeys> WebSocket<T, Client<K>> {
    /// Sends the request that [`Opening::client`] has written, and waits for the response. `opening` has it afterwards.
    ///
    /// ```no_run
    /// use std::net::TcpStream;
    /// use std::time::Instant;
    /// use websocket_proto_blocking::endpoint::{Config, Opening};
    /// use websocket_proto_blocking::handshake::ClientRequest;
    /// use websocket_proto_blocking::{Client, CloseCode, WebSocket};
    ///
    /// # fn keys() -> Client<impl websocket_proto_blocking::MaskingKeys> { Client::from_fn(|| [1, 2, 3, 4]) }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let nonce = [7; 16];
    /// let request = ClientRequest::new("example.com", "/chat");
    /// // `nonce` and `keys()` are random, for example from `RandomKeys`, feature `rand`.
    /// let mut opening = Opening::client(request, nonce, keys(), &Config::default(), Instant::now())?;
    /// let mut websocket = WebSocket::connect(TcpStream::connect("example.com:80")?, &mut opening)?;
    /// websocket.send("Hello")?;
    /// println!("{:?}", websocket.next()?);
    /// websocket.close(CloseCode::NORMAL)?;
    /// while websocket.next()?.is_some() {}
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Opening`] if the server refused or broke a rule, or nothing came in time; [`Error::Io`].
    pub fn connect<P: Subprotocols>(socket: T, opening: &mut Opening<Asking<K, P>, Instant>) -> Result<Self, Error> {
        Self::open(socket, opening, |opening| opening.next())
    }
}

impl<T: Socket, R: Role> WebSocket<T, R> {
    /// Goes on with an endpoint whose handshake was done elsewhere, for example by a web server.
    pub fn new(socket: T, endpoint: Endpoint<R, Instant>) -> Self {
        Self { driver: Driver { socket, waits: None }, endpoint }
    }

    fn open<S>(
        socket: T,
        opening: &mut Opening<S, Instant>,
        mut next: impl FnMut(&mut Opening<S, Instant>) -> Option<Endpoint<R, Instant>>,
    ) -> Result<Self, Error> {
        let mut driver = Driver { socket, waits: None };
        loop {
            if let Some(endpoint) = next(opening) {
                return Ok(Self { driver, endpoint });
            }
            if opening.status() == Status::Close {
                return Err(opening.end().into());
            }
            driver.turn(opening)?;
        }
    }

    /// Waits for the next message or control frame, and lends it with the way to answer it; `None` after a clean end. While a long
    /// compressed message is undone, it lends [`Incoming::Progress`], to be passed over.
    ///
    /// What was sent before is written first, with the Pongs and the Close of a failure; so a caller that leaves by `?` has written it.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`] if the connection did not end cleanly, [`Error::Io`] if the transport failed.
    #[expect(clippy::should_implement_trait, reason = "it lends, which an iterator can't")]
    pub fn next(&mut self) -> Result<Option<(Incoming<'_>, Sender<'_, R>)>, Error> {
        while !self.endpoint.advance() {
            if self.endpoint.status() == Status::Close {
                self.endpoint.end()?;
                return Ok(None);
            }
            self.driver.turn(&mut self.endpoint)?;
        }
        Ok(self.endpoint.next())
    }

    /// Sends a message and waits until it is written.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] after a Close, and those of [`flush`](Self::flush).
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.endpoint.send(message)?;
        self.flush()
    }

    /// Sends a Close and waits until it is written; after that, [`next`](Self::next) goes on until the peer has closed, too.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn close(&mut self, frame: impl Into<CloseFrame>) -> Result<(), Error> {
        self.endpoint.close(frame)?;
        self.flush()
    }

    /// Waits until everything that was sent is written.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`] if the connection ended first, for example since the peer takes nothing; [`Error::Io`].
    pub fn flush(&mut self) -> Result<(), Error> {
        self.driver.write(&mut self.endpoint)?;
        if !self.endpoint.output().is_empty() {
            self.endpoint.end()?;
        }
        Ok(())
    }

    /// The endpoint, to send without waiting, or to ask for its state.
    pub fn endpoint(&mut self) -> &mut Endpoint<R, Instant> {
        &mut self.endpoint
    }

    /// The socket.
    pub fn socket(&self) -> &T {
        &self.driver.socket
    }

    /// Both, for another loop.
    pub fn into_parts(self) -> (T, Endpoint<R, Instant>) {
        (self.driver.socket, self.endpoint)
    }
}

/// A socket, and how long it waits.
#[derive(Debug)]
struct Driver<T> {
    socket: T,
    /// What it was told last.
    waits: Option<Option<Duration>>,
}

impl<T: Socket> Driver<T> {
    /// Writes what there is, and reads once if the status says so.
    fn turn(&mut self, machine: &mut impl Duties<Instant>) -> io::Result<()> {
        let deadline = self.write(machine)?;
        match machine.status() {
            Status::HalfClose => match self.socket.close_write() {
                Ok(()) => machine.half_closed(),
                Err(error) if is_only_late(&error) => {}
                Err(error) => return Err(error),
            },
            status if status.reads() => {
                self.wait_until(deadline)?;
                match self.socket.read(machine.room()) {
                    Ok(n) => machine.filled(n),
                    Err(error) if is_only_late(&error) => {}
                    // Both Close frames have passed, or a refusal was written: how the peer hangs up does not matter.
                    Err(_) if status == Status::Drain => machine.filled(0),
                    Err(error) => return Err(error),
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes everything, and returns when the clock is to be looked at again.
    fn write(&mut self, machine: &mut impl Duties<Instant>) -> io::Result<Option<Instant>> {
        let mut flushed = true;
        loop {
            let deadline = machine.tick(Instant::now());
            let ended = machine.status() == Status::Close;
            let writes = !ended && !machine.output().is_empty();
            if !writes && flushed {
                return Ok(deadline);
            }
            if !ended {
                self.wait_until(deadline)?;
            }
            let done = if writes { self.socket.write(machine.output()) } else { self.socket.flush().map(|()| 0) };
            match done {
                Ok(0) if writes => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => {
                    machine.written(n);
                    flushed = !writes;
                }
                Err(error) if ended && error.kind() != ErrorKind::Interrupted => return Ok(deadline),
                Err(error) if is_only_late(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Has the next read or write wait until about this instant. Asking for it takes a system call, so that a span that is nearly right
    /// is left as it is: the clock is looked at again in any case.
    fn wait_until(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        let span = deadline.map(|at| at.saturating_duration_since(Instant::now()).max(Duration::from_millis(1)));
        let is_near = match (self.waits, span) {
            (Some(Some(set)), Some(span)) => set <= span.saturating_add(span / 8) && set >= span / 2,
            (Some(set), span) => set == span,
            (None, _) => false,
        };
        if !is_near {
            self.socket.wait_at_most(span)?;
            self.waits = Some(span);
        }
        Ok(())
    }
}

/// Whether nothing failed: it has taken as long as it was allowed to, or was interrupted.
fn is_only_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

//! What an opening and an endpoint have in common.

use super::{Endpoint, Opening, Status};
use crate::{Moment, Role};

/// The duties of a transport's owner, the same for an [`Opening`] and an [`Endpoint`], so that one loop serves both.
///
/// ```
/// use std::io::{self, Read, Write};
/// use std::net::{Shutdown, TcpStream};
/// use std::time::Instant;
/// use websocket_proto::endpoint::{Duties, Status};
///
/// /// Writes what there is, and reads once.
/// fn turn(socket: &mut TcpStream, machine: &mut impl Duties<Instant>) -> io::Result<()> {
///     machine.tick(Instant::now());
///     while !machine.output().is_empty() {
///         let n = socket.write(machine.output())?;
///         machine.written(n);
///     }
///     match machine.status() {
///         Status::HalfClose => {
///             socket.shutdown(Shutdown::Write)?;
///             machine.half_closed();
///         }
///         status if status.reads() => {
///             let n = socket.read(machine.room())?;
///             machine.filled(n);
///         }
///         _ => {}
///     }
///     Ok(())
/// }
/// ```
pub trait Duties<I> {
    /// See [`Endpoint::room`].
    fn room(&mut self) -> &mut [u8];
    /// See [`Endpoint::filled`].
    fn filled(&mut self, n: usize);
    /// See [`Endpoint::output`].
    fn output(&mut self) -> &[u8];
    /// See [`Endpoint::output_slices`].
    fn output_slices(&mut self) -> impl Iterator<Item = &[u8]>
    where
        Self: Sized;
    /// See [`Endpoint::written`].
    fn written(&mut self, n: usize);
    /// See [`Endpoint::tick`].
    fn tick(&mut self, now: I) -> Option<I>;
    /// See [`Endpoint::status`].
    fn status(&self) -> Status;
    /// See [`Endpoint::half_closed`].
    fn half_closed(&mut self);
}

macro_rules! by_their_own_methods {
    () => {
        fn room(&mut self) -> &mut [u8] {
            self.room()
        }
        fn filled(&mut self, n: usize) {
            self.filled(n);
        }
        fn output(&mut self) -> &[u8] {
            self.output()
        }
        fn output_slices(&mut self) -> impl Iterator<Item = &[u8]> {
            self.output_slices()
        }
        fn written(&mut self, n: usize) {
            self.written(n);
        }
        fn tick(&mut self, now: I) -> Option<I> {
            self.tick(now)
        }
        fn status(&self) -> Status {
            self.status()
        }
        fn half_closed(&mut self) {
            self.half_closed();
        }
    };
}

impl<S, I: Moment<D>, D: Copy> Duties<I> for Opening<S, I, D> {
    by_their_own_methods!();
}

impl<R: Role, I: Moment<D>, D: Copy> Duties<I> for Endpoint<R, I, D> {
    by_their_own_methods!();
}

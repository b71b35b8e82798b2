//! Extensions of the application's own, on an endpoint (§9).

use super::Endpoint;
use crate::Role;
use crate::extension::Decode;

impl<R: Role, I, D> Endpoint<R, I, D> {
    /// Installs what undoes the transformation of an extension of the application's own that was negotiated: see
    /// [`Messages::add_decoder`](crate::Messages::add_decoder). What this endpoint sends goes out without it.
    pub fn add_decoder(&mut self, decoder: impl Decode + 'static) {
        self.messages.add_decoder(decoder);
    }
}

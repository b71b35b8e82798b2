//! Opens a connection to a server under test, on a blocking socket and without compression.

#[path = "../../../examples/support/open.rs"]
mod open;

use websocket_proto::Limits;

pub use open::Opened;

/// Connects and shakes hands; the error is one line for people.
pub fn open(url: &str, limits: &Limits) -> Result<Opened, String> {
    open::open_with(url, limits, |request| request)
}

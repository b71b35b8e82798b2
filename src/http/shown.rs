//! What `Debug` shows of fields and targets: no cookie and no credential.

use core::fmt;

/// Fields, with the values that cannot be secret. The closure begins to go through them.
///
/// Credentials stand in more fields than `Authorization` and `Cookie`: in `X-Api-Key`, and in `Sec-WebSocket-Protocol` where a
/// script has no other place for them. So the fields that are shown are listed, and of all others the length is shown.
pub(crate) struct Shown<F>(pub(crate) F);

impl<'f, F, I, V> fmt::Debug for Shown<F>
where
    F: Fn() -> I,
    I: Iterator<Item = (&'f str, V)>,
    V: AsRef<[u8]>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for (name, value) in (self.0)() {
            let value = value.as_ref();
            if HARMLESS.iter().any(|harmless| harmless.eq_ignore_ascii_case(name)) {
                list.entry(&format_args!("{}: {}", name.escape_debug(), value.escape_ascii()));
            } else {
                list.entry(&format_args!("{}: <{} bytes>", name.escape_debug(), value.len()));
            }
        }
        list.finish()
    }
}

/// A target without its query, in which tokens are handed over.
pub(crate) struct ShownTarget<'t>(pub(crate) &'t str);

impl fmt::Debug for ShownTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_once('?') {
            Some((path, query)) => write!(f, "\"{}?<{} bytes>\"", path.escape_debug(), query.len()),
            None => write!(f, "\"{}\"", self.0.escape_debug()),
        }
    }
}

/// The fields whose values are shown.
const HARMLESS: &[&str] = &[
    ":authority",
    ":method",
    ":protocol",
    ":scheme",
    "Accept",
    "Allow",
    "Connection",
    "Content-Length",
    "Content-Type",
    "Date",
    "Host",
    "Origin",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Version",
    "Server",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
];

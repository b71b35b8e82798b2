//! TLS, taken off by the keys that one of its ends has logged.
//!
//! The cryptography is that of libraries; what is here is which bytes are a record (RFC 8446 §5, RFC 5246 §6.2), and which key is its own.

mod hello;
mod key_log;
mod keys;
mod side;

use crate::event::Way;
use crate::tcp::Next;
use hello::{Client, Server};
pub use key_log::KeyLog;
use keys::Suite;
use side::{Record, Side, Taken};

/// One TLS connection, seen from outside.
#[derive(Debug, Default)]
pub struct Session {
    sides: [Side; 2],
    client: Option<Client>,
    server: Option<Server>,
    /// Why it can't be read.
    failed: Option<String>,
    keyed: bool,
    sides_failed: [bool; 2],
}

/// Records wait for their key up to so many bytes: a live capture may be ahead of the log.
const MAX_PENDING: usize = 4 << 20;

impl Session {
    /// The version that was agreed on.
    pub fn version(&self) -> Option<&'static str> {
        Some(if self.server.as_ref()?.is_tls13 { "TLS 1.3" } else { "TLS 1.2" })
    }

    /// Why nothing of it was read, if so.
    pub fn unread(&self) -> Option<String> {
        match &self.failed {
            Some(why) => Some(why.clone()),
            None if self.sides.iter().any(Side::has_begun) => None,
            None if self.keyed => Some("the key log's key does not open it".into()),
            None if self.client.is_none() => Some("its beginning is not in the capture".into()),
            None if self.server.is_none() => Some("the server's answer is not in the capture".into()),
            None => Some("the key log has no key for it".into()),
        }
    }

    /// About how many bytes of memory it holds.
    pub fn held(&self) -> usize {
        self.sides.iter().map(Side::held).sum()
    }

    /// The first side that ended without saying so (RFC 8446 §6.1), if the session was read.
    pub fn without_close_notify(&self) -> Option<Way> {
        Way::BOTH.into_iter().find(|way| self.keyed && !self.sides[way.index()].is_closed())
    }

    /// Bytes of TCP, or a gap; adds what they hold to `plain`.
    pub fn input(&mut self, way: Way, next: Next, keys: &mut KeyLog, plain: &mut Vec<(Way, Next)>) {
        if self.failed.is_some() {
            return;
        }
        match next {
            Next::Gap(len) => match self.sides[way.index()].gap(len) {
                Some(lost) => plain.push((way, Next::Gap(lost))),
                None => self.fail_side(way, plain, len),
            },
            Next::Bytes(bytes) => {
                self.sides[way.index()].push(&bytes);
                loop {
                    match self.sides[way.index()].record() {
                        Ok(Some(record)) => self.take(way, record, keys, plain),
                        Ok(None) => break,
                        Err(()) => {
                            self.fail_side(way, plain, 0);
                            break;
                        }
                    }
                }
            }
        }
    }

    /// One direction can't be followed any further.
    fn fail_side(&mut self, way: Way, plain: &mut Vec<(Way, Next)>, len: u64) {
        if !self.keyed {
            self.failed.get_or_insert_with(|| "bytes of its handshake are not in the capture".into());
        }
        self.sides[way.index()].give_up();
        if !std::mem::replace(&mut self.sides_failed[way.index()], true) {
            plain.push((way, Next::Gap(len.max(1))));
        }
    }

    fn take(&mut self, way: Way, record: Record, keys: &mut KeyLog, plain: &mut Vec<(Way, Next)>) {
        let side = &mut self.sides[way.index()];
        if record.is_clear_handshake() && !side.is_encrypted() {
            match way {
                Way::ToServer => {
                    self.client = self.client.take().or_else(|| side.hello(&record).and_then(Client::read))
                }
                Way::ToClient => {
                    // A HelloRetryRequest is passed over: another one follows.
                    self.server = self.server.take().or_else(|| side.hello(&record).and_then(Server::read));
                }
            }
            return;
        }
        let is_tls13 = self.server.as_ref().is_none_or(|server| server.is_tls13);
        if record.is_change_of_cipher() {
            // RFC 8446 §5: in TLS 1.3 it means nothing.
            if !is_tls13 {
                side.begin_encryption();
            }
            return;
        }
        if if is_tls13 { !record.is_application_data() } else { !side.is_encrypted() } {
            return;
        }
        side.wait(record);
        if !self.keyed && !self.find_keys(keys) {
            if self.sides.iter().map(Side::held).sum::<usize>() > MAX_PENDING {
                self.failed = Some("the key log has no key for it".into());
                self.sides.iter_mut().for_each(Side::give_up);
            }
            return;
        }
        for way in [way.back(), way] {
            for taken in self.sides[way.index()].decrypt_waiting() {
                match taken {
                    Taken::Data(bytes) => plain.push((way, Next::Bytes(bytes))),
                    Taken::Undecipherable => self.fail_side(way, plain, 0),
                }
            }
        }
    }

    fn find_keys(&mut self, keys: &mut KeyLog) -> bool {
        let (Some(client), Some(server)) = (&self.client, &self.server) else { return false };
        let Some(suite) = Suite::new(server.suite) else {
            self.failed = Some(format!("its cipher suite {:#06x} is not one that this program knows", server.suite));
            return false;
        };
        let Some(found) = keys.find(&client.random) else { return false };
        let pairs = if server.is_tls13 {
            found.traffic.map(|secret| secret.and_then(|secret| suite.of_secret(&secret)))
        } else {
            found.master.map_or([None, None], |master| {
                suite.of_master(&master, &client.random, &server.random).map_or([None, None], |pair| pair.map(Some))
            })
        };
        let [Some(client), Some(server)] = pairs else { return false };
        self.sides[0].key(client);
        self.sides[1].key(server);
        self.keyed = true;
        true
    }
}

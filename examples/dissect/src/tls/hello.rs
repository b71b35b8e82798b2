//! What the first messages of a handshake say: the random by which a key log names the session, and what was agreed on.

/// ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2).
#[derive(Debug)]
pub struct Client {
    pub random: [u8; 32],
}

/// ServerHello (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3).
#[derive(Debug)]
pub struct Server {
    pub random: [u8; 32],
    pub suite: u16,
    pub is_tls13: bool,
}

/// RFC 8446 §4.1.3: the random of a HelloRetryRequest.
const RETRY: [u8; 8] = [0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11];

impl Client {
    /// Reads a whole handshake message; `None` if it is another one.
    pub fn read(message: &[u8]) -> Option<Self> {
        let body = body(message, 1)?;
        Some(Self { random: *body.get(2..)?.first_chunk()? })
    }
}

impl Server {
    /// Reads a whole handshake message; `None` if it is another one, or a HelloRetryRequest.
    pub fn read(message: &[u8]) -> Option<Self> {
        let body = body(message, 2)?;
        let random: [u8; 32] = *body.get(2..)?.first_chunk()?;
        if random.starts_with(&RETRY) {
            return None;
        }
        let (&session_len, rest) = body.get(34..)?.split_first()?;
        let rest = rest.get(usize::from(session_len)..)?;
        let (&suite, rest) = rest.split_first_chunk()?;
        // The method of compression, and the length of the extensions, which TLS 1.2 may leave out.
        let mut extensions = rest.get(3..).unwrap_or_default();
        let mut is_tls13 = false;
        while let Some((&[kind0, kind1, len0, len1], rest)) = extensions.split_first_chunk() {
            let Some((value, rest)) = rest.split_at_checked(u16::from_be_bytes([len0, len1]).into()) else { break };
            // RFC 8446 §4.2.1: supported_versions, with the version that was chosen.
            is_tls13 |= [kind0, kind1] == [0, 43] && value == [3, 4];
            extensions = rest;
        }
        Some(Self { random, suite: u16::from_be_bytes(suite), is_tls13 })
    }
}

/// The body of a handshake message of this type (RFC 8446 §4).
fn body(message: &[u8], kind: u8) -> Option<&[u8]> {
    let (&[own, len @ ..], rest) = message.split_first_chunk::<4>()?;
    let [a, b, c] = len;
    if own == kind { rest.get(..usize::try_from(u32::from_be_bytes([0, a, b, c])).ok()?) } else { None }
}

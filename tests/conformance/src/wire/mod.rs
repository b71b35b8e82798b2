//! The wire, read and written without any WebSocket library: a judge that is related to the accused shares its errors.

pub mod deflate;
pub mod extension;
pub mod frame;
pub mod head;
pub mod inflate;
pub mod strict;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The value of `Sec-WebSocket-Accept` that answers a key (RFC 6455 §4.2.2, 5, /key/).
pub fn accept(key: &[u8]) -> String {
    let mut sha1 = sha1_smol::Sha1::new();
    sha1.update(key);
    sha1.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(sha1.digest().bytes())
}

/// A key of these 16 bytes.
pub fn key(nonce: [u8; 16]) -> String {
    STANDARD.encode(nonce)
}

/// Whether it is 16 bytes in base64, with padding, the unused bits zero.
pub fn is_key(value: &[u8]) -> bool {
    STANDARD.decode(value).is_ok_and(|nonce| nonce.len() == 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_of_rfc_6455_section_1_3() {
        assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn keys_are_16_bytes() {
        assert!(is_key(b"dGhlIHNhbXBsZSBub25jZQ=="));
        assert!(!is_key(b"dGhlIHNhbXBsZSBub25jZQ"));
        assert!(!is_key(b"dGhlIHNhbXBsZSBub25jZR=="));
        assert!(!is_key(b"AAAAAAAAAAAAAAAAAAAA"));
    }
}

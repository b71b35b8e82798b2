//! `Sec-WebSocket-Key` and the `Sec-WebSocket-Accept` that proves it was read (§1.3, §4.2.2).

use core::fmt;
use core::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::http::{alphanumeric_and, ascii};

/// A `Sec-WebSocket-Key`: 16 bytes in base64 (§11.3.1).
///
/// ```
/// use websocket_proto::handshake::Key;
///
/// // §1.3
/// let key = Key::new(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap();
/// assert_eq!(key, Key::from_nonce(*b"the sample nonce"));
/// assert_eq!(key.accept().as_str(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Key([u8; Self::LEN]);

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Key {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self::from_nonce(u.arbitrary()?))
    }
}

impl Key {
    /// Characters in a key: those of 16 bytes in base64.
    pub const LEN: usize = 24;

    /// Takes a field value.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] unless it is the base64 form of 16 bytes, with its padding. The unused bits may be anything: RFC 4648 §3.5
    /// leaves it to the decoder, and the example of RFC 6455 §4.1 (see erratum 3150), which clients send, has one that is not zero.
    pub fn new(value: &[u8]) -> Result<Self, InvalidKey> {
        let invalid = InvalidKey { len: value.len() };
        let text = <[u8; Self::LEN]>::try_from(value).map_err(|_| invalid)?;
        // §4.2.1, 5: "a base64-encoded value that, when decoded, is 16 bytes in length". The bytes are not needed, so it is not
        // decoded: 22 characters are 16 bytes and four unused bits. No early end: the lookups do not wait for each other.
        let [chars @ .., b'=', b'='] = &text else { return Err(invalid) };
        if chars.iter().fold(true, |all, &char| all & is_base64_char(char)) { Ok(Self(text)) } else { Err(invalid) }
    }

    /// Encodes the 16 bytes that a client chose at random, anew for each connection (§4.1).
    pub fn from_nonce(nonce: [u8; 16]) -> Self {
        Self(encode(&nonce))
    }

    /// The key as it goes over the wire.
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }

    /// The answer that proves that the key was read.
    pub fn accept(&self) -> AcceptKey {
        let mut text = [0; Self::LEN + GUID.len()];
        let (key, guid) = text.split_at_mut(Self::LEN);
        key.copy_from_slice(&self.0);
        guid.copy_from_slice(GUID);
        AcceptKey(encode(&sha1(&text)))
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Key {
    type Err = InvalidKey;

    fn from_str(value: &str) -> Result<Self, InvalidKey> {
        Self::new(value.as_bytes())
    }
}

impl TryFrom<&str> for Key {
    type Error = InvalidKey;

    fn try_from(value: &str) -> Result<Self, InvalidKey> {
        Self::new(value.as_bytes())
    }
}

impl TryFrom<&[u8]> for Key {
    type Error = InvalidKey;

    fn try_from(value: &[u8]) -> Result<Self, InvalidKey> {
        Self::new(value)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// A `Sec-WebSocket-Accept`: the base64 form of the SHA-1 of the key and the protocol's GUID (§4.2.2).
///
/// ```
/// use websocket_proto::handshake::Key;
///
/// let accept = Key::from_nonce(*b"the sample nonce").accept();
/// assert_eq!(accept.as_str(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct AcceptKey([u8; Self::LEN]);

impl AcceptKey {
    /// Characters in an accept value: those of 20 bytes in base64.
    pub const LEN: usize = 28;

    /// The value as it goes over the wire.
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }

    pub(super) fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl AsRef<str> for AcceptKey {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for AcceptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Compares with a field's value.
impl PartialEq<[u8]> for AcceptKey {
    fn eq(&self, value: &[u8]) -> bool {
        self.0 == value
    }
}

/// Compares with a field's value.
impl PartialEq<str> for AcceptKey {
    fn eq(&self, value: &str) -> bool {
        self.0 == value.as_bytes()
    }
}

impl fmt::Debug for AcceptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AcceptKey({})", self.as_str())
    }
}

/// A value that is not the base64 form of 16 bytes.
///
/// ```
/// use websocket_proto::handshake::Key;
///
/// let error = Key::new(b"c2hvcnQ=").unwrap_err();
/// assert_eq!(error.to_string(), "expected a Sec-WebSocket-Key of 24 characters, found 8");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct InvalidKey {
    /// How many characters the value has; a key has 24.
    pub len: usize,
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.len {
            Key::LEN => f.write_str("expected a Sec-WebSocket-Key of 16 bytes in base64, found other characters"),
            len => write!(f, "expected a Sec-WebSocket-Key of {} characters, found {len}", Key::LEN),
        }
    }
}

impl core::error::Error for InvalidKey {}

#[cfg(not(feature = "sha1"))]
fn sha1(text: &[u8]) -> [u8; 20] {
    sha1_smol::Sha1::from(text).digest().bytes()
}

#[cfg(feature = "sha1")]
fn sha1(text: &[u8]) -> [u8; 20] {
    <sha1::Sha1 as sha1::Digest>::digest(text).into()
}

/// RFC 4648 §4, with padding.
fn encode<const LEN: usize, const TEXT_LEN: usize>(bytes: &[u8; LEN]) -> [u8; TEXT_LEN] {
    // The padding is there already, and both callers have room for just what comes in front of it.
    let mut text = [b'='; TEXT_LEN];
    let _fits = STANDARD_NO_PAD.encode_slice(bytes, &mut text);
    text
}

fn is_base64_char(char: u8) -> bool {
    // A table of all 256 bytes: the lookup cannot fail.
    BASE64_CHARS.get(usize::from(char)).copied().unwrap_or_default()
}

static BASE64_CHARS: [bool; 256] = alphanumeric_and(b"+/");

/// §1.3: the GUID that is "unlikely to be used by network endpoints that do not understand the WebSocket Protocol".
const GUID: &[u8; 36] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[cfg(test)]
mod tests {
    use base64::alphabet;
    use base64::engine::general_purpose::{GeneralPurpose, PAD};

    use super::*;

    #[test]
    fn example_of_section_4_1_is_corrected_by_erratum_3150() {
        let nonce = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        assert_eq!(Key::from_nonce(nonce).as_str(), "AQIDBAUGBwgJCgsMDQ4PEA==");
        assert!(Key::new(b"AQIDBAUGBwgJCgsMDQ4PEA==").is_ok());
        // As it is printed there: the unused bits are not zero. The answer is over the text.
        let printed = Key::new(b"AQIDBAUGBwgJCgsMDQ4PEC==").unwrap();
        assert_eq!(printed.accept().as_str(), "OfS0wDaT5NoxF2gqm7Zj2YtetzM=");
    }

    /// Whichever of the two computes it, §4.2.2, 5, wants the same.
    #[test]
    fn digest_is_that_of_the_default_dependency() {
        for nonce in 0..=u8::MAX {
            let key = Key::from_nonce([nonce; 16]);
            let text = key.as_str().to_owned() + core::str::from_utf8(GUID).unwrap();
            let expected: [u8; AcceptKey::LEN] = encode(&sha1_smol::Sha1::from(text).digest().bytes());
            assert_eq!(key.accept().as_bytes(), &expected);
        }
    }

    #[test]
    fn key_of_any_length_up_to_a_mebibyte_is_refused_without_harm() {
        let long = vec![b'A'; 1 << 20];
        for len in (0..600).chain([1 << 10, 1 << 16, 1 << 20]) {
            assert_eq!(Key::new(&long[..len]), Err(InvalidKey { len }));
        }
    }

    #[test]
    fn check_without_decoding_agrees_with_a_decoder() {
        let decoder = GeneralPurpose::new(&alphabet::STANDARD, PAD.with_decode_allow_trailing_bits(true));
        for at in 0..Key::LEN {
            for byte in 0..=u8::MAX {
                let mut value = *b"dGhlIHNhbXBsZSBub25jZQ==";
                value[at] = byte;
                let decoded = decoder.decode_slice(value, &mut [0; 18]);
                assert_eq!(Key::new(&value).is_ok(), decoded == Ok(16), "{}", value.escape_ascii());
            }
        }
    }

    #[test]
    fn only_the_base64_of_16_bytes_is_a_key() {
        for value in [
            &b"dGhlIHNhbXBsZSBub25jZQ"[..],  // no padding
            b"dGhlIHNhbXBsZSBub25jZQ=",      // half of it
            b"dGhlIHNhbXBsZSBub25jZTE=",     // 17 bytes
            b"dGhlIHNhbXBsZSBub25jZTEy",     // 18 bytes
            b"dGhlIHNhbXBsZSBub25j",         // 15 bytes
            b"dGhlIHNhbXBsZSBub2-jZQ==",     // base64url
            b"dGhlIHNhbXBsZSBub2 jZQ==",     // white space
            b"dGhlIHNhbXBsZSBub25jZ===",     // padding too long
            b"dGhlIHNhbXBsZSBub25jZQ==dGhl", // something after it
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff==",
        ] {
            assert_eq!(Key::new(value), Err(InvalidKey { len: value.len() }), "{}", value.escape_ascii());
        }
    }
}

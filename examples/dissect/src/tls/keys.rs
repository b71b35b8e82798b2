//! From a logged secret to the key of a direction (RFC 8446 §7, RFC 5246 §6.3).

use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Sha256, Sha384};

/// A cipher suite: what encrypts, and the hash that keys are derived with.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    cipher: Cipher,
    sha384: bool,
}

#[derive(Clone, Copy, Debug)]
enum Cipher {
    Aes128,
    Aes256,
    ChaCha20,
}

/// The key of one direction, and the number of its next record.
pub struct Key {
    suite: Suite,
    /// Of TLS 1.3, from which the next key is made (RFC 8446 §7.2).
    secret: Option<Vec<u8>>,
    aead: Sealed,
    iv: Vec<u8>,
    sequence: u64,
}

enum Sealed {
    Aes128(Box<Aes128Gcm>),
    Aes256(Box<Aes256Gcm>),
    ChaCha20(Box<ChaCha20Poly1305>),
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("suite", &self.suite).field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

impl Suite {
    /// The suites with authenticated encryption that browsers and servers use (RFC 8446 §B.4, RFC 5288, RFC 5289, RFC 7905).
    pub fn new(number: u16) -> Option<Self> {
        let (cipher, sha384) = match number {
            0x1301 | 0x009c | 0x009e | 0xc02b | 0xc02f => (Cipher::Aes128, false),
            0x1302 | 0x009d | 0x009f | 0xc02c | 0xc030 => (Cipher::Aes256, true),
            0x1303 | 0xcca8 | 0xcca9 | 0xccaa => (Cipher::ChaCha20, false),
            _ => return None,
        };
        Some(Self { cipher, sha384 })
    }

    /// RFC 8446 §7.3: key and iv of a traffic secret.
    pub fn of_secret(self, secret: &[u8]) -> Option<Key> {
        let (mut key, mut iv) = (vec![0; self.key_len()], vec![0; 12]);
        self.expand_label(secret, b"key", &mut key)?;
        self.expand_label(secret, b"iv", &mut iv)?;
        Some(Key { suite: self, secret: Some(secret.to_vec()), aead: self.aead(&key)?, iv, sequence: 0 })
    }

    /// RFC 5246 §6.3: the key block of a master secret; the client's key and the server's.
    pub fn of_master(self, master: &[u8], client: &[u8; 32], server: &[u8; 32]) -> Option<[Key; 2]> {
        // RFC 5288 §3: a salt of 4 bytes, the rest of the nonce is in the record; RFC 7905 §2: 12 bytes.
        let iv_len = if matches!(self.cipher, Cipher::ChaCha20) { 12 } else { 4 };
        let seed = [&b"key expansion"[..], server, client].concat();
        let block = self.prf(master, &seed, 2 * (self.key_len() + iv_len))?;
        let (keys, ivs) = block.split_at(2 * self.key_len());
        let key = |n: usize| {
            let own = keys.chunks(self.key_len()).nth(n)?;
            let iv = ivs.chunks(iv_len).nth(n)?.to_vec();
            Some(Key { suite: self, secret: None, aead: self.aead(own)?, iv, sequence: 0 })
        };
        Some([key(0)?, key(1)?])
    }

    fn key_len(self) -> usize {
        match self.cipher {
            Cipher::Aes128 => 16,
            Cipher::Aes256 | Cipher::ChaCha20 => 32,
        }
    }

    fn aead(self, key: &[u8]) -> Option<Sealed> {
        Some(match self.cipher {
            Cipher::Aes128 => Sealed::Aes128(Box::new(Aes128Gcm::new_from_slice(key).ok()?)),
            Cipher::Aes256 => Sealed::Aes256(Box::new(Aes256Gcm::new_from_slice(key).ok()?)),
            Cipher::ChaCha20 => Sealed::ChaCha20(Box::new(ChaCha20Poly1305::new_from_slice(key).ok()?)),
        })
    }

    /// HKDF-Expand-Label of RFC 8446 §7.1, without a context.
    fn expand_label(self, secret: &[u8], label: &[u8], out: &mut [u8]) -> Option<()> {
        let len = u16::try_from(out.len()).ok()?.to_be_bytes();
        let label_len = u8::try_from(label.len() + 6).ok()?;
        let info = [&len[..], &[label_len], b"tls13 ", label, &[0]].concat();
        if self.sha384 {
            Hkdf::<Sha384>::from_prk(secret).ok()?.expand(&info, out).ok()
        } else {
            Hkdf::<Sha256>::from_prk(secret).ok()?.expand(&info, out).ok()
        }
    }

    /// RFC 5246 §5: the pseudorandom function.
    fn prf(self, secret: &[u8], seed: &[u8], len: usize) -> Option<Vec<u8>> {
        let (mut a, mut out) = (seed.to_vec(), Vec::new());
        while out.len() < len {
            a = self.hmac(secret, &[&a])?;
            out.extend(self.hmac(secret, &[&a, seed])?);
        }
        out.truncate(len);
        Some(out)
    }

    fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
        fn of<M: Mac>(mut mac: M, parts: &[&[u8]]) -> Vec<u8> {
            parts.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes().to_vec()
        }
        Some(if self.sha384 {
            of(Hmac::<Sha384>::new_from_slice(key).ok()?, parts)
        } else {
            of(Hmac::<Sha256>::new_from_slice(key).ok()?, parts)
        })
    }
}

impl Key {
    /// The key after this one (RFC 8446 §7.2); TLS 1.2 has none.
    pub fn next(&self) -> Option<Self> {
        let secret = self.secret.as_ref()?;
        let mut next = vec![0; secret.len()];
        self.suite.expand_label(secret, b"traffic upd", &mut next)?;
        self.suite.of_secret(&next)
    }

    /// So many records are not in the capture.
    pub fn skip(&mut self, records: u64) {
        self.sequence += records;
    }

    /// Bytes of a record that are not content.
    pub fn overhead(&self) -> u64 {
        match (&self.secret, self.suite.cipher) {
            // The type of the content and the tag.
            (Some(_), _) => 17,
            (None, Cipher::ChaCha20) => 16,
            // The nonce and the tag.
            (None, Cipher::Aes128 | Cipher::Aes256) => 24,
        }
    }

    /// Opens a record: the type of its content, and the content. `None` if it is not sealed by this key and number.
    pub fn open(&mut self, header: [u8; 5], fragment: &[u8]) -> Option<(u8, Vec<u8>)> {
        let sequence = self.sequence.to_be_bytes();
        let is_tls13 = self.secret.is_some();
        let mut nonce = [0; 12];
        let sealed = if self.iv.len() == 4 {
            // RFC 5288 §3: salt and explicit nonce.
            let (explicit, sealed) = fragment.split_at_checked(8)?;
            nonce[..4].copy_from_slice(&self.iv);
            nonce[4..].copy_from_slice(explicit);
            sealed
        } else {
            // RFC 8446 §5.3, RFC 7905 §2: the number of the record, padded on the left, XOR the iv.
            nonce[4..].copy_from_slice(&sequence);
            nonce.iter_mut().zip(&self.iv).for_each(|(byte, iv)| *byte ^= iv);
            fragment
        };
        // RFC 8446 §5.2: the header of the record; RFC 5246 §6.2.3.3: its number, type and version, and the length of the content.
        let len = u16::try_from(sealed.len().checked_sub(16)?).ok()?.to_be_bytes();
        let aad = if is_tls13 { header.to_vec() } else { [&sequence[..], &header[..3], &len].concat() };
        let payload = Payload { msg: sealed, aad: &aad };
        let mut content = match &self.aead {
            Sealed::Aes128(aead) => aead.decrypt(&nonce.into(), payload),
            Sealed::Aes256(aead) => aead.decrypt(&nonce.into(), payload),
            Sealed::ChaCha20(aead) => aead.decrypt(&nonce.into(), payload),
        }
        .ok()?;
        self.sequence += 1;
        if !is_tls13 {
            return Some((header[0], content));
        }
        // RFC 8446 §5.2: the content, its type, and zeros.
        let end = content.iter().rposition(|&byte| byte != 0)?;
        let kind = content[end];
        content.truncate(end);
        Some((kind, content))
    }
}

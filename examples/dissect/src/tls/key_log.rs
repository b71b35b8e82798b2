//! The file that `SSLKEYLOGFILE` names (RFC 9850): the secrets of sessions, by the client's random.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Secrets by the client's random.
#[derive(Debug, Default)]
pub struct KeyLog {
    file: Option<PathBuf>,
    /// How much of the file was read.
    read: u64,
    secrets: HashMap<[u8; 32], Secrets>,
}

/// The secrets of one session, as far as they can be used for what applications send.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// TLS 1.2.
    pub master: Option<Vec<u8>>,
    /// TLS 1.3, the client's and the server's.
    pub traffic: [Option<Vec<u8>>; 2],
}

impl KeyLog {
    /// Reads a file, which may grow, and may not be there yet.
    ///
    /// # Errors
    ///
    /// It is there, and can't be read.
    pub fn open(file: &Path) -> io::Result<Self> {
        let mut log = Self { file: Some(file.to_owned()), ..Self::default() };
        match log.renew() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(log),
            read => read.map(|()| log),
        }
    }

    /// Lines of a key log: also from within a capture.
    pub fn add(&mut self, lines: &[u8]) {
        for line in lines.split(|&byte| byte == b'\n') {
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let (Some(label), Some(random), Some(secret)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            let (Some(random), Some(secret)) = (bytes(random), bytes(secret)) else { continue };
            let Ok(random) = <[u8; 32]>::try_from(random) else { continue };
            let secrets = self.secrets.entry(random).or_default();
            match label {
                b"CLIENT_RANDOM" => secrets.master = Some(secret),
                b"CLIENT_TRAFFIC_SECRET_0" => secrets.traffic[0] = Some(secret),
                b"SERVER_TRAFFIC_SECRET_0" => secrets.traffic[1] = Some(secret),
                // The others are of the handshake and of exporters.
                _ => {}
            }
        }
    }

    /// Whether there is any secret.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// The secrets of a session; looks into the file again if it has grown.
    pub fn find(&mut self, random: &[u8; 32]) -> Option<Secrets> {
        let complete = |secrets: &Secrets| secrets.master.is_some() || secrets.traffic.iter().all(Option::is_some);
        if !self.secrets.get(random).is_some_and(complete) {
            // A file that has gone keeps what was read of it.
            let _ = self.renew();
        }
        self.secrets.get(random).cloned()
    }

    fn renew(&mut self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let len = fs::metadata(file)?.len();
        if len != self.read {
            let lines = fs::read(file)?;
            self.read = lines.len() as u64;
            self.add(&lines);
        }
        Ok(())
    }
}

fn bytes(hex: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = hex.chunks(2).map(|pair| match *pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    pairs.collect()
}

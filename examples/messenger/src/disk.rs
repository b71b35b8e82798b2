//! What a peer keeps: its certificate, its state, and the files that come in. All of it lies in one folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use str0m::config::DtlsCert;

use crate::talk::{Receiving, Sending, State};

/// The folder of one person.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The file that is being written, so that it is not opened for each piece.
    open: Option<(String, File)>,
    /// The file that is being read.
    reading: Option<(String, File)>,
}

/// Who one is: it is made once, and shown to nobody but the hub (the key) and the friend (the certificate).
#[derive(Deserialize, Serialize)]
pub struct Identity {
    certificate: String,
    private_key: String,
    /// What the hub knows the name's owner by.
    pub key: String,
}

impl Identity {
    pub fn certificate(&self) -> Option<DtlsCert> {
        Some(DtlsCert { certificate: from_hex(&self.certificate)?, private_key: from_hex(&self.private_key)? })
    }

    /// What the friend sees, as SDP writes it.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(from_hex(&self.certificate).unwrap_or_default());
        let bytes: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        format!("sha-256 {}", bytes.join(":"))
    }

    /// A new one.
    ///
    /// # Errors
    ///
    /// There is no randomness, or no certificate can be made.
    pub fn generate() -> io::Result<Self> {
        let provider = str0m::crypto::from_feature_flags();
        let made = provider.dtls_provider.generate_certificate();
        let made = made.ok_or_else(|| io::Error::other("expected a certificate, found that none can be made"))?;
        Ok(Self {
            certificate: hex(&made.certificate),
            private_key: hex(&made.private_key),
            key: random_id()? + &random_id()?,
        })
    }
}

/// 64 random bits as 16 hexadecimal digits.
///
/// # Errors
///
/// The operating system gives none.
pub fn random_id() -> io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(hex(&bytes))
}

impl Folder {
    /// Opens the folder, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self { path: path.to_owned(), open: None, reading: None })
    }

    /// Who one is: read, or made and kept.
    ///
    /// # Errors
    ///
    /// As the file system says; or the file is none of this program's.
    pub fn identity(&self) -> io::Result<Identity> {
        if let Some(identity) = self.read("identity.json")? {
            return Ok(identity);
        }
        let identity = Identity::generate()?;
        self.keep("identity.json", &identity)?;
        Ok(identity)
    }

    /// What is kept of a friendship.
    ///
    /// # Errors
    ///
    /// As [`identity`](Self::identity).
    pub fn state(&self, friend: &str) -> io::Result<State> {
        let state: Option<State> = self.read(&format!("{friend}.json"))?;
        match state {
            Some(state) if !state.stream.is_empty() => Ok(state),
            _ => Ok(State { stream: random_id()?, ..State::default() }),
        }
    }

    /// # Errors
    ///
    /// As the file system says.
    pub fn keep_state(&self, friend: &str, state: &State) -> io::Result<()> {
        self.keep(&format!("{friend}.json"), state)
    }

    /// The fingerprint that the friend had the first time.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub fn known(&self, friend: &str) -> io::Result<Option<String>> {
        self.read(&format!("{friend}.fingerprint.json"))
    }

    /// # Errors
    ///
    /// As the file system says.
    pub fn keep_known(&self, friend: &str, fingerprint: &str) -> io::Result<()> {
        self.keep(&format!("{friend}.fingerprint.json"), &fingerprint)
    }

    /// Describes a file that is to be sent.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub fn describe(&self, path: &str) -> io::Result<Sending> {
        let path = fs::canonicalize(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (size, sha256) = digest(&path)?;
        let path = path.to_string_lossy().into_owned();
        Ok(Sending { id: random_id()?, path, name, size, sha256, flow: Default::default() })
    }

    /// Reads a piece of a file that is being sent.
    ///
    /// # Errors
    ///
    /// As the file system says; or the file has become shorter.
    pub fn read_piece(&mut self, path: &str, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut file = match self.reading.take() {
            Some((open, file)) if open == path => file,
            _ => File::open(path)?,
        };
        let mut piece = vec![0; len];
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut piece)?;
        self.reading = Some((path.to_owned(), file));
        Ok(piece)
    }

    /// How much of a file is here.
    pub fn found(&self, id: &str) -> u64 {
        fs::metadata(self.part(id)).map_or(0, |data| data.len())
    }

    /// Writes a piece of a file that comes in.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub fn write_piece(&mut self, id: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = match self.open.take() {
            Some((open, file)) if open == id => file,
            _ => OpenOptions::new().write(true).create(true).truncate(false).open(self.part(id))?,
        };
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)?;
        self.open = Some((id.to_owned(), file));
        Ok(())
    }

    /// The digest of what is here of a file.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub fn digest(&mut self, id: &str) -> io::Result<String> {
        self.open = None;
        if self.found(id) == 0 {
            File::create(self.part(id))?; // a file without a byte has had no piece
        }
        digest(&self.part(id)).map(|(_, digest)| digest)
    }

    /// Gives a file its name, or one like it where there is such a file already; yields where it is.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub fn finish(&mut self, file: &Receiving) -> io::Result<PathBuf> {
        let inbox = self.path.join("inbox");
        fs::create_dir_all(&inbox)?;
        for n in 1..1000 {
            let name = if n == 1 { file.name.clone() } else { format!("{n}-{}", file.name) };
            let path = inbox.join(name);
            if !path.exists() {
                fs::rename(self.part(&file.id), &path)?;
                return Ok(path);
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Forgets what came of a file.
    pub fn discard(&mut self, id: &str) {
        self.open = None;
        let _ = fs::remove_file(self.part(id)); // there may be none yet
    }

    fn part(&self, id: &str) -> PathBuf {
        self.path.join(format!("{id}.part"))
    }

    fn read<T: for<'d> Deserialize<'d>>(&self, name: &str) -> io::Result<Option<T>> {
        match fs::read(self.path.join(name)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a file in one step: a crash leaves the old one or the new one.
    fn keep<T: Serialize>(&self, name: &str, value: &T) -> io::Result<()> {
        let new = self.path.join(format!("{name}.new"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&new)?.write_all(&serde_json::to_vec(value)?)?;
        fs::rename(new, self.path.join(name))
    }
}

fn digest(path: &Path) -> io::Result<(u64, String)> {
    let (mut file, mut sha, mut size) = (File::open(path)?, Sha256::new(), 0);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((size, hex(&sha.finalize()))),
            n => {
                sha.update(&buffer[..n]);
                size += n as u64;
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

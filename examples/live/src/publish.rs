//! Sources: a stream of bytes that becomes the units of a channel.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

use crate::channel::Channel;
use crate::mp4;
use crate::said::Said;
use crate::unit::{Broken, Stream, Unit};

/// A source that sends nothing for so long is gone, and makes room for another.
const SILENCE: Duration = Duration::from_secs(10);

/// The one source of a channel, until it is dropped.
#[derive(Debug)]
pub struct Publication {
    channel: Arc<Channel>,
    /// What has come of units that are not whole.
    rest: Vec<u8>,
    stream: Option<Stream>,
}

impl Publication {
    /// `None` if the channel has a source.
    pub fn begin(channel: Arc<Channel>) -> Option<Self> {
        channel.begin().then(|| Self { channel, rest: Vec::new(), stream: None })
    }

    /// Takes what has come.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        self.rest.extend_from_slice(bytes);
        if self.stream.is_none() {
            self.stream = Stream::of(&self.rest)?;
        }
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let (format, now, mut at) = (stream.format(), Instant::now(), 0);
        while let Some((unit, len)) = stream.next(&self.rest[at..])? {
            at += len;
            self.channel.push(&unit, now, || Said::Begin { format, codecs: codecs(format, &unit) });
        }
        self.rest.drain(..at);
        Ok(())
    }
}

/// An MP4 file's have to be told to the page; FLV says them tag by tag.
fn codecs(format: &str, begin: &Unit) -> String {
    if format == "mp4" { mp4::codecs(&begin.bytes) } else { String::new() }
}

impl Drop for Publication {
    fn drop(&mut self) {
        self.channel.end();
    }
}

/// Publishes what is read, until its end.
pub async fn publish(mut source: impl AsyncRead + Unpin, mut publication: Publication) -> io::Result<()> {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match timeout(SILENCE, source.read(&mut chunk)).await {
            Ok(Ok(0)) => return Ok(()),
            Ok(Ok(n)) => {
                publication.push(&chunk[..n]).map_err(|broken| io::Error::new(io::ErrorKind::InvalidData, broken))?
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(silent()),
        }
    }
}

/// The next part of what comes, no later than it has to.
pub async fn in_time<T>(part: impl Future<Output = T>) -> io::Result<T> {
    timeout(SILENCE, part).await.map_err(|_| silent())
}

fn silent() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("the source has sent nothing for {} s", SILENCE.as_secs()))
}

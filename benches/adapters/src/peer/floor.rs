//! The transport alone.

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Io, Peer};

pub struct Floor;

/// What a client's header takes at most.
const HEADER: usize = 14;

impl Peer for Floor {
    type Client<T: Io> = (T, Vec<u8>);

    async fn serve<T: Io>(mut io: T) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(n @ 1..) = io.read(&mut buffer).await {
            if io.write_all(&buffer[..n]).await.is_err() {
                break;
            }
        }
    }

    fn client<T: Io>(io: T) -> (T, Vec<u8>) {
        (io, Vec::new())
    }

    async fn ask<T: Io>((io, buffer): &mut (T, Vec<u8>), payload: &Bytes, messages: usize) {
        let len = messages * (payload.len() + HEADER);
        buffer.resize(len, 0);
        let (mut written, mut read) = (0, 0);
        let (mut reader, mut writer) = tokio::io::split(io);
        let mut place = vec![0; len.min(64 * 1024)];
        while read < len {
            // What comes back while there is no room for more is taken.
            tokio::select! {
                biased;
                n = writer.write(&buffer[written..]), if written < len => written += n.expect("an open transport"),
                n = reader.read(&mut place) => read += n.expect("an open transport"),
            }
        }
    }
}

//! Packets out of a capture: pcap or pcapng, either byte order, from a file or a pipe that is still being written.

use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

use pcap_parser::{Block as PcapBlock, Linktype, PcapBlockOwned, PcapError, SecretsType, create_reader};

/// A captured packet.
pub struct Packet<'c> {
    /// Since 1970, as the capture says.
    pub time: Duration,
    pub link: Linktype,
    /// What was captured of it, from its link header on.
    pub data: &'c [u8],
}

/// What a capture has that matters here.
pub enum Block<'c> {
    Packet(Packet<'c>),
    /// Lines of a key log for TLS, which pcapng may carry along.
    Secrets(&'c [u8]),
}

/// What is wrong with the capture itself.
#[derive(Debug)]
pub enum CaptureError {
    /// The first bytes are neither of a pcap nor of a pcapng file.
    NoCapture,
    /// The capture ends within a block; all before it was read.
    Cut,
    /// A block is damaged; all before it was read.
    Damaged(String),
    /// The file can't be read.
    Read,
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCapture => f.write_str("expected a pcap or pcapng capture, found something else"),
            Self::Cut => f.write_str("the capture ends within a packet; all before it is shown"),
            Self::Damaged(what) => write!(f, "the capture is damaged ({what}); all before it is shown"),
            Self::Read => f.write_str("the capture can't be read any further"),
        }
    }
}

impl std::error::Error for CaptureError {}

/// A pcapng interface: its link type, and how its time stamps count.
struct Interface {
    link: Linktype,
    units_per_second: u64,
    offset: i64,
}

/// Hands each packet to `take`; `false` from it ends the reading.
pub fn read(source: impl Read + Send, mut take: impl FnMut(Block<'_>) -> bool) -> Result<(), CaptureError> {
    let mut reader =
        create_reader(FIRST_CAPACITY, Source { source, stage: Stage::Header }).map_err(|error| match error {
            PcapError::ReadError => CaptureError::Read,
            _ => CaptureError::NoCapture,
        })?;
    let (mut interfaces, mut nanoseconds, mut capacity) = (Vec::<Interface>::new(), false, FIRST_CAPACITY);
    loop {
        let used = match reader.next() {
            Ok((used, block)) => {
                let packet = match block {
                    PcapBlockOwned::LegacyHeader(header) => {
                        nanoseconds = header.is_nanosecond_precision();
                        interfaces = vec![Interface { link: header.network, units_per_second: 0, offset: 0 }];
                        None
                    }
                    PcapBlockOwned::Legacy(block) => interfaces.first().map(|interface| {
                        let fraction = u64::from(block.ts_usec) * if nanoseconds { 1 } else { 1_000 };
                        let time = Duration::from_secs(block.ts_sec.into()) + Duration::from_nanos(fraction);
                        (time, interface.link, block.data, block.caplen)
                    }),
                    PcapBlockOwned::NG(PcapBlock::SectionHeader(_)) => {
                        interfaces.clear();
                        None
                    }
                    PcapBlockOwned::NG(PcapBlock::InterfaceDescription(interface)) => {
                        let units_per_second = interface.ts_resolution().unwrap_or(1_000_000);
                        interfaces.push(Interface {
                            link: interface.linktype,
                            units_per_second,
                            offset: interface.ts_offset(),
                        });
                        None
                    }
                    PcapBlockOwned::NG(PcapBlock::EnhancedPacket(packet)) => {
                        interfaces.get(usize::try_from(packet.if_id).unwrap_or(usize::MAX)).map(|interface| {
                            let units = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                            (interface.time(units), interface.link, packet.data, packet.caplen)
                        })
                    }
                    PcapBlockOwned::NG(PcapBlock::SimplePacket(packet)) => interfaces
                        .first()
                        .map(|interface| (Duration::ZERO, interface.link, packet.data, packet.origlen)),
                    PcapBlockOwned::NG(PcapBlock::DecryptionSecrets(secrets)) => {
                        let lines = usize::try_from(secrets.secrets_len).ok().and_then(|len| secrets.data.get(..len));
                        if let (SecretsType::TlsKeyLog, Some(lines)) = (secrets.secrets_type, lines) {
                            take(Block::Secrets(lines));
                        }
                        None
                    }
                    PcapBlockOwned::NG(_) => None,
                };
                if let Some((time, link, data, len)) = packet {
                    // Blocks are padded to 4 bytes.
                    let data = data.get(..usize::try_from(len).unwrap_or(usize::MAX)).unwrap_or(data);
                    if !take(Block::Packet(Packet { time, link, data })) {
                        return Ok(());
                    }
                }
                Ok(used)
            }
            Err(PcapError::Eof) => return Ok(()),
            Err(PcapError::Incomplete(_) | PcapError::BufferTooSmall) => Err(()),
            Err(PcapError::UnexpectedEof) => return Err(CaptureError::Cut),
            Err(PcapError::ReadError) => return Err(CaptureError::Read),
            Err(error) => return Err(CaptureError::Damaged(format!("{error:?}").chars().take(60).collect())),
        };
        match used {
            Ok(used) => reader.consume(used),
            Err(_) if reader.reader_exhausted() => return Err(CaptureError::Cut),
            Err(()) => {
                // A block that is longer than the buffer. What has come sizes it, not what the block says of itself.
                if reader.data().len() >= capacity {
                    capacity *= 2;
                    if capacity > MAX_BLOCK || !reader.grow(capacity) {
                        return Err(CaptureError::Damaged(format!("a block of more than {MAX_BLOCK} bytes")));
                    }
                }
                reader.refill().map_err(|_| CaptureError::Read)?;
            }
        }
    }
}

/// A source as the reader wants it: it asks for the whole first header at once, and then once more before it looks at it, for which a pipe
/// that is silent would make it wait.
struct Source<R> {
    source: R,
    stage: Stage,
}

enum Stage {
    Header,
    Again,
    Rest,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self.stage {
            Stage::Header => {
                self.stage = Stage::Again;
                let mut len = 0;
                loop {
                    let end = header_len(&room[..len]).min(room.len());
                    let Some(free) = room.get_mut(len..end).filter(|free| !free.is_empty()) else { break };
                    match self.source.read(free) {
                        Ok(0) => break,
                        Ok(n) => len += n,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(len)
            }
            Stage::Again => {
                self.stage = Stage::Rest;
                Ok(0)
            }
            Stage::Rest => self.source.read(room),
        }
    }
}

/// How long the first header is that begins with these bytes, as far as they tell.
fn header_len(bytes: &[u8]) -> usize {
    const PCAP: usize = 24;
    let section = [0x0a, 0x0d, 0x0d, 0x0a];
    match (bytes.get(..4), bytes.get(4..8).and_then(<[u8]>::first_chunk), bytes.get(8..12)) {
        (Some(kind), Some(&len), Some(order)) if kind == section => {
            let len = if order == [0x1a, 0x2b, 0x3c, 0x4d] { u32::from_be_bytes(len) } else { u32::from_le_bytes(len) };
            usize::try_from(len).unwrap_or(PCAP)
        }
        (Some(kind), ..) if kind != section => PCAP,
        _ => 12,
    }
}

/// What is read at once, until a block is longer.
const FIRST_CAPACITY: usize = 1 << 14;
/// The longest block that is waited for: above any packet, and a bound for damaged lengths.
const MAX_BLOCK: usize = 16 << 20;

impl Interface {
    fn time(&self, units: u64) -> Duration {
        let per_second = self.units_per_second.max(1);
        let nanoseconds = u128::from(units % per_second) * 1_000_000_000 / u128::from(per_second);
        let seconds = (units / per_second).saturating_add_signed(self.offset);
        Duration::new(seconds, u32::try_from(nanoseconds).unwrap_or(0))
    }
}

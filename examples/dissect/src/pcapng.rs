//! Writes captures of connections that this machine has relayed: pcapng, with the IP and TCP headers that they would have had.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::event::Way;

/// A capture that is being written. Each packet is one call of `write`.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
}

/// One TCP connection in a capture.
#[derive(Debug)]
pub struct Conversation {
    ends: [SocketAddr; 2],
    /// The next sequence number of each side.
    sequence: [u32; 2],
}

/// What a packet has besides data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Flags {
    Syn = 0x02,
    SynAck = 0x12,
    Ack = 0x10,
    Push = 0x18,
    Fin = 0x11,
    Reset = 0x14,
}

/// LINKTYPE_RAW: a packet begins with its IP header.
const RAW: u16 = 101;
/// What fits into an IPv4 packet with the headers.
const MAX_SEGMENT: usize = 65_535 - 60;

impl<W: Write> Writer<W> {
    /// Writes the section and its interface, whose time counts in nanoseconds.
    pub fn new(out: W) -> io::Result<Self> {
        let mut writer = Self { out };
        let unknown_len = u64::MAX.to_le_bytes();
        writer.block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes(), &[1, 0, 0, 0], &unknown_len])?;
        // Option 9, if_tsresol: 10^-9; and the end of the options.
        writer.block(1, &[&RAW.to_le_bytes(), &[0; 6], &[9, 0, 1, 0, 9, 0, 0, 0], &[0; 4]])?;
        Ok(writer)
    }

    /// A connection begins: the client's SYN, the server's, and the client's answer.
    pub fn begin(&mut self, client: SocketAddr, server: SocketAddr, time: Duration) -> io::Result<Conversation> {
        let mut conversation = Conversation { ends: same_family(client, server), sequence: [1000, 5000] };
        self.packet(&conversation, Way::ToServer, Flags::Syn, &[], time)?;
        conversation.sequence[0] += 1;
        self.packet(&conversation, Way::ToClient, Flags::SynAck, &[], time)?;
        conversation.sequence[1] += 1;
        self.packet(&conversation, Way::ToServer, Flags::Ack, &[], time)?;
        Ok(conversation)
    }

    /// Bytes went this way.
    pub fn data(&mut self, conversation: &mut Conversation, way: Way, bytes: &[u8], time: Duration) -> io::Result<()> {
        for segment in bytes.chunks(MAX_SEGMENT) {
            self.packet(conversation, way, Flags::Push, segment, time)?;
            let sequence = &mut conversation.sequence[way.index()];
            *sequence = sequence.wrapping_add(u32::try_from(segment.len()).unwrap_or(0));
        }
        Ok(())
    }

    /// One side sends no more.
    pub fn finish(&mut self, conversation: &mut Conversation, way: Way, time: Duration) -> io::Result<()> {
        self.packet(conversation, way, Flags::Fin, &[], time)?;
        conversation.sequence[way.index()] = conversation.sequence[way.index()].wrapping_add(1);
        Ok(())
    }

    /// One side has dropped the connection.
    pub fn reset(&mut self, conversation: &Conversation, way: Way, time: Duration) -> io::Result<()> {
        self.packet(conversation, way, Flags::Reset, &[], time)
    }

    fn packet(&mut self, of: &Conversation, way: Way, flags: Flags, data: &[u8], time: Duration) -> io::Result<()> {
        let (from, to) = (of.ends[way.index()], of.ends[way.back().index()]);
        let acknowledged = if flags == Flags::Syn { 0 } else { of.sequence[way.back().index()] };
        let mut tcp = Vec::with_capacity(20 + data.len());
        tcp.extend_from_slice(&from.port().to_be_bytes());
        tcp.extend_from_slice(&to.port().to_be_bytes());
        tcp.extend_from_slice(&of.sequence[way.index()].to_be_bytes());
        tcp.extend_from_slice(&acknowledged.to_be_bytes());
        tcp.extend_from_slice(&[5 << 4, flags as u8, 255, 255, 0, 0, 0, 0]);
        tcp.extend_from_slice(data);
        // RFC 9293 §3.1: the checksum is over addresses, protocol and length, too.
        let mut pseudo = Vec::new();
        for end in [from, to] {
            match end.ip() {
                IpAddr::V4(address) => pseudo.extend_from_slice(&address.octets()),
                IpAddr::V6(address) => pseudo.extend_from_slice(&address.octets()),
            }
        }
        let addresses = pseudo.clone();
        let tcp_len = u16::try_from(tcp.len()).unwrap_or(u16::MAX).to_be_bytes();
        pseudo.extend_from_slice(&[0, 6, tcp_len[0], tcp_len[1]]);
        let sum = checksum(&[&pseudo, &tcp]).to_be_bytes();
        tcp[16..18].copy_from_slice(&sum);
        let ip = if from.is_ipv4() {
            let len = u16::try_from(tcp.len() + 20).unwrap_or(u16::MAX).to_be_bytes();
            let mut header = [&[0x45, 0, len[0], len[1], 0, 0, 0x40, 0, 64, 6, 0, 0][..], &addresses].concat();
            let sum = checksum(&[&header]).to_be_bytes();
            header[10..12].copy_from_slice(&sum);
            header
        } else {
            [&[0x60, 0, 0, 0, tcp_len[0], tcp_len[1], 6, 64][..], &addresses].concat()
        };
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).to_be_bytes();
        let high = [time[3], time[2], time[1], time[0]];
        let low = [time[7], time[6], time[5], time[4]];
        let len = u32::try_from(ip.len() + tcp.len()).unwrap_or(u32::MAX).to_le_bytes();
        self.block(6, &[&[0; 4], &high, &low, &len, &len, &ip, &tcp])
    }

    /// A block of pcapng: its type, its length, its body padded to 4 bytes, and its length again.
    fn block(&mut self, kind: u32, body: &[&[u8]]) -> io::Result<()> {
        let mut body = body.concat();
        body.resize(body.len().next_multiple_of(4), 0);
        let len = u32::try_from(body.len() + 12).unwrap_or(u32::MAX).to_le_bytes();
        self.out.write_all(&[&kind.to_le_bytes()[..], &len, &body, &len].concat())?;
        self.out.flush()
    }
}

/// Both as IPv6 addresses, if only one is.
fn same_family(client: SocketAddr, server: SocketAddr) -> [SocketAddr; 2] {
    let unmapped = [client, server].map(|end| SocketAddr::new(end.ip().to_canonical(), end.port()));
    if unmapped[0].is_ipv4() == unmapped[1].is_ipv4() {
        return unmapped;
    }
    unmapped.map(|end| match end.ip() {
        IpAddr::V4(address) => SocketAddr::new(address.to_ipv6_mapped().into(), end.port()),
        IpAddr::V6(_) => end,
    })
}

/// RFC 1071. All but the last part have an even number of bytes.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let mut sum: u64 = words.map(|word| u64::from(word[0]) << 8 | u64::from(word.get(1).copied().unwrap_or(0))).sum();
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

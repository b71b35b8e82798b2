//! A TCP segment out of a packet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_parser::Linktype;

/// A TCP segment, and what the capture kept of its payload.
#[derive(Debug)]
pub struct Segment<'p> {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub sequence: u32,
    /// What the sender of this segment has received.
    pub acknowledged: Option<u32>,
    pub syn: bool,
    pub fin: bool,
    pub rst: bool,
    pub payload: &'p [u8],
    /// Bytes of the payload that were on the wire and not captured (snap length).
    pub missing: u32,
}

impl<'p> Segment<'p> {
    /// Reads the headers; `None` for anything but TCP over IP, and for headers that are cut.
    pub fn read(link: Linktype, data: &'p [u8]) -> Option<Self> {
        let packet = LaxSlicedPacket::from_ip(ip_packet(link, data)?).ok()?;
        let (from, to, ip_payload_len) = match packet.net? {
            LaxNetSlice::Ipv4(ip) => {
                let header = ip.header();
                // A packet that hardware will cut has no length yet.
                let len = header.total_len().checked_sub(u16::from(header.ihl()) * 4);
                (IpAddr::V4(Ipv4Addr::from(header.source())), IpAddr::V4(Ipv4Addr::from(header.destination())), len)
            }
            LaxNetSlice::Ipv6(ip) => {
                let header = ip.header();
                let extensions = u16::try_from(ip.extensions().slice().len()).ok()?;
                let len = header.payload_length().checked_sub(extensions);
                (IpAddr::V6(Ipv6Addr::from(header.source())), IpAddr::V6(Ipv6Addr::from(header.destination())), len)
            }
            _ => return None,
        };
        let Some(TransportSlice::Tcp(tcp)) = packet.transport else { return None };
        let declared = ip_payload_len.and_then(|len| usize::from(len).checked_sub(tcp.header_len()));
        // Ethernet pads short packets.
        let payload = tcp.payload();
        let payload = declared.and_then(|len| payload.get(..len)).unwrap_or(payload);
        let missing = declared.unwrap_or(0).saturating_sub(payload.len());
        Some(Self {
            from: SocketAddr::new(from, tcp.source_port()),
            to: SocketAddr::new(to, tcp.destination_port()),
            sequence: tcp.sequence_number(),
            acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
            syn: tcp.syn(),
            fin: tcp.fin(),
            rst: tcp.rst(),
            payload,
            missing: u32::try_from(missing).ok()?,
        })
    }
}

/// The packet after its link header, if that says IP.
fn ip_packet(link: Linktype, data: &[u8]) -> Option<&[u8]> {
    const IPV4: u16 = 0x0800;
    const IPV6: u16 = 0x86dd;
    let ether_type = |at: usize| data.get(at..at + 2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
    let (mut at, mut kind) = match link {
        Linktype::ETHERNET => (14, ether_type(12)?),
        Linktype::LINUX_SLL => (16, ether_type(14)?),
        Linktype(276) => (20, ether_type(0)?), // LINUX_SLL2
        // A family of addresses in the capturing machine's byte order; the packet tells as well.
        Linktype::NULL | Linktype::LOOP => (4, IPV4),
        Linktype::RAW | Linktype::IPV4 | Linktype::IPV6 | Linktype(12 | 14) => (0, IPV4),
        _ => return None,
    };
    // VLAN tags, one or two.
    while matches!(kind, 0x8100 | 0x88a8 | 0x9100) {
        (kind, at) = (ether_type(at + 2)?, at + 4);
    }
    if matches!(kind, IPV4 | IPV6) { data.get(at..) } else { None }
}

//! Delivering bytes one by one: the next is sent when the peer has read the one before.
//!
//! On Linux the kernel tells, for a peer on the same machine, how many bytes its socket holds unread (`sock_diag`). Elsewhere a pause has
//! to do.

use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How the judge knows that the peer has read.
#[derive(Debug)]
pub struct Pacing {
    #[cfg(target_os = "linux")]
    kernel: Option<linux::Diag>,
    /// How often in a row the peer has not read in time.
    #[cfg(target_os = "linux")]
    stalled: u32,
    /// How long the peer was waited for, all in all.
    waited: Duration,
}

impl Pacing {
    /// For this connection.
    pub fn of(stream: &TcpStream) -> Self {
        #[cfg(target_os = "linux")]
        return Self { kernel: linux::Diag::new(stream), stalled: 0, waited: Duration::ZERO };
        #[cfg(not(target_os = "linux"))]
        {
            let _ = stream;
            Self { waited: Duration::ZERO }
        }
    }

    /// Whether the bytes come no longer one by one: on a busy machine that may take longer than a peer waits for a head.
    pub fn hurries(&self) -> bool {
        self.waited > LONGEST
    }

    /// Waits until the peer has read everything, or for 20 ms; for one that does not read any more, not at all.
    pub fn wait(&mut self) {
        if !self.hurries() {
            let begun = Instant::now();
            self.wait_once();
            self.waited += begun.elapsed();
        }
    }

    fn wait_once(&mut self) {
        #[cfg(target_os = "linux")]
        if let Some(diag) = &mut self.kernel {
            let turns = if self.stalled < STALLED { 400 } else { 1 };
            for turn in 0..turns {
                match diag.unread() {
                    Some(0) => {
                        self.stalled = 0;
                        // What it has read it has not handled yet.
                        std::thread::yield_now();
                        return;
                    }
                    Some(_) if turn < 20 => std::thread::yield_now(),
                    Some(_) => std::thread::sleep(Duration::from_micros(50)),
                    None => break,
                }
            }
            self.stalled += 1;
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Of the deadlines that servers have for a head the shortest in use is five seconds.
const LONGEST: Duration = Duration::from_secs(3);

/// After so many waits in vain a peer does not read any more.
#[cfg(target_os = "linux")]
const STALLED: u32 = 5;

#[cfg(target_os = "linux")]
mod linux {
    use std::net::{IpAddr, SocketAddr, TcpStream};
    use std::os::fd::OwnedFd;

    use rustix::io::retry_on_intr;
    use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with};

    /// A question about the peer's socket, and a socket to ask it.
    #[derive(Debug)]
    pub(super) struct Diag {
        socket: OwnedFd,
        question: Vec<u8>,
    }

    impl Diag {
        /// None if the peer is elsewhere, or the kernel does not answer.
        pub(super) fn new(stream: &TcpStream) -> Option<Self> {
            let (own, peer) = (stream.local_addr().ok()?, stream.peer_addr().ok()?);
            if !peer.ip().is_loopback() && own.ip() != peer.ip() {
                return None;
            }
            let socket =
                socket_with(AddressFamily::NETLINK, SocketType::DGRAM, SocketFlags::CLOEXEC, Some(netlink::SOCK_DIAG))
                    .ok()?;
            let mut diag = Self { socket, question: question(peer, own) };
            diag.unread()?;
            Some(diag)
        }

        /// How many bytes the peer's socket holds.
        pub(super) fn unread(&mut self) -> Option<u32> {
            // An answer that is not taken would be taken for that to the next question.
            retry_on_intr(|| send(&self.socket, &self.question, SendFlags::empty())).ok()?;
            let mut answer = [0; 1024];
            let (len, _) = retry_on_intr(|| recv(&self.socket, &mut answer, RecvFlags::empty())).ok()?;
            let answer = answer.get(..len)?;
            let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
            // struct nlmsghdr (16), then struct inet_diag_msg: 4 bytes, an id of 48, expires 4, rqueue 4.
            (kind == BY_FAMILY).then(|| u32::from_ne_bytes(answer[72..76].try_into().unwrap_or_default()))
        }
    }

    /// struct nlmsghdr, then struct inet_diag_req_v2 for the socket whose own address is `source`.
    fn question(source: SocketAddr, destination: SocketAddr) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(72_u32.to_ne_bytes());
        out.extend(BY_FAMILY.to_ne_bytes());
        out.extend(1_u16.to_ne_bytes()); // NLM_F_REQUEST
        out.extend([0; 8]);
        let family: u8 = if source.is_ipv4() { 2 } else { 10 };
        out.extend([family, 6, 0, 0]); // IPPROTO_TCP
        out.extend(u32::MAX.to_ne_bytes()); // any state
        out.extend(source.port().to_be_bytes());
        out.extend(destination.port().to_be_bytes());
        for address in [source.ip(), destination.ip()] {
            match address {
                IpAddr::V4(v4) => out.extend([&v4.octets()[..], &[0; 12]].concat()),
                IpAddr::V6(v6) => out.extend(v6.octets()),
            }
        }
        out.extend([0; 4]); // any interface
        out.extend([0xff; 8]); // no cookie
        out
    }

    const BY_FAMILY: u16 = 20;
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn peer_that_is_waited_for_too_long_is_waited_for_no_more() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut pacing = Pacing::of(&stream);
        pacing.wait();
        assert!(!pacing.hurries());
        pacing.waited = LONGEST + Duration::from_millis(1);
        assert!(pacing.hurries());
        let before = pacing.waited;
        pacing.wait();
        assert_eq!(pacing.waited, before);
    }
}

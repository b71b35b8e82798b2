//! Candidates (RFC 8445 §5.1.1): what a STUN server sees, and what a TURN server gives.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use str0m::Candidate;
use stun_proto::agent::{StunAgent, StunAgentPollRet};
use stun_proto::types::TransportType;
use stun_proto::types::attribute::XorMappedAddress;
use stun_proto::types::message::{BINDING, Message, MessageWriteVec};
use stun_proto::types::prelude::*;
use turn_client_proto::api::{Transmit, TurnClientApi, TurnConfig, TurnEvent, TurnPollRet, TurnRecvRet};
use turn_client_proto::prelude::DelayedTransmitBuild;
use turn_client_proto::types::TurnCredentials;
use turn_client_proto::udp::TurnClientUdp;

use crate::signal::Servers;

/// Asks a STUN server what it sees, and a TURN server for an address, and keeps both alive.
#[derive(Debug)]
pub struct Gatherer {
    base: Instant,
    local: SocketAddr,
    stun: Option<(StunAgent, SocketAddr)>,
    ask_again: Instant,
    turn: Option<TurnClientUdp>,
    relayed: Option<SocketAddr>,
    out: VecDeque<(SocketAddr, Vec<u8>)>,
    found: VecDeque<Candidate>,
    wake: Instant,
}

/// What a datagram was.
#[derive(Debug)]
pub enum Received {
    /// An answer of a server.
    Taken,
    /// From a peer, by way of the TURN server.
    Relayed(SocketAddr, Vec<u8>),
    /// From somebody else.
    Other,
}

impl Gatherer {
    pub fn new(local: SocketAddr, servers: &Servers, now: Instant) -> Self {
        let stun = servers.stun.map(|server| (StunAgent::builder(TransportType::Udp, local).build(), server));
        let turn = servers.turn.as_ref().map(|turn| {
            let config = TurnConfig::new(TurnCredentials::new(&turn.user, &turn.password));
            TurnClientUdp::allocate(local, turn.address, config)
        });
        let mut gatherer = Self {
            base: now,
            local,
            stun,
            ask_again: now,
            turn,
            relayed: None,
            out: VecDeque::new(),
            found: VecDeque::new(),
            wake: now,
        };
        gatherer.timeout(now);
        gatherer
    }

    /// The address on the TURN server.
    pub fn relayed(&self) -> Option<SocketAddr> {
        self.relayed
    }

    pub fn deadline(&self) -> Instant {
        self.wake
    }

    pub fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.out.pop_front()
    }

    /// A candidate that was found.
    pub fn poll_candidate(&mut self) -> Option<Candidate> {
        self.found.pop_front()
    }

    pub fn timeout(&mut self, now: Instant) {
        if now >= self.ask_again {
            self.ask_again = now + STUN_KEEPALIVE;
            self.ask_stun(now);
        }
        self.poll(now);
    }

    /// Looks at a datagram that came to our socket.
    pub fn receive(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> Received {
        let is_stun = self.stun.as_ref().is_some_and(|(_, server)| *server == from);
        if is_stun && self.stun_answer(from, datagram, now) {
            return Received::Taken;
        }
        let at = self.instant(now);
        let Some(turn) = self.turn.as_mut().filter(|turn| turn.remote_addr() == from) else { return Received::Other };
        let received = match turn.recv(Transmit::new(datagram, TransportType::Udp, from, self.local), at) {
            TurnRecvRet::PeerData(data) => Received::Relayed(data.peer, data.data().to_vec()),
            TurnRecvRet::Handled | TurnRecvRet::PeerIcmp { .. } => Received::Taken,
            TurnRecvRet::Ignored(_) => Received::Other,
        };
        self.poll(now);
        received
    }

    /// Lets a peer's address send to us through the TURN server (RFC 8656 §9): without it, nothing passes.
    pub fn permit(&mut self, peer: IpAddr, now: Instant) {
        let at = self.instant(now);
        if let (Some(turn), Some(_)) = (&mut self.turn, self.relayed) {
            if peer.is_ipv4() && !turn.have_permission(TransportType::Udp, peer) {
                // It may be on its way already.
                let _ = turn.create_permission(TransportType::Udp, peer, at);
                self.poll(now);
            }
        }
    }

    /// Sends to a peer through the TURN server. What has no permission yet is lost, as datagrams may be.
    pub fn send_relayed(&mut self, to: SocketAddr, datagram: &[u8], now: Instant) {
        let at = self.instant(now);
        if let Some(turn) = &mut self.turn {
            if let Ok(Some(transmit)) = turn.send_to(TransportType::Udp, to, datagram, at) {
                self.out.push_back((transmit.to, transmit.data.build()));
            }
        }
    }

    fn ask_stun(&mut self, now: Instant) {
        let at = self.instant(now);
        if let Some((agent, server)) = &mut self.stun {
            let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
            if let Ok(transmit) = agent.send_request(request, *server, at) {
                self.out.push_back((*server, transmit.data.to_vec()));
            }
        }
    }

    fn stun_answer(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> bool {
        let at = self.instant(now);
        let Some((agent, _)) = &mut self.stun else { return false };
        let Ok(message) = Message::from_bytes(datagram) else { return false };
        // The TURN server may be the same one: its indications are not the agent's, which would take them.
        let is_answer = message.is_response() && message.has_method(BINDING);
        if !is_answer || !agent.handle_stun_message_with_time(&message, from, at) {
            return false;
        }
        if let Ok(address) = message.attribute::<XorMappedAddress>() {
            let seen = address.addr(message.transaction_id());
            if seen != self.local {
                self.found.extend(Candidate::server_reflexive(seen, self.local, "udp"));
            }
        }
        self.poll(now);
        true
    }

    fn poll(&mut self, now: Instant) {
        let at = self.instant(now);
        let mut wake = self.ask_again;
        if let Some((agent, server)) = &mut self.stun {
            // A request that has failed is told of first; then comes how long to wait, which is not at all where one is to be sent again.
            while let StunAgentPollRet::TransactionTimedOut(_) | StunAgentPollRet::TransactionCancelled(_) =
                agent.poll(at)
            {}
            while let Some(transmit) = agent.poll_transmit(at) {
                self.out.push_back((*server, transmit.data.to_vec()));
            }
            if let StunAgentPollRet::WaitUntil(until) = agent.poll(at) {
                wake = wake.min(now + until.duration_since(at).max(SHORTEST_WAIT));
            }
        }
        if let Some(turn) = &mut self.turn {
            if let TurnPollRet::WaitUntil(until) = turn.poll(at) {
                wake = wake.min(now + until.duration_since(at).max(SHORTEST_WAIT));
            }
            while let Some(transmit) = turn.poll_transmit(at) {
                self.out.push_back((transmit.to, transmit.data.to_vec()));
            }
            while let Some(event) = turn.poll_event() {
                if let TurnEvent::AllocationCreated(_, address) = event {
                    self.relayed = Some(address);
                    self.found.extend(Candidate::relayed(address, self.local, "udp"));
                }
            }
        }
        self.wake = wake;
    }

    fn instant(&self, now: Instant) -> stun_proto::Instant {
        let nanos = now.saturating_duration_since(self.base).as_nanos();
        stun_proto::Instant::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }
}

/// Keeps the NAT's mapping, and notices when it has changed. RFC 8445 §11: not more often than each 15 s.
const STUN_KEEPALIVE: Duration = Duration::from_secs(15);
/// A deadline that has passed must not become a loop.
const SHORTEST_WAIT: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use stun_proto::types::message::Method;

    use super::*;

    const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 5000);
    const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 1)), 3478);

    fn gatherer(now: Instant) -> Gatherer {
        Gatherer::new(LOCAL, &Servers { stun: Some(SERVER), turn: None }, now)
    }

    #[test]
    fn what_a_stun_server_sees_is_a_candidate() {
        let now = Instant::now();
        let mut gatherer = gatherer(now);
        let (to, request) = gatherer.poll_transmit().unwrap();
        assert_eq!(to, SERVER);
        let seen = SocketAddr::from(([198, 51, 100, 7], 40_000));
        let request = Message::from_bytes(&request).unwrap();
        let mut answer = Message::builder_success(&request, MessageWriteVec::new());
        answer.add_attribute(&XorMappedAddress::new(seen, request.transaction_id())).unwrap();
        let answer = answer.finish();
        let elsewhere = SocketAddr::from(([203, 0, 113, 9], 3478));
        assert!(matches!(gatherer.receive(elsewhere, &answer, now), Received::Other), "only the server is asked");
        assert!(matches!(gatherer.receive(SERVER, &answer, now), Received::Taken));
        assert_eq!(gatherer.poll_candidate().map(|candidate| candidate.addr()), Some(seen));
    }

    /// RFC 8656 §11: what a TURN server relays comes as an indication with the method Data.
    #[test]
    fn what_the_same_server_relays_is_not_taken_as_an_answer() {
        let now = Instant::now();
        let mut gatherer = gatherer(now);
        let indication = Message::builder_indication(Method::new(7), MessageWriteVec::new()).finish();
        assert!(matches!(gatherer.receive(SERVER, &indication, now), Received::Other));
    }

    #[test]
    fn a_request_that_is_lost_is_sent_again() {
        let mut now = Instant::now();
        let mut gatherer = gatherer(now);
        gatherer.poll_transmit();
        now += Duration::from_secs(1);
        gatherer.timeout(now);
        assert!(gatherer.poll_transmit().is_some());
    }
}

//! One call to a friend: ICE, DTLS and a data channel by str0m, over whatever roads there are.

mod gather;
mod sdp;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::config::DtlsCert;
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcError};

pub use gather::{Gatherer, Received};
pub use sdp::fingerprint;

use crate::road::{Road, Selected, hub_address};

/// What a call wants done, or tells.
#[derive(Debug)]
pub enum Out {
    /// To be sent from our socket.
    Udp(SocketAddr, Vec<u8>),
    /// To be sent through the TURN server.
    Relayed(SocketAddr, Vec<u8>),
    /// To be sent through the hub.
    Hub(Vec<u8>),
    /// The channel is open; the friend's certificate has this fingerprint.
    Open(String),
    Text(Vec<u8>),
    Binary(Vec<u8>),
    /// Another pair is used.
    Selected(Selected),
    /// The call is over, and why.
    Over(String),
}

/// A call. Each method that changes something collects all that comes of it: str0m wants its output taken after each input.
pub struct Link {
    pub call: u32,
    rtc: Rtc,
    is_caller: bool,
    local: SocketAddr,
    relayed: Option<SocketAddr>,
    pending: Option<SdpPendingOffer>,
    channel: Option<ChannelId>,
    /// The kind of each of the friend's candidates.
    remote: HashMap<SocketAddr, &'static str>,
    selected: Option<Selected>,
    deadline: Instant,
    out: VecDeque<Out>,
    is_over: bool,
}

impl Link {
    pub fn new(call: u32, is_caller: bool, local: SocketAddr, certificate: &DtlsCert, now: Instant) -> Self {
        let rtc = Rtc::builder()
            .set_dtls_cert(certificate.clone())
            .set_sctp_max_buffered_amount(BUFFERED)
            .clear_codecs()
            .build(now);
        let mut link = Self {
            call,
            rtc,
            is_caller,
            local,
            relayed: None,
            pending: None,
            channel: None,
            remote: HashMap::new(),
            selected: None,
            deadline: now,
            out: VecDeque::new(),
            is_over: false,
        };
        if !local.ip().is_loopback() {
            link.add_local(Candidate::host(local, "udp").ok());
        }
        link.add_local(Candidate::relayed(hub_address(is_caller), local, "udp").ok());
        link
    }

    /// The offer of a new call, or of new credentials for one that is in trouble.
    pub fn offer(&mut self, now: Instant) -> Option<String> {
        let mut changes = self.rtc.sdp_api();
        match self.channel {
            Some(_) => drop(changes.ice_restart(true)),
            None => drop(changes.add_channel(LABEL.into())),
        }
        let (offer, pending) = changes.apply()?;
        self.pending = Some(pending);
        self.collect(now);
        Some(offer.to_sdp_string())
    }

    /// The answer to an offer.
    ///
    /// # Errors
    ///
    /// What is wrong with the offer.
    pub fn answer(&mut self, offer: &str, now: Instant) -> Result<String, String> {
        self.learn(offer);
        let offer = SdpOffer::from_sdp_string(offer).map_err(|error| error.to_string())?;
        let answer = self.rtc.sdp_api().accept_offer(offer).map_err(|error| error.to_string())?;
        self.collect(now);
        Ok(answer.to_sdp_string())
    }

    /// Takes the answer to our offer; false if there was none to be answered.
    ///
    /// # Errors
    ///
    /// What is wrong with the answer.
    pub fn answered(&mut self, answer: &str, now: Instant) -> Result<bool, String> {
        let Some(pending) = self.pending.take() else { return Ok(false) };
        self.learn(answer);
        let answer = SdpAnswer::from_sdp_string(answer).map_err(|error| error.to_string())?;
        self.rtc.sdp_api().accept_answer(pending, answer).map_err(|error| error.to_string())?;
        self.collect(now);
        Ok(true)
    }

    /// Takes a candidate of our own; yields it for the friend, unless it is known already.
    pub fn add_candidate(&mut self, candidate: Candidate, now: Instant) -> Option<String> {
        if candidate.kind() == str0m::CandidateKind::Relayed {
            self.relayed = Some(candidate.addr());
        }
        let told = self.add_local(Some(candidate));
        self.collect(now);
        told
    }

    /// Takes a candidate of the friend.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn candidate(&mut self, text: &str, now: Instant) -> Result<(), String> {
        let text = text.strip_prefix("a=").unwrap_or(text);
        if self.remote.len() >= MAX_CANDIDATES {
            return Err(format!("expected at most {MAX_CANDIDATES} candidates, found more"));
        }
        // A browser hides addresses behind names of its own network, and offers TCP: of no use here, and no fault.
        if !sdp::is_usable(text) {
            return Ok(());
        }
        let candidate = Candidate::from_sdp_string(text).map_err(|error| error.to_string())?;
        self.remote.insert(candidate.addr(), sdp::kind(text));
        self.rtc.add_remote_candidate(candidate);
        self.collect(now);
        Ok(())
    }

    /// The addresses of the friend's candidates.
    pub fn remote(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.remote.keys().copied()
    }

    pub fn receive(&mut self, road: Road, from: SocketAddr, datagram: &[u8], now: Instant) {
        let destination = match road {
            Road::Direct => self.local,
            Road::Relayed => self.relayed.unwrap_or(self.local),
            Road::Hub => hub_address(self.is_caller),
        };
        let Ok(contents) = datagram.try_into() else { return };
        let receive = Receive { proto: Protocol::Udp, source: from, destination, contents };
        let input = Input::Receive(now, receive);
        if self.rtc.accepts(&input) {
            let handled = self.rtc.handle_input(input);
            self.check(handled);
            self.collect(now);
        }
    }

    pub fn receive_from_hub(&mut self, datagram: &[u8], now: Instant) {
        self.receive(Road::Hub, hub_address(!self.is_caller), datagram, now);
    }

    pub fn timeout(&mut self, now: Instant) {
        let handled = self.rtc.handle_input(Input::Timeout(now));
        self.check(handled);
        self.collect(now);
    }

    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    pub fn is_open(&self) -> bool {
        self.channel.is_some() && !self.is_over
    }

    pub fn selected(&self) -> Option<Selected> {
        self.selected
    }

    /// Whether another piece of a file may be written: not so many wait that a message behind them would be late.
    pub fn has_room(&mut self) -> bool {
        let channel = self.channel.and_then(|id| self.rtc.channel(id));
        channel.is_some_and(|mut channel| channel.buffered_amount() < ROOM)
    }

    /// Writes to the channel; false if it takes nothing now.
    pub fn write(&mut self, is_binary: bool, data: &[u8], now: Instant) -> bool {
        let Some(mut channel) = self.channel.and_then(|id| self.rtc.channel(id)) else { return false };
        let is_written = channel.write(is_binary, data).unwrap_or(false);
        self.collect(now);
        is_written
    }

    pub fn poll(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    fn add_local(&mut self, candidate: Option<Candidate>) -> Option<String> {
        Some(self.rtc.add_local_candidate(candidate?)?.to_sdp_string())
    }

    /// Remembers the friend's candidates that an SDP names.
    fn learn(&mut self, sdp: &str) {
        for line in sdp.lines().filter_map(|line| line.strip_prefix("a=candidate:")) {
            if self.remote.len() >= MAX_CANDIDATES {
                break;
            }
            if let Ok(candidate) = Candidate::from_sdp_string(&format!("candidate:{line}")) {
                self.remote.insert(candidate.addr(), sdp::kind(line));
            }
        }
    }

    fn collect(&mut self, now: Instant) {
        while !self.is_over {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.deadline = at;
                    break;
                }
                Ok(Output::Transmit(transmit)) => {
                    self.transmit(transmit.source, transmit.destination, &transmit.contents);
                }
                Ok(Output::Event(event)) => self.event(event),
                Err(error) => self.check(Err(error)),
            }
        }
        // Also where nothing more is to be waited for.
        self.deadline = self.deadline.clamp(now, now + LONGEST_WAIT);
    }

    fn transmit(&mut self, source: SocketAddr, destination: SocketAddr, datagram: &[u8]) {
        let road = if source == hub_address(self.is_caller) {
            Road::Hub
        } else if Some(source) == self.relayed {
            Road::Relayed
        } else {
            Road::Direct
        };
        // RFC 7983 §7: a first byte of 20 to 63 is of DTLS. Checks by STUN go along all pairs, DTLS along the one that is selected.
        if matches!(datagram.first(), Some(20..=63)) {
            self.select(road, destination);
        }
        match road {
            // The hub leads to this friend alone.
            Road::Hub if destination != hub_address(!self.is_caller) => {}
            Road::Hub => self.out.push_back(Out::Hub(datagram.to_vec())),
            Road::Relayed => self.out.push_back(Out::Relayed(destination, datagram.to_vec())),
            Road::Direct => self.out.push_back(Out::Udp(destination, datagram.to_vec())),
        }
    }

    fn select(&mut self, road: Road, destination: SocketAddr) {
        let remote = self.remote.get(&destination).copied().unwrap_or("prflx");
        let selected = match road {
            Road::Hub => Selected { road, local: "hub", remote: "hub" },
            Road::Relayed => Selected { road, local: "relay", remote },
            Road::Direct if remote == "relay" => Selected { road: Road::Relayed, local: "host", remote },
            Road::Direct => Selected { road, local: "host", remote },
        };
        if self.selected != Some(selected) {
            self.selected = Some(selected);
            self.out.push_back(Out::Selected(selected));
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::ChannelOpen(id, label) if label == LABEL && self.channel.is_none() => {
                self.channel = Some(id);
                let fingerprint = self.rtc.direct_api().remote_dtls_fingerprint().map(ToString::to_string);
                self.out.push_back(Out::Open(fingerprint.unwrap_or_default()));
            }
            Event::ChannelData(data) if Some(data.id) == self.channel => {
                self.out.push_back(if data.binary { Out::Binary(data.data) } else { Out::Text(data.data) });
            }
            Event::ChannelClose(id) if Some(id) == self.channel => self.over("the channel was closed"),
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => self.over("no road leads there"),
            Event::Closed => self.over("the call was closed"),
            _ => {}
        }
    }

    fn check(&mut self, result: Result<(), RtcError>) {
        if let Err(error) = result {
            self.over(&error.to_string());
        }
    }

    fn over(&mut self, why: &str) {
        if !self.is_over {
            self.is_over = true;
            self.out.push_back(Out::Over(why.to_owned()));
        }
    }
}

/// The one data channel's.
const LABEL: &str = "messenger";
/// How much the channel takes before it is acknowledged.
const BUFFERED: usize = 1024 * 1024;
/// With more than this before it, no piece of a file is added.
const ROOM: usize = 512 * 1024;
const MAX_CANDIDATES: usize = 40;
const LONGEST_WAIT: Duration = Duration::from_secs(60);

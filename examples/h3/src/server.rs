//! The loop: one socket for all connections.

use std::collections::HashMap;
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use quiche::ConnectionId;

use crate::options::Options;
use crate::peer::Peer;

/// RFC 9000 §14: a path that carries QUIC carries datagrams of 1200 bytes; those of Ethernet carry this.
const DATAGRAM: usize = 1350;

/// A read that waits can't be told that the server leaves, so it waits no longer than this at a time.
const TURN: Duration = Duration::from_millis(500);

/// How long clients may take to answer when the server stops.
const FAREWELL: Duration = Duration::from_secs(6);

/// The length of the connection IDs that this server chooses.
const ID_LEN: usize = 16;

pub fn run(options: Options) -> Result<(), String> {
    let mut config = configure(&options)?;
    let mut http = quiche::h3::Config::new().map_err(|error| format!("can't set up HTTP/3: {error}"))?;
    http.enable_extended_connect(true);
    let failed = |error: std::io::Error| format!("can't listen on {}: {error}", options.listen);
    let socket = UdpSocket::bind(options.listen).map_err(failed)?;
    let address = socket.local_addr().map_err(failed)?;
    let leaving = Arc::new(AtomicBool::new(false));
    for number in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(number, Arc::clone(&leaving))
            .map_err(|error| format!("can't wait for signals: {error}"))?;
    }
    say(&format!("listening on {address}, page at https://{address}/"));

    let mut peers = Peers { options: &options, address, by_id: HashMap::new(), aliases: HashMap::new() };
    let (mut datagram, mut until) = (vec![0; 65_535], None);
    loop {
        let now = Instant::now();
        if leaving.load(Ordering::Relaxed) {
            let until = *until.get_or_insert(now + FAREWELL);
            peers.by_id.values_mut().for_each(Peer::leave);
            if peers.by_id.is_empty() || now >= until {
                return Ok(());
            }
        }
        let next = peers.by_id.values_mut().filter_map(|peer| peer.turn(now, &http, &options)).min();
        peers.send(&socket);
        let wait = next.map_or(TURN, |at| at.saturating_duration_since(Instant::now()));
        let wait = wait.clamp(Duration::from_millis(1), TURN);
        socket.set_read_timeout(Some(wait)).map_err(|error| format!("can't wait for datagrams: {error}"))?;
        match socket.recv_from(&mut datagram) {
            Ok((n, from)) => peers.receive(&mut datagram[..n], from, &mut config, &socket),
            // An ICMP message about a peer that is gone is no fault of the socket's.
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted | ErrorKind::ConnectionRefused => {
                }
                _ => return Err(format!("can't receive datagrams: {error}")),
            },
        }
    }
}

/// Prints a line at once; that nobody may be reading any more is no reason to stop.
pub fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

pub fn configure(options: &Options) -> Result<quiche::Config, String> {
    let (certificates, key) = &options.tls;
    for path in [certificates, key] {
        // quiche says no more than that TLS failed.
        std::fs::File::open(path).map_err(|error| format!("can't read {path}: {error}"))?;
    }
    let failed = |error| format!("can't set up QUIC: {error}");
    let mut config = quiche::Config::new(quiche::PROTOCOL_VERSION).map_err(failed)?;
    let unusable = |path: &str, what: &str| format!("can't use {path}: expected {what} in PEM, found something else");
    config.load_cert_chain_from_pem_file(certificates).map_err(|_| unusable(certificates, "certificates"))?;
    config.load_priv_key_from_pem_file(key).map_err(|_| unusable(key, "the key of the certificate"))?;
    config.set_application_protos(quiche::h3::APPLICATION_PROTOCOL).map_err(failed)?;
    config.set_max_idle_timeout(60_000);
    config.set_max_recv_udp_payload_size(DATAGRAM);
    config.set_max_send_udp_payload_size(DATAGRAM);
    let (stream, connection) = options.windows;
    config.set_initial_max_data(connection);
    config.set_initial_max_stream_data_bidi_remote(stream);
    config.set_initial_max_stream_data_bidi_local(stream);
    config.set_initial_max_stream_data_uni(64 * 1024);
    // quiche would let the windows grow.
    config.set_max_connection_window(connection);
    config.set_max_stream_window(stream);
    config.set_initial_max_streams_bidi(options.max_streams);
    // The control stream and two of QPACK (RFC 9114 §6.2), and some that are not known.
    config.set_initial_max_streams_uni(8);
    config.set_disable_active_migration(true);
    Ok(config)
}

struct Peers<'o> {
    options: &'o Options,
    address: SocketAddr,
    by_id: HashMap<Vec<u8>, Peer>,
    /// The connection ID that a client has begun with, and the one that it was given.
    aliases: HashMap<Vec<u8>, Vec<u8>>,
}

impl Peers<'_> {
    fn receive(&mut self, datagram: &mut [u8], from: SocketAddr, config: &mut quiche::Config, socket: &UdpSocket) {
        let Ok(header) = quiche::Header::from_slice(datagram, ID_LEN) else { return };
        let id = header.dcid.to_vec();
        let id = self.aliases.get(&id).cloned().unwrap_or(id);
        if !self.by_id.contains_key(&id) {
            match self.accept(&header, from, config, socket) {
                Some((own, peer)) => {
                    self.aliases.insert(id, own.clone());
                    let peer = self.by_id.entry(own).or_insert(peer);
                    return peer.receive(datagram, from, self.address);
                }
                None => return,
            }
        }
        if let Some(peer) = self.by_id.get_mut(&id) {
            peer.receive(datagram, from, self.address);
        }
    }

    /// Begins a connection, or tells which version of QUIC is spoken here (RFC 9000 §6).
    fn accept(
        &self,
        header: &quiche::Header<'_>,
        from: SocketAddr,
        config: &mut quiche::Config,
        socket: &UdpSocket,
    ) -> Option<(Vec<u8>, Peer)> {
        if header.ty != quiche::Type::Initial || self.by_id.len() >= self.options.max_connections {
            return None;
        }
        if !quiche::version_is_supported(header.version) {
            let mut answer = [0; DATAGRAM];
            if let Ok(n) = quiche::negotiate_version(&header.scid, &header.dcid, &mut answer) {
                let _ = socket.send_to(&answer[..n], from); // the client asks again if it is lost
            }
            return None;
        }
        let mut id = [0; ID_LEN];
        getrandom::fill(&mut id).ok()?;
        let connection = quiche::accept(&ConnectionId::from_ref(&id), None, self.address, from, config).ok()?;
        Some((id.to_vec(), Peer::new(connection)))
    }

    /// Sends what all connections have to send, and forgets those that are over.
    fn send(&mut self, socket: &UdpSocket) {
        let mut datagram = [0; DATAGRAM];
        for peer in self.by_id.values_mut() {
            while let Some((n, to)) = peer.send(&mut datagram) {
                // A datagram that is lost here is lost as it may be anywhere else.
                let _ = socket.send_to(&datagram[..n], to);
            }
        }
        self.by_id.retain(|_, peer| !peer.is_over());
        self.aliases.retain(|_, id| self.by_id.contains_key(id));
    }
}

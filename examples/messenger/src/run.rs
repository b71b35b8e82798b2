//! A peer at the command line: one loop around the hub's line, a UDP socket, the standard input and the time.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use messenger::disk::{Folder, Identity, random_id};
use messenger::line::{Event as LineEvent, Line};
use messenger::peer::{Config, Output, Peer};
use messenger::signal::Name;
use messenger::talk::{Event, Receiving};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UdpSocket;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep_until;

use crate::options;

struct Session {
    peer: Peer,
    folder: Folder,
    line: Line,
    socket: UdpSocket,
    friend: Name,
    /// Bytes of files that were read and sent since the start.
    sent: u64,
    /// When progress was printed last.
    told: Instant,
}

pub async fn run(options: options::Peer) -> Result<(), String> {
    let say = |what: &str, error: io::Error| format!("can't {what}: {error}");
    let folder = Folder::open(&options.folder).map_err(|error| say("open the folder", error))?;
    let identity: Identity = folder.identity().map_err(|error| say("read the identity", error))?;
    let certificate = identity.certificate().ok_or("expected a certificate in identity.json, found none")?;
    let known = folder.known(options.friend.as_str()).map_err(|error| say("read the friend's fingerprint", error))?;
    let state = folder.state(options.friend.as_str()).map_err(|error| say("read the state", error))?;
    let local = match options.local {
        Some(address) => address,
        None => towards(&options.hub).await.map_err(|error| say("find the way to the hub", error))?,
    };
    let socket = UdpSocket::bind((local, 0)).await.map_err(|error| say("open a socket", error))?;
    let local = socket.local_addr().map_err(|error| say("open a socket", error))?;
    let seed = random_id().map_err(|error| say("get randomness", error))?;
    let seed = u64::from_str_radix(&seed, 16).unwrap_or(1);

    println!("you are {}, with the fingerprint {}", options.me, identity.fingerprint());
    let now = Instant::now();
    let config = Config {
        me: options.me.clone(),
        friend: options.friend.clone(),
        certificate,
        fingerprint: options.fingerprint.clone().or(known),
        local,
        max_file: options.max_file,
        seed,
    };
    let session = Session {
        peer: Peer::new(config, state, now),
        folder,
        line: Line::open(options.hub.clone(), options.me, identity.key, seed),
        socket,
        friend: options.friend,
        sent: 0,
        told: now,
    };
    session.run(options.stay).await
}

impl Session {
    async fn run(mut self, stay: bool) -> Result<(), String> {
        let mut input = BufReader::new(tokio::io::stdin()).lines();
        let mut has_input = true;
        let stop = |kind| signal(kind).map_err(|error| format!("can't wait for signals: {error}"));
        let (mut interrupt, mut terminate) = (stop(SignalKind::interrupt())?, stop(SignalKind::terminate())?);
        let mut buffer = vec![0; 2048];
        loop {
            self.settle().await?;
            if !has_input && !stay && self.is_all_delivered() {
                return Ok(());
            }
            let deadline = self.peer.deadline();
            tokio::select! {
                () = sleep_until(deadline.into()) => self.peer.timeout(Instant::now()),
                received = self.socket.recv_from(&mut buffer) => if let Ok((len, from)) = received {
                    self.peer.datagram(from, &buffer[..len], Instant::now());
                    for _ in 0..BATCH {
                        let Ok((len, from)) = self.socket.try_recv_from(&mut buffer) else { break };
                        self.peer.datagram(from, &buffer[..len], Instant::now());
                    }
                },
                Some(event) = self.line.next() => {
                    self.hub(event);
                    for _ in 0..BATCH {
                        let Some(event) = self.line.try_next() else { break };
                        self.hub(event);
                    }
                }
                line = input.next_line(), if has_input => match line {
                    Ok(Some(line)) if line == "/quit" => return Ok(()),
                    Ok(Some(line)) => self.command(&line),
                    Ok(None) | Err(_) => has_input = false,
                },
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
            }
        }
    }

    fn is_all_delivered(&mut self) -> bool {
        let state = self.peer.talk().state();
        state.unheard.is_empty() && state.sending.is_empty()
    }

    fn hub(&mut self, event: LineEvent) {
        let now = Instant::now();
        match event {
            LineEvent::Hub(message) => self.peer.hub(message, now),
            LineEvent::Datagram(from, datagram) if from == self.friend => self.peer.hub_datagram(&datagram, now),
            LineEvent::Datagram(..) => {}
            LineEvent::Lost(why) => {
                self.peer.hub_lost();
                println!("* no hub: {why}");
            }
        }
    }

    fn command(&mut self, line: &str) {
        let done = match line.strip_prefix("/send ") {
            Some(path) => self.send(path.trim()),
            None if line.trim().is_empty() => Ok(()),
            None => self.peer.talk().say(line, Instant::now()).map(drop),
        };
        if let Err(why) = done {
            println!("* {why}");
        }
    }

    fn send(&mut self, path: &str) -> Result<(), String> {
        let file = self.folder.describe(path).map_err(|error| format!("can't read {path}: {error}"))?;
        let waiting = &self.peer.talk().state().sending;
        // After a restart the file is on its way already.
        if waiting.iter().any(|other| (&other.path, &other.sha256) == (&file.path, &file.sha256)) {
            return Ok(());
        }
        self.peer.talk().send_file(file);
        Ok(())
    }

    /// Does all that the peer wants done, until it wants nothing more.
    async fn settle(&mut self) -> Result<(), String> {
        for _ in 0..BATCH {
            let mut datagrams = Vec::new();
            self.take(&mut datagrams);
            if let Some(state) = self.peer.talk().changed() {
                let kept = self.folder.keep_state(self.friend.as_str(), state);
                kept.map_err(|error| format!("can't keep the state: {error}"))?;
            }
            // What was shown, written and kept is confirmed only now.
            self.peer.say(Instant::now());
            let has_sent = self.pieces();
            self.take(&mut datagrams);
            let is_quiet = datagrams.is_empty() && !has_sent;
            for (to, datagram) in datagrams {
                let _ = self.socket.send_to(&datagram, to).await; // lost, as datagrams may be
            }
            if is_quiet {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, datagrams: &mut Vec<(SocketAddr, Vec<u8>)>) {
        while let Some(output) = self.peer.poll(Instant::now()) {
            match output {
                Output::Udp(to, datagram) => datagrams.push((to, datagram)),
                Output::Datagram(datagram) => self.line.datagram(&self.friend, &datagram),
                Output::Signal(signal) => self.line.signal(&self.friend, signal),
                Output::Talk(event) => self.event(event),
                Output::Open(fingerprint) => {
                    println!("* {} is there, with the fingerprint {fingerprint}", self.friend);
                    if let Err(error) = self.folder.keep_known(self.friend.as_str(), &fingerprint) {
                        println!("* can't keep the fingerprint: {error}");
                    }
                }
                Output::Road(selected) => println!("* road: {selected}"),
                Output::Restart(why) => println!("* looking for another road: {why}"),
                Output::Gone(why) => println!("* {} is gone: {why}", self.friend),
                Output::Refused { expected, found } => {
                    println!("* refused: expected the fingerprint {expected}, found {found}");
                }
            }
        }
    }

    /// Reads files and sends them, as far as there is room on the way.
    fn pieces(&mut self) -> bool {
        let mut has_sent = false;
        for _ in 0..BATCH {
            let Some((id, path, offset, len)) = self.peer.next_piece() else { break };
            match self.folder.read_piece(&path, offset, len) {
                Ok(bytes) => {
                    self.peer.piece(&id, offset, &bytes, Instant::now());
                    self.sent += bytes.len() as u64;
                    has_sent = true;
                }
                Err(error) => {
                    println!("* can't read {path}: {error}");
                    self.peer.talk().withdraw(&id);
                }
            }
        }
        has_sent
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Message(text) => println!("{}: {}", self.friend, printable(&text)),
            Event::Delivered(n) => println!("* delivered: {n}"),
            Event::Find(file) => self.find(&file),
            Event::Write { id, offset, bytes } => match self.folder.write_piece(&id, offset, &bytes) {
                Ok(()) => self.peer.talk().written(&id, offset + bytes.len() as u64),
                Err(error) => self.peer.talk().refuse(&id, format!("can't write it: {error}")),
            },
            Event::Check(file) => match self.folder.digest(&file.id) {
                Ok(digest) => self.peer.talk().checked(&file.id, &digest),
                Err(error) => self.peer.talk().refuse(&file.id, format!("can't read it: {error}")),
            },
            Event::Received(file) => match self.folder.finish(&file) {
                Ok(path) => println!("* received {} ({} bytes, digest right)", path.display(), file.size),
                Err(error) => println!("* can't name {}: {error}", printable(&file.name)),
            },
            Event::Discard(file, why) => {
                self.folder.discard(&file.id);
                println!("* {} was refused: {why}", printable(&file.name));
            }
            Event::Progress { name, at, size } => {
                if at == size || self.told.elapsed() >= Duration::from_millis(250) {
                    self.told = Instant::now();
                    println!("* {}: {at} of {size}", printable(&name));
                }
            }
            Event::Sent(file) => {
                println!("* {} was received; {} bytes were sent since the start", file.name, self.sent)
            }
            Event::Unwanted(file, why) => println!("* {} was not taken: {why}", file.name),
            Event::Wrong(why) => println!("* {} does what it must not: {}", self.friend, printable(&why)),
        }
    }

    fn find(&mut self, file: &Receiving) {
        let found = self.folder.found(&file.id);
        println!("* {} of {} bytes comes, from byte {found} on", printable(&file.name), file.size);
        self.peer.talk().found(&file.id, found);
    }
}

/// Text of somebody else, which must not move the cursor about.
fn printable(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

/// The address of this machine that leads to the hub. No datagram is sent.
async fn towards(url: &str) -> io::Result<IpAddr> {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let socket = UdpSocket::bind("0.0.0.0:0").await?;
    socket.connect(&host).await?;
    Ok(socket.local_addr()?.ip())
}

/// How much is done before others have their turn.
const BATCH: usize = 64;

//! What a data channel of str0m costs with nothing on top: 50 MB between two of them over UDP on this machine, by one thread.
//! Usage: `cargo run --release -p messenger --example raw [ADDRESS]`. `tests/nat/run speed` tells the same of the messenger.

use std::error::Error;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use str0m::channel::ChannelId;
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};

const SIZE: usize = 50_000_000;
const PIECE: usize = 16 * 1024;

struct End {
    rtc: Rtc,
    socket: UdpSocket,
    local: SocketAddr,
    channel: Option<ChannelId>,
    received: usize,
    deadline: Instant,
}

impl End {
    fn new(address: &str) -> Result<Self, Box<dyn Error>> {
        let socket = UdpSocket::bind((address, 0))?;
        socket.set_nonblocking(true)?;
        let local = socket.local_addr()?;
        let mut rtc = Rtc::builder().set_sctp_max_buffered_amount(1024 * 1024).clear_codecs().build(Instant::now());
        rtc.add_local_candidate(Candidate::host(local, "udp")?);
        Ok(Self { rtc, socket, local, channel: None, received: 0, deadline: Instant::now() })
    }

    fn settle(&mut self) -> Result<(), Box<dyn Error>> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => {
                    self.deadline = at;
                    return Ok(());
                }
                Output::Transmit(transmit) => drop(self.socket.send_to(&transmit.contents, transmit.destination)),
                Output::Event(Event::ChannelOpen(id, _)) => self.channel = Some(id),
                Output::Event(Event::ChannelData(data)) => self.received += data.data.len(),
                Output::Event(_) => {}
            }
        }
    }

    /// Takes what has come; whether anything had.
    fn turn(&mut self) -> Result<bool, Box<dyn Error>> {
        let (mut buffer, mut has_any) = ([0; 2048], false);
        loop {
            let input = match self.socket.recv_from(&mut buffer) {
                Ok((len, source)) => {
                    let contents = buffer[..len].try_into()?;
                    Input::Receive(
                        Instant::now(),
                        Receive { proto: Protocol::Udp, source, destination: self.local, contents },
                    )
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            };
            has_any = true;
            self.rtc.handle_input(input)?;
            self.settle()?;
        }
        if self.deadline <= Instant::now() {
            self.rtc.handle_input(Input::Timeout(Instant::now()))?;
            self.settle()?;
        }
        Ok(has_any)
    }
}

/// Seconds of CPU that this program has used.
fn cpu() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / 100.0)
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1".into());
    let (mut ann, mut bob) = (End::new(&address)?, End::new(&address)?);
    let mut changes = ann.rtc.sdp_api();
    changes.add_channel("raw".into());
    let (offer, pending) = changes.apply().ok_or("expected an offer")?;
    ann.settle()?;
    let answer = bob.rtc.sdp_api().accept_offer(offer)?;
    bob.settle()?;
    ann.rtc.sdp_api().accept_answer(pending, answer)?;
    ann.settle()?;

    let (piece, mut sent, mut begin) = (vec![7; PIECE], 0, None);
    while bob.received < SIZE {
        let has_any = ann.turn()? | bob.turn()?;
        if let Some(id) = ann.channel {
            if begin.is_none() {
                begin = Some((Instant::now(), cpu()?));
            }
            while sent < SIZE {
                let Some(mut channel) = ann.rtc.channel(id) else { break };
                let len = PIECE.min(SIZE - sent);
                if channel.buffered_amount() > 512 * 1024 || !channel.write(true, &piece[..len])? {
                    break;
                }
                sent += len;
                ann.settle()?;
            }
        }
        if !has_any {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    let (start, before) = begin.ok_or("expected an open channel")?;
    let (seconds, cpu, megabytes) = (start.elapsed().as_secs_f64(), cpu()? - before, SIZE as f64 / 1e6);
    println!("raw: {:.1} MB/s, {:.1} ms of CPU per MB", megabytes / seconds, cpu * 1000.0 / megabytes);
    Ok(())
}

//! Runs a peer on a workload, and looks at what it has done.

use crate::allocations::Allocations;
use crate::check;
use crate::child::Child;
use crate::peer::{Camp, Failure, Peer, connect, deflate};
use crate::transport::{READ, Transport};
use crate::workload::{Task, Workload};

/// What one run took.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    nanoseconds: u64,
    allocations: Allocations,
    writes: u64,
    bytes_written: u64,
}

/// All runs of a peer on a workload.
pub struct Measurement {
    /// Nanoseconds per message, sorted.
    samples: Vec<f64>,
    /// Per message, beyond what the connection itself needs.
    pub allocations: f64,
    pub allocated_bytes: f64,
    pub writes: f64,
    /// Pongs for each Ping: less than one where a newer Ping replaces an older one.
    pub replies: Option<f64>,
    /// How often the stream is repeated in a run.
    pub cycles: u64,
    /// Who runs it, if not this process.
    child: Option<Child>,
}

impl Measurement {
    /// In a process of its own, if the workload is to be run so.
    pub fn begin(workload: &Workload, peer: &Peer, least_nanoseconds: u64) -> Result<Self, Failure> {
        if !workload.own_process {
            return Self::prepare(workload, peer, least_nanoseconds);
        }
        let mut child = Child::start(&workload.name, peer.name, least_nanoseconds)?;
        let [allocations, allocated_bytes, writes] = child.figures()?;
        let child = Some(child);
        Ok(Self { samples: Vec::new(), allocations, allocated_bytes, writes, replies: None, cycles: 0, child })
    }

    /// Looks at the work once, finds out how long a run has to be, and counts allocations.
    pub fn prepare(workload: &Workload, peer: &Peer, least_nanoseconds: u64) -> Result<Self, Failure> {
        check::work(workload, peer)?;
        // Eight at least, so that the first ones, which find no memory yet, are not most of it.
        let mut cycles = 8;
        let once = loop {
            let once = run(workload, peer, cycles)?;
            if once.nanoseconds >= least_nanoseconds {
                break once;
            }
            cycles = (cycles * least_nanoseconds * 5 / 4 / once.nanoseconds.max(1)).clamp(cycles + 1, cycles * 100);
        };
        // Twice as much work on one connection: the difference is the steady state.
        let twice = run(workload, peer, 2 * cycles)?;
        let messages = (cycles * workload.messages_per_cycle()) as f64;
        let per_message = |once: u64, twice: u64| twice.saturating_sub(once) as f64 / messages;
        Ok(Self {
            samples: Vec::new(),
            allocations: per_message(once.allocations.calls, twice.allocations.calls),
            allocated_bytes: per_message(once.allocations.bytes, twice.allocations.bytes),
            writes: per_message(once.writes, twice.writes),
            replies: match workload.task() {
                Task::Receive(receive) if receive.pings > 0 => {
                    Some(once.bytes_written as f64 / (cycles * receive.pings * receive.pong_len) as f64)
                }
                _ => None,
            },
            cycles,
            child: None,
        })
    }

    pub fn sample(&mut self, workload: &Workload, peer: &Peer) -> Result<(), Failure> {
        let nanoseconds = match &mut self.child {
            Some(child) => child.sample()?,
            None => self.once(workload, peer)?,
        };
        self.samples.push(nanoseconds);
        self.samples.sort_by(f64::total_cmp);
        Ok(())
    }

    /// One run: the nanoseconds for a message.
    pub fn once(&self, workload: &Workload, peer: &Peer) -> Result<f64, Failure> {
        let outcome = run(workload, peer, self.cycles)?;
        Ok(outcome.nanoseconds as f64 / (self.cycles * workload.messages_per_cycle()) as f64)
    }

    /// The value below which this part of the samples lies.
    pub fn quantile(&self, part: f64) -> f64 {
        self.samples[((self.samples.len() - 1) as f64 * part).round() as usize]
    }

    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

/// Lets the peer do the workload so many times on one connection, and asserts that it has.
fn run(workload: &Workload, peer: &Peer, cycles: u64) -> Result<Outcome, Failure> {
    let mut transport = transport(workload, cycles);
    let (before, start) = (Allocations::so_far(), thread_time());
    let tally = act(workload, peer, &mut transport, cycles)?;
    let nanoseconds = thread_time() - start;
    let allocations = Allocations::so_far().since(before);
    let (writes, bytes_written) = (transport.writes, transport.bytes_written);
    check::totals(workload, peer, cycles, tally, bytes_written);
    Ok(Outcome { nanoseconds, allocations, writes, bytes_written })
}

pub fn transport(workload: &Workload, cycles: u64) -> Transport {
    match workload.task() {
        Task::Receive(receive) | Task::Inflate(receive, _) => Transport::new(receive.stream, cycles, receive.max_read),
        Task::Send(_) | Task::Deflate(_) => Transport::new(&[], 0, READ),
        Task::Connect => Transport::answering(),
        Task::Handshake => Transport::new(check::REQUEST, cycles, READ),
    }
}

pub fn act(
    workload: &Workload,
    peer: &Peer,
    transport: &mut Transport,
    cycles: u64,
) -> Result<crate::tally::Tally, Failure> {
    let nothing = crate::tally::Tally::default();
    match workload.task() {
        Task::Receive(receive) => match peer.receive {
            Some(function) => function(transport, cycles * receive.holds.messages),
            None => Err("does not receive".into()),
        },
        Task::Send(send) => match peer.send {
            Some(function) => function(transport, &send, cycles).map(|()| nothing),
            None => Err("does not send".into()),
        },
        Task::Inflate(receive, takeover) => {
            let messages = cycles * receive.holds.messages;
            match (deflate::of(peer).and_then(|deflating| deflating.receive), peer.receive) {
                (Some(function), _) => function(transport, messages, takeover),
                (None, Some(function)) if peer.camp() == Camp::Floor => function(transport, messages),
                (None, _) => Err("does not decompress".into()),
            }
        }
        Task::Deflate(packed) => match deflate::of(peer).and_then(|deflating| deflating.send) {
            Some(function) => function(transport, &packed, cycles).map(|()| nothing),
            None => Err("does not compress".into()),
        },
        Task::Connect => match connect::of(peer) {
            Some(function) => function(transport, cycles).map(|()| nothing),
            None => Err("does not connect".into()),
        },
        Task::Handshake => match peer.accept {
            Some(function) => function(transport, cycles).map(|()| nothing),
            None => Err("does not shake hands".into()),
        },
    }
}

/// What this thread has used of the processor so far, in nanoseconds.
fn thread_time() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the answer.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) }, 0);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

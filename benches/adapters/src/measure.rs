//! One run of one peer.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::time::{ClockId, clock_gettime};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};

use crate::peer::{self, Io, Name, Peer};
use crate::workload::{Transport, Workload};

/// Nanoseconds per message that went out and came back.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Of the processor: both ends, and what the system did for them.
    pub cpu: f64,
    pub wall: f64,
}

pub fn run(peer: Name, workload: &Workload) -> Sample {
    match peer {
        Name::Ours => run_peer::<peer::ours::Ours>(workload),
        Name::Borrowed => run_peer::<peer::ours::Borrowed>(workload),
        Name::Lent => run_peer::<peer::ours::Lent>(workload),
        Name::Tungstenite => run_peer::<peer::tungstenite::Tungstenite>(workload),
        Name::FastWebsockets => run_peer::<peer::fastwebsockets::FastWebsockets>(workload),
        Name::TokioWebsockets => run_peer::<peer::tokio_websockets::TokioWebsockets>(workload),
        Name::Yawc => run_peer::<peer::yawc::Yawc>(workload),
        Name::Sockudo => run_peer::<peer::sockudo::Sockudo>(workload),
        Name::Floor => run_peer::<peer::floor::Floor>(workload),
    }
}

fn run_peer<P: Peer>(workload: &Workload) -> Sample {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        match workload.transport {
            Transport::Memory => {
                let pairs = std::iter::repeat_with(|| tokio::io::duplex(64 * 1024));
                echo::<_, P>(workload, pairs.take(workload.connections)).await
            }
            Transport::Loopback => {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
                let mut pairs = Vec::new();
                for _ in 0..workload.connections {
                    let client = TcpStream::connect(listener.local_addr().expect("an address")).await;
                    let (client, server) = (client.expect("a connection"), listener.accept().await.expect("another").0);
                    client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).expect("an option");
                    pairs.push((server, client));
                }
                echo::<_, P>(workload, pairs).await
            }
        }
    })
}

async fn echo<T: Io, P: Peer>(workload: &Workload, pairs: impl IntoIterator<Item = (T, T)>) -> Sample {
    let mut clients = Vec::new();
    for (server, client) in pairs {
        spawn_local(P::serve(server));
        clients.push(P::client(client));
    }
    // The first message finds no memory yet.
    let clients = turn::<T, P>(workload, clients, 1).await;
    let (cpu, wall) = (processor_time(), Instant::now());
    let clients = turn::<T, P>(workload, clients, workload.batches).await;
    let (cpu, wall) = (processor_time() - cpu, wall.elapsed());
    drop(clients);
    let per_message = |time: Duration| time.as_nanos() as f64 / workload.messages() as f64;
    Sample { cpu: per_message(cpu), wall: per_message(wall) }
}

async fn turn<T: Io, P: Peer>(workload: &Workload, clients: Vec<P::Client<T>>, batches: usize) -> Vec<P::Client<T>> {
    let tasks = clients.into_iter().map(|mut client| {
        let Workload { payload, batch, .. } = workload.clone();
        spawn_local(async move {
            for _ in 0..batches {
                P::ask(&mut client, &payload, batch).await;
            }
            client
        })
    });
    join_all(tasks).await.into_iter().map(|client| client.expect("each message comes back")).collect()
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

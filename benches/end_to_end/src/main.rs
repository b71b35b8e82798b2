//! Echo servers over loopback, beside each other: CPU time per echo, and memory. `run` builds what takes part, and starts it.

mod clients;
mod options;
mod plot;
mod report;
mod server;
mod workload;

use std::process::ExitCode;
use std::time::Duration;

use clients::Clients;
use options::Options;
use report::{Report, Sample};
use server::Server;
use workload::Workload;

fn main() -> ExitCode {
    match Options::parse().map_err(|error| error.to_string()).and_then(|options| compare(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-end-to-end: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(options: &Options) -> Result<(), String> {
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let mut servers = Vec::new();
    for &(name, command) in server::ALL.iter().filter(|(name, _)| options.wants_server(name)) {
        // The shortest workload of all tells whether it can take part.
        let tried = measure(command, &workload::ALL[0], Duration::from_millis(10), options.cpu.as_deref());
        match tried {
            Ok(_) => servers.push((name, command)),
            Err(error) => eprintln!("skip {name}: {error}"),
        }
    }
    let mut rows = Vec::new();
    for workload in workload::ALL.iter().filter(|workload| options.wants_workload(&workload.to_string())) {
        let mut samples = vec![Vec::<Sample>::new(); servers.len()];
        // In turns, so that what else the machine does hits all of them.
        for round in 0..options.rounds {
            for place in 0..servers.len() {
                let at = (place + round) % servers.len();
                match measure(servers[at].1, workload, options.span, options.cpu.as_deref()) {
                    Ok(sample) => samples[at].push(sample),
                    Err(error) => eprintln!("{}: {workload}: {error}", servers[at].0),
                }
            }
        }
        eprintln!("{workload}");
        rows.push((*workload, samples));
    }
    let names: Vec<&str> = servers.iter().map(|(name, _)| *name).collect();
    let report = Report::new(&names, &rows, options);
    print!("{}", report.markdown());
    if options.write { report.write().map_err(|error| error.to_string()) } else { Ok(()) }
}

/// One server from its start on, with one workload.
fn measure(command: &[&str], workload: &Workload, span: Duration, cpu: Option<&str>) -> Result<Sample, String> {
    let server = Server::start(command, cpu)?;
    let failed = |error: std::io::Error| error.to_string();
    // The first connection pays for what all share.
    let one = Workload { connections: 1, ..*workload };
    let mut first = Clients::connect(&server.address, &one).map_err(failed)?;
    first.begin().and_then(|()| first.run(span / 10)).map_err(failed)?;
    drop(first);
    let before = server.memory();
    let mut clients = Clients::connect(&server.address, workload).map_err(failed)?;
    clients.begin().map_err(failed)?;
    let mut warm = 0;
    // Nearly everyone has echoed by then.
    while warm < 2 * (workload.connections * workload.batch) as u64 {
        warm += clients.run(span / 4).map_err(failed)?;
    }
    let (cpu, start) = (server.cpu_ns(), std::time::Instant::now());
    let echoes = clients.run(span).map_err(failed)?.max(1) as f64;
    let (cpu, time) = (server.cpu_ns().saturating_sub(cpu) as f64, start.elapsed().as_secs_f64());
    let memory = server.memory();
    Ok(Sample {
        cpu_per_echo: cpu / echoes,
        echoes_per_second: echoes / time,
        memory: memory as f64,
        memory_per_connection: memory.saturating_sub(before) as f64 / workload.connections as f64,
    })
}

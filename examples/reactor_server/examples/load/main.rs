//! Opens thousands of connections, has all of them echo, and tells the server's memory per connection and CPU time per echo.
//!
//! ```sh
//! cargo build --profile thin-lto -p reactor_server --examples --bins
//! target/thin-lto/examples/load --connections 10000 --seconds 10
//! target/thin-lto/examples/load --connections 2000 --disturb
//! ```
//!
//! With `--disturb` as many clients again are killed (SIGKILL) on the way, two threads send garbage, and 50 clients never read; every
//! echo of the others still has to come, and be right. What to look at: the times of the round trips, before and meanwhile.
//!
//! `--help` lists the options.

#[path = "../../../support/command_line.rs"]
mod command_line;
mod disturbers;
#[path = "../driver/mod.rs"]
mod driver;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use driver::echoers::{Echoers, Run};
use driver::program::Program;
use lexopt::{Arg, Parser, ValueExt};

use command_line::Failure;

fn main() -> ExitCode {
    command_line::exit("load", Options::parse().and_then(|options| Ok(load(options)?)))
}

const HELP: &str = "\
Opens connections to an echo server, and has all of them echo.

usage: load [OPTIONS] [-- OPTIONS OF THE SERVER]

  --address ADDR:PORT   the server; without it, a reactor_server is started
  --connections N       how many clients there are (default: 10000)
  --seconds N           how long each part lasts (default: 10)
  --len BYTES           the length of a message (default: 20)
  --disturb             other clients are killed, send garbage, and do not read
  -h, --help            print this
  -V, --version         print the version
";

struct Options {
    address: Option<String>,
    connections: usize,
    seconds: u64,
    len: usize,
    disturb: bool,
    /// For the server.
    server: Vec<String>,
}

impl Options {
    fn parse() -> Result<Self, Failure> {
        let server = ["--ports", "0", "--quiet"].map(str::to_owned).to_vec();
        let mut options = Self { address: None, connections: 10_000, seconds: 10, len: 20, disturb: false, server };
        let mut words = Parser::from_env();
        while let Some(word) = command_line::next(&mut words, "load", HELP)? {
            match word {
                Arg::Long("address") => options.address = Some(command_line::text(&mut words)?),
                Arg::Long("connections") => {
                    options.connections = command_line::parse(&mut words, "a number of connections")?;
                }
                Arg::Long("seconds") => options.seconds = command_line::parse(&mut words, "a number of seconds")?,
                Arg::Long("len") => options.len = command_line::parse(&mut words, "a number of bytes")?,
                Arg::Long("disturb") => options.disturb = true,
                Arg::Value(option) => options.server.push(option.string()?),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }
}

fn load(options: Options) -> Result<(), String> {
    let Options { address, connections, seconds, len, disturb, server } = options;
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let program = match address {
        Some(_) => None,
        None => Some(Program::start("reactor_server", &server)?),
    };
    let address = address.or(program.as_ref().map(|program| program.address.clone())).unwrap_or_default();
    let (memory, cpu) =
        (|| program.as_ref().map_or(0, Program::memory), || program.as_ref().map_or(0, Program::cpu_ns));

    // The first connection pays for what all share.
    Echoers::connect(&address, 1, len)?.run(Duration::from_millis(10))?;
    let (start, before) = (Instant::now(), memory());
    let mut echoers = Echoers::connect(&address, connections, len)?;
    println!("{connections} connections opened in {:.1} s", start.elapsed().as_secs_f64());
    let per_connection = |now: u64| now.saturating_sub(before) / connections as u64;
    println!("memory of the server, per open connection: {} bytes", per_connection(memory()));
    let span = Duration::from_secs(seconds);
    let cpu_before = cpu();
    let run = echoers.run(span)?;
    report("all echo", &run, connections, span);
    println!("memory per connection, after that: {} bytes", per_connection(memory()));
    println!("CPU time per echo: {} ns", (cpu() - cpu_before) / run.echoes.max(1));
    if !disturb {
        return Ok(());
    }

    let mut doomed = disturbers::doomed(&address, connections)?;
    std::thread::sleep(Duration::from_secs(2 + connections as u64 / 2000));
    let mute = disturbers::never_read(&address, 50)?;
    println!("{} clients do not read any more; memory of the server: {} bytes", mute.len(), memory());
    report("beside those who never read and those who will be killed", &echoers.run(span)?, connections, span);
    let killer = std::thread::spawn(move || {
        std::thread::sleep(span / 2);
        doomed.kill().and_then(|()| doomed.wait())
    });
    report("while they are killed", &echoers.run(span)?, connections, span);
    killer.join().map_err(|_| "the killer failed")?.map_err(|error| error.to_string())?;
    let garbage = disturbers::Garbage::start(&address);
    let run = echoers.run(span)?;
    println!("{:.1} MB of garbage were sent meanwhile", garbage.stop() as f64 / 1e6);
    report("beside the garbage", &run, connections, span);
    drop(mute);
    report("and when all is quiet", &echoers.run(span)?, connections, span);
    Ok(())
}

fn report(what: &str, run: &Run, connections: usize, span: Duration) {
    println!(
        "{what}: {} of {connections} clients served, {:.0} echoes/s; round trip {:.2} ms median, {:.2} ms at 99 %, {:.2} ms at most",
        run.served,
        run.echoes as f64 / span.as_secs_f64(),
        run.quantile(0.5).as_secs_f64() * 1e3,
        run.quantile(0.99).as_secs_f64() * 1e3,
        run.quantile(1.0).as_secs_f64() * 1e3,
    );
}

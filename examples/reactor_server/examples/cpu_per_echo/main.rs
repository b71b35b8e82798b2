//! Compares the CPU time per echo of the server with that of `bare_loop`, which copies frames and checks nothing.
//!
//! ```sh
//! cargo build --profile thin-lto -p reactor_server --examples --bins
//! target/thin-lto/examples/cpu_per_echo
//! ```
//!
//! Both run at the same time and are asked in turns, so that what disturbs the machine disturbs both; the medians are compared.
//! What to look at: nearly all of the time is the kernel's. `--help` lists the options.

#[path = "../../../support/command_line.rs"]
mod command_line;
#[path = "../driver/mod.rs"]
mod driver;

use std::process::ExitCode;
use std::time::Duration;

use driver::echoers::Echoers;
use driver::program::Program;
use lexopt::{Arg, Parser};

use command_line::Failure;

fn main() -> ExitCode {
    command_line::exit("cpu_per_echo", Options::parse().and_then(|options| Ok(compare(options)?)))
}

const HELP: &str = "\
Compares the CPU time per echo of reactor_server with that of bare_loop.

  --connections N   how many clients there are (default: 50)
  --len BYTES       the length of a message, 125 at most (default: 20)
  --rounds N        how often each side is asked (default: 60)
  --slice TIME      for how long (default: 300ms)
  --twins           compare bare_loop with itself, to see what the machine's noise alone makes of it
  -h, --help        print this
  -V, --version     print the version
";

struct Options {
    connections: usize,
    len: usize,
    rounds: usize,
    slice: Duration,
    twins: bool,
}

impl Options {
    fn parse() -> Result<Self, Failure> {
        let mut options =
            Self { connections: 50, len: 20, rounds: 60, slice: Duration::from_millis(300), twins: false };
        let mut words = Parser::from_env();
        while let Some(word) = command_line::next(&mut words, "cpu_per_echo", HELP)? {
            match word {
                Arg::Long("connections") => {
                    options.connections = command_line::parse(&mut words, "a number of connections")?;
                }
                Arg::Long("len") => options.len = command_line::parse(&mut words, "a number of bytes")?,
                Arg::Long("rounds") => options.rounds = command_line::parse(&mut words, "a number of rounds")?,
                Arg::Long("slice") => options.slice = command_line::time(&mut words)?,
                Arg::Long("twins") => options.twins = true,
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }
}

fn compare(options: Options) -> Result<(), String> {
    let Options { connections, len, rounds, slice, twins } = options;
    if len > 125 {
        return Err("bare_loop knows frames of up to 125 bytes".to_owned());
    }

    let quiet = ["--ports", "0", "--quiet"].map(str::to_owned);
    let other = if twins { ("bare_loop", &[][..]) } else { ("reactor_server", &quiet[..]) };
    let mut sides = Vec::new();
    for (name, options) in [("bare_loop", &[][..]), other] {
        let program = Program::start(name, options)?;
        let mut echoers = Echoers::connect(&program.address, connections, len)?;
        echoers.run(Duration::from_millis(500))?; // to warm up
        sides.push((program, echoers));
    }
    let (mut times, mut ratios) = ([Vec::new(), Vec::new()], Vec::new());
    for round in 0..rounds {
        let mut pair = [0.0; 2];
        // The order changes, so that no side always follows the other.
        for at in [round % 2, 1 - round % 2] {
            let (program, echoers) = &mut sides[at];
            let before = program.cpu_ns();
            let run = echoers.run(slice)?;
            pair[at] = (program.cpu_ns() - before) as f64 / run.echoes as f64;
            times[at].push(pair[at]);
        }
        ratios.push(pair[1] / pair[0]);
    }
    let [bare, ours] = times.map(median);
    println!("{connections} connections, {len} bytes, {rounds} rounds of {slice:?} each, CPU time per echo:");
    println!("  bare_loop       {bare:7.0} ns (median)");
    println!("  {:<15} {ours:7.0} ns (median), {:+.1} %", other.0, 100.0 * (ours / bare - 1.0));
    println!("  median of the ratios of neighbours: {:+.1} %", 100.0 * (median(ratios) - 1.0));
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

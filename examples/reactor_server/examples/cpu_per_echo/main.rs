//! Compares the CPU time per echo of the server with that of `bare_loop`, which copies frames and checks nothing.
//!
//! ```sh
//! cargo build --profile thin-lto -p reactor_server --examples --bins
//! target/thin-lto/examples/cpu_per_echo
//! ```
//!
//! Both run at the same time and are asked in turns, so that what disturbs the machine disturbs both; the medians are compared.
//! What to look at: nearly all of the time is the kernel's. Options: `--connections`, `--len`, `--rounds`, `--slice MS`, and `--twins`,
//! which compares `bare_loop` with itself and so shows what the machine's noise alone makes of it.

#[path = "../driver/mod.rs"]
mod driver;

use std::process::ExitCode;
use std::time::Duration;

use driver::echoers::Echoers;
use driver::program::Program;
use lexopt::{Arg, Parser, ValueExt};

fn main() -> ExitCode {
    match compare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("cpu_per_echo: {message}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<(), String> {
    let (mut connections, mut len, mut rounds, mut slice, mut twins) = (50, 20, 60, 300, false);
    let mut words = Parser::from_env();
    while let Some(word) = words.next().map_err(|error| error.to_string())? {
        if word == Arg::Long("twins") {
            twins = true;
            continue;
        }
        let to = match word {
            Arg::Long("connections") => &mut connections,
            Arg::Long("len") => &mut len,
            Arg::Long("rounds") => &mut rounds,
            Arg::Long("slice") => &mut slice,
            other => return Err(other.unexpected().to_string()),
        };
        *to = words.value().and_then(|value| value.parse()).map_err(|error| error.to_string())?;
    }
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
            let run = echoers.run(Duration::from_millis(slice as u64))?;
            pair[at] = (program.cpu_ns() - before) as f64 / run.echoes as f64;
            times[at].push(pair[at]);
        }
        ratios.push(pair[1] / pair[0]);
    }
    let [bare, ours] = times.map(median);
    println!("{connections} connections, {len} bytes, {rounds} rounds of {slice} ms each, CPU time per echo:");
    println!("  bare_loop       {bare:7.0} ns (median)");
    println!("  {:<15} {ours:7.0} ns (median), {:+.1} %", other.0, 100.0 * (ours / bare - 1.0));
    println!("  median of the ratios of neighbours: {:+.1} %", 100.0 * (median(ratios) - 1.0));
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

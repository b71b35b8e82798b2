//! `wsspec`: see `wsspec help`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match cli::run(&words) {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            eprintln!("wsspec: {message}");
            ExitCode::from(2)
        }
    }
}

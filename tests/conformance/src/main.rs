//! `wsspec`: see `wsspec --help`.

use std::process::ExitCode;

use wsspec::case::Library;

fn main() -> ExitCode {
    let path = std::env::args().nth(2);
    let library = match path {
        Some(path) => Library::read(path.as_ref()),
        None => Library::built_in(),
    };
    match library {
        Ok(library) => {
            for case in &library.cases {
                println!("{:60} {}", case.id, case.family);
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("wsspec: {error}");
            ExitCode::from(2)
        }
    }
}
